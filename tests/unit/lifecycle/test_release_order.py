"""Which environment runs the newest release of a service, and what is said of the others."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from panel.lifecycle.release_order import behind
from panel.lifecycle.release_views import Kept, ReleaseView, release_view
from panel.store.tables import Release

MOMENT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def _live(environment: str, commit: str, **more: Any) -> ReleaseView:
    facts = {"digest": f"sha256:{commit}", "revision": commit, "version": commit, "started_at": MOMENT} | more
    return release_view(
        Release(
            id=1, environment=environment, service="backend", number=1, kind="container", status="live", **facts,
        ),
        Kept(),
    )  # fmt: skip


def _words(*live: ReleaseView) -> dict[str, str]:
    return {name: words for name, (words, _) in behind({one.environment: one for one in live}).items()}


def at(position: int | None, *, day: int = 0) -> dict[str, Any]:
    """Facts of the n-th commit."""
    return {"position": position, "committed_at": MOMENT + timedelta(days=day)}


Case = tuple[Callable[[], list[ReleaseView]], dict[str, str]]
_CASES: dict[str, Case] = {
    "nothing runs": (list, {}),
    "one alone": (lambda: [_live("staging", "a")], {}),
    "the same everywhere": (lambda: [_live("qa", "a"), _live("staging", "a")], {}),
    "one commit": (
        lambda: [_live("production", "a", **at(4)), _live("staging", "b", **at(5, day=1))],
        {"production": "1 commit behind staging"},
    ),
    "several, of several environments": (
        lambda: [
            _live("production", "a", **at(1)), _live("qa", "b", **at(4, day=1)), _live("staging", "c", **at(6, day=2))
        ],
        {"production": "5 commits behind staging", "qa": "2 commits behind staging"},
    ),
    "production is ahead": (
        lambda: [_live("production", "b", **at(5, day=1)), _live("staging", "a", **at(4))],
        {"staging": "1 commit behind production"},
    ),
    "nobody counted": (
        lambda: [_live("production", "a", **at(None)), _live("staging", "b", **at(None, day=1))],
        {"production": "older than staging"},
    ),
    "a branch with fewer commits that is newer": (
        lambda: [_live("production", "a", **at(9)), _live("staging", "b", **at(5, day=1))],
        {"production": "older than staging"},
    ),
    "no source control: by when it was released": (
        lambda: [
            _live("production", "a", revision=""),
            _live("staging", "b", revision="", started_at=MOMENT + timedelta(hours=1)),
        ],
        {"production": "older than staging"},
    ),
    "known of one alone": (
        lambda: [_live("production", "a", **at(4)), _live("staging", "b", revision="")],
        {"staging": "differs from production"},
    ),
    "the same commit with changes that nobody committed": (
        lambda: [
            _live("production", "a", **at(4)),
            _live("staging", "b", version="a-changed", revision="a", started_at=MOMENT + timedelta(hours=1), **at(4)),
        ],
        {"production": "differs from staging"},
    ),
    "the same source built twice": (
        lambda: [
            _live("production", "a", **at(4)), _live("staging", "a", digest="sha256:other", **at(4))
        ],
        {},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", _CASES)
def test_what_is_behind(case):
    live, expected = _CASES[case]
    assert _words(*live()) == expected


def test_of_several_that_run_the_newest_the_first_to_have_it_is_named():
    live = [
        _live("production", "a", **at(4)),
        _live("qa", "b", started_at=MOMENT + timedelta(hours=2), **at(5, day=1)),
        _live("staging", "b", **at(5, day=1)),
    ]
    assert behind({one.environment: one for one in live}) == {
        "production": ("1 commit behind staging", "staging")
    }


def test_what_was_rolled_back_on_purpose_is_told_as_that():
    earlier = Release(
        id=7, environment="production", service="backend", number=12, kind="container", version="a"
    )
    row = Release(
        id=9, environment="production", service="backend", number=14, kind="container", version="a",
        digest="sha256:a", revision="a", status="live", source="rollback", origin_id=7, started_at=MOMENT,
        **at(4),
    )  # fmt: skip
    back = release_view(row, Kept(related={7: earlier}))
    newer = _live("staging", "b", **at(6, day=1))
    assert behind({"production": back, "staging": newer}) == {"production": ("rolled back to r12", "staging")}
    # Where nobody runs anything newer, there is nothing to say.
    assert behind({"production": back}) == {}


def test_nobody_is_behind_what_is_only_tried_in_a_preview():
    staging, preview = _live("staging", "a", **at(1)), _live("preview", "b", **at(2, day=1))
    live = {"staging": staging, "preview": preview}
    assert behind(live, {"preview"}) == {}
    assert behind(live) == {"staging": ("1 commit behind preview", "preview")}
    older = {"staging": _live("staging", "b", **at(2, day=1)), "preview": _live("preview", "a", **at(1))}
    assert behind(older, {"preview"}) == {"preview": ("1 commit behind staging", "staging")}
    assert behind({"preview": preview}, {"preview"}) == {}
