"""The end of a part that was drawn anew, told to the browser even where the next part begins in the same instant.

A browser takes off the page what a part has not drawn again when it hears that the part was drawn to its end. Where
another part begins before that message has left, Streamlit rewrites it to "ended early", although all that was drawn is
sent; and the browser leaves everything standing: a warning that is no longer true, rows of the search before. Pages
here refresh parts by the clock, so on a busy machine that happens.

Source: ``ForwardMsgQueue.clear`` in ``streamlit/runtime/forward_msg_queue.py`` of Streamlit 1.67, and
https://github.com/streamlit/streamlit/pull/9187, whose reason (messages of the part itself are thrown away) holds only
where the part that begins is the one that ended.
"""

from __future__ import annotations

import logging
from functools import wraps

from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue

_log = logging.getLogger(__name__)


def keep_endings() -> None:
    """Leave the end of a part as it was when another part begins; from now on, in this process."""
    rewrites = ForwardMsgQueue.clear
    if hasattr(rewrites, "__wrapped__"):
        return
    if (
        not hasattr(ForwardMsgQueue(), "_queue")
        or "run" not in ForwardMsg().metadata.DESCRIPTOR.fields_by_name
    ):
        _log.warning(
            "On a busy machine pages may keep what is over: this Streamlit is not the one that was looked into."
        )
        return

    @wraps(rewrites)
    def clear(
        self: ForwardMsgQueue,
        retain_lifecycle_msgs: bool = False,
        fragment_ids_this_run: list[str] | None = None,
    ) -> None:
        ended = _ended(self._queue, set(fragment_ids_this_run or ()))
        rewrites(self, retain_lifecycle_msgs, fragment_ids_this_run)
        for message in ended:
            message.script_finished = ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY

    ForwardMsgQueue.clear = clear  # type: ignore[method-assign]


def _ended(waiting: list[ForwardMsg], beginning: set[str]) -> list[ForwardMsg]:
    """Messages that tell the end of parts of which none begins again; none where the whole page begins."""
    return [
        message
        for message in waiting
        if beginning
        and message.WhichOneof("type") == "script_finished"
        and message.script_finished == ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY
        and beginning.isdisjoint(message.metadata.run.fragment_ids)
    ]
