"""A catalogue of two environments, the acts over it, and who may do them."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from panel.access.identity import Identity, Role
from panel.audit.trail import Trail
from panel.catalogue.schema import Catalogue
from panel.errors import PanelError, StorageError
from panel.lifecycle.operations import Operations
from panel.store.stores import Stores
from panel.store.tables import Run
from tests.unit.lifecycle.schedule_bench import Bench

_OWNER = {"team": "API team", "contact": "api-team@example.com"}
_ENVIRONMENT = {
    "owner": _OWNER, "instance": {"type": "t3.micro", "count": 2}, "desired_tasks": 2, "monthly_budget_usd": 80.0,
}  # fmt: skip
#: What a run goes through before it can end like this.
_WAY_TO = {
    "applied": ("preparing", "applying"),
    "planned": ("preparing", "planning"),
    "no_changes": ("preparing", "planning"),
    "blocked": ("preparing",),
    "discarded": ("preparing", "planning", "planned"),
    "stale": ("preparing", "planning", "planned", "approved"),
}


@pytest.fixture
def catalogue() -> Catalogue:
    return Catalogue.model_validate(
        {
            "project": "todo",
            "region": "us-east-2",
            "domain": "todo.example.com",
            "target": "local",
            "terraform": {"state_bucket": "todo-state"},
            "services": {
                "backend": {
                    "kind": "container", "title": "TODO list", "source": "backend", "port": 5000,
                    "path_pattern": "/api/*", "health_path": "/status", "owner": _OWNER,
                },
                "frontend": {"kind": "static", "title": "TODO list", "source": "frontend", "owner": _OWNER},
            },
            "environments": {
                "production": {**_ENVIRONMENT, "subnet_slot": 0, "protected": True},
                "staging": {**_ENVIRONMENT, "subnet_slot": 1},
            },
        }
    )  # fmt: skip


@dataclass
class Desk:
    """Where people ask for acts."""

    operations: Operations
    stores: Stores
    admin: Identity = field(default_factory=lambda: Identity("ana", Role.ADMIN))
    operator: Identity = field(default_factory=lambda: Identity("bob", Role.OPERATOR))
    viewer: Identity = field(default_factory=lambda: Identity("vic", Role.VIEWER))

    def planned(self, kind: str = "create", environment: str = "staging", **approvals: Any) -> int:
        """A run that waits for its review, of whom ``approvals`` says."""
        number = self.stores.runs.create(environment, kind, "ana", ["plan", "review", "apply"]).id
        assert number is not None
        for state in ("preparing", "planning", "planned"):
            self.stores.runs.transition(number, state, "worker", plan_digest="d1", **approvals)
        return number

    def ended(self, kind: str, state: str, environment: str = "staging", **order: Any) -> Run:
        """A run that has ended."""
        number = self.stores.runs.create(environment, kind, "ana", ["plan"], **order).id
        assert number is not None
        for step in _WAY_TO.get(state, ()):
            self.stores.runs.transition(number, step, "worker")
        return self.stores.runs.finish(number, state, "worker")

    def exists(self, environment: str = "staging") -> None:
        self.stores.environments.save(environment, exists=True, ready=True)

    def acts(self) -> list[tuple[str, str, str]]:
        """The audit record, oldest first: who, what, to which environment."""
        return [(entry.actor, entry.action, entry.environment) for entry in self.stores.audit.chain()]


@pytest.fixture
def desk(stores: Stores, catalogue: Catalogue) -> Desk:
    return Desk(Operations(lambda: catalogue, stores, Trail(stores.audit)), stores)


@pytest.fixture
def at_once() -> Callable[[list[Callable[[], Any]]], list[Any]]:
    """Does acts at the same moment; gives their results, or the panel's errors."""

    def run(acts: list[Callable[[], Any]]) -> list[Any]:
        gate, results = threading.Barrier(len(acts)), [None] * len(acts)

        def do(place: int) -> None:
            gate.wait()
            try:
                results[place] = acts[place]()
            except PanelError as error:
                results[place] = error

        threads = [threading.Thread(target=do, args=(place,)) for place in range(len(acts))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return results

    return run


@pytest.fixture
def desk_of(catalogue: Catalogue) -> Callable[[Stores], Desk]:
    """The desk of another process over the same store."""
    return lambda stores: Desk(Operations(lambda: catalogue, stores, Trail(stores.audit)), stores)


class _FullDisk:
    """Audit records that cannot be written."""

    def append(self, *_: object) -> None:
        raise StorageError("The disk is full.")


@pytest.fixture
def full_trail() -> Trail:
    """A trail to which nothing can be added."""
    return Trail(_FullDisk())


@pytest.fixture
def bench(stores: Stores, catalogue: Catalogue) -> Bench:
    """The schedules of one worker."""
    return Bench(stores, catalogue)
