"""Runs that schedules order: as the identity ``system``, audited and checked like everybody's, approved in advance."""

from __future__ import annotations

from typing import Protocol

from panel.access.capabilities import Capability, require
from panel.access.identity import SYSTEM
from panel.audit.trail import Trail
from panel.lifecycle.operations import Operations
from panel.lifecycle.stages import CHANGING, PRIORITIES, STAGES
from panel.store.stores import Stores
from panel.store.tables import Run


class Orders(Protocol):
    """What schedules may ask for."""

    def drift(self, environment: str) -> Run:
        """Compare an environment with what is real."""

    def sleep(self, environment: str) -> Run:
        """Scale an environment down to nothing."""

    def wake(self, environment: str) -> Run:
        """Scale an environment up again."""

    def destroy(self, environment: str) -> Run:
        """Destroy an environment whose life has ended."""


class ScheduledOrders:
    """The orders over the store. Each raises BusyError where the environment has a run under way."""

    def __init__(self, operations: Operations, stores: Stores, trail: Trail) -> None:
        self._operations = operations
        self._stores = stores
        self._trail = trail

    def drift(self, environment: str) -> Run:
        """Compare an environment with what is real; nothing is changed."""
        return self._order("drift", environment, Capability.PLAN)

    def sleep(self, environment: str) -> Run:
        """Scale an environment down; applied without a review, and only where nothing but sizes changes."""
        return self._order("sleep", environment, Capability.APPLY, auto_approve=True)

    def wake(self, environment: str) -> Run:
        """Scale an environment up again; as above."""
        return self._order("wake", environment, Capability.APPLY, auto_approve=True)

    def destroy(self, environment: str) -> Run:
        """Destroy an environment.

        It is not asked who approves its plans: its owner chose its end when they wrote ``ttl_hours``, and was warned.

        Raises:
            ProtectedError: it is protected.
        """
        return self._operations.destroy(SYSTEM, environment, confirm=environment, auto_approve=True)

    def _order(
        self, kind: str, environment: str, capability: Capability, *, auto_approve: bool = False
    ) -> Run:
        require(SYSTEM, capability, environment)
        self._trail.record(SYSTEM.name, SYSTEM.role, kind, environment, auto_approve=auto_approve)
        return self._stores.runs.create(
            environment, kind, SYSTEM.name, STAGES[kind],
            auto_approve=auto_approve, priority=PRIORITIES.get(kind, CHANGING),
        )  # fmt: skip
