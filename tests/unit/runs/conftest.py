"""Builders of plans, a run in the store, and a Terraform in memory."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws

from panel.aws.session import Account, Aws
from panel.engine.events import ChangeCounts, Event, EventKind
from panel.engine.operation import Operation, OperationKind
from panel.engine.outcome import Outcome, Status
from panel.engine.plan import PlanSummary, ResourceChange
from panel.engine.workspace import Backend, Workspace
from panel.errors import InterruptedRunError, RefusedError
from panel.runs.stack import StackJob, StackRunner, Timing
from panel.store.stores import Stores

_MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def change() -> Callable[..., ResourceChange]:
    def build(
        type_: str,
        action: str,
        after: Mapping[str, Any] | None = None,
        before: Mapping[str, Any] | None = None,
    ) -> ResourceChange:
        return ResourceChange(
            address=f"{type_}.it", module="", type=type_, name="it", action=action, before=before, after=after,
            after_unknown={}, replace_paths=(), attributes=(),
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

    def cancel(self) -> bool:
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
        if isinstance(self.end, Exception):
            raise self.end
        return self.end


@dataclass
class FakeTerraform:
    """Starts what was laid ready under a key, once, as the engine does; ``before`` runs at each first start."""

    ends: dict[str, FakeExecution] = field(default_factory=dict)
    started: list[tuple[str, Operation]] = field(default_factory=list)
    before: Callable[[str], None] = lambda _key: None

    def start(self, workspace: Workspace, operation: Operation, *, key: str) -> FakeExecution:
        known = dict(self.started)
        if key in known:
            if known[key] != operation:
                raise RefusedError(f"The key {key!r} was used for another operation.")
        else:
            self.before(key)
            self.started.append((key, operation))
        execution = self.ends[key]
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
        runner = StackRunner(terraform, lambda: aws, stores.runs, source, Timing(poll_s=0.01, limit_s=5))
        yield Bench(runner, terraform, aws, stores, job, plan_path)


@pytest.fixture
def event() -> Callable[..., Event]:
    def build(kind: EventKind, text: str = "", offset: int = 0, **fields: Any) -> Event:
        return Event(kind, text or kind.value, offset=offset, **fields)

    return build
