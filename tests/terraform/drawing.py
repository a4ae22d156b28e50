"""Boxes, frames and arrows as SVG that reads well on light and on dark pages. Knows nothing of what is drawn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

# Who looks at it in the dark gets the second set; an image in a page follows the reader's system.
_STYLE = """
  svg { --paper: #ffffff; --ink: #1b2426; --soft: #5a6769; --rule: #c3cccd; --line: #6b7879;
        --accent: #0f6466; --tint: #eef6f5; --plain: #f4f6f6; --band: #e4eaea; }
  @media (prefers-color-scheme: dark) {
    svg { --paper: #101618; --ink: #e7edee; --soft: #a3b1b3; --rule: #3d494b; --line: #8b999b;
          --accent: #5cc8c0; --tint: #14302f; --plain: #1c2527; --band: #1f292b; } }
  text { font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
         fill: var(--ink); }
  .title { font-size: 13px; font-weight: 600; }
  .note { font-size: 11.5px; fill: var(--soft); }
  .heading { font-size: 15px; font-weight: 600; }
  .label { font-size: 11px; fill: var(--soft); stroke: var(--paper); stroke-width: 5px; stroke-linejoin: round;
           paint-order: stroke; }
  .paper { fill: var(--paper); }
  .band { fill: var(--band); opacity: 0.55; }
  .own { fill: var(--tint); stroke: var(--accent); }
  .shared { fill: var(--plain); stroke: var(--line); }
  .person { fill: var(--paper); stroke: var(--ink); }
  .frame { fill: none; stroke-width: 1.5; stroke-dasharray: 2 5; stroke-linecap: round; }
  .frame.own { stroke: var(--accent); fill: none; }
  .frame.shared { stroke: var(--line); fill: none; }
  .inner { fill: none; stroke: var(--rule); }
  .optional { stroke-dasharray: 5 4; }
  .arrow { fill: none; stroke: var(--line); stroke-width: 1.4; }
  .request { stroke: var(--accent); stroke-width: 1.8; }
  .head { fill: var(--line); }
  .head.request { fill: var(--accent); stroke: none; }
  .accent { fill: var(--accent); }
"""

TITLE, NOTE, LABEL, HEADING = 13.0, 11.5, 11.0, 15.0
_LEADING = 16
_PADDING = 12
_NARROW, _WIDE = set("iljtfr.,:;|!'()[]/ ·-I"), set("mwMWABCDEFGHKNOPQRSUVXYZ@%")

Point = tuple[float, float]


class TooNarrowError(Exception):
    """A text does not fit where it was to stand; the message holds the text."""


@dataclass(frozen=True)
class Box:
    """Something drawn: a title, notes under it, and `tells`, which a reader sees on pointing at it."""

    x: float
    y: float
    width: float
    height: float
    title: str
    notes: tuple[str, ...] = ()
    look: str = "shared"
    optional: bool = False
    tells: tuple[str, ...] = ()

    @property
    def left(self) -> Point:
        """Middle of the left side."""
        return self.x, self.y + self.height / 2

    def at_left(self, neighbour: Box) -> Point:
        """Where the left side is level with the middle of a neighbour."""
        return self.x, neighbour.y + neighbour.height / 2

    @property
    def right(self) -> Point:
        """Middle of the right side."""
        return self.x + self.width, self.y + self.height / 2

    @property
    def top(self) -> Point:
        """Middle of the upper side."""
        return self.x + self.width / 2, self.y

    @property
    def bottom(self) -> Point:
        """Middle of the lower side."""
        return self.x + self.width / 2, self.y + self.height


def width_of(text: str, size: float) -> float:
    """About how many pixels a text is wide, in the widest font that a reader may have."""
    ems = sum(0.36 if letter in _NARROW else 0.82 if letter in _WIDE else 0.61 for letter in text)
    return ems * size


def lines_of(text: str, width: float, size: float) -> list[str]:
    """The text in lines that are no wider than `width` pixels.

    Raises:
        TooNarrowError: a word is wider.
    """
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width_of(longer, size) <= width:
            lines[-1] = longer
        elif width_of(word, size) <= width:
            lines.append(word)
        else:
            raise TooNarrowError(f"{word!r} is wider than {width:.0f} pixels.")
    return lines


def text(x: float, y: float, content: str, kind: str, anchor: str = "start") -> str:
    """One line of text; `y` is its base line."""
    placed = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text class="{kind}" x="{x:g}" y="{y:g}"{placed}>{escape(content)}</text>'


def box(drawn: Box) -> str:
    """A box with its title and notes; without a title, an outline.

    Raises:
        TooNarrowError: they do not fit.
    """
    room = drawn.width - 2 * _PADDING
    title = lines_of(drawn.title, room, TITLE)
    notes = [line for note in drawn.notes for line in lines_of(note, room, NOTE)]
    if (needed := _LEADING * (len(title) + len(notes)) + 8) > drawn.height:
        raise TooNarrowError(f"{drawn.title!r} needs {needed} pixels of height, not {drawn.height:g}.")
    # A title alone stands in the middle of the box's height.
    first = drawn.y + (drawn.height / 2 + 4.5 if len(title) + len(notes) == 1 else 19)
    parts = [f"<title>{escape(chr(10).join(drawn.tells))}</title>"] if drawn.tells else []
    parts.append(rectangle(drawn, f"{drawn.look}{' optional' if drawn.optional else ''}"))
    for number, line in enumerate([*title, *notes]):
        kind = "title" if number < len(title) else "note"
        parts.append(text(drawn.x + _PADDING, first + number * _LEADING, line, kind))
    return "<g>" + "".join(parts) + "</g>"


def rectangle(area: Box, look: str, radius: float = 6) -> str:
    """The outline of a box alone."""
    return (
        f'<rect class="{look}" x="{area.x:g}" y="{area.y:g}" width="{area.width:g}" '
        f'height="{area.height:g}" rx="{radius:g}"/>'
    )


def arrow(points: Sequence[Point], request: bool = False, label: str = "", at: Point = (0, 0)) -> str:
    """A line round corners with a head at its end; `at` is the middle of the label's base line."""
    kind = " request" if request else ""
    path = " ".join(
        [f"M{points[0][0]:g} {points[0][1]:g}", *_corners(points), f"L{points[-1][0]:g} {points[-1][1]:g}"]
    )
    parts = [f'<path class="arrow{kind}" d="{path}"/>', _head(points[-2], points[-1], kind)]
    if label:
        parts.append(text(*at, label, "label", "middle"))
    return "".join(parts)


def picture(width: float, height: float, title: str, description: str, parts: Iterable[str]) -> str:
    """The whole document."""
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
        f'height="{height:g}" role="img" aria-labelledby="title description">\n'
        f'<title id="title">{escape(title)}</title>\n<desc id="description">{escape(description)}</desc>\n'
        f"<style>{_STYLE}</style>\n"
        f'<rect class="paper" width="{width:g}" height="{height:g}" rx="10"/>\n{body}\n</svg>\n'
    )


def _corners(points: Sequence[Point], radius: float = 7) -> list[str]:
    """Each inner point as a rounded corner."""
    return [
        "L{:g} {:g} Q{:g} {:g} {:g} {:g}".format(
            *_towards(here, before, radius), *here, *_towards(here, after, radius)
        )
        for before, here, after in zip(points, points[1:], points[2:], strict=False)
    ]


def _towards(here: Point, there: Point, distance: float) -> Point:
    length = abs(there[0] - here[0]) + abs(there[1] - here[1])
    part = min(distance, length / 2) / length
    return here[0] + (there[0] - here[0]) * part, here[1] + (there[1] - here[1]) * part


def _head(before: Point, tip: Point, kind: str) -> str:
    (back_x, back_y), (x, y) = _towards(tip, before, 8), tip
    across, up = (back_y - y) / 2, (back_x - x) / 2
    return (
        f'<path class="head{kind}" d="M{x:g} {y:g} L{back_x + across:g} {back_y + up:g} '
        f'L{back_x - across:g} {back_y - up:g} Z"/>'
    )
