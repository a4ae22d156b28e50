"""What a worker does whose run was taken over: nothing that DBOS would record."""

import pytest
from dbos import error as dbos_error

from panel.errors import OperationError, SupersededError
from panel.lifecycle.ownership import unless_superseded


def _refuse(error: Exception) -> None:
    raise error


def test_a_step_that_lost_its_run_is_parked_and_records_no_error() -> None:
    with pytest.raises(dbos_error.DBOSWorkflowConflictIDError, match="run-7") as caught:
        unless_superseded("run-7", _refuse)(SupersededError("Run 7 was taken over."))

    assert not isinstance(caught.value, Exception)  # DBOS records every Exception of a step as its outcome


def test_other_errors_and_results_pass() -> None:
    with pytest.raises(OperationError, match="something else"):
        unless_superseded("run-7", _refuse)(OperationError("something else"))

    assert unless_superseded("run-7", lambda number: number + 1)(1) == 2
