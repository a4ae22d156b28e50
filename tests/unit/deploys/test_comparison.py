"""What a deployment changes: direction, commits and settings; and back from the store as it went there."""

from typing import Any

import pytest

from panel.deploys.commits import Commit, Range
from panel.deploys.comparison import (
    Direction,
    ServiceChange,
    Setting,
    Side,
    compared,
    settings_between,
    settings_of,
)

_NEW, _OLD = (
    Commit(sha, "Make it better", "Ana", "2026-01-02T03:04:05+00:00") for sha in ("b" * 40, "a" * 40)
)


def _side(version: str, **fields: Any) -> Side:
    return Side("staging", version, **fields)


@pytest.mark.parametrize(
    ("before", "after", "span", "direction"),
    [
        (None, _side("2"), Range(known=False), "forward"),
        (_side("1", digest="d"), _side("2", digest="d"), Range(known=False), "same"),
        (_side("1"), _side("2"), Range(True, forward=(_NEW,), forward_total=1), "forward"),
        (_side("2"), _side("1"), Range(True, back=(_NEW,), back_total=1), "back"),
        (_side("1", revision="a"), _side("1", revision="a"), Range(known=True), "same"),
        (_side("1", revision="a"), _side("1-d2", revision="a"), Range(known=True), "unknown"),
        (_side("1", committed_at="2026-01-01"), _side("2", committed_at="2026-02-01"), Range(known=False), "forward"),
        (_side("2", committed_at="2026-02-01"), _side("1", committed_at="2026-01-01"), Range(known=False), "back"),
        (_side("1"), _side("2"), Range(known=False), "unknown"),
    ],
)  # fmt: skip
def test_whether_what_comes_is_newer(
    before: Side | None, after: Side, span: Range, direction: Direction
) -> None:
    assert compared("backend", "container", before, after, span).direction == direction


def test_of_a_way_back_the_commits_that_go_away_are_told() -> None:
    span = Range(True, back=(_NEW,), back_total=60)

    change = compared("backend", "container", _side("2"), _side("1"), span)

    assert (change.commits, change.commits_total, change.commits_known) == ((_NEW,), 60, True)


def test_revisions_that_have_parted_say_what_is_lost() -> None:
    span = Range(True, forward=(_NEW,), back=(_OLD,), forward_total=1, back_total=1)

    change = compared("backend", "container", _side("2"), _side("3"), span, note="Mind.")

    assert (change.direction, change.commits) == ("forward", (_NEW,))
    assert change.note == "Mind. 1 commit that runs now is not in it."


def test_a_change_comes_back_from_the_store_as_it_was() -> None:
    settings = (Setting("LOG", "1", "2"),)
    change = compared(
        "backend", "container", _side("1", release="r1"), _side("2", digest="d", tag="t"),
        Range(True, forward=(_NEW, _OLD), forward_total=2), settings=settings, note="x",
    )  # fmt: skip

    assert ServiceChange.from_dict(change.to_dict()) == change
    first = compared("frontend", "static", None, _side("2"), Range(known=False))
    assert ServiceChange.from_dict(first.to_dict()) == first


def test_settings_are_variables_and_sizes_without_what_every_release_sets() -> None:
    container = {
        "memory": 128, "memoryReservation": 64, "cpu": 0,
        "environment": [
            {"name": "LOG", "value": "1"}, {"name": "APP_VERSION", "value": "v1"},
            {"name": "IMAGE_DIGEST", "value": "d"}, {"name": "AWS_SECRET_ACCESS_KEY", "value": "x"},
        ],
    }  # fmt: skip

    found = settings_of(container)

    assert found == {"LOG": "1", "memory limit (MB)": "128", "memory (MB)": "64"}
    assert settings_between(found, found | {"LOG": "2", "NEW": "3"}) == (
        Setting("LOG", "1", "2"),
        Setting("NEW", "", "3"),
    )
