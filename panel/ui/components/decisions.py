"""What a person may decide on a run: approve or discard its plan, override a guardrail, make it stop.

Each button asks the capability table first; where it says no, the button says who may.
"""

from __future__ import annotations

import streamlit as st

from panel.access.capabilities import Capability, can
from panel.errors import RefusedError
from panel.lifecycle.stages import SHIPPING
from panel.store.tables import Run, RunApproval
from panel.ui import acts, deploy_text, notices, readers, run_text, session
from panel.ui.components.aftermath import replan_button
from panel.ui.components.confirmations import ask_force, force_dialog
from panel.ui.components.markup import badge, draw, esc, quiet, when
from panel.ui.state import Facade

_MOST_CHARACTERS = 200


def decision(panel: Facade, run: Run) -> None:
    """The bar under a plan that waits for review."""
    given = readers.approvals(panel, run.id or 0)
    refused = why_not_approve(panel, run, given)
    needed = max(1, run.approvals_needed)
    if needed > 1 or given or not run.author_may_approve:
        draw(approvals(run, given))
    with st.container(
        key="decision", horizontal=True, vertical_alignment="bottom", horizontal_alignment="right"
    ):
        key = session.of(session.COMMENT, run.id)
        st.text_input(run_text.COMMENT, key=key, max_chars=_MOST_CHARACTERS, placeholder=run_text.OPTIONAL)
        if run.kind not in SHIPPING:
            replan_button(panel, run)
        _discard(panel, run, key)
        last = len(given) + 1 >= needed
        approve = deploy_text.APPROVE.get(run.kind, run_text.APPROVE)
        st.button(
            approve if last else run_text.APPROVE_ONE, key=f"approve-{run.id}", type="primary",
            on_click=_decide, args=(panel, "approve", run.id or 0, key), disabled=refused is not None,
        )  # fmt: skip
    if refused is not None:
        draw(f"<p>{quiet(esc(refused))}</p>")


def why_not_approve(panel: Facade, run: Run, given: list[RunApproval]) -> str | None:
    """Why this person cannot approve the run; None where they can."""
    needed = Capability.DESTROY if run.kind == "destroy" else Capability.APPROVE
    name = panel.identity.name
    if not can(panel.identity, needed):
        return run_text.NOT_YOUR_ROLE.format(
            what=needed.words, name=run.environment, roles=readers.roles(needed)
        )
    if any(item.actor == name for item in given):
        return run_text.YOU_APPROVED.format(more=max(1, run.approvals_needed - len(given)))
    if run.author == name and not run.author_may_approve:
        return run_text.YOU_ASKED.format(name=run.environment)
    return None


def approvals(run: Run, given: list[RunApproval]) -> str:
    """Markup: so many of so many, by whom, and who still may."""
    needed = max(1, run.approvals_needed)
    head = run_text.APPROVALS.format(got=len(given), needed=needed)
    whose = ", ".join(
        f"<strong>{esc(item.actor)}</strong> {quiet(when(item.at))}"
        + (f" <q>{esc(item.comment)}</q>" if item.comment else "")
        for item in given
    )
    capability = Capability.DESTROY if run.kind == "destroy" else Capability.APPROVE
    out = [run_text.HAS_APPROVED.format(name=item.actor) for item in given]
    if not run.author_may_approve:
        out.append(run_text.IS_AUTHOR.format(name=run.author))
    but = run_text.BUT_NOT.format(names=" and ".join(out)) if out else ""
    who = run_text.WHO_MAY.format(roles=readers.roles(capability), but=but)
    return f'<div class="p-note p-asks"><p>{badge("warn", head)}{": " if whose else ""}{whose}</p><p>{quiet(esc(who))}</p></div>'


def _discard(panel: Facade, run: Run, key: str) -> None:
    st.button(
        run_text.DISCARD, key=f"discard-{run.id}", on_click=_decide, args=(panel, "discard", run.id or 0, key),
        disabled=not can(panel.identity, Capability.DISCARD),
    )  # fmt: skip


def _decide(panel: Facade, verb: str, run_id: int, key: str) -> None:
    acts.decide(panel, verb, run_id, str(st.session_state.get(key, "")).strip())


def overriding(panel: Facade, run: Run) -> None:
    """The bar under a plan that a guardrail stopped and somebody may still let through."""
    allowed = can(panel.identity, Capability.OVERRIDE_GUARDRAIL)
    with st.container(
        key="decision", horizontal=True, vertical_alignment="bottom", horizontal_alignment="right"
    ):
        key = session.of(session.REASON, run.id)
        label = run_text.REASON if allowed else run_text.COMMENT
        st.text_input(
            label, key=key, max_chars=_MOST_CHARACTERS,
            placeholder=run_text.REASON_HINT if allowed else run_text.OPTIONAL,
        )  # fmt: skip
        replan_button(panel, run)
        _discard(panel, run, key)
        st.button(
            run_text.OVERRIDE, key=f"override-{run.id}", type="primary", disabled=not allowed,
            on_click=_override, args=(panel, run.id or 0, key),
        )  # fmt: skip
    if allowed:
        draw(f"<p>{quiet(run_text.OVERRIDE_THEN)}</p>")


def _override(panel: Facade, run_id: int, key: str) -> None:
    reason = str(st.session_state.get(key, "")).strip()
    if not reason:
        notices.keep(RefusedError(run_text.REASON_MISSING))
        return
    acts.decide(panel, "override", run_id, reason)


def stopping(panel: Facade, run: Run) -> None:
    """The way to stop a run: gently first, then by force."""
    allowed = can(panel.identity, Capability.CANCEL)
    if run.force_cancel:
        words = deploy_text.FORCING_WHAT if _ships(run) else run_text.FORCING_WHAT
        draw(_stopping(run_text.FORCING, words))
    elif run.cancel_requested:
        asked = readers.cancel_requests(panel, run)
        title = run_text.CANCELING_BY.format(name=asked[0].actor) if asked else run_text.CANCELING
        draw(_stopping(title, deploy_text.STOPPING_WHAT if _ships(run) else run_text.CANCELING_WHAT))
        st.button(
            run_text.FORCE,
            key=f"force-{run.id}",
            on_click=ask_force,
            args=(run.id or 0,),
            disabled=not allowed,
        )
    force_dialog(panel, run)


def cancel_button(panel: Facade, run: Run) -> None:
    """The button that asks a run to stop at the next safe point."""
    label = deploy_text.STOP if run.stage == "rollout" else run_text.CANCEL
    st.button(
        label, key=f"cancel-{run.id}", on_click=acts.decide, args=(panel, "cancel", run.id or 0),
        disabled=not can(panel.identity, Capability.CANCEL),
    )  # fmt: skip


def _ships(run: Run) -> bool:
    """Whether Terraform has no part in what the run is at now."""
    return run.kind in SHIPPING or run.state == "deploying"


def _stopping(title: str, words: str) -> str:
    return f'<div class="p-note p-asks" role="status"><p>{badge("warn", title)}</p><p>{esc(words)}</p></div>'
