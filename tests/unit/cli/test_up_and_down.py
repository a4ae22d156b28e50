"""`panel up` and `panel down`: finding what was started, starting again what died, ending it."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Iterator

import pytest

from panel.cli.page import Helpers, Record
from panel.errors import EndpointError
from panel.localaws.processes import ProcessRef, kill, spawn, terminate
from panel.settings import child_environment


@pytest.fixture
def page(tmp_path) -> Iterator[ProcessRef]:
    """A process that stands for the page."""
    sleeper = [sys.executable, "-c", "import time; time.sleep(600)"]
    process = spawn(
        sleeper, environment=child_environment(), log=tmp_path / "page.log", mark=uuid.uuid4().hex
    )
    yield process
    kill(process)


def test_a_second_up_finds_the_page_of_the_first(page, tmp_path):
    Record(tmp_path / "up.json").write(page, "http://127.0.0.1:14730")
    found = Record(tmp_path / "up.json")
    assert found.page() == page
    assert found.address() == "http://127.0.0.1:14730"
    starter = found.starter()
    assert starter is not None
    assert starter.is_alive()


def test_a_page_that_is_gone_is_not_found(page, tmp_path):
    record = Record(tmp_path / "up.json")
    record.write(page, "http://127.0.0.1:14730")
    terminate(page, grace_s=10)
    assert record.page() is None


@pytest.mark.parametrize("content", ["", "{}", '{"page": {"pid": 1}}', '{"page": 7}', "[]"])
def test_a_damaged_record_is_no_page(tmp_path, content):
    (tmp_path / "up.json").write_text(content)
    assert Record(tmp_path / "up.json").page() is None


def test_down_ends_a_page_that_was_left_behind_and_everything_else(terminal, panel, page):
    record = Record(panel.settings.data_path / "up.json")
    record.write(page, "http://127.0.0.1:14730")
    # Who started it is gone: only the page is left.
    text = (panel.settings.data_path / "up.json").read_text()
    (panel.settings.data_path / "up.json").write_text(text.replace('"starter"', '"gone"'))
    answer = terminal("down")
    assert answer.exit_code == 0
    assert not page.is_alive()
    assert panel.shut_downs == 1
    assert not (panel.settings.data_path / "up.json").exists()


def test_down_with_nothing_alive_is_no_error(terminal, panel):
    assert terminal("down").exit_code == 0
    assert panel.shut_downs == 1


def test_a_worker_that_died_beside_the_page_is_started_again(panel):
    helpers = Helpers(panel)
    helpers.start()
    helpers.join()
    helpers.watch()
    assert panel.worker_process.starts == 1
    panel.worker_process.dead = True
    helpers.watch()
    helpers.join()
    assert panel.worker_process.starts == 2


def test_a_worker_that_is_still_starting_is_left_alone(panel):
    helpers = Helpers(panel)
    helpers.start()
    helpers.join()
    panel.worker_process.dead = True
    helpers.watch()
    helpers.join()
    assert panel.worker_process.starts == 1


def test_what_cannot_be_started_is_told_once_and_the_page_stays(panel, capsys):
    panel.start_error = EndpointError("Port 4566 is taken.", hint="Choose another.")
    helpers = Helpers(panel)
    helpers.start()
    helpers.join()
    helpers.watch()
    helpers.join()
    told = capsys.readouterr().err
    assert told.count("Error: Port 4566 is taken.\n  Choose another.\n") == 1
    assert "The page stays up" in told
