"""One run: where it stands, its plan for review, its log, who did what."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from panel.catalogue.schema import SHARED
from panel.errors import NotFoundError, PanelError
from panel.lifecycle.stages import KINDS, TITLES
from panel.store.tables import Run, RunPlan, RunTransition
from panel.ui import acts, notices, readers, session, text
from panel.ui.components import plan as plans
from panel.ui.components.destroy import ask_destroy, destroy_dialog
from panel.ui.components.log import log
from panel.ui.components.markup import draw, esc, folded, link, quiet, safe_url, table, when
from panel.ui.components.problems import problem, problem_markup
from panel.ui.components.stages import progress, strip
from panel.ui.components.states import run_badge, run_title, run_tone
from panel.ui.format import between
from panel.ui.live import LIVELY, live
from panel.ui.navigation import link_environment, link_home, plain
from panel.ui.state import Facade, get_panel, get_start

#: What a run's page is drawn anew for; other changes are drawn in place.
Marker = tuple[str, str, bool, bool]

#: Ends after which the same may be asked for again.
_RETRIABLE = frozenset({"errored", "interrupted", "canceled", "stale"})
_STACKS = {"environment": text.STACK_ENVIRONMENT, "shared": text.STACK_SHARED}
_TABS = {"ok": text.TAB_DONE, "bad": text.TAB_FAILED, "warn": text.TAB_NEEDS, "busy": text.TAB_WORKING}


def show() -> None:
    """Draw the page of the run that the address names."""
    panel = get_panel()
    run = _asked_for(panel)
    if run is None:
        return
    title = run_title(run)
    st.set_page_config(page_title=_TABS.get(run_tone(run), "{title}").format(title=title))
    notices.show()
    live(_standing, LIVELY if run.active else None)(run.id or 0, _marker(run))
    _links(panel, run)
    _ended(panel, run)
    if run.active and run.state != "planned":
        log(run)
        _plan(panel, run)
    else:
        _plan(panel, run)
        _decision(panel, run)
        log(run)
    _transitions(panel, run)


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


def _marker(run: Run) -> Marker:
    return (run.state, run.stage, run.active, run.cancel_requested)


def _standing(run_id: int, seen: Marker) -> None:
    """Title, stages and progress, refreshed in place; a change of state draws the whole page once."""
    panel = get_panel()
    run = panel.stores.runs.get(run_id)
    if _marker(run) != seen:
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
        end = text.RUN_ENDS.get(run.state, "")
        return f'<p role="status">{esc(end)}</p>' if end else ""
    note = text.CANCELLING if run.cancel_requested else ""
    if run.state == "queued" and not panel.overview.workers():
        note = text.NO_WORKER_FOR_RUN if get_start().state != "starting" else text.STARTING_FOR_RUN
    if run.auto_approve and run.state in {"queued", "preparing", "planning"}:
        note = note or text.AUTO_APPROVED.format(name=run.author)
    if run.state == "planned":
        return ""
    return f'<div class="p-live">{moving}{f"<p>{quiet(esc(note))}</p>" if note else ""}</div>'


def _links(panel: Facade, run: Run) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if run.environment != SHARED:
            link_environment(run.environment, text.ENVIRONMENT_LINK.format(name=run.environment))
        url = _application(panel, run)
        if url is not None:
            draw(link(url, text.OPEN_APP), width="content")
        if run.active and run.state != "planned" and not run.cancel_requested:
            st.button(
                text.CANCEL, key=f"cancel-{run.id}", on_click=acts.decide, args=(panel, "cancel", run.id)
            )


def _application(panel: Facade, run: Run) -> str | None:
    """Where the application is, once a run that brought it up is done."""
    if run.state != "applied" or run.kind not in {"create", "update", "deploy"} or run.environment == SHARED:
        return None
    try:
        return safe_url(panel.overview.environment(run.environment).url)
    except NotFoundError:
        return None  # it was taken out of the catalogue since


def _ended(panel: Facade, run: Run) -> None:
    """What went wrong, and the way to try again."""
    if run.error:
        stage = TITLES.get(run.stage, KINDS.get(run.kind, run.kind))
        title = text.ERROR_TITLE.format(stage=f"{stage} · {run.environment}")
        draw(problem_markup(title, run.error, run.error_hint, run.error_detail))
    if run.active or run.environment == SHARED or run.state not in _RETRIABLE:
        return
    again = text.RETRY.format(kind=KINDS.get(run.kind, run.kind).lower(), name=run.environment)
    if run.kind == "destroy":
        st.button(again, key=f"retry-{run.id}", on_click=ask_destroy, args=(run.environment,))
        destroy_dialog(panel, run.environment)
    elif st.button(again, key=f"retry-{run.id}"):
        acts.begin(panel, run.kind, run.environment)
        st.rerun()


def _plan(panel: Facade, run: Run) -> None:
    """The plan: open while it waits for review, folded (and not drawn) before and after."""
    found = {name: plan for name in _STACKS if (plan := readers.plan(panel, run, name)) is not None}
    if not found:
        return
    if run.state == "planned":
        draw(f"<h2>{text.PLAN}</h2>")
        _chosen_plan(run, found)
        return
    counted = plans.plan_counts(next(iter(found.values())).changes)
    key = session.of(session.PLAN_OPEN, run.id)
    box = st.expander(text.PLAN_FOLDED.format(counts=plain(counted)), key=key, on_change="rerun")
    if box.open:
        with box:
            _chosen_plan(run, found)


def _chosen_plan(run: Run, found: dict[str, RunPlan]) -> None:
    stack = next(iter(found))
    if len(found) > 1:
        chosen = st.segmented_control(
            text.PLAN, list(found),
            format_func=lambda name: plain(f"{_STACKS[name]} {plans.plan_counts(found[name].changes)}"),
            default=stack, key=session.of(session.PLAN_STACK, run.id), label_visibility="collapsed",
        )  # fmt: skip
        stack = chosen or stack
    plan = found[stack]
    draw(f"<p>{plans.summary(plan)}</p>{plans.guardrails(plan.guardrails)}")
    plans.resources(run, plan)


def _decision(panel: Facade, run: Run) -> None:
    if run.state != "planned" or not run.active:
        return
    with st.container(
        key="decision", horizontal=True, vertical_alignment="bottom", horizontal_alignment="right"
    ):
        key = session.of(session.COMMENT, run.id)
        st.text_input(text.COMMENT, key=key, max_chars=200)
        st.button(
            text.DISCARD, key=f"discard-{run.id}", on_click=_decide, args=(panel, "discard", run.id or 0, key)
        )
        st.button(
            text.APPROVE, key=f"approve-{run.id}", type="primary",
            on_click=_decide, args=(panel, "approve", run.id or 0, key),
        )  # fmt: skip


def _decide(panel: Facade, verb: str, run_id: int, key: str) -> None:
    acts.decide(panel, verb, run_id, str(st.session_state.get(key, "")))


def _transitions(panel: Facade, run: Run) -> None:
    steps = panel.stores.runs.transitions(run.id or 0)
    head = (text.WHEN, text.STATE, text.WHO, text.DETAIL)
    body = [(when(step.at), esc(_step(step)), esc(step.actor), esc(step.comment)) for step in steps]
    draw(folded(text.TRANSITIONS, table(head, body)))


def _step(step: RunTransition) -> str:
    after = text.RUN_STATES.get(step.after, step.after)
    if not step.before:
        return after
    return text.FROM_TO.format(before=text.RUN_STATES.get(step.before, step.before), after=after)
