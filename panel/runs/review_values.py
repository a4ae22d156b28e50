"""How the values of a plan are written: short ones on a line, long ones as lines that are compared one by one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

# A structure that fits on one line of a terminal or a page stays there.
_LONGEST_INLINE = 72
_CONTEXT = 3
# Comparing is quadratic in the worst case: beyond this, all of the old and all of the new is shown.
_MOST_COMPARED = 4_000_000
# Characters that move the cursor, end a line or reorder text, outside of those JSON escapes by itself.
_UNSEEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


@dataclass(frozen=True)
class Limits:
    """How much of a value is written; None for all of it.

    Attributes:
        characters: of one value, or of one line of a long value.
        lines: of a long value.
        attributes: of one resource.
    """

    characters: int | None = None
    lines: int | None = None
    attributes: int | None = None


#: Nothing is cut.
WHOLE = Limits()


@dataclass(frozen=True)
class Block:
    """A value that takes several lines: what stands before them, the lines, and what stands after."""

    opening: str
    lines: tuple[str, ...]
    closing: str


def one_line(text: str) -> str:
    """Text of others on one line: line ends and characters that are not seen become escapes."""
    return escaped(text.replace("\n", "\\n").replace("\t", " "))


def escaped(text: str) -> str:
    """Text in which nothing moves the cursor or reorders what follows."""
    return _UNSEEN.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def inline(value: Any, limits: Limits = WHOLE) -> str:
    """A value on one line, as Terraform's language would write it."""
    text = "null" if value is None else escaped(json.dumps(value, ensure_ascii=False))
    return shortened(text, limits.characters)


def shortened(text: str, most: int | None) -> str:
    """The text, or its beginning and how long it is."""
    return text if most is None or len(text) <= most else f"{text[:most]}… ({len(text)} characters)"


def block(value: Any) -> Block | None:
    """The value as lines, where it is a document, has lines, or is a long structure; None for a short one."""
    if isinstance(value, str):
        document = _document(value)
        if document is not None:
            return Block("jsonencode(", _pretty(document), ")")
        if "\n" in value.rstrip("\n"):
            return Block("<<-EOT", tuple(escaped(line) for line in value.splitlines()), "EOT")
        return None
    if isinstance(value, dict | list) and len(json.dumps(value)) > _LONGEST_INLINE:
        return Block("", _pretty(value), "")
    return None


def compared(before: Any, after: Any, limits: Limits = WHOLE) -> list[tuple[str, str]] | None:
    """Two values line by line, each with ``+``, ``-`` or nothing; None where both are short.

    A value that is absent (None) has no lines. Unchanged lines far from a change are left out, and said to be.
    """
    old, new = block(before), block(after)
    if old is None and new is None:
        return None
    lines = list(_compared(_lines(before, old), _lines(after, new)))
    if not any(mark for mark, _ in lines):
        return [("", "# only the way it is written differs")]
    cut = len(lines) - (limits.lines if limits.lines is not None else len(lines))
    if cut > 0:
        lines = [*lines[: limits.lines], ("", f"… and {cut} more lines")]
    return [(mark, shortened(text, limits.characters)) for mark, text in lines]


def _lines(value: Any, found: Block | None) -> tuple[str, ...]:
    if found is not None:
        return found.lines
    return () if value is None else (inline(value),)


def _compared(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[str, str]]:
    if not old or not new or len(old) * len(new) > _MOST_COMPARED:
        yield from (("-", line) for line in old)
        yield from (("+", line) for line in new)
        return
    operations = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    for number, (kind, first, last, new_first, new_last) in enumerate(operations):
        if kind == "equal":
            yield from _context(old[first:last], start=number == 0, end=number == len(operations) - 1)
            continue
        yield from (("-", line) for line in old[first:last])
        yield from (("+", line) for line in new[new_first:new_last])


def _context(same: Sequence[str], *, start: bool, end: bool) -> Iterator[tuple[str, str]]:
    """Unchanged lines: those next to a change."""
    head, tail = (0 if start else _CONTEXT), (0 if end else _CONTEXT)
    hidden = len(same) - head - tail
    if hidden <= 1:
        yield from (("", line) for line in same)
        return
    yield from (("", line) for line in same[:head])
    yield "", f"# ({hidden} unchanged lines hidden)"
    yield from (("", line) for line in same[len(same) - tail :])


def _document(text: str) -> Any:
    if text[:1] not in ("{", "[") or text[-1:] not in ("}", "]"):
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found or None


def _pretty(value: Any) -> tuple[str, ...]:
    return tuple(
        escaped(line) for line in json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True).split("\n")
    )
