"""How numbers, times and digests are written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from panel.ui import format as written

NOW = datetime(2026, 3, 1, 14, 5, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(-3, "0 s"), (0, "0 s"), (52.9, "52 s"), (60, "1 min"), (112, "1 min 52 s"), (3600, "1 h"), (11040, "3 h 4 min"),
     (86400, "1 d"), (183600, "2 d 3 h")],
)  # fmt: skip
def test_a_duration_has_its_two_largest_units(seconds: float, expected: str) -> None:
    assert written.duration(seconds) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0, "just now"), (9, "just now"), (59, "59 s ago"), (60, "1 min ago"), (7200, "2 h ago"), (172800, "2 d ago"),
     (-10800, "in 3 h")],
)  # fmt: skip
def test_a_relative_time_has_one_unit(seconds: int, expected: str) -> None:
    assert written.ago(NOW - timedelta(seconds=seconds), NOW) == expected


def test_a_time_without_zone_is_utc_and_other_zones_are_turned_into_it() -> None:
    assert written.exact(NOW.replace(tzinfo=None)) == "2026-03-01 14:05:09 UTC"
    assert written.exact(NOW.astimezone(timezone(timedelta(hours=-3)))) == "2026-03-01 14:05:09 UTC"


@pytest.mark.parametrize(
    ("usd", "expected"),
    [(71.4, "$ 71.40"), (0, "$ 0.00"), (1071.4, "$ 1 071.40"), (-3.1, "−$ 3.10"), (0.004, "$ 0.0040")],
)
def test_money(usd: float, expected: str) -> None:
    assert written.money(usd) == expected
    assert written.monthly(usd) == f"{expected} / month"


@pytest.mark.parametrize(("usd", "expected"), [(3.1, "+$ 3.10"), (-2, "−$ 2.00"), (0.001, "±$ 0.00")])
def test_a_change_of_money_has_its_sign(usd: float, expected: str) -> None:
    assert written.delta(usd) == expected


def test_a_digest_keeps_twelve_characters_without_its_algorithm() -> None:
    assert written.digest("sha256:4f2a91c07be5d3a8") == "4f2a91c07be5"
    assert written.digest(None) == ""


def test_counts_of_a_plan() -> None:
    assert written.counts(42, 3, 0) == "+42 ~3 −0"
    assert written.counts(None, None, None) == ""


def test_an_instant_that_is_none_is_no_time() -> None:
    assert written.instant("yesterday") is None
    assert written.instant("2026-03-01T14:05:09+00:00") == NOW


def test_long_text_says_how_long_it_is() -> None:
    assert written.shorten("abcdef", 3) == "abc… (6 characters)"
    assert written.shorten("abc", 3) == "abc"


@pytest.mark.parametrize(
    ("version", "expected"),
    [("4f2a91c", "4f2a91c"), ("v1.4.0-rc.2", "v1.4.0-rc.2"), ("4f2a91c0" * 5, "4f2a91c04f2a"),
     ("customer-import-with-a-long-name", "customer-import-with-a-…")],
)  # fmt: skip
def test_a_version_fits_into_a_line(version: str, expected: str) -> None:
    assert written.brief(version) == expected
