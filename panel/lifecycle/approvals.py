"""How many people must say yes to a run's plan, and who is still needed, in words."""

from __future__ import annotations

from collections.abc import Iterable

from panel.access.identity import SYSTEM
from panel.catalogue.schema import Approvals, Catalogue
from panel.store.tables import Run


def approvals_of(catalogue: Catalogue, run: Run) -> Approvals:
    """What the catalogue asks for now. What a schedule orders was agreed to when the catalogue was written."""
    if run.auto_approve and run.author == SYSTEM.name:
        return Approvals()
    return approvals_for(catalogue, run.environment)


def approvals_for(catalogue: Catalogue, environment: str) -> Approvals:
    """What the catalogue asks for; the shared network has no entry, and one approval is enough."""
    entry = catalogue.environments.get(environment)
    return entry.approvals if entry is not None else Approvals()


def takes_others(approvals: Approvals) -> bool:
    """Whether the person who orders a run cannot approve it alone."""
    return approvals.count > 1 or approvals.other_than_author


def still_needed(run: Run, approvers: Iterable[str]) -> str:
    """Who has to approve yet: ``1 more approval is needed (bob has approved), by somebody other than ana``."""
    given = list(approvers)
    missing = max(run.approvals_needed - len(given), 0)
    if not missing:
        return "Nobody is needed any more."
    text = "1 more approval is needed" if missing == 1 else f"{missing} more approvals are needed"
    if not given and missing == 1:
        text = "One approval is needed"
    elif not given:
        text = f"{missing} approvals are needed"
    else:
        text += f" ({', '.join(given)} {'has' if len(given) == 1 else 'have'} approved)"
    return f"{text}{'' if run.author_may_approve else f', by somebody other than {run.author}'}."
