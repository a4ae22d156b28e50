"""Where words go: results on standard output, everything said along the way on standard error."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import typer

from panel.cli import state
from panel.errors import CatalogueError, PanelError, TerraformError

# Log lines and answers of others come to the terminal as text, never as commands to it.
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_DETAIL_LINES = 40
_INDENT = "    "
_DIGEST = 12
_UNITS = ((1_000_000_000, "GB"), (1_000_000, "MB"), (1000, "kB"))


def clean(text: str) -> str:
    """Text of others without terminal control sequences."""
    return _CONTROL.sub("", text)


def result(text: str) -> None:
    """Print what was asked for."""
    typer.echo(clean(text))


def say(text: str) -> None:
    """Tell what is going on, beside the result."""
    typer.echo(clean(text), err=True)


def json_result(document: Any, *, one_line: bool = False) -> None:
    """Print a document as JSON, alone on standard output."""
    # Plain ASCII: what reads it may take any encoding, and no control sequence reaches a terminal.
    typer.echo(json.dumps(document, indent=None if one_line else 2, default=_plain))


def error(problem: PanelError) -> None:
    """Tell an error: what happened, what to do next, and the detail where it helps."""
    say(f"Error: {problem.message}")
    if problem.hint:
        say(f"  {problem.hint}")
    if problem.detail and (state.is_verbose() or isinstance(problem, (TerraformError, CatalogueError))):
        detail(problem.detail)


def detail(text: str) -> None:
    """Print technical detail, indented; long ones are cut unless ``--verbose`` is given."""
    lines = text.strip().splitlines()
    shown = lines if state.is_verbose() else lines[:_DETAIL_LINES]
    for line in shown:
        say(_INDENT + line)
    if len(shown) < len(lines):
        say(f"{_INDENT}… {len(lines) - len(shown)} more lines: add --verbose")


def table(
    header: Sequence[str], rows: Sequence[Sequence[str]], *, right: frozenset[int] = frozenset()
) -> None:
    """Print rows in columns as wide as their widest cell.

    Args:
        header: the columns' names.
        rows: the cells as text.
        right: numbers of the columns that hold numbers.
    """
    grid = [[clean(cell) for cell in row] for row in (header, *rows)]
    widths = [max(len(row[column]) for row in grid) for column in range(len(header))]
    for row in grid:
        cells = [
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        typer.echo("  ".join(cells).rstrip())


def ask(question: str) -> str:
    """Ask the person at the terminal; the question goes beside the result."""
    answer: str = typer.prompt(clean(question), err=True, default="", show_default=False)
    return answer.strip()


def flush() -> None:
    """Make sure that what was printed is seen now, also through a pipe."""
    sys.stdout.flush()
    sys.stderr.flush()


def iso(moment: datetime | None) -> str | None:
    """A time as ISO 8601 in UTC; the store's times are UTC even where the database dropped the zone."""
    if moment is None:
        return None
    zoned = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return zoned.astimezone(UTC).isoformat()


def seconds(elapsed: float) -> str:
    """A duration for people: ``52 s``, ``1 min 52 s``, ``2 h 3 min``."""
    whole = int(elapsed)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def age(moment: datetime, now: datetime) -> str:
    """How long ago a moment was: ``3 days``, ``20 minutes``."""
    from panel.lifecycle.telling import span_words

    zoned = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return span_words((now - zoned).total_seconds())


def size(number: int) -> str:
    """An amount of bytes for people: ``96 MB``; nothing where it is not known."""
    if not number:
        return ""
    unit, name = _unit(number)
    return f"{_amount(number, unit)} {name}"


def size_of(done: int, total: int) -> str:
    """How much of an amount of bytes: ``41 of 96 MB``."""
    unit, name = _unit(total)
    return f"{_amount(done, unit)} of {_amount(total, unit)} {name}"


def _unit(number: int) -> tuple[int, str]:
    return next((one for one in _UNITS if number >= one[0]), (1, "B"))


def _amount(number: int, unit: int) -> str:
    return f"{number / unit:.1f}" if 0 < number < 10 * unit and unit > 1 else str(round(number / unit))


def digest(whole: str) -> str:
    """A digest as people compare it: its first characters, without the algorithm."""
    return whole.rpartition(":")[2][:_DIGEST]


def money(usd: float | None) -> str:
    """A monthly amount for people."""
    return "unknown" if usd is None else f"$ {usd:.2f} / month"


def counts(summary: Mapping[str, int | None]) -> str:
    """Counts of a plan: ``+42 ~3 −0``."""
    if summary["add"] is None:
        return ""
    return f"+{summary['add']} ~{summary['change']} −{summary['destroy']}"


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return iso(value)
    raise TypeError(f"{type(value).__name__} has no place in JSON")
