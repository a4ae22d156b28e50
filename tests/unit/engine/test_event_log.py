"""The runner's log: masked, one object a line, and patient with a disk that refuses."""

import json

from panel.engine.event_log import EventLog
from panel.masking import Masker


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_events_are_masked_before_they_are_written(tmp_path):
    log = EventLog(tmp_path / "events.jsonl", Masker(["known-secret"]))
    log.line('{"type":"log","@message":"uses known-secret","deep":{"list":["known-secret"]}}')
    log.close()
    (event,) = lines(tmp_path / "events.jsonl")
    assert event["@message"] == "uses (sensitive)"
    assert event["deep"] == {"list": ["(sensitive)"]}
    assert (tmp_path / "events.jsonl").stat().st_mode & 0o777 == 0o600


def test_plain_text_becomes_a_log_event(tmp_path):
    log = EventLog(tmp_path / "events.jsonl", Masker())
    assert log.line("Successfully configured the backend") is None
    assert log.line("   ") is None
    assert log.line("[1]") is None
    log.close()
    assert [event["@message"] for event in lines(tmp_path / "events.jsonl")] == [
        "Successfully configured the backend",
        "[1]",
    ]
    assert all(event["type"] == "log" and event["@timestamp"] for event in lines(tmp_path / "events.jsonl"))


def test_what_the_disk_refuses_is_written_when_it_can_be(tmp_path):
    path = tmp_path / "folder" / "events.jsonl"
    log = EventLog(path, Masker())
    log.event({"type": "log", "@message": "first"})
    log.event({"type": "log", "@message": "second"})
    assert not log.complete
    assert log.failure is not None
    path.parent.mkdir()
    log.event({"type": "log", "@message": "third"})
    log.close()
    assert log.complete
    assert [event["@message"] for event in lines(path)] == ["first", "second", "third"]
