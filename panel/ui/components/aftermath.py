"""After a run's end: what it left behind, and the way on (retry, re-plan, unlock; bring back or accept a drift)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import streamlit as st

from panel.access.capabilities import Capability, can
from panel.catalogue.schema import SHARED
from panel.lifecycle.operations import RETRIABLE
from panel.lifecycle.orders import NEEDS
from panel.lifecycle.stages import STAGES
from panel.store.tables import Run, RunExecution, StateLock
from panel.ui import acts, readers
from panel.ui import run_text as text
from panel.ui import text as texts
from panel.ui.components.confirmations import unlock_button, unlock_dialog
from panel.ui.components.destroy import ask_destroy, destroy_dialog
from panel.ui.components.locks import lock_facts
from panel.ui.components.markup import badge, draw, esc, folded, mono, page_link, quiet, when
from panel.ui.state import Facade

#: Ends after which a plan has to be made anew; after the others, the whole is tried again.
_REPLANNED = frozenset({"stale", "discarded", "blocked", "interrupted"})
_MOST_DRIFTED = 50
_MOST_LISTED = 200
#: A lock in an error's words; being blocked is something else.
_LOCK = re.compile(r"\block", re.IGNORECASE)
#: How the detail of an interruption begins its lines.
_UNDER_WAY, _FINISHED = "under way: ", "finished: "


def kin(panel: Facade, run: Run) -> str:
    """Markup of the links to the run that this one tries again, and to those that tried it again."""
    parts = []
    if run.retry_of is not None:
        parts.append(text.RETRY_OF.format(way=_link(run.retry_of)))
    later = readers.browsing(panel).retries(run.id or 0)
    if later:
        parts.append(text.RETRIED_AS.format(ways=", ".join(_link(other.id) for other in later)))
    return f"<p>{' · '.join(parts)}</p>" if parts else ""


def _link(run_id: int | None) -> str:
    return page_link("run", "run", run_id, f"run {run_id}")


def left_behind(panel: Facade, run: Run) -> None:
    """What the end of the run means for the environment."""
    if run.state == "stale" and run.error_detail:
        changes = "".join(f"<li>{esc(line)}</li>" for line in run.error_detail.splitlines() if line.strip())
        draw(
            f'<div class="p-note p-asks"><h3>{badge("warn", text.STALE_TITLE)}</h3><ul>{changes}</ul>'
            f"<p>{esc(text.STALE_NEXT)}</p></div>"
        )
    if run.state == "interrupted":
        _interrupted(panel, run)
    elif not run.active:
        _locked(readers.lock(panel, run.environment), run)
    if run.kind == "drift" and run.state in {"planned", "no_changes"}:
        plan = readers.plan(panel, run, "environment")
        draw(f"<h2>{text.DRIFT_TITLE}</h2>{drifted(plan.drift if plan is not None else [])}")


def _locked(lock: StateLock | None, run: Run) -> None:
    """Whose lock was in the run's way, while it still is."""
    if lock is not None and is_in_the_way(run, lock):
        draw(f'<div class="p-note p-asks"><h3>{badge("warn", text.LOCK_TITLE)}</h3>{lock_facts(lock)}</div>')


def _interrupted(panel: Facade, run: Run) -> None:
    parts = [f"<h3>{badge('bad', text.INTERRUPTED_TITLE)}</h3>"]
    if run.error:
        parts.append(f"<p>{esc(run.error)}</p>")
    reached = _reached(run.error_detail)
    if not reached and run.progress_total:
        done = text.INTERRUPTED_DONE.format(done=run.progress_done, total=run.progress_total)
        parts.append(f"<p>{esc(done)}</p>")
    parts.append(reached)
    found = panel.stores.executions.of_run(run.id or 0)
    if found:
        parts.append(f"<ul>{''.join(_execution(item) for item in found)}</ul>")
    lock = readers.lock(panel, run.environment)
    if lock is not None and (lock.run_id == run.id or lock.holder != "alive"):
        parts.append(f"<h3>{text.LOCK_TITLE}</h3>{lock_facts(lock)}")
    parts.append(f"<p><strong>{texts.WHAT_NEXT}:</strong> {esc(run.error_hint or text.INTERRUPTED_NEXT)}</p>")
    if run.error_detail and not reached:
        parts.append(folded(texts.DETAILS, f"<pre>{esc(run.error_detail)}</pre>"))
    draw(f'<div class="p-error">{"".join(parts)}</div>')


def _reached(detail: str) -> str:
    """What Terraform had finished (folded) and what was under way, where the detail lists them line by line."""
    lines = detail.splitlines()
    parts = []
    for mark, title, is_open in ((_UNDER_WAY, text.UNDER_WAY, True), (_FINISHED, text.FINISHED, False)):
        names = [line.removeprefix(mark) for line in lines if line.startswith(mark)]
        if names:
            items = "".join(f"<li>{mono(name)}</li>" for name in names[:_MOST_LISTED])
            rest = len(names) - _MOST_LISTED
            more = f"<p>{quiet(esc(text.DRIFT_MORE.format(count=rest)))}</p>" if rest > 0 else ""
            parts.append(folded(title.format(count=len(names)), f"<ul>{items}</ul>{more}", is_open=is_open))
    return "".join(parts)


