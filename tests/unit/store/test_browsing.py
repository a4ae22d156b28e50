"""Windows on many runs and long logs: what is in them, and that nothing is passed over or shown twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from panel.store.browsing import ERRORS, Browsing, RunFilter
from panel.store.database import Database
from panel.store.runs import Line
from panel.store.stores import Stores
from panel.store.tables import Run, now


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    """Sixty runs of three environments, and a log of 250 lines between the lines of another run."""
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('store')}/panel.sqlite3")
    database.upgrade()
    found = Stores(database)
    with database.write() as session:
        for number in range(1, 61):
            state = ("applied", "errored", "planned")[number % 3]
            session.add(
                Run(
                    id=number, environment=f"env{number % 4}", kind="drift" if number % 2 else "update", state=state,
                    active=False, author=("ana", "ben")[number % 2], retry_of=7 if number in {20, 30} else None,
                    ended_at=now(),
                )
            )  # fmt: skip
        session.add(Run(id=61, environment="asking", kind="update", state="blocked", author="ana"))
        session.add(Run(id=62, environment="busy", kind="update", state="applying", author="ana"))
    for part in range(5):
        lines = [_line(number) for number in range(part * 50, part * 50 + 50)]
        found.runs.append(1, "apply", lines)
        found.runs.append(2, "plan", [Line(f"other {part}", source="plan", position=part)])
    yield found
    database.close()


def _line(number: int) -> Line:
    return Line(
        f"line {number} 100%",
        level="error" if number % 100 == 99 else "info",
        source="apply",
        position=number,
    )


@pytest.fixture
def browsing(stores: Stores) -> Browsing:
    return Browsing(stores.database)


def numbers(found: list[Run]) -> list[int | None]:
    return [run.id for run in found]


def texts(browsing: Browsing, **window: object) -> list[str]:
    return [line.text for line in browsing.lines(1, **window).lines]  # type: ignore[arg-type]  # forwarded as they are


def test_paging_older_and_back_shows_every_run_once(browsing: Browsing) -> None:
    which = RunFilter(environment="env1")
    pages, before = [], None
    while page := browsing.runs(which, before=before, limit=4):
        pages.append(numbers(page))
        before = page[-1].id
    assert [number for page in pages for number in page] == list(range(57, 0, -4))
    assert numbers(browsing.runs(which, after=pages[1][0], limit=4)) == pages[0]


def test_filters_narrow_together(browsing: Browsing) -> None:
    found = browsing.runs(RunFilter("env1", "drift", "errored", "ben"), limit=100)
    assert numbers(found) == [49, 37, 25, 13, 1]
    assert browsing.runs(RunFilter("env1", author="ana")) == []


@pytest.mark.parametrize(
    ("state", "count"), [("needs_you", 1), ("under_way", 1), ("done", 40), ("errored", 20), ("blocked", 0)]
)
def test_words_for_several_states(browsing: Browsing, state: str, count: int) -> None:
    assert browsing.count(RunFilter(state=state), most=100) == count
    assert len(browsing.runs(RunFilter(state=state), limit=100)) == count


def test_counting_stops(browsing: Browsing) -> None:
    assert browsing.count(RunFilter(), most=11) == 11


def test_who_asked_and_what_was_tried_again(browsing: Browsing) -> None:
    assert browsing.authors() == ["ana", "ben"]
    assert numbers(browsing.retries(7)) == [20, 30]


def test_a_log_is_walked_from_its_end_to_its_start_and_back(browsing: Browsing) -> None:
    seen, before = [], None
    while lines := browsing.lines(1, before=before, limit=60).lines:
        seen[:0] = [line.text for line in lines]
        before = lines[0].id
    assert seen == [f"line {number} 100%" for number in range(250)]
    assert texts(browsing, after=0, limit=2) == ["line 0 100%", "line 1 100%"]


def test_levels_and_words_narrow_a_log(browsing: Browsing) -> None:
    assert texts(browsing, levels=ERRORS) == ["line 99 100%", "line 199 100%"]
    assert texts(browsing, words=["LINE 24", "8"]) == ["line 248 100%"]
    assert texts(browsing, words=["apply", "line 7 "]) == ["line 7 100%"]
    assert texts(browsing, words=["_"]) == []  # not a sign for any letter


def test_a_search_says_how_far_it_looked_and_goes_on_from_there(browsing: Browsing) -> None:
    first = browsing.lines(1, words=["line 3 "], look_at=100)
    assert first.lines == []
    assert first.looked_from is not None
    second = browsing.lines(1, words=["line 3 "], before=first.looked_from, look_at=200)
    assert [line.text for line in second.lines] == ["line 3 100%"]


def test_a_full_window_of_matches_leaves_the_rest_for_the_next(browsing: Browsing) -> None:
    newest = browsing.lines(1, levels=ERRORS, limit=1)
    assert [line.text for line in newest.lines] == ["line 199 100%"]
    earlier = browsing.lines(1, levels=ERRORS, limit=1, before=newest.looked_from)
    assert [line.text for line in earlier.lines] == ["line 99 100%"]
    later = browsing.lines(1, levels=ERRORS, limit=1, after=0)
    assert [line.text for line in browsing.lines(1, levels=ERRORS, limit=1, after=later.looked_to).lines] == [
        "line 199 100%"
    ]


def test_a_log_without_lines_says_so(browsing: Browsing, tmp_path: Path) -> None:
    assert browsing.lines(999, words=["x"]) == ([], None, None)
    assert browsing.lines(999) == ([], None, None)
