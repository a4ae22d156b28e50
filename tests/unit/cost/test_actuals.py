"""Sums over days of the bill, months, and which parts of a budget are passed."""

from datetime import date

import pytest

from panel.cost.actuals import (
    Alert,
    Day,
    alerts_of,
    by_service,
    month_before,
    month_of,
    next_month,
    to_date,
    together,
)

DAYS = (
    Day("2026-10-31", "EC2", 9.0, False),
    Day("2026-11-01", "EC2", 1.5, False),
    Day("2026-11-01", "S3", 0.25, False),
    Day("2026-11-02", "ELB", 3.0, True),
)


def test_a_month_is_summed_by_service_the_dearest_first() -> None:
    assert list(by_service(DAYS, "2026-11").items()) == [("ELB", 3.0), ("EC2", 1.5), ("S3", 0.25)]
    assert to_date(DAYS, "2026-11") == 4.75
    assert to_date(DAYS, "2026-12") is None


@pytest.mark.parametrize(
    ("day", "month", "following", "before"),
    [
        ("2026-11-23", "2026-11", "2026-12-01", "2026-10-01"),
        ("2026-12-31", "2026-12", "2027-01-01", "2026-11-01"),
        ("2027-01-01", "2027-01", "2027-02-01", "2026-12-01"),
    ],
)
def test_months_around_a_day(day: str, month: str, following: str, before: str) -> None:
    at = date.fromisoformat(day)
    assert (month_of(at), next_month(at), month_before(at)) == (
        month, date.fromisoformat(following), date.fromisoformat(before),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("actual", "forecast", "estimate", "wanted"),
    [
        (None, None, None, ()),
        (10.0, 30.0, 999.0, ()),
        (40.0, None, None, (Alert(50, "actual", 40.0),)),
        (64.0, 79.9, None, (Alert(80, "actual", 64.0),)),
        (41.2, 92.0, None, (Alert(50, "actual", 41.2), Alert(100, "forecast", 92.0))),
        (10.0, 92.0, None, (Alert(100, "forecast", 92.0),)),
        (80.0, 92.0, None, (Alert(100, "actual", 80.0),)),
        (None, None, 71.4, (Alert(80, "estimate", 71.4),)),
        (None, 10.0, 71.4, ()),
        (0.0, None, 71.4, ()),
    ],
)
def test_the_largest_part_of_a_budget_that_is_reached_counts(
    actual: float | None, forecast: float | None, estimate: float | None, wanted: tuple[Alert, ...]
) -> None:
    found = alerts_of([50, 80, 100], 80.0, actual=actual, forecast=forecast, estimate=estimate)
    assert found == wanted


def test_who_wants_to_hear_of_nothing_hears_nothing() -> None:
    assert alerts_of([], 80.0, actual=500.0, forecast=900.0) == ()


def test_days_of_several_environments_together() -> None:
    other = (Day("2026-11-01", "EC2", 0.5, True), Day("2026-11-03", "S3", 1.0, False))
    assert together((*DAYS[1:3], *other)) == (
        Day("2026-11-01", "EC2", 2.0, True), Day("2026-11-01", "S3", 0.25, False), Day("2026-11-03", "S3", 1.0, False),
    )  # fmt: skip
