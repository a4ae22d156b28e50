"""Logs in the store: who looks at which, lines read twice, bounds, and what is forgotten."""

from datetime import timedelta

from sqlmodel import select

from panel.store import logs
from panel.store.health_tables import LogWatch
from panel.store.logs import Read
from panel.store.stores import Stores
from panel.store.tables import now


def _lines(*messages: str, begin: int = 0) -> list[Read]:
    start = now() - timedelta(minutes=5)
    return [
        Read(f"id-{begin + place}", start + timedelta(seconds=begin + place), "backend/backend/ab12", message)
        for place, message in enumerate(messages)
    ]


def _messages(stores: Stores, **narrowed: object) -> list[str]:
    return [line.message for line in stores.logs.lines("staging", "backend", **narrowed)]  # type: ignore[arg-type]  # each test names its own


def test_a_log_is_watched_for_as_long_as_somebody_says_so(stores: Stores) -> None:
    assert stores.logs.watched() == []
    stores.logs.watch("staging", "backend", 60)
    stores.logs.watch("staging", "gone", -1)

    assert [(watch.environment, watch.service) for watch in stores.logs.watched()] == [("staging", "backend")]
    assert stores.logs.get("staging", "other") is None


def test_watching_on_writes_only_when_the_time_runs_out(stores: Stores) -> None:
    first = stores.logs.watch("staging", "backend", 60).wanted_until

    assert stores.logs.watch("staging", "backend", 60).wanted_until == first
    assert stores.logs.watch("staging", "backend", 600).wanted_until > first


def test_who_comes_back_later_waits_for_a_new_reading(stores: Stores) -> None:
    stores.logs.watch("staging", "backend", -1)
    stores.logs.keep("staging", "backend", _lines("old"), cursor_ms=12)

    watch = stores.logs.watch("staging", "backend")
    assert (watch.read_at, watch.cursor_ms) == (None, 12)


def test_what_was_read_the_longest_ago_comes_first(stores: Stores) -> None:
    for service in ("first", "second", "never"):
        stores.logs.watch("staging", service)
    for service in ("first", "second"):
        stores.logs.keep("staging", service, [], cursor_ms=None)

    assert [watch.service for watch in stores.logs.watched()] == ["never", "first", "second"]


def test_lines_read_twice_are_kept_once_and_in_order(stores: Stores) -> None:
    stores.logs.watch("staging", "backend")
    assert stores.logs.keep("staging", "backend", _lines("one", "two"), cursor_ms=1) == 2
    assert stores.logs.keep("staging", "backend", _lines("one", "two", "three"), cursor_ms=2) == 1
    assert stores.logs.keep("staging", "other", _lines("one"), cursor_ms=2) == 1

    assert _messages(stores) == ["one", "two", "three"]
    watch = stores.logs.get("staging", "backend")
    assert watch is not None
    assert (watch.cursor_ms, watch.error) == (2, "")
    assert watch.read_at is not None


def test_an_error_is_kept_and_the_place_is_not_lost(stores: Stores) -> None:
    stores.logs.watch("staging", "backend")
    stores.logs.keep("staging", "backend", _lines("one"), cursor_ms=5)
    stores.logs.keep("staging", "backend", [], cursor_ms=None, error="AWS did not answer.")

    watch = stores.logs.get("staging", "backend")
    assert watch is not None
    assert (watch.cursor_ms, watch.error) == (5, "AWS did not answer.")


def test_a_filter_takes_any_text_as_it_is(stores: Stores) -> None:
    stores.logs.keep("staging", "backend", _lines("100% done", "Error: x_y", "error: xzy"), cursor_ms=1)

    assert _messages(stores, contains="ERROR") == ["Error: x_y", "error: xzy"]
    assert _messages(stores, contains="%") == ["100% done"]
    assert _messages(stores, contains="x_y") == ["Error: x_y"]
    assert _messages(stores, limit=1) == ["error: xzy"]


def test_only_the_newest_lines_stay(stores: Stores, monkeypatch) -> None:
    monkeypatch.setattr(logs, "MOST_LINES", 3)
    stores.logs.keep("staging", "backend", _lines("a", "b"), cursor_ms=1)
    stores.logs.keep("staging", "backend", _lines("c", "d", "e", begin=2), cursor_ms=1)
    stores.logs.keep("staging", "other", _lines("f"), cursor_ms=1)

    assert _messages(stores) == ["c", "d", "e"]
    assert len(stores.logs.lines("staging", "other")) == 1


def test_old_lines_and_old_watches_are_forgotten(stores: Stores) -> None:
    old = Read("old", now() - timedelta(days=2), "s", "two days ago")
    stores.logs.keep("staging", "backend", [old, *_lines("fresh")], cursor_ms=1)
    stores.logs.watch("staging", "backend")
    stores.logs.watch("staging", "watched")
    with stores.database.write() as session:
        watch = session.get(LogWatch, ("staging", "backend"))
        assert watch is not None
        watch.wanted_until -= timedelta(days=3)
        session.add(watch)
    stores.logs.prune()

    assert _messages(stores) == ["fresh"]
    with stores.database.read() as session:
        assert [watch.service for watch in session.exec(select(LogWatch))] == ["watched"]


def test_credentials_in_lines_are_not_stored(stores: Stores) -> None:
    stores.logs.keep("staging", "backend", _lines("login password=hunter2secret done"), cursor_ms=1)
    assert _messages(stores) == ["login password=(sensitive) done"]
