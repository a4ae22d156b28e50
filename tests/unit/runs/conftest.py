"""Builders of plans, a run in the store, and a Terraform in memory."""

from __future__ import annotations

import json
import os
import pwd
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import pytest
from moto import mock_aws

from panel.aws.s3 import ensure_bucket, put_object, read_with_etag
from panel.aws.session import Account, Aws
from panel.engine.events import ChangeCounts, Event, EventKind
from panel.engine.operation import Operation, OperationKind
from panel.engine.outcome import Outcome, Status
from panel.engine.plan import PlanSummary, ResourceChange
from panel.engine.workspace import Backend, Workspace
from panel.errors import InterruptedRunError, RefusedError
from panel.runs.stack import StackJob, StackRunner, Timing
from panel.store.runs import Line
from panel.store.stores import Stores

#: This data directory on this machine.
INSTANCE = f"{socket.gethostname()}/here"
_MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def change() -> Callable[..., ResourceChange]:
    def build(
        type_: str,
        action: str,
        after: Mapping[str, Any] | None = None,
        before: Mapping[str, Any] | None = None,
        *,
        unknown: Mapping[str, Any] | None = None,
        module: str = "",
        instance: str = "",
    ) -> ResourceChange:
        address = f"{module}{'.' if module else ''}{type_}.it{instance}"
        return ResourceChange(
            address=address, module=module, type=type_, name="it", action=action, before=before, after=after,
            after_unknown=unknown or {}, replace_paths=(), attributes=(),
        )  # fmt: skip

    return build


@pytest.fixture
def plan() -> Callable[..., PlanSummary]:
    def build(*changes: ResourceChange) -> PlanSummary:
        return PlanSummary("1.15.5", changes, drift=(), outputs=(), counts=ChangeCounts(), digest="d")

    return build


@pytest.fixture
def run_id(stores: Stores) -> int:
    """A run of staging that is being planned."""
    number = stores.runs.create("staging", "create", "ana", ["plan", "review", "apply"]).id
    assert number is not None
    for state in ("preparing", "planning"):
        stores.runs.transition(number, state, "worker")
    return number


@dataclass
class FakeExecution:
    """An execution that says its events, then ends as it was told to: an `Outcome`, or an error to raise."""

    end: Outcome | Exception
    events: tuple[Event, ...] = ()
    goes_on_until_canceled: bool = False
    canceled: threading.Event = field(default_factory=threading.Event)
    forced: bool = False
    at_end: Callable[[], object] = lambda: None
    operation: Operation = field(default_factory=Operation.plan)

    def cancel(self, *, force: bool = False) -> bool:
        self.forced = self.forced or force
        self.canceled.set()
        return True

    def follow(
        self, *, poll_interval: float, timeout: float, on_event: Callable[[Event], None], from_offset: int = 0
    ) -> Outcome:
        for event in self.events:
            if event.offset > from_offset:
                on_event(event)
        if self.goes_on_until_canceled:
            assert self.canceled.wait(timeout=20)
        self.at_end()
        if isinstance(self.end, Exception):
            raise self.end
        return self.end


@dataclass
class FakeTerraform:
    """Starts what was laid ready under a key, once, as the engine does; ``before`` runs at each first start."""

    ends: dict[str, FakeExecution] = field(default_factory=dict)
    started: list[tuple[str, Operation]] = field(default_factory=list)
    before: Callable[[str], None] = lambda _key: None

    def version(self) -> str:
        return "1.15.5"

    def start(self, workspace: Workspace, operation: Operation, *, key: str) -> FakeExecution:
        known = dict(self.started)
        if key in known:
            if known[key] != operation:
                raise RefusedError(f"The key {key!r} was used for another operation.")
        else:
            self.before(key)
            self.started.append((key, operation))
        execution = self.ends[key]
        execution.operation = operation
        if operation.kind is OperationKind.APPLY and isinstance(execution.end, Outcome):
            digest = json.loads(Path(operation.plan_path).read_text())["digest"]
            if digest != operation.plan_digest:
                failed = replace(
                    execution.end,
                    status=Status.FAILED,
                    failure=f"{operation.plan_path} is not the plan that was reviewed.",
                )
                return FakeExecution(failed)
        return execution


