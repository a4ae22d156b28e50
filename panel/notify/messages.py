"""The words of every event: what happened, to which environment, why, what next, whom to call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from panel.store.tables import Notification

_LONGEST_SUBJECT = 150
_LONGEST_BODY = 2800  # what one section of a Slack message takes, less some for what is escaped
_CUT = " …"


@dataclass(frozen=True)
class Words:
    """One event: a line that says it, and the lines under it; those without content are left out."""

    subject: str
    body: tuple[str, ...]


_BUDGET_ADVICE = (
    "What costs: panel cost actual {environment}. What could be saved: panel cost waste. Make it smaller, give it working "
    "hours, destroy it if nobody needs it, or raise monthly_budget_usd in environments.yaml."
)

#: Every event. Fields in braces are the facts of :func:`notification`.
EVENTS: Mapping[str, Words] = {
    "review_needed": Words(
        "{environment}: a plan waits for your review",
        ("{kind} by {author}: {counts}.", "{cost}", "Approve or discard run {run}. It is discarded by itself in {limit}."),
    ),
    "review_expired": Words(
        "{environment}: a plan was discarded, nobody decided in time",
        ("{kind} by {author}, run {run}. Nothing was changed.", "Order it again if it is still wanted."),
    ),
    "blocked": Words(
        "{environment}: a guardrail blocked a plan",
        ("{kind} by {author}, run {run}. Nothing was changed.", "{reason}", "{hint}"),
    ),
    "applied": Words(
        "{environment}: {kind_lower} done", ("Run {run} by {author}: {counts}.", "{decided}", "{address}")
    ),
    "release_review_needed": Words(
        "{environment}: a release waits for your review",
        ("{kind} by {author}:", "{changes}", "Approve or discard run {run}. It is discarded by itself in {limit}."),
    ),
    "release_review_expired": Words(
        "{environment}: a release was discarded, nobody decided in time",
        ("{kind} by {author}, run {run}. Nothing was changed.", "Order it again if it is still wanted."),
    ),
    "deployed": Words("{environment}: {releases} deployed", ("Run {run} by {author}.", "{decided}", "{address}")),
    "promoted": Words(
        "{environment}: {releases} promoted from {source}", ("Run {run} by {author}.", "{decided}", "{address}")
    ),
    "returned": Words(
        "{environment}: {releases} serves again", ("Rolled back in run {run} by {author}.", "{address}")
    ),
    "rolled_back": Words(
        "{environment}: {services} failed and was rolled back by itself",
        ("Run {run} by {author}: {went_back}.", "{stays}", "{reason}", "{hint}"),
    ),
    "errored": Words("{environment}: {kind_lower} failed", ("Run {run} by {author}.", "{reason}", "{hint}")),
    "interrupted": Words(
        "{environment}: {kind_lower} was interrupted",
        ("Run {run} by {author}: its outcome is not known.", "{reason}", "{hint}"),
    ),
    "stale": Words(
        "{environment}: a plan is out of date and was not applied",
        ("{kind} by {author}, run {run}. Nothing was changed.", "{reason}", "Plan again and review what is new."),
    ),
    "drift_found": Words(
        "{environment}: {number} drifted from what was applied",
        (
            "Somebody or something changed {them} outside of the panel:",
            "{resources}",
            "Update the environment to bring {them} back, or take the change over with a refresh.",
        ),
    ),
    "drift_gone": Words(
        "{environment}: the drift is gone", ("Everything is again as it was applied (run {run}).",)
    ),
    "drift_failed": Words(
        "{environment}: it could not be checked for drift",
        ("Run {run}. Nothing was changed.", "{reason}", "{hint}", "You are told once until a check succeeds again."),
    ),
    "expiring": Words(
        "{environment} will be destroyed on {when}",
        (
            "Its life of {length} ends in {left}. Then everything in it is destroyed, data as well.",
            "To keep it longer: panel env extend {environment} --hours 24, or the button on its page.",
        ),
    ),
    "expired": Words(
        "{environment} was destroyed, as its life had ended",
        ("Run {run}: {counts}.", "Create it again when it is needed: panel env create {environment}."),
    ),
    "expiry_postponed": Words(
        "{environment}: its life has ended, but it could not be destroyed yet",
        ("{reason}", "{hint}", "It is tried again {again}, and costs money until then."),
    ),
    "sleep_failed": Words(
        "{environment} was not scaled down",
        ("Its working hours are over, but run {run} did not succeed, so it goes on as it is.", "{reason}", "{hint}"),
    ),
    "wake_failed": Words(
        "{environment} was not scaled up",
        ("Its working hours have begun, but run {run} did not succeed.", "{reason}", "{hint}",
         "Update the environment to bring it up by hand."),
    ),
    "health_down": Words(
        "{environment}: {what}", ("{causes}", "{since}", "{before}", "{status}")
    ),
    "health_degraded": Words(
        "{environment}: {what}", ("{causes}", "{since}", "{before}", "{status}")
    ),
    "health_unknown": Words(
        "{environment}: {what}, nobody can tell", ("{causes}", "{since}", "{before}", "{status}")
    ),
    "health_healthy": Words("{environment}: {what}", ("{before}", "{since}", "{status}")),
    "health_unsteady": Words(
        "{environment}: {what}",
        (
            "It changed {changes} times within half an hour; at present {present}.",
            "{causes}",
            "You are told again once it has been the same for 15 minutes.",
            "{status}",
        ),
    ),
    "orphaned_lock": Words(
        "{environment}: nobody is left to release its state lock",
        (
            "Held by {who} since {when}. {reason}",
            "Until it is taken care of nothing can be planned or applied: unlock it on its page, or panel env unlock {environment}.",
        ),
    ),
    "stuck": Words(
        "{environment}: run {run} gives no sign of life",
        ("{kind} by {author}, {stage}: the last sign was at {when}.",
         "See that a worker is alive (panel worker list); cancel the run if it does not go on."),
    ),
    "budget_actual": Words(
        "{environment}: {percent} % of its budget is used up",
        ("{amount} were charged in {month} so far, and its budget is {budget} a month.", "{other}", "{services}", _BUDGET_ADVICE),
    ),
    "budget_forecast": Words(
        "{environment}: its bill is expected to reach {percent} % of its budget",
        ("AWS expects {amount} for {month}, and its budget is {budget} a month.", "{other}", "{services}", _BUDGET_ADVICE),
    ),
    "budget_estimate": Words(
        "{environment}: its estimate reaches {percent} % of its budget",
        ("By list prices it costs {amount} a month, and its budget is {budget}. There is no bill to compare with.",
         _BUDGET_ADVICE),
    ),
    "test": Words(
        "The panel can reach you here",
        ("This is the test message that {author} asked for. What happens to environments of {project} is told here.",),
    ),
}  # fmt: skip


def notification(
    event: str, key: str, facts: Mapping[str, str], *,
    environment: str = "", run_id: int | None = None, link: str = "", call: str = "",
) -> Notification:  # fmt: skip
    """A message about an event, without a channel yet.

    Args:
        event: one of :data:`EVENTS`.
        key: what makes the event itself: the same is told once.
        facts: the fields that the event's words name; empty ones leave their line out.
        link: where to look, or nothing.
        call: whom to call.
    """
    words = EVENTS[event]
    filled = {"environment": environment, "run": str(run_id or ""), **facts}
    lines = [line.format_map(filled).strip() for line in words.body]
    lines = [line for line in lines if line]
    if call:
        lines.append(f"Whom to call: {call}")
    return Notification(
        key=key,
        event=event,
        channel="",
        environment=environment,
        run_id=run_id,
        subject=_cut(" ".join(words.subject.format_map(filled).split()), _LONGEST_SUBJECT),
        body=_cut("\n".join(lines), _LONGEST_BODY),
        link=link,
    )


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - len(_CUT)] + _CUT
