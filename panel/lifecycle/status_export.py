"""The status board as files that need no panel: a page in one file, and the same as JSON; in a folder or a bucket.

Belongs here: the page around the cards, and writing both so that a reader never sees half of one.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

from panel.aws.s3 import put_object
from panel.aws.session import Aws
from panel.engine.atomic import make_folder, storage_error, write_atomically
from panel.errors import PanelError
from panel.lifecycle import status_markup as markup
from panel.lifecycle import status_words as words
from panel.lifecycle.status_board import Board
from panel.lifecycle.status_messages import headline, to_dict
from panel.store.stores import Stores

PAGE, DOCUMENT = "index.html", "status.json"
#: The name under which it is noted how the last export went.
READING = "status export"

_SCHEME = "s3://"
#: An export is written again after so many seconds even where nothing has changed: its readers see that it lives.
_AGAIN_S = 30.0
#: After a failure it is tried again after so many seconds.
_RETRY_S = 60.0
#: For whoever serves the folder: a web server runs under a user of its own.
_READABLE_FILE, _READABLE_FOLDER = 0o644, 0o755
#: A page that is older than this says so, in milliseconds; and how often it looks for a newer one.
_LIMIT_MS, _RELOAD_MS = 300_000, 20_000

_TOKENS = """
:root { color-scheme: light dark; --p-rule: light-dark(#d5dcdd, #334044); --p-soft: light-dark(#f3f6f6, #182124);
  --p-page: light-dark(#ffffff, #101618); --p-ink: light-dark(#1b2528, #e3eaea); --p-quiet: light-dark(#5b6770, #9aa7ad);
  --p-link: light-dark(#0f6466, #5cc8c0); --p-ok: light-dark(#1a7f37, #4ac26b); --p-busy: light-dark(#0b62c4, #6cb6ff);
  --p-warn: light-dark(#8a5a00, #e3b341); --p-bad: light-dark(#b42318, #ff8a80); --p-none: light-dark(#5b6770, #9aa7ad); }
* { box-sizing: border-box; }
body { margin: 0; padding: clamp(0.9rem, 2.5vw, 3rem); background: var(--p-page); color: var(--p-ink);
  font-family: system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', sans-serif; }
#lost[hidden] { display: none; }
"""
_RULES = """
const board = document.getElementById("board"), lost = document.getElementById("lost");
watchStatus(document, (age, span) => {
  lost.hidden = !age;
  if (age) lost.querySelector("span").textContent = lost.dataset.said.replace("{span}", span(age / 1000));
}, { limit: Number(board.dataset.limit), local: true, exported: true });
const reload = async () => {
  if (location.protocol === "file:") { location.reload(); return; }
  try {
    const answer = await fetch(location.href, { cache: "no-store" });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("board");
    if (!fresh || board.contains(document.activeElement)) return;
    board.innerHTML = fresh.innerHTML;
    document.title = page.title;
  } catch { /* Out of reach: the page says by itself when it is old. */ }
};
setInterval(reload, Number(board.dataset.reload));
"""


@cache
def _style() -> str:
    return _TOKENS + markup.asset("status_page.css")


@cache
def _script() -> str:
    return f"(() => {{\n{markup.asset('status_page.js')}{_RULES}}})();"


def page(board: Board) -> str:
    """The board as a page in one file: it asks nobody for anything, reads itself anew, and says when it is old.

    Times are UTC until the page's own script has told them by the reader's clock.
    """
    state, told = headline(board)
    now = board.made_at
    body = markup.head(board, now) + markup.cards(board, now) + markup.foot(board, now)
    policy = (
        f"default-src 'none'; style-src '{_hash(_style())}'; script-src '{_hash(_script())}'; "
        "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'"
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<noscript><meta http-equiv="refresh" content="60"></noscript>
<title>{markup.SHAPES[state]} {html.escape(told)}</title>
<link rel="icon" href="data:,">
<style>{_style()}</style>
</head>
<body>
<main class="s-board">
<p id="lost" class="s-old" role="alert" data-said="{html.escape(words.OLD_FILE)}" hidden><strong>{html.escape(words.OLD_TITLE)}.</strong> <span></span></p>
<div id="board" data-limit="{_LIMIT_MS}" data-reload="{_RELOAD_MS}">{body}</div>
</main>
<script>{_script()}</script>
</body>
</html>
"""


def files(board: Board) -> dict[str, bytes]:
    """What an export is made of, by name."""
    document = json.dumps(to_dict(board), indent=1) + "\n"
    return {DOCUMENT: document.encode(), PAGE: page(board).encode()}


def write_folder(folder: Path, board: Board, *, readable: bool = True) -> None:
    """Write the export into a folder, each file in one step; the folder is made where it is missing.

    Args:
        readable: whether others on this machine may read it: whoever serves it has to.

    Raises:
        StorageError: it cannot be written.
    """
    if readable:
        try:
            folder.mkdir(mode=_READABLE_FOLDER, parents=True, exist_ok=True)
        except OSError as error:
            raise storage_error(folder, error) from error
    else:
        make_folder(folder)
    for name, content in files(board).items():
        if readable:
            write_atomically(folder / name, content, mode=_READABLE_FILE)
        else:
            write_atomically(folder / name, content)


def write_bucket(aws: Aws, place: str, board: Board) -> None:
    """Write the export below ``s3://BUCKET/PREFIX``; takes ``s3:PutObject`` on these two objects and nothing else.

    Raises:
        AwsError, EndpointError: it was not written.
    """
    bucket, _, prefix = place.removeprefix(_SCHEME).partition("/")
    prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
    kinds = {PAGE: "text/html; charset=utf-8", DOCUMENT: "application/json"}
    for name, content in files(board).items():
        put_object(aws, bucket, prefix + name, content, content_type=kinds[name], cache_control="no-cache")


class StatusExport:
    """Keeps the exports up to date: what a worker does again and again.

    Args:
        look: makes the board.
        own: the folder in the data directory.
        place: a further folder (relative ones are below ``root``) or ``s3://BUCKET/PREFIX``; empty for none.
    """

    def __init__(
        self,
        look: Callable[[], Board],
        stores: Stores,
        aws: Callable[[], Aws],
        *,
        own: Path,
        place: str = "",
        root: Path = Path(),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._look = look
        self._stores = stores
        self._aws = aws
        self._own = own
        self._place = place
        self._root = root
        self._clock = clock
        self._said: tuple[object, ...] = ()
        self._not_before = 0.0
        self._failed = False

    def write(self) -> None:
        """Write what has changed, or what was not written for half a minute.

        Raises:
            PanelError: an export could not be written; this is noted too, and it is tried again a minute later.
        """
        board, moment = self._look(), self._clock()
        said = (board.lines, board.old) if not self._failed else self._said
        if said == self._said and moment < self._not_before:
            return
        self._said, self._not_before = (board.lines, board.old), moment + _AGAIN_S
        try:
            write_folder(self._own, board, readable=False)
            if self._place:
                self._write_further(board)
        except PanelError as error:
            self._failed, self._not_before = True, moment + _RETRY_S
            self._stores.readings.note(READING, ok=False, detail=error.message)
            raise
        if self._failed or self._place:
            self._stores.readings.note(READING, ok=True, facts={"place": self._place or str(self._own)})
        self._failed = False

    def _write_further(self, board: Board) -> None:
        if self._place.startswith(_SCHEME):
            write_bucket(self._aws(), self._place, board)
        else:
            write_folder(self._root / self._place, board)


def _hash(content: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}"
