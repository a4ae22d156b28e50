"""A page's visitor without a browser: speaks Streamlit's own protocol, so nothing but the server is measured.

The server reports the time of each script run by itself (its page profile, sent when usage statistics are on; they
go to the visitor alone, and this one passes them on to nobody).
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from types import TracebackType

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

_LIMIT_S = 60.0


@dataclass
class ScriptRun:
    """One run of a page's script, or of one of its fragments.

    Attributes:
        server_ms: time on the server by its own account; None when it does not tell.
        seen_ms: from asking until the last message was here.
        text: all markup that was drawn.
        sent_bytes: size of all messages.
        fragments: ids of the parts that refresh by themselves.
        boxes: ids of expanders by label.
    """

    server_ms: float | None = None
    seen_ms: float = 0
    text: str = ""
    sent_bytes: int = 0
    fragments: list[str] = field(default_factory=list)
    boxes: dict[str, str] = field(default_factory=dict)


class PageClient:
    """One visitor's session.

    Args:
        address: of the server, as ``http://127.0.0.1:8501``.
    """

    def __init__(self, address: str) -> None:
        self._address = address.replace("http://", "ws://") + "/_stcore/stream"
        self._socket: ClientConnection | None = None
        self._hashes: dict[str, str] = {}
        self._query = ""
        self._page = ""
        self._opened: set[str] = set()

    def __enter__(self) -> PageClient:
        deadline = time.monotonic() + _LIMIT_S
        while True:
            try:
                self._socket = connect(self._address, subprotocols=["streamlit"], max_size=None, proxy=None)  # type: ignore[list-item]  # a Subprotocol is a str
                return self
            except (OSError, WebSocketException):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._socket is not None:
            self._socket.close()

    def open(self, page: str, query: str = "") -> ScriptRun:
        """Visit a page, with everything folded."""
        self._query, self._page, self._opened = query, self._hashes.get(page, ""), set()
        run = self._ask()
        if not self._page and page != "home":
            return self.open(page, query)  # only now are the pages known
        return run

    def again(self) -> ScriptRun:
        """Run the page's script once more, as a click does."""
        return self._ask()

    def unfold(self, box: str) -> ScriptRun:
        """Open an expander."""
        self._opened.add(box)
        return self._ask()

    def refresh(self, fragment: str) -> ScriptRun:
        """Let one live part draw itself again, as it does every second or two."""
        return self._ask(fragment)

    def _ask(self, fragment: str = "") -> ScriptRun:
        assert self._socket is not None
        message = BackMsg()
        state = message.rerun_script
        state.query_string, state.page_script_hash = self._query, self._page
        if fragment:
            state.fragment_id, state.is_auto_rerun = fragment, True
        for box in self._opened:
            widget = state.widget_states.widgets.add()
            widget.id, widget.bool_value = box, True
        began = time.perf_counter()
        self._socket.send(message.SerializeToString())
        run = self._until_finished()
        run.seen_ms = (time.perf_counter() - began) * 1000
        return run

    def _until_finished(self) -> ScriptRun:
        assert self._socket is not None
        run = ScriptRun()
        while True:
            content = self._socket.recv(_LIMIT_S)
            assert isinstance(content, bytes)
            run.sent_bytes += len(content)
            message = ForwardMsg.FromString(content)
            kind = message.WhichOneof("type")
            if kind == "delta":
                _take(run, message)
            elif kind == "auto_rerun":
                run.fragments.append(message.auto_rerun.fragment_id)
            elif kind == "navigation":
                self._hashes |= {
                    page.url_pathname: page.page_script_hash for page in message.navigation.app_pages
                }
            elif kind == "page_profile":
                run.server_ms = message.page_profile.exec_time / 1000
            elif kind == "script_finished" and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                return run


def _take(run: ScriptRun, message: ForwardMsg) -> None:
    delta = message.delta
    element = delta.new_element
    if element.WhichOneof("type") == "exception":
        raise SystemExit(f"The page failed: {element.exception.type}: {element.exception.message}")
    run.text += element.html.body + element.button.label + element.page_link.label
    box = delta.add_block.expandable
    if box.id:
        run.boxes[box.label] = box.id
