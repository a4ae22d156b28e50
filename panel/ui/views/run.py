"""One run: where it stands, its plan for review, its log, who did what."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import streamlit as st

from panel.catalogue.schema import SHARED
from panel.errors import NotFoundError, PanelError
from panel.lifecycle.stages import KINDS, SHIPPING, TITLES
from panel.store.tables import AuditEntry, Run
from panel.ui import deploy_text, notices, readers, run_text, text
from panel.ui.components import changes
from panel.ui.components import plan as plans
from panel.ui.components.aftermath import is_locked_out, kin, left_behind, ways_on
from panel.ui.components.decisions import cancel_button, decision, overriding, stopping
from panel.ui.components.journey import journey, remarks
from panel.ui.components.log import log
from panel.ui.components.markup import draw, esc, link, quiet, safe_url, when
from panel.ui.components.parts import parts
from panel.ui.components.problems import problem, problem_markup
from panel.ui.components.released import released
from panel.ui.components.signs import signs
from panel.ui.components.stages import progress, strip
from panel.ui.components.states import run_badge, run_title, run_tone
from panel.ui.format import between, plural
from panel.ui.live import CALM, LIVELY, live
from panel.ui.navigation import link_environment, link_home
from panel.ui.plan_text import STACKS
from panel.ui.state import Facade, get_panel, get_start

#: What a run's page is drawn anew for; other changes are drawn in place.
Marker = tuple[str, str, bool, bool, bool, int, str]

_TABS = {"ok": text.TAB_DONE, "bad": text.TAB_FAILED, "warn": text.TAB_NEEDS, "busy": text.TAB_WORKING}
#: States in which a run under way waits for a person.
_ASKING = frozenset({"planned", "blocked"})


def show() -> None:
    """Draw the page of the run that the address names."""
    panel = get_panel()
    run = _asked_for(panel)
    if run is None:
        return
    title = run_title(run)
    st.set_page_config(page_title=_TABS.get(run_tone(run), "{title}").format(title=title))
    notices.show()
    live(_standing, _pace(run))(run.id or 0, _marker(panel, run))
    _links(panel, run)
    _ended(panel, run)
    if run.active and run.state not in _ASKING:
        log(run)
        _what(panel, run)
        _journey(panel, run)
        return
    _released(panel, run)
    _what(panel, run)
    if run.active and not run.cancel_requested:
        (decision if run.state == "planned" else overriding)(panel, run)
    _journey(panel, run)
    log(run)


def _pace(run: Run) -> float | None:
    """Seconds between two looks: while a run waits for a person little happens, and nothing disturbs who reads its plan."""
    if run.active:
        return CALM if run.state in _ASKING else LIVELY
    return CALM if is_locked_out(run) else None


def _what(panel: Facade, run: Run) -> None:
    """What the run changes: a plan, or what a deployment puts in the place of what runs."""
    if run.kind in SHIPPING:
        changes.show(run)
    else:
        plans.show(panel, run)


def _released(panel: Facade, run: Run) -> None:
    """What came of what it shipped."""
    told = released(panel, run) if not run.active else ""
    if told:
        draw(told)


def _asked_for(panel: Facade) -> Run | None:
    asked = st.query_params.get("run", "")
    try:
        if not asked.isdecimal() or len(asked) > 15:
            raise NotFoundError(
                f"There is no run {asked[:40]!r}." if asked else text.NO_RUN, hint=text.NO_RUN_HINT
            )
        return panel.stores.runs.get(int(asked))
    except PanelError as error:
        st.set_page_config(page_title=text.RUN)
        problem(error, title=text.RUN)
        link_home()
        return None


def _marker(panel: Facade, run: Run) -> Marker:
    given = len(readers.approvals(panel, run.id or 0)) if run.state == "planned" else 0
    lock = readers.lock(panel, run.environment) if is_locked_out(run) else None
    seen = f"{lock.lock_id} {lock.holder}" if lock is not None else ""
    return (run.state, run.stage, run.active, run.cancel_requested, run.force_cancel, given, seen)


def _standing(run_id: int, seen: Marker) -> None:
    """Title, stages and progress, refreshed in place; a change of state draws the whole page once."""
    panel = get_panel()
    run = panel.stores.runs.get(run_id)
    if _marker(panel, run) != seen:
        readers.forget()
        st.rerun()
    now = datetime.now(UTC)
    stages = panel.stores.runs.stages(run_id)
    took = between(run.started_at or run.created_at, run.ended_at or now)
    line = f"{run_badge(run)} · {esc(text.BY.format(name=run.author))} · {took} · {when(run.created_at, now=now)}"
    draw(
        f"<h1>{esc(run_title(run))}</h1><p>{line}</p>{strip(stages, now)}{_now(panel, run, progress(run, stages, now))}"
    )


def _now(panel: Facade, run: Run, moving: str) -> str:
    if not run.active:
        end = _end(panel, run)
        return f'<p role="status">{esc(end)}</p>' if end else ""
    note = ""
    if run.state == "queued" and not panel.overview.workers():
        note = text.NO_WORKER_FOR_RUN if get_start().state != "starting" else text.STARTING_FOR_RUN
    if run.auto_approve and run.state in {"queued", "preparing", "planning"}:
        note = note or text.AUTO_APPROVED.format(name=run.author)
    if run.state in _ASKING:
        return ""
    banner = signs(run, readers.vitality(panel, run))
    made_of = parts(run.parts) if run.state == "deploying" else ""
    return (
        f'<div class="p-live">{moving}{f"<p>{quiet(esc(note))}</p>" if note else ""}{made_of}</div>{banner}'
    )


def _end(panel: Facade, run: Run) -> str:
    if run.kind == "unlock" and run.state == "applied":
        return panel.stores.runs.stages(run.id or 0)[-1].detail  # whose lock it was, and that it is gone
    if run.kind == "drift" and run.state == "planned":
        return run_text.DRIFT_FOUND.format(count=plural(run.drifted or 0, *run_text.RESOURCE))
    if run.kind == "drift" and run.state == "no_changes":
        return run_text.DRIFT_NONE
    if run.kind in SHIPPING and run.state in deploy_text.ENDS:
        return deploy_text.ENDS[run.state]
    return text.RUN_ENDS.get(run.state, "")


def _links(panel: Facade, run: Run) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="links"):
        if run.environment != SHARED:
            link_environment(run.environment, text.ENVIRONMENT_LINK.format(name=run.environment))
        url = _application(panel, run)
        if url is not None:
            draw(link(url, text.OPEN_APP), width="content")
        if run.active and run.state not in _ASKING and not run.cancel_requested:
            cancel_button(panel, run)
    if run.active:
        stopping(panel, run)
    related = kin(panel, run)
    if related:
        draw(related)


def _application(panel: Facade, run: Run) -> str | None:
    """Where the application is, once a run that brought it up is done."""
    if run.state != "applied" or run.kind not in {"create", "update", *SHIPPING} or run.environment == SHARED:
        return None
    try:
        return safe_url(panel.overview.environment(run.environment).url)
    except NotFoundError:
        return None  # it was taken out of the catalogue since


def _ended(panel: Facade, run: Run) -> None:
    """What went wrong or was found, and the ways on."""
    # What blocks a plan that may still be let through is told beside the plan; what made it stale, below.
    if run.error and run.state not in {"stale", "interrupted"} and not run.active:
        stage = TITLES.get(run.stage, KINDS.get(run.kind, run.kind))
        title = text.ERROR_TITLE.format(stage=f"{stage} · {run.environment}")
        title = run_text.BLOCKED_TITLE if _is_stopped(panel, run) else title
        draw(problem_markup(title, run.error, run.error_hint, run.error_detail))
    left_behind(panel, run)
    ways_on(panel, run)


def _is_stopped(panel: Facade, run: Run) -> bool:
    """Whether a guardrail ended the run; others that were refused (a state that is locked) are blocked too."""
    if run.state != "blocked":
        return False
    plans_made = (readers.plan(panel, run, stack) for stack in STACKS)
    return any(
        finding.get("severity") == "block" for plan in plans_made if plan for finding in plan.guardrails
    )


def _journey(panel: Facade, run: Run) -> None:
    """The states as they followed each other, with who did what; live while the run goes on."""
    live(_way, LIVELY if run.active and run.state not in _ASKING else None)(run.id or 0)


def _way(run_id: int) -> None:
    panel = get_panel()
    run = panel.stores.runs.get(run_id)
    told = remarks(run, readers.approvals(panel, run_id), _requests(panel, run))
    title = f"<h2>{run_text.HOW_IT_WENT} <small>{quiet(run_text.IN_UTC)}</small></h2>"
    draw(title + journey(run, panel.stores.runs.transitions(run_id), told, datetime.now(UTC)))


def _requests(panel: Facade, run: Run) -> Sequence[AuditEntry]:
    return readers.cancel_requests(panel, run) if run.cancel_requested else ()
