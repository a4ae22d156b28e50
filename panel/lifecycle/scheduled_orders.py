"""Runs that schedules order: as the identity ``system``, audited and checked like everybody's, approved in advance."""

from __future__ import annotations

from typing import Protocol

from panel.access.identity import SYSTEM
from panel.lifecycle.operations import Operations
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
    """The orders, through what people's go through. Each raises BusyError where the environment has a run under way.

    Nobody is asked to approve them, however many approvals the environment's plans take otherwise: who wrote the schedule
    into environments.yaml has chosen what happens, and when.
    """

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    def drift(self, environment: str) -> Run:
        """Compare an environment with what is real; nothing is changed."""
        return self._operations.drift(SYSTEM, environment)

    def sleep(self, environment: str) -> Run:
        """Scale an environment down; applied only where nothing but sizes changes."""
        return self._operations.sleep(SYSTEM, environment, auto_approve=True)

    def wake(self, environment: str) -> Run:
        """Scale an environment up again; as above."""
        return self._operations.wake(SYSTEM, environment, auto_approve=True)

    def destroy(self, environment: str) -> Run:
        """Destroy an environment.

        Raises:
            ProtectedError: it is protected.
        """
        return self._operations.destroy(SYSTEM, environment, confirm=environment, auto_approve=True)