@dataclass
class Bench:
    """A runner of stacks over a Terraform in memory and an S3 in memory."""

    runner: StackRunner
    terraform: FakeTerraform
    aws: Aws
    stores: Stores
    job: StackJob
    plan_path: Path

    def outcome(self, kind: OperationKind = OperationKind.PLAN, **fields: Any) -> Outcome:
        values = {
            "status": Status.SUCCEEDED,
            "exit_code": 0,
            "started_at": _MOMENT,
            "ended_at": _MOMENT,
        } | fields
        return Outcome(operation=Operation(kind), **values)

    def ends(self, key: str, end: Outcome | Exception, *events: Event) -> FakeExecution:
        """Lay ready how the execution ``run-N-environment-<key>`` goes."""
        execution = FakeExecution(end, events)
        self.terraform.ends[self.job.key(key)] = execution
        return execution

    def lost(self) -> InterruptedRunError:
        return InterruptedRunError("Plan is gone.")

    def process(self, key: str, *, alive: bool) -> Path:
        """Lay the record of a process into an execution's folder: ours, or one that is gone."""
        folder = self.job.workspace / "executions" / key
        folder.mkdir(parents=True, exist_ok=True)
        me = psutil.Process()
        born = me.create_time() if alive else 1.0
        (folder / "request.json").write_text(
            json.dumps({"operation": Operation.plan().to_json(), "folder": ""})
        )
        (folder / "process.json").write_text(json.dumps({"pid": me.pid, "create_time": born}))
        return folder

    def planned(self) -> None:
        """Plan, as far as the review."""
        self.ends("plan", self.outcome())
        self.runner.plan(self.job)

    def begun_before(self, action: str, *, alive: bool) -> None:
        """An execution of this run that was begun here, whose process lives or is gone."""
        key = self.job.key(action)
        folder = self.process(key, alive=alive)
        self._note(action, INSTANCE, str(folder))

    def begun_elsewhere(self, action: str, host: str = "gone") -> None:
        """An execution of this run that was begun on another machine."""
        self._note(action, f"{host}/there", "/far/away")

    def _note(self, action: str, instance: str, path: str) -> None:
        self.stores.executions.begin(
            self.job.run_id, self.job.key(action), stack=self.job.stack, action=action, instance=instance,
            host=instance.split("/", maxsplit=1)[0], path=path,
        )  # fmt: skip

    def said_by(self, action: str, *texts: str) -> None:
        """Lines of an execution that came into the store."""
        key = self.job.key(action)
        self.stores.runs.append(
            self.job.run_id, action, [Line(text, source=key, position=n) for n, text in enumerate(texts)]
        )

    def lock(self, *, who: str | None = None, operation: str = "OperationTypePlan", **fields: str) -> None:
        """Lock the state, as Terraform does, now."""
        me = f"{pwd.getpwuid(os.getuid()).pw_name}@{socket.gethostname()}"
        ensure_bucket(self.aws, self.job.backend.bucket)
        lock = {
            "ID": "1", "Who": me if who is None else who, "Operation": operation,
            "Created": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        } | fields  # fmt: skip
        name = f"{self.job.backend.key}.tflock"
        put_object(self.aws, self.job.backend.bucket, name, json.dumps(lock).encode())

    def locked(self) -> bool:
        """Whether the state is locked."""
        name = f"{self.job.backend.key}.tflock"
        return read_with_etag(self.aws, self.job.backend.bucket, name) is not None

    def texts(self) -> list[str]:
        return [line.text for line in self.stores.runs.lines(self.job.run_id)]

    def keys(self) -> list[str]:
        prefix = self.job.key("")
        return [key.removeprefix(prefix) for key, _ in self.terraform.started]


@pytest.fixture
def bench(stores: Stores, run_id: int, tmp_path: Path) -> Iterator[Bench]:
    source = tmp_path / "terraform"
    (source / "stacks" / "environment").mkdir(parents=True)
    (source / "stacks" / "environment" / "main.tf").write_text("# a stack\n")
    terraform = FakeTerraform()
    plan_path = tmp_path / "plan.tfplan"
    plan_path.write_text(json.dumps({"digest": "reviewed"}))
    job = StackJob(
        run_id=run_id, subject="staging", stage="plan", stack="environment",
        workspace=tmp_path / "workspaces" / "staging", variables={"a": 1},
        backend=Backend("todo-states", "environments/staging/terraform.tfstate", "us-east-2", emulated=True),
    )  # fmt: skip
    with mock_aws():
        aws = Aws(Account("us-east-2", access_key="test", secret_key="test"))
        runner = StackRunner(
            terraform, lambda: aws, stores, source, Timing(poll_s=0.01, limit_s=5), instance=INSTANCE
        )
        yield Bench(runner, terraform, aws, stores, job, plan_path)


@pytest.fixture
def event() -> Callable[..., Event]:
    def build(kind: EventKind, text: str = "", offset: int = 0, **fields: Any) -> Event:
        return Event(kind, text or kind.value, offset=offset, **fields)

    return build