def _execution(item: RunExecution) -> str:
    stack = text.STACK_NAMES.get(item.stack, item.stack)
    what = text.EXECUTION.format(action=item.action, stack=stack, host=item.host)
    if item.ended_at is None:
        return f"<li>{esc(what)}: {badge('warn', text.EXECUTION_OPEN)} {quiet(when(item.started_at))}</li>"
    return f"<li>{esc(what)}: {esc(text.EXECUTION_ENDED.format(status=item.status))} {quiet(when(item.ended_at))}</li>"


def drifted(found: Sequence[Mapping[str, Any]]) -> str:
    """Markup of resources that are not as the state says, with what differs."""
    if not found:
        return f"<p>{badge('ok', text.DRIFT_NONE)}</p>"
    lines = "".join(_drift(item) for item in found[:_MOST_DRIFTED])
    rest = len(found) - _MOST_DRIFTED
    more = f"<p>{quiet(esc(text.DRIFT_MORE.format(count=rest)))}</p>" if rest > 0 else ""
    return f'<ul class="p-plain">{lines}</ul>{more}'


def _drift(item: Mapping[str, Any]) -> str:
    if str(item.get("action")) == "delete":
        words = text.GONE
    else:
        names = [_attribute(entry) for entry in item.get("attributes") or ()]
        words = text.CHANGED.format(attributes=", ".join(names)) if names else ""
    return f"<li>{mono(item.get('address', ''))} {quiet(esc(words))}</li>"


def _attribute(entry: object) -> str:
    return str(entry.get("path", "")) if isinstance(entry, Mapping) else str(entry)


def ways_on(panel: Facade, run: Run) -> None:
    """The buttons that lead on from an ended run."""
    if run.active:
        return
    lock = readers.lock(panel, run.environment)
    with st.container(horizontal=True, key="ways-on"):
        if run.kind == "drift" and run.state == "planned" and run.drifted:
            drift_buttons(panel, run.environment, _busy(panel, run))
        if lock is not None and is_in_the_way(run, lock):
            unlock_button(panel, lock, key="run", primary=True)
            _again(panel, run, primary=False)
        else:
            _again(panel, run)
    if lock is not None:
        unlock_dialog(panel, run.environment)


def is_in_the_way(run: Run, lock: StateLock) -> bool:
    """Whether a run ended because of the lock, or left it behind."""
    return lock.holder != "alive" and (
        lock.holder == "orphaned" or lock.run_id == run.id or is_locked_out(run)
    )


def is_locked_out(run: Run) -> bool:
    """Whether a run has ended because somebody else's lock was in its way. Who that is, a worker finds out later."""
    return not run.active and _LOCK.search(run.error) is not None


def drift_buttons(panel: Facade, environment: str, busy: str | None) -> None:
    """The two ways out of a drift: make it as it was, or take it as it is."""
    off = busy is not None or not can(panel.identity, Capability.PLAN)
    bring, accept = text.BRING_BACK, text.ACCEPT
    if st.button(
        bring, key=f"bring-{environment}", type="primary", disabled=off, help=busy or text.BRING_BACK_HELP
    ):
        acts.begin(panel, "update", environment)
        st.rerun()
    if st.button(accept, key=f"accept-{environment}", disabled=off, help=busy or text.ACCEPT_HELP):
        acts.begin(panel, "refresh", environment)
        st.rerun()


def _busy(panel: Facade, run: Run) -> str | None:
    other = readers.in_the_way(panel, run.environment)
    return text.WAIT.format(id=other.id, name=run.environment) if other is not None else None


def _again(panel: Facade, run: Run, *, primary: bool = True) -> None:
    if run.state not in RETRIABLE:
        return
    destroys = run.kind == "destroy"
    if destroys and run.environment == SHARED:
        return  # a terminal's business: no page offers it
    # What was to be destroyed takes its name again, unless only its plan has to be made anew.
    replanned = (
        run.state in _REPLANNED and "plan" in STAGES[run.kind] and (run.state == "stale" or not destroys)
    )
    busy = _busy(panel, run)
    off = busy is not None or not can(panel.identity, NEEDS[run.kind])
    if destroys and not replanned:
        st.button(
            f"{text.RETRY}…",
            key=f"retry-{run.id}",
            disabled=off,
            help=busy,
            on_click=ask_destroy,
            args=(run.environment,),
        )
        destroy_dialog(panel, run.environment, retry_of=run.id)
        return
    label, act = (text.REPLAN, panel.operations.replan) if replanned else (text.RETRY, panel.operations.retry)
    # What somebody put an end to is not what the page leads back to.
    leads = primary and run.state not in {"discarded", "canceled"}
    kind: Literal["primary", "secondary"] = "primary" if leads else "secondary"
    if st.button(label, key=f"retry-{run.id}", type=kind, disabled=off, help=busy):
        acts.order(panel, run.environment, run.kind, lambda: act(panel.identity, run.id or 0))
        st.rerun()


def replan_button(panel: Facade, run: Run) -> None:
    """The button that discards a plan that waits and makes a new one."""
    if st.button(
        text.REPLAN,
        key=f"replan-{run.id}",
        disabled=not can(panel.identity, NEEDS[run.kind]),
        help=text.REPLAN_HELP,
    ):
        acts.order(
            panel, run.environment, run.kind, lambda: panel.operations.replan(panel.identity, run.id or 0)
        )
        st.rerun()
