"""A state that an apply could not save: where Terraform left it, and pushing it back once its bucket answers again.

Terraform itself pushes it (``state push``), not a write of ours: it takes the state's lock, refuses another lineage and an
older serial, and writes the state in the form that it wants to read. What is compared here first only decides
whether there is anything to push.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from panel.aws.s3 import read_with_etag
from panel.aws.session import Aws
from panel.engine.atomic import storage_error
from panel.engine.execution import UNSAVED_STATE
from panel.engine.operation import Operation
from panel.engine.state import StateInfo, parse_state
from panel.engine.terraform import Terraform
from panel.engine.workspace import Backend, Workspace
from panel.runs.following import Follower, Work
from panel.runs.journal import Journal
from panel.store.runs import Runs

_OUTDATED = ".outdated"


class StateWork(Work, Protocol):
    """A job with a state of its own: see `StackJob`."""

    @property
    def backend(self) -> Backend:
        """Where its state is kept."""

    def key(self, action: str) -> str:
        """Name of an execution of the job."""


def push_back(
    job: StateWork,
    workspace: Workspace,
    *,
    new_world: bool,
    aws: Aws,
    terraform: Terraform,
    follower: Follower,
    runs: Runs,
) -> None:
    """Push back what an earlier apply of this workspace could not save, where it is newer than what is stored.

    Args:
        new_world: the state bucket was only made now: what was left belongs to a world that is gone.

    Raises:
        PanelError: it could not be pushed; planning without it would make again what exists already.
    """
    for path in _left(workspace):
        with Journal(runs, job.run_id, job.stage) as journal:
            left = parse_state(path.read_bytes())
            stored = _stored(aws, job.backend)
            why_not = "the world it belongs to is gone" if new_world else _why_not(left, stored)
            if why_not:
                _set_aside(path)
                journal.say(f"A state that an apply could not save was set aside: {why_not}.", "warn")
                continue
            before = f"serial {stored.serial}" if stored else "no state"
            journal.say(
                f"An apply could not save its state (serial {left.serial}; stored is {before}): pushing it back.",
                "warn",
            )
        key = job.key(f"push-{left.serial}")
        if follower.begin(job, workspace, "push", key):
            follower.follow(job, terraform.start(workspace, Operation.push_state(path), key=key), key)
        # It is in the state bucket now, and holds secrets in clear.
        _remove(path)


def _left(workspace: Workspace) -> list[Path]:
    """States that were left behind, the oldest first: by a runner in its execution, or, had it died, by Terraform."""
    found = [
        *(workspace.path / "executions").glob(f"*/{UNSAVED_STATE}"),
        workspace.stack_path / UNSAVED_STATE,
    ]
    return sorted((path for path in found if path.is_file()), key=lambda path: path.stat().st_mtime)


def _stored(aws: Aws, backend: Backend) -> StateInfo | None:
    found = read_with_etag(aws, backend.bucket, backend.key)
    return parse_state(found[0]) if found else None


def _why_not(left: StateInfo, stored: StateInfo | None) -> str:
    """Why it must not be pushed; nothing where it may."""
    if stored is None:
        return ""
    if stored.lineage != left.lineage:
        return "the stored state is of another lineage"
    if stored.serial >= left.serial:
        return f"the stored state is as new or newer (serial {stored.serial}, this one {left.serial})"
    return ""


def _set_aside(path: Path) -> None:
    try:
        path.chmod(0o600)
        path.replace(path.with_name(path.name + _OUTDATED))
    except OSError as error:
        raise storage_error(path, error) from error


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise storage_error(path, error) from error
