"""Uptime counted from spans: which time counts as up, as down, and as not measured."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from panel.store.health_tables import HealthSpan
from panel.store.uptime import Uptime, uptime

BEGIN = datetime(2026, 3, 4, 0, 0, tzinfo=UTC)
END = BEGIN + timedelta(hours=10)


def span(verdict: str, began: float, ended: float | None) -> HealthSpan:
    """A span by hours after the beginning of the window."""
    return HealthSpan(
        environment="staging", verdict=verdict, began_at=BEGIN + timedelta(hours=began),
        ended_at=None if ended is None else BEGIN + timedelta(hours=ended),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("spans", "percent", "hours"),
    [
        pytest.param([], None, (0, 0, 0, 0), id="nobody looked"),
        pytest.param([("healthy", 0, None)], 100, (0, 0, 0, 10), id="healthy all the time"),
        pytest.param([("healthy", -50, None)], 100, (0, 0, 0, 10), id="what was before is cut off"),
        pytest.param([("healthy", -5, 20)], 100, (0, 0, 0, 10), id="what is after is cut off"),
        pytest.param([("healthy", 0, 9), ("down", 9, None)], 90, (1, 0, 0, 10), id="down to this day"),
        pytest.param([("down", 0, None)], 0, (10, 0, 0, 10), id="down all the time"),
        pytest.param([("degraded", 0, None)], 100, (0, 10, 0, 10), id="degraded counts as up"),
        pytest.param([("unknown", 0, None)], None, (0, 0, 10, 0), id="nobody can tell"),
        pytest.param(
            [("healthy", 0, 4), ("unknown", 4, 8), ("down", 8, 9), ("healthy", 9, None)],
            100 * 5 / 6, (1, 0, 4, 6), id="unknown time is not measured",
        ),
        pytest.param(
            [("healthy", 0, 2), ("down", 7, 8)], 100 * 2 / 3, (1, 0, 0, 3), id="a gap between looks is not measured"
        ),
        pytest.param(
            [("not_created", 0, 5), ("healthy", 5, None)], 100, (0, 0, 0, 5), id="before it was created"
        ),
        pytest.param([("down", -3, -1), ("healthy", 11, None)], None, (0, 0, 0, 0), id="all of it outside"),
        pytest.param([("down", 3, 3), ("healthy", 0, None)], 100, (0, 0, 0, 10), id="down for no time at all"),
        pytest.param(
            [("healthy", 5, None), ("degraded", 2, 5), ("down", 0, 2)], 80, (2, 3, 0, 10), id="in any order"
        ),
    ],
)  # fmt: skip
def test_table(
    spans: list[tuple[str, float, float | None]], percent: float | None, hours: tuple[float, ...]
) -> None:
    found = uptime([span(*one) for one in spans], BEGIN, END)

    down, degraded, unknown, measured = (3600 * value for value in hours)
    assert found == Uptime(
        None if percent is None else pytest.approx(percent), down, degraded, unknown, measured
    )
