"""The end of a part of the page reaches the browser as it was, whatever begins before it has left."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue

from panel.ui.endings import keep_endings

WHOLE = ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY
EARLY = ForwardMsg.FINISHED_EARLY_FOR_RERUN
PAGE = ForwardMsg.FINISHED_SUCCESSFULLY


@pytest.fixture(autouse=True)
def kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(ForwardMsgQueue, "clear", ForwardMsgQueue.clear)
    keep_endings()
    keep_endings()
    yield


def waiting(status: ForwardMsg.ScriptFinishedStatus.ValueType, *parts: str) -> ForwardMsgQueue:
    """A queue in which the end of a drawing waits."""
    queue = ForwardMsgQueue()
    for place, part in enumerate(parts):
        drawn = ForwardMsg()
        drawn.delta.fragment_id = part
        drawn.delta.new_element.text.body = part
        drawn.metadata.delta_path.extend([0, place])
        queue.enqueue(drawn)
    ended = ForwardMsg(script_finished=status)
    ended.metadata.run.script_run_id = "first"
    ended.metadata.run.fragment_ids.extend(parts)
    queue.enqueue(ended)
    return queue


def left(queue: ForwardMsgQueue) -> tuple[list[str], list[int]]:
    """What is still sent: parts drawn, and how drawings ended."""
    messages = queue.flush()
    drawn = [one.delta.fragment_id for one in messages if one.HasField("delta")]
    return drawn, [one.script_finished for one in messages if one.WhichOneof("type") == "script_finished"]


def test_another_part_begins() -> None:
    queue = waiting(WHOLE, "dialog")
    queue.clear(retain_lifecycle_msgs=True, fragment_ids_this_run=["header"])
    assert left(queue) == (["dialog"], [WHOLE])


def test_the_same_part_begins_again() -> None:
    queue = waiting(WHOLE, "dialog")
    queue.clear(retain_lifecycle_msgs=True, fragment_ids_this_run=["header", "dialog"])
    assert left(queue) == ([], [EARLY])


def test_one_of_several_parts_begins_again() -> None:
    queue = waiting(WHOLE, "dialog", "header")
    queue.clear(retain_lifecycle_msgs=True, fragment_ids_this_run=["header"])
    assert left(queue) == (["dialog"], [EARLY])


def test_what_ended_early_did_so() -> None:
    queue = waiting(EARLY, "dialog")
    queue.clear(retain_lifecycle_msgs=True, fragment_ids_this_run=["header"])
    assert left(queue) == (["dialog"], [EARLY])


def test_the_whole_page_begins() -> None:
    queue = waiting(WHOLE, "dialog")
    queue.clear(retain_lifecycle_msgs=True)
    assert left(queue) == ([], [EARLY])


def test_the_end_of_the_whole_page_stays_when_a_part_begins() -> None:
    queue = waiting(PAGE)
    queue.clear(retain_lifecycle_msgs=True, fragment_ids_this_run=["header"])
    assert left(queue) == ([], [PAGE])


def test_all_is_thrown_away() -> None:
    queue = waiting(WHOLE, "dialog")
    queue.clear()
    assert left(queue) == ([], [])
