"""What the status board says in sentences: its headline, the message for a team, its JSON document.

Belongs here: whatever of a board is text and no markup. Times are told by the clock of a zone that the caller names.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any

from panel.lifecycle import status_words as words
from panel.lifecycle.status_board import Board, Line


def headline(board: Board) -> tuple[str, str]:
    """The state of all that is in use together, one of :data:`~panel.lifecycle.status_board.WORST_FIRST`, and its words."""
    shown = [line for line in board.in_use if line.state not in {"unused", "resting"}]
    if not shown:
        return "unused", words.NOTHING if board.lines else words.NOTHING_SHOWN
    counts = {state: sum(line.state == state for line in shown) for state in words.STATES}
    if counts["broken"]:
        rest = [
            _counted(counts[state], forms)
            for state, forms in (("trouble", words.SOME_TROUBLE), ("unknown", words.SOME_UNKNOWN))
            if counts[state]
        ]
        return "broken", ", ".join([_counted(counts["broken"], words.SOME_BROKEN), *rest])
    if counts["trouble"]:
        rest = [_counted(counts["unknown"], words.SOME_UNKNOWN)] if counts["unknown"] else []
        return "trouble", ", ".join([_counted(counts["trouble"], words.ONLY_TROUBLE), *rest])
    if counts["unknown"]:
        return "unknown", _counted(counts["unknown"], words.ONLY_UNKNOWN)
    return ("changing", words.ALL_BUT_CHANGING) if counts["changing"] else ("works", words.ALL_WORKS)


def _counted(count: int, forms: Sequence[str]) -> str:
    return forms[0] if count == 1 else forms[1].format(count=count)


def warning(board: Board, now: datetime, zone: tzinfo = UTC) -> str:
    """Why the board may be out of date; empty where it is not."""
    if not board.old:
        return ""
    if board.looked_at is None:
        told = words.OLD_NEVER
    else:
        when = f"{words.ago(board.looked_at, now)} ({words.moment(board.looked_at, now, zone)})"
        told = words.OLD_LOOK.format(when=when)
    return told if board.worker else f"{words.OLD_NOBODY} {told}"


def name(line: Line) -> str:
    """An application with its place: ``TODO list (production)``."""
    return f"{line.application} ({line.place})" if line.place else line.application


def since(line: Line, now: datetime, zone: tzinfo = UTC) -> str:
    """Since when it is so, as the reader's clock has it; empty where nobody asks or knows."""
    if line.since is None:
        return ""
    when = words.moment(line.since, now, zone)
    if line.state in {"works"}:
        return words.SINCE.format(when=when)
    return words.SINCE_LASTING.format(when=when, span=words.span((now - line.since).total_seconds()))


def subject(line: Line) -> str:
    """The first sentence of a message: what, where, and how it is."""
    form = words.MESSAGE_TITLE if line.place else words.MESSAGE_TITLE_ONE
    return form.format(application=line.application, place=line.place, said=words.SAID[line.state])


def message(line: Line, board: Board, zone: tzinfo = UTC) -> str:
    """A message for the team, ready to be pasted anywhere: what, where, since when, what people notice, links."""
    parts = [subject(line)]
    if line.since is not None:
        parts.append(words.MESSAGE_SINCE.format(when=words.exact(line.since, zone)))
    if line.notices:
        parts.append(words.MESSAGE_NOTICED.format(notices=" ".join(line.notices)))
    if line.address:
        parts.append(words.MESSAGE_WHERE.format(address=line.address))
    if board.page:
        parts.append(words.MESSAGE_PAGE.format(address=board.page))
    return "\n".join(parts)


def to_dict(board: Board) -> dict[str, Any]:
    """The board as plain values. The names are a promise to scripts."""
    state, told = headline(board)
    return {
        "made_at": board.made_at.isoformat(),
        "looked_at": _iso(board.looked_at),
        "up_to_date": not board.old,
        "warning": warning(board, board.made_at),
        "state": state,
        "headline": told,
        "everything_works": board.everything_works,
        "applications": [_line_to_dict(line, board) for line in board.lines],
    }


def _line_to_dict(line: Line, board: Board) -> dict[str, Any]:
    return {
        "application": line.application,
        "place": line.place,
        "environment": line.environment,
        "state": line.state,
        "state_text": words.STATES[line.state],
        "since": _iso(line.since),
        "notices": list(line.notices),
        "call": [{"team": owner.team, "contact": owner.contact} for owner in line.calls],
        "in_use": line.in_use,
        "changing": line.changing,
        "looked_at": _iso(line.looked_at),
        "address": line.address,
        "message": message(line, board) if line.calls_for else "",
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None
