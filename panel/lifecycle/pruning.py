"""Files of runs of long ago are removed; what pages show of a run is in the store and stays."""

from __future__ import annotations

import logging
import shutil
from datetime import timedelta
from pathlib import Path

from panel.engine.execution import UNSAVED_STATE, Execution
from panel.runs.artifacts import KeptPlans
from panel.store.retention import Retention
from panel.store.tables import RunExecution, now

_log = logging.getLogger(__name__)

#: Files of a run stay for so long after its end …
KEEP_FOR = timedelta(days=30)
#: … and those of the last runs of each environment for as long as these are the last ones.
KEEP_RUNS = 20


def prune_executions(retention: Retention, data_path: Path, instance: str) -> int:
    """Remove this data directory's folders of executions whose time is over; says how many.

    One whose process lives stays, and one with a state that could not be saved: nothing else has it.
    """
    removed = 0
    for execution in retention.executions(instance, ended_before=now() - KEEP_FOR, keep=KEEP_RUNS):
        if not _may_go(execution, data_path):
            continue
        shutil.rmtree(execution.path, ignore_errors=True)
        retention.forget_execution(execution.run_id, execution.key)
        removed += 1
    _prune_fetched(data_path)
    if removed:
        _log.info("Removed the files of %s executions of long ago", removed)
    return removed


def prune_artifacts(retention: Retention, plans: KeptPlans) -> int:
    """Remove artifacts whose time is over; says of how many runs.

    Raises:
        AwsError, EndpointError: the bucket does not let us; the rest is removed another time.
    """
    over = retention.artifacts(ended_before=now() - KEEP_FOR, keep=KEEP_RUNS)
    for run_id in over:
        plans.forget(run_id)
        retention.forget_artifacts(run_id)
    return len(over)


def _may_go(execution: RunExecution, data_path: Path) -> bool:
    folder = Path(execution.path)
    # The path comes from the database: only what looks like a folder of ours is ever removed.
    ours = folder.is_relative_to((data_path / "workspaces").resolve()) and folder.parent.name == "executions"
    if not ours or ".." in folder.parts:
        return False
    return not (folder / UNSAVED_STATE).exists() and not Execution(folder).is_alive()


def _prune_fetched(data_path: Path) -> None:
    """Copies of plans that other machines made."""
    limit = (now() - KEEP_FOR).timestamp()
    for path in (data_path / "workspaces").glob("*/fetched/*.tfplan"):
        if path.stat().st_mtime < limit:
            path.unlink(missing_ok=True)
