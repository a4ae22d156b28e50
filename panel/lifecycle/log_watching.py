"""Reading the logs of services: for whoever looks at one on a page, and for a terminal.

Belongs here: which log group is meant, reading from where the last reading ended, and keeping credentials out of lines.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from panel.aws.logs import LogEvent, events_since
from panel.aws.session import Aws
from panel.catalogue.schema import Catalogue
from panel.errors import NotFoundError, PanelError, RefusedError
from panel.masking import SENSITIVE, Masker
from panel.settings import own_environment
from panel.store.health_tables import LogWatch
from panel.store.logs import MOST_LINES, Read
from panel.store.stores import Stores

#: What is shown of a log that nobody looked at before.
HISTORY_S = 900.0
#: Lines come late and out of order between tasks: so much is read again each time.
OVERLAP_MS = 15_000
#: Logs read in one look: AWS takes five such questions a second.
_AT_ONCE = 5
#: A log that runs this far ahead of its reader is gone on with at its end.
_FAR_BEHIND_MS = 60_000
_PRUNE_S = 600.0

TOO_MUCH = "More is written than can be shown: lines were left out."

_KEY_BEGINS, _KEY_ENDS = "-----BEGIN ", "-----END "


@dataclass(frozen=True)
class LogPlace:
    """Where a service's containers write to."""

    environment: str
    service: str
    group: str


def log_place(catalogue: Catalogue, stores: Stores, environment: str, service: str = "") -> LogPlace:
    """The log of a container service; of the only one, where none is named.

    Raises:
        NotFoundError: there is no such environment or container service.
        RefusedError: the environment does not exist, or several services could be meant.
    """
    if environment not in catalogue.environments:
        known = ", ".join(catalogue.environments)
        raise NotFoundError(
            f"There is no environment named {environment!r}.", hint=f"environments.yaml has: {known}."
        )
    names = list(catalogue.containers)
    if service and service not in names:
        raise NotFoundError(
            f"There is no container service named {service!r}.",
            hint=f"Those with a log: {', '.join(names) or 'none'}.",
        )
    if not service and len(names) != 1:
        raise (
            RefusedError(f"{environment} has several logs.", hint=f"Name the service: {', '.join(names)}.")
            if names
            else NotFoundError("No service runs as containers: there is no log.")
        )
    name = service or names[0]
    record = stores.environments.get(environment)
    outputs = record.outputs.get("services") if record.exists else None
    group = ((outputs or {}).get(name) or {}).get("log_group") if isinstance(outputs, dict) else None
    if not group:
        raise RefusedError(
            f"{name} does not exist in {environment}, so it has no log.",
            hint=f"Create it with: panel env create {environment}.",
        )
    return LogPlace(environment, name, str(group))


class LineMask:
    """Masks what looks like a credential, line by line; of a private key over several lines also those within."""

    def __init__(self) -> None:
        self._masker = Masker.for_environment(own_environment())
        self._within: set[str] = set()

    def __call__(self, event: LogEvent) -> str:
        """The line without credentials. Lines of one stream have to come in order."""
        text = event.message
        if event.stream in self._within:
            if _KEY_ENDS in text:
                self._within.discard(event.stream)
            return SENSITIVE
        if _KEY_BEGINS in text and "PRIVATE KEY" in text and _KEY_ENDS not in text:
            self._within.add(event.stream)
        return self._masker.text(text)


@dataclass(frozen=True)
class _Reading:
    lines: tuple[Read, ...]
    cursor_ms: int | None
    note: str = ""


class LogWatching:
    """What a worker does every two seconds: read the logs that somebody looks at.

    Args:
        aws: the account.
        clock_ms: the present moment, in milliseconds since 1970.
    """

    def __init__(
        self,
        catalogue: Callable[[], Catalogue],
        stores: Stores,
        aws: Callable[[], Aws],
        *,
        clock_ms: Callable[[], float] = lambda: time.time() * 1000,
    ) -> None:
        self._catalogue = catalogue
        self._stores = stores
        self._aws = aws
        self._clock_ms = clock_ms
        self._pruned_ms = 0.0

    def look(self) -> None:
        """Read what is watched; of many logs those that were read the longest ago. AWS is asked for nothing else."""
        for watch in self._stores.logs.watched()[:_AT_ONCE]:
            self._read(watch)
        if self._clock_ms() - self._pruned_ms > _PRUNE_S * 1000:
            self._pruned_ms = self._clock_ms()
            self._stores.logs.prune()

    def _read(self, watch: LogWatch) -> None:
        keep = self._stores.logs.keep
        try:
            place = log_place(self._catalogue(), self._stores, watch.environment, watch.service)
            found = self._since(place, watch)
        except PanelError as error:
            told = f"{error.message} {error.hint or ''}".strip()
            keep(watch.environment, watch.service, (), cursor_ms=None, error=told)
            return
        keep(watch.environment, watch.service, found.lines, cursor_ms=found.cursor_ms, error=found.note)

    def _since(self, place: LogPlace, watch: LogWatch) -> _Reading:
        moment = int(self._clock_ms())
        oldest = moment - int(HISTORY_S * 1000)
        since = max(oldest, (watch.cursor_ms or 0) - OVERLAP_MS)
        answer = events_since(self._aws(), place.group, since)
        if answer is None:
            return _Reading((), None)  # the group comes with the first apply: nothing was written to it
        events = answer.events
        cursor, note = (events[-1].at_ms if events else None), ""
        if answer.cut and cursor is not None:
            # Past the overlap, or the same lines would be read for ever.
            cursor, note = cursor + OVERLAP_MS, TOO_MUCH
            if moment - cursor > _FAR_BEHIND_MS:
                cursor = moment
        return _Reading(masked(events[-MOST_LINES:]), cursor, note)


def masked(events: Iterable[LogEvent], mask: LineMask | None = None) -> tuple[Read, ...]:
    """Lines as they may be kept and shown."""
    hide = mask or LineMask()
    return tuple(Read(event.id, event.at, event.stream, hide(event)) for event in events)


def moment_ms(at: datetime) -> int:
    """A moment in milliseconds since 1970."""
    return int(at.astimezone(UTC).timestamp() * 1000)
