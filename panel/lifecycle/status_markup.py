"""The status board as HTML: the same cards on the panel's page and in the exported one.

Belongs here: markup alone. Whatever comes from outside goes through :func:`_esc`; the rules of its look are in
``status_page.css``, the little that moves by itself in ``status_page.js``.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from functools import cache
from pathlib import Path
from urllib.parse import quote, urlsplit

from panel.catalogue.schema import Owner
from panel.lifecycle import status_messages as said
from panel.lifecycle import status_words as words
from panel.lifecycle.status_board import Board, Line

#: The shape of a state, beside its word and its colour.
SHAPES = {
    "broken": "■", "trouble": "▲", "unknown": "?", "changing": "◐", "works": "●", "resting": "◌", "unused": "○",
}  # fmt: skip
_QUIET = ("resting", "unused")
_REACHED = re.compile(
    r"(?P<mail>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)|(?P<web>https?://[^\s<>\"',;]+)|(?P<call>\+?\(?\d[\d ()./-]{5,}\d)"
)


@cache
def asset(name: str) -> str:
    """The text of a file that lies beside this module."""
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def head(board: Board, now: datetime, zone: tzinfo = UTC) -> str:
    """The line above all cards, and in front of it the loud one where what follows may be out of date."""
    state, told = said.headline(board)
    why = said.warning(board, now, zone)
    loud = (
        f'<p class="s-old" role="alert"><strong>{_esc(words.OLD_TITLE)}.</strong> {_esc(why)}</p>'
        if why
        else ""
    )
    if why and state in {"works", "changing"}:
        state = "unknown"
    return f'{loud}<h1 class="s-head s-{state}" aria-live="polite">{_shape(state)} {_esc(told)}</h1>'


def cards(board: Board, now: datetime, zone: tzinfo = UTC, *, ticking: bool = False) -> str:
    """The cards: what is in use, then the rest in a smaller type, then what is off or not in use yet, in a line.

    Args:
        ticking: how long a state lasts is filled in by the page's script, so that the markup stays the same meanwhile.
    """
    parts = [_grid(board, board.in_use, now, zone, ticking=ticking, name="s-grid s-first")]
    troubled = [line for line in board.elsewhere if line.state != "works"]
    others = _grid(board, troubled, now, zone, ticking=ticking)
    works = [line for line in board.elsewhere if line.state == "works"]
    if others or works:
        parts.append(
            f'<section class="s-others"><h2>{_esc(words.OTHERS)}</h2>{others}{_named("works", works)}</section>'
        )
    rest = "".join(_named(state, [one for one in board.lines if one.state == state]) for state in _QUIET)
    parts.append(f'<div class="s-rest">{rest}</div>' if rest else "")
    return "".join(parts)


def foot(board: Board, now: datetime, zone: tzinfo = UTC) -> str:
    """When the page was refreshed, and when the applications were checked."""
    clock = f"{now.astimezone(zone):%H:%M:%S}" + (" UTC" if zone is UTC else "")
    parts = [words.REFRESHED.format(time=f'<time datetime="{now.isoformat()}" data-clock>{clock}</time>')]
    if board.looked_at is not None:
        parts.append(words.CHECKED.format(when=words.ago(board.looked_at, now)))
    return f'<p class="s-foot" data-made="{now.isoformat()}">{" · ".join(parts)}</p>'


def _grid(
    board: Board, lines: Sequence[Line], now: datetime, zone: tzinfo, *, ticking: bool, name: str = "s-grid"
) -> str:
    shown = [line for line in lines if line.state not in _QUIET]
    if not shown:
        return ""
    body = "".join(_card(board, line, now, zone, ticking=ticking) for line in shown)
    return f'<div class="{name}">{body}</div>'


def _card(board: Board, line: Line, now: datetime, zone: tzinfo, *, ticking: bool) -> str:
    place = f' <span class="s-place">{_esc(line.place)}</span>' if line.place else ""
    notices = "".join(f"<p>{_esc(notice)}</p>" for notice in line.notices)
    return (
        f'<article class="s-card s-{line.state}"><h3>{_esc(line.application)}{place}</h3>'
        f'<p class="s-word">{_shape(line.state)} {_esc(words.STATES[line.state])}</p>'
        f"{_since(line, now, zone, ticking=ticking)}"
        f'{f"""<div class="s-notices">{notices}</div>""" if notices else ""}'
        f"{_whom(board, line, zone) if line.calls_for else ''}</article>"
    )


def _since(line: Line, now: datetime, zone: tzinfo, *, ticking: bool) -> str:
    if line.since is None:
        return ""
    at = line.since.isoformat()
    when = words.moment(line.since, now, zone)
    shown = words.SINCE.format(when=f'<time datetime="{at}" data-at>{_esc(when)}</time>')
    if line.state != "works":
        lasting = "" if ticking else _esc(words.span((now - line.since).total_seconds()))
        shown += f' <span class="s-lasting" data-lasting="{at}">{lasting}</span>'
    return f'<p class="s-since">{shown}</p>'


def _whom(board: Board, line: Line, zone: tzinfo) -> str:
    text = said.message(line, board, zone)
    # Where the panel does not know under which address people see it, their browser does.
    own = "" if board.page else f' data-page="{_esc(words.MESSAGE_PAGE.format(address=""))}"'
    call = "".join(
        f'<p class="s-call"><span>{_esc(words.CALL)}</span> <strong>{_esc(owner.team)}</strong> '
        f"{reached(owner, said.subject(line), text)}</p>"
        for owner in line.calls
    )
    label = words.COPY.format(team=line.calls[0].team) if len(line.calls) == 1 else words.COPY_PLAIN
    return (
        f'<div class="s-whom">{call}<button type="button" class="s-copy" data-copy="{_esc(text)}"{own} '
        f'data-done="{_esc(words.COPIED)}" data-failed="{_esc(words.COPY_FAILED)}">{_esc(label)}</button></div>'
    )


def reached(owner: Owner, subject: str = "", body: str = "") -> str:
    """Markup of a contact: telephone numbers, e-mail and web addresses in it are links; a mail begins with the message."""
    parts, last = [], 0
    for found in _REACHED.finditer(owner.contact):
        parts.append(_esc(owner.contact[last : found.start()]))
        parts.append(_link(found, subject, body))
        last = found.end()
    return "".join([*parts, _esc(owner.contact[last:])])


def _link(found: re.Match[str], subject: str, body: str) -> str:
    text = found.group()
    if found["mail"]:
        query = f"?subject={quote(subject)}&body={quote(body)}" if subject else ""
        target = f"mailto:{quote(text, safe='@+')}{query}"
    elif found["call"]:
        target = "tel:" + re.sub(r"[^\d+]", "", text)
    else:
        target = text if urlsplit(text).netloc else ""
    return f'<a href="{_esc(target)}">{_esc(text)}</a>' if target else _esc(text)


def _named(state: str, lines: Sequence[Line]) -> str:
    """Applications that need no card of their own, in a line."""
    names = ", ".join(said.name(line) for line in lines)
    return (
        f'<p class="s-named">{_shape(state)} {_esc(words.STATES[state])}: {_esc(names)}</p>' if lines else ""
    )


def _shape(state: str) -> str:
    return f'<span class="s-shape" aria-hidden="true">{SHAPES[state]}</span>'


def _esc(value: object) -> str:
    return html.escape(str(value), quote=True)
