"""What schedules order, with the real operations."""

from collections.abc import Callable

import pytest

from panel.audit.trail import Trail
from panel.errors import (
    BusyError,
    ProtectedError,
)
from panel.lifecycle.operations import Operations
from panel.lifecycle.scheduled_orders import ScheduledOrders
from tests.unit.lifecycle.schedule_bench import Bench


@pytest.fixture
def scheduled(bench: Bench) -> Callable[[], ScheduledOrders]:
    trail = Trail(bench.stores.audit)
    return lambda: ScheduledOrders(Operations(bench.catalogue, bench.stores, trail))


@pytest.mark.parametrize("kind", ["drift", "sleep", "wake", "destroy"])
def test_schedules_order_as_system_in_advance_and_audited(
    kind: str, bench: Bench, scheduled: Callable[[], ScheduledOrders]
) -> None:
    bench.keys["staging"] = {"approvals": {"count": 3, "other_than_author": True}}
    bench.exists()
    run = getattr(scheduled(), kind)("staging")
    assert (run.kind, run.author, run.auto_approve) == (kind, "system", kind != "drift")
    entry = bench.stores.audit.recent("staging")[0]
    assert (entry.actor, entry.role, entry.action) == ("system", "system", kind)
    with pytest.raises(BusyError):
        getattr(scheduled(), kind)("staging")


def test_a_protected_environment_is_never_destroyed_by_a_schedule(
    bench: Bench, scheduled: Callable[[], ScheduledOrders]
) -> None:
    bench.exists("production")
    with pytest.raises(ProtectedError):
        scheduled().destroy("production")
