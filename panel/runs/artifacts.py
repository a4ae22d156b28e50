"""What a run leaves behind as files: saved plans, their JSON form, event logs. In the data directory or in S3.

A saved plan may hold secrets of the state. In the data directory its owner alone reads it. In S3 it is as private as
the bucket: no object gets an ACL of its own, and it is encrypted as the bucket says.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from panel.aws.s3 import bucket_exists, delete_for_ever, get_object, put_object
from panel.aws.session import Aws
from panel.engine.atomic import PRIVATE_FILE, make_folder, storage_error, write_atomically
from panel.engine.outcome import Outcome
from panel.errors import ConfigurationError, NotFoundError, PanelError, StaleError
from panel.runs.stack import StackJob, fetched_folder

_log = logging.getLogger(__name__)

PLAN, PLAN_JSON, EVENTS = "plan.tfplan", "plan.json", "events.jsonl"
_SCHEME = "s3://"
_PLAN_AGAIN = "Plan again and review the new plan."


class Artifacts(Protocol):
    """Files by key; a key is a path of letters, digits, ``. _ -`` and slashes."""

    def put(self, key: str, path: Path) -> None:
        """Keep a copy of a file, replacing what was kept under this key.

        Raises:
            StorageError, AwsError, EndpointError: it was not kept.
        """

    def get(self, key: str) -> bytes:
        """What was kept.

        Raises:
            NotFoundError: nothing was kept under this key.
            StorageError, AwsError, EndpointError: it cannot be read.
        """

    def remove(self, prefix: str) -> None:
        """Forget everything below a prefix (``runs/12``), for ever."""


class FolderArtifacts:
    """Artifacts in a folder that its owner alone reads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, key: str, path: Path) -> None:
        """Keep a copy of a file: the same file under another name where the disk can do that."""
        target = self._folder / key
        make_folder(self._folder)  # closed to others, whatever lies below
        make_folder(target.parent)
        scratch = target.with_name(f".{target.name}.new")
        try:
            scratch.unlink(missing_ok=True)
            try:
                os.link(path, scratch)
            except OSError:
                shutil.copyfile(path, scratch)
            scratch.chmod(PRIVATE_FILE)
            scratch.replace(target)
        except OSError as error:
            raise storage_error(target, error) from error

    def get(self, key: str) -> bytes:
        """What was kept."""
        try:
            return (self._folder / key).read_bytes()
        except FileNotFoundError:
            raise NotFoundError(f"There is no {key} in {self._folder}.", hint=_PLAN_AGAIN) from None
        except OSError as error:
            raise storage_error(self._folder / key, error) from error

    def remove(self, prefix: str) -> None:
        """Forget everything below a prefix."""
        shutil.rmtree(self._folder / prefix, ignore_errors=True)


class S3Artifacts:
    """Artifacts in a bucket, for workers on several machines.

    Args:
        aws: the account.
        bucket: must exist: who may read it, and how it is encrypted, is for its owner to say.
        prefix: what every key begins with; may be empty.
    """

    def __init__(self, aws: Callable[[], Aws], bucket: str, prefix: str) -> None:
        self._aws = aws
        self._bucket = bucket
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""

    def put(self, key: str, path: Path) -> None:
        """Keep a copy of a file."""
        try:
            body = path.read_bytes()
        except OSError as error:
            raise storage_error(path, error) from error
        put_object(self._aws(), self._bucket, self._prefix + key, body)

    def get(self, key: str) -> bytes:
        """What was kept."""
        return get_object(self._aws(), self._bucket, self._prefix + key)

    def remove(self, prefix: str) -> None:
        """Forget everything below a prefix, all versions of it."""
        delete_for_ever(self._aws(), self._bucket, f"{self._prefix}{prefix}/")

    def check(self) -> None:
        """Make sure the bucket is there.

        Raises:
            ConfigurationError: it is not.
        """
        if not bucket_exists(self._aws(), self._bucket):
            raise ConfigurationError(
                f"The bucket {self._bucket} of PANEL_ARTIFACTS does not exist.",
                hint="Make it, private and encrypted, or unset PANEL_ARTIFACTS.",
            )


def open_artifacts(place: str, data_path: Path, aws: Callable[[], Aws]) -> Artifacts:
    """Artifacts where the setting says: ``s3://BUCKET/PREFIX``, or empty for the data directory."""
    if not place:
        return FolderArtifacts(data_path / "artifacts")
    bucket, _, prefix = place.removeprefix(_SCHEME).partition("/")
    return S3Artifacts(aws, bucket, prefix)


class KeptPlans:
    """Saved plans of runs: kept when they are made, brought to the worker that applies them.

    Args:
        artifacts: where they are kept.
    """

    def __init__(self, artifacts: Artifacts) -> None:
        self._artifacts = artifacts

    def keep(self, job: StackJob, outcome: Outcome) -> str:
        """Keep the plan, its JSON form and the events of the execution that made it.

        Returns:
            Prefix under which they are kept, for :meth:`bring`.
        """
        prefix = prefix_of(job.run_id, job.stack)
        if outcome.plan_path is not None:
            self._artifacts.put(f"{prefix}/{PLAN}", outcome.plan_path)
            self._put_if_there(f"{prefix}/{EVENTS}", outcome.plan_path.with_name(EVENTS))
        if outcome.plan_json_path is not None:
            self._artifacts.put(f"{prefix}/{PLAN_JSON}", outcome.plan_json_path)
        return prefix

    def keep_log(self, job: StackJob, key: str) -> None:
        """Keep the events of another execution of the run: of its apply."""
        path = job.workspace / "executions" / key / EVENTS
        try:
            self._put_if_there(f"{prefix_of(job.run_id, job.stack)}/{key}.jsonl", path)
        except PanelError as error:
            # Its lines are in the store, and what was applied is applied: not worth failing for.
            _log.warning("The events of %s were not kept: %s", key, error)

    def bring(self, job: StackJob, plan_path: Path, plan_digest: str) -> Path:
        """The reviewed plan as a file of this machine, fetched where another one made it.

        Args:
            plan_path: where it was made.
            plan_digest: its sha256 (hex).

        Returns:
            A file with the plan; ``plan_path`` itself where no copy was kept, for those to judge who need the file.

        Raises:
            StaleError: what was kept is not, byte for byte, what was reviewed.
        """
        if plan_path.is_file():
            return plan_path
        target = fetched_folder(job) / f"{plan_digest}.tfplan"
        if target.is_file() and _digest(target.read_bytes()) == plan_digest:
            return target
        try:
            content = self._artifacts.get(f"{prefix_of(job.run_id, job.stack)}/{PLAN}")
        except NotFoundError:
            return plan_path
        if _digest(content) != plan_digest:
            raise StaleError(
                f"The copy that was kept of the plan of {job.subject} is not the plan that was reviewed.",
                hint=_PLAN_AGAIN,
            )
        make_folder(target.parent)
        write_atomically(target, content, mode=PRIVATE_FILE)
        return target

    def forget(self, run_id: int) -> None:
        """Remove everything that is kept of a run."""
        self._artifacts.remove(f"runs/{run_id}")

    def _put_if_there(self, key: str, path: Path) -> None:
        if path.is_file():
            self._artifacts.put(key, path)


def prefix_of(run_id: int, stack: str) -> str:
    """Where the artifacts of one stack of a run are kept."""
    return f"runs/{run_id}/{stack}"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
