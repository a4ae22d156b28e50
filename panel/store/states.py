"""The states of a run and which may follow which: the one table that store, workflows and documents go by."""

from __future__ import annotations

from collections.abc import Mapping

from panel.errors import IllegalTransitionError
from panel.store.tables import Run

#: Which state may follow which. ``applied`` closes a run whose every stage succeeded.
TRANSITIONS: Mapping[str, frozenset[str]] = {
    "queued": frozenset({"preparing", "canceled", "errored", "interrupted"}),
    "preparing": frozenset(
        # A promotion has no plan: what it changes is known at once, and waits for review as a plan does.
        {"planning", "planned", "applying", "deploying", "errored", "canceled", "interrupted", "blocked"}
    ),
    "planning": frozenset({"planned", "no_changes", "blocked", "errored", "canceled", "interrupted"}),
    # Open only where a person may still override what blocks it; otherwise `finish` has closed it.
    "blocked": frozenset({"planned", "discarded", "canceled", "stale", "errored", "interrupted"}),
    "planned": frozenset({"approved", "discarded", "canceled", "stale", "errored", "interrupted"}),
    "no_changes": frozenset({"deploying", "applied", "errored", "canceled", "interrupted"}),
    "approved": frozenset({"applying", "deploying", "stale", "canceled", "errored", "interrupted"}),
    # Stale even now: Terraform compares the state once more by itself, before it touches anything.
    "applying": frozenset({"deploying", "applied", "stale", "errored", "canceled", "interrupted"}),
    "deploying": frozenset({"applied", "errored", "canceled", "interrupted"}),
}
#: States after which nothing happens any more.
FINAL = frozenset({"applied", "errored", "canceled", "discarded", "stale", "interrupted"})
#: States that may also be the last one: a plan that was only a plan, a block that nobody may override.
CLOSABLE = frozenset({"planned", "no_changes", "blocked"})
#: States in which an open run waits for a person: nothing is under way.
WAITING = frozenset({"planned", "blocked"})


def may_follow(before: str, after: str) -> bool:
    """Whether a run in the one state may become the other."""
    return after in TRANSITIONS.get(before, frozenset())


def check_move(run: Run, after: str) -> None:
    """Refuse a transition that is none.

    Raises:
        IllegalTransitionError: the run has ended, or its state does not allow it.
    """
    if not run.active:
        raise IllegalTransitionError(
            f"Run {run.id} of {run.environment} has ended already ({words(run.state)}); it cannot become {words(after)}.",
            hint="Order a new run.",
        )
    if not may_follow(run.state, after):
        raise IllegalTransitionError(
            f"Run {run.id} of {run.environment} is {words(run.state)}; it cannot become {words(after)}.",
            hint="Reload the run's page to see where it stands.",
        )


def check_end(run: Run, after: str) -> None:
    """Refuse an end that is none: of a state that must go on, or that the run's state does not lead to.

    Raises:
        IllegalTransitionError: as above.
    """
    if after not in FINAL | CLOSABLE:
        raise IllegalTransitionError(
            f"Run {run.id} of {run.environment} cannot end as {words(after)}.",
            hint=f"It ends as one of: {', '.join(sorted(FINAL | CLOSABLE))}.",
        )
    if after != run.state:
        check_move(run, after)


def words(state: str) -> str:
    """A state as people read it."""
    return state.replace("_", " ")
