"""The status page from the entry point, its JSON, and the log of a service as it is written."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select
from starlette.requests import Request
from streamlit.testing.v1 import AppTest
from streamlit.web.server.app_discovery import discover_asgi_app

from panel.lifecycle import status_words as words
from panel.store.health_tables import HealthState
from panel.store.logs import Read
from panel.store.tables import now
from panel.ui import logs_text, state
from panel.ui.components.log_tail import line_tone
from panel.ui.status_json import status_json

Open = Callable[..., AppTest]
ENTRY = Path(state.__file__).parents[1] / "streamlit_app.py"


def body(app: AppTest) -> str:
    assert not app.exception
    return "".join(part.proto.body for part in app.get("html"))


def _visible(markup: str) -> str:
    return re.sub(r"<style>.*?</style>|<[^>]+>", " ", markup, flags=re.DOTALL)


def test_it_says_what_works_what_does_not_and_whom_to_call(sample: Any, open_page: Open) -> None:
    sample.ensure_running()
    shown = body(open_page("status"))
    assert "<h1" in shown
    assert words.STATES["broken"] in shown
    assert words.STATES["trouble"] in shown
    assert "Copy a message for the API team" in shown
    assert 'href="mailto:api@example.com?subject=' in shown
    assert "Page refreshed at" in shown
    assert words.OLD_TITLE not in shown


def test_it_has_no_word_that_only_technicians_know(sample: Any, open_page: Open) -> None:
    text = _visible(body(open_page("status")))
    # What people call their applications and places is theirs to say.
    for name in sample.catalogue().environments:
        text = text.replace(name, "")
    assert words.jargon_in(text.replace("API team", "")) == []


def test_it_says_loudly_that_it_is_old(sample: Any, open_page: Open) -> None:
    sample.ensure_running = lambda: None
    with sample.stores.database.write() as db:
        for look in db.exec(select(HealthState)).all():
            look.checked_at -= timedelta(hours=1)
            db.add(look)
    shown = body(open_page("status"))
    assert words.OLD_TITLE in shown
    assert words.OLD_NOBODY in shown
    assert words.STATES["works"] not in _visible(shown)


def _asked(host: str) -> Any:
    scope = {
        "type": "http", "method": "GET", "path": "/status.json", "query_string": b"", "scheme": "http",
        "server": ("127.0.0.1", 8501), "headers": [(b"host", host.encode())],
    }  # fmt: skip
    return status_json(Request(scope))


def test_the_same_is_had_as_json_from_the_same_address(sample: Any) -> None:
    answer = _asked("127.0.0.1:8501")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    document = json.loads(answer.body)
    assert {one["state"] for one in document["applications"]} >= {"broken", "trouble"}


def test_other_names_of_this_machine_get_nothing(sample: Any) -> None:
    answer = _asked("evil.example.com")
    assert answer.status_code == 421
    assert "applications" not in json.loads(answer.body)


def test_a_catalogue_that_cannot_be_read_is_told_as_json(sample: Any) -> None:
    sample.settings.catalogue_path.write_text("project: [")
    answer = _asked("localhost")
    assert answer.status_code == 503
    assert json.loads(answer.body)["error"]


def test_the_server_finds_the_route_in_the_entry() -> None:
    found = discover_asgi_app(ENTRY)
    assert (found.is_asgi_app, found.import_string) == (True, "streamlit_app:app")
    # The app is made where the server imports the file, never where a page is drawn.
    (guard,) = [node for node in ast.parse(ENTRY.read_text()).body if isinstance(node, ast.If)]
    assert ast.unparse(guard.test) == "__name__ == '__main__'"
    assert any("App(" in ast.unparse(node) for node in guard.orelse)


_TAIL = """
from panel.ui import readers
from panel.ui.components.log_tail import log_tail
from panel.ui.state import get_panel
panel = get_panel()
log_tail(panel, readers.environment(panel, "{name}"))
"""


def _tail(name: str = "ready") -> AppTest:
    return AppTest.from_string(_TAIL.format(name=name), default_timeout=30).run()


def _keep(sample: Any, *messages: str, error: str = "") -> None:
    sample.stores.logs.watch("ready", "backend")
    lines = [
        Read(f"e{n}", now() - timedelta(seconds=60 - n), "backend/backend/ab12cd", text)
        for n, text in enumerate(messages)
    ]
    sample.stores.logs.keep("ready", "backend", lines, cursor_ms=1, error=error)


def test_opening_a_log_orders_that_it_is_read(sample: Any) -> None:
    sample.ensure_running()
    shown = body(_tail())
    assert logs_text.ASKING.format(service="backend") in shown
    assert [(watch.environment, watch.service) for watch in sample.stores.logs.watched()] == [
        ("ready", "backend")
    ]


def test_lines_are_shown_oldest_first_with_trouble_in_colour(sample: Any) -> None:
    sample.ensure_running()
    _keep(sample, "first", "ERROR: <b>disk</b>", "WARNING: slow")
    shown = body(_tail())
    assert shown.index("first") < shown.index("&lt;b&gt;disk") < shown.index("slow")
    assert '<span class="p-bad">ERROR' in shown
    assert '<span class="p-warn">WARNING' in shown


def test_a_filter_narrows_the_lines_and_says_when_none_is_left(sample: Any) -> None:
    _keep(sample, "first", "second")
    app = _tail()
    app.text_input[0].set_value("SECOND").run()
    assert "second" in body(app)
    assert ">first<" not in body(app)
    app.text_input[0].set_value("nowhere").run()
    assert "holds “nowhere”" in body(app)


def test_who_stands_still_orders_nothing_more(sample: Any) -> None:
    app = _tail()
    before = sample.stores.logs.get("ready", "backend").wanted_until
    with sample.stores.database.write() as db:
        watch = sample.stores.logs.get("ready", "backend")
        watch.wanted_until = before - timedelta(minutes=5)
        db.merge(watch)
    app.toggle[0].set_value(True).run()
    assert logs_text.STANDS in body(app)
    assert sample.stores.logs.watched() == []


@pytest.mark.parametrize("error", ["The panel could not read the log /ecs/x: AWS did not answer."])
def test_what_keeps_a_log_from_being_read_is_told(sample: Any, error: str) -> None:
    sample.ensure_running()
    _keep(sample, error=error)
    shown = body(_tail())
    assert error in shown
    assert logs_text.EMPTY in shown


def test_without_a_worker_nobody_reads(sample: Any) -> None:
    sample.ensure_running = lambda: None
    assert logs_text.NO_WORKER in body(_tail())


def test_what_does_not_exist_has_no_log(sample: Any) -> None:
    assert logs_text.NOT_CREATED.format(environment="production") in body(_tail("production"))
    assert sample.stores.logs.watched() == []


@pytest.mark.parametrize(
    ("message", "name"),
    [
        ("2026-01-02 ERROR boom", "bad"), ("Traceback (most recent call last):", "bad"), ("ValueError: x", "bad"),
        ('{"level": "error", "msg": 1}', "bad"), ("WARN slow", "warn"), ("no errors at all", ""), ("GET /warning 200", ""),
    ],
)  # fmt: skip
def test_lines_that_tell_of_trouble_are_known_by_their_words(message: str, name: str) -> None:
    assert line_tone(message) == name
