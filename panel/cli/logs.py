"""``panel logs``: what a service's containers write, asked of AWS directly."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from panel.cli import options, output, state

if TYPE_CHECKING:
    from panel.aws.session import Aws
    from panel.lifecycle.log_watching import LogPlace
    from panel.store.logs import Read

_EVERY_S = 2.0
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_LONGEST_S = 30 * 86_400


def _seconds(value: str) -> float:
    """A length of time: ``90s``, ``15m``, ``2h``, ``1d``."""
    found = re.fullmatch(r"(\d{1,6})([smhd])", value.strip())
    length = int(found[1]) * _UNITS[found[2]] if found else 0
    if not 0 < length <= _LONGEST_S:
        raise typer.BadParameter("a number and a unit such as 90s, 15m, 2h or 1d (30 days at most)")
    return float(length)


def logs(
    name: options.Environment,
    service: Annotated[
        str, typer.Argument(metavar="[SERVICE]", help="A container service; the only one where there is one.")
    ] = "",
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
    contains: Annotated[
        str, typer.Option("--contains", metavar="TEXT", help="Only lines with this text, whatever its case.")
    ] = "",
    since: Annotated[
        float,
        typer.Option("--since", metavar="TIME", parser=_seconds, help="How far back: 90s, 15m, 2h, 1d."),
    ] = "15m",  # type: ignore[assignment]  # typer hands the default to the parser too
    json: options.Json = False,
) -> None:
    """Print what a service's containers wrote, the oldest line first; what looks like a credential is masked.

    With --json a list of {at, stream, message}; with --follow one line for each of them.
    """
    from panel.lifecycle.log_watching import log_place

    panel = state.get_panel()
    place = log_place(panel.catalogue(), panel.stores, name, service)
    found = _Lines(panel.aws(), place, contains).read_from(time.time() - since, follow=follow)
    if json and not follow:
        output.json_result([_document(line) for line in found])
        return
    shown = 0
    for line in found:
        shown += 1
        if json:
            output.json_result(_document(line), one_line=True)
        else:
            output.result(f"{line.at.astimezone():%H:%M:%S}  {_task(line)}  {line.message}")
        output.flush()
    if not shown:
        output.say(f"Nothing{' like that' if contains else ''} was written in that time.")


class _Lines:
    """The lines of a log, each once."""

    def __init__(
        self, aws: Aws, place: LogPlace, contains: str, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self._aws = aws
        self._place = place
        self._contains = contains.lower()
        self._pause = pause
        self._seen: dict[str, int] = {}

    def read_from(self, moment: float, *, follow: bool) -> Iterator[Read]:
        """Lines from a moment on, in seconds since 1970; without an end where it follows."""
        from panel.aws.logs import events_since
        from panel.lifecycle.log_watching import OVERLAP_MS, LineMask, masked

        mask, since = LineMask(), int(moment * 1000)
        while True:
            answer = events_since(self._aws, self._place.group, since)
            events = answer.events if answer is not None else ()
            new = [event for event in events if event.id not in self._seen]
            self._seen.update((event.id, event.at_ms) for event in new)
            yield from (line for line in masked(new, mask) if self._contains in line.message.lower())
            cut = answer is not None and answer.cut and bool(new)
            if not cut and not follow:
                return
            if events:
                since = events[-1].at_ms if cut else max(since, events[-1].at_ms - OVERLAP_MS)
            self._seen = {name: at for name, at in self._seen.items() if at >= since}
            if not cut:
                self._pause(_EVERY_S)


def _document(line: Read) -> dict[str, object]:
    return {"at": output.iso(line.at), "stream": line.stream, "message": line.message}


def _task(line: Read) -> str:
    return line.stream.rpartition("/")[2][:8].ljust(8)
