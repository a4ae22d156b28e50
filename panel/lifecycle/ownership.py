"""A step whose run another worker has by now leaves no trace in the durable workflows."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from dbos import error as dbos_error

from panel.errors import SupersededError

P = ParamSpec("P")
R = TypeVar("R")


def unless_superseded(workflow: str, act: Callable[P, R]) -> Callable[P, R]:
    """The same act; where the store refuses it because another worker has the run, the execution is parked.

    An ordinary error would be recorded as the step's outcome. The worker that took the run over would read it there,
    and end with an error that is none of its own. DBOS itself parks executions whose ownership it sees lost; the
    store may see it a moment earlier.
    """

    def acted(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return act(*args, **kwargs)
        except SupersededError as error:
            raise dbos_error.DBOSWorkflowConflictIDError(workflow) from error

    return acted
