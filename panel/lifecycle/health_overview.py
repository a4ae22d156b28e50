"""How environments are and were, as pages and charts show it: read from the catalogue and the store alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from panel.catalogue.render import environment_of
from panel.catalogue.schema import SHARED, Catalogue
from panel.lifecycle.health_changes import Event, Marker, events_of, markers_of
from panel.lifecycle.health_points import Measured, measured
from panel.lifecycle.health_report import STALE, Seen, seen_of
from panel.store import tables
from panel.store.health import WHOLE
from panel.store.health_tables import HealthSpan
from panel.store.stores import Stores
from panel.store.tables import EnvironmentRecord, Run
from panel.store.uptime import Uptime, uptime

__all__ = ["WINDOWS", "Event", "HealthNow", "HealthOverview", "HealthView", "Marker", "Span", "Window"]

#: So many runs and releases of an environment are looked through for what changed.
_CHANGES = 500


@dataclass(frozen=True)
class Window:
    """A stretch of time up to now: what the store is asked for, and how finely it is shown (seconds)."""

    key: str
    length: timedelta
    step: int
    shown: int


#: Windows by name, the shortest first.
WINDOWS: Mapping[str, Window] = {
    window.key: window
    for window in (
        Window("1h", timedelta(hours=1), 0, 0),
        Window("24h", timedelta(hours=24), 300, 300),
        Window("7d", timedelta(days=7), 3600, 3600),
        Window("90d", timedelta(days=90), 3600, 24 * 3600),
    )
}
#: Windows that uptime is told of.
UPTIMES = ("24h", "7d", "90d")


@dataclass(frozen=True)
class Span:
    """A time during which a verdict stayed the same. ``lasts``: it still does, and ``ended_at`` is the last look."""

    service: str
    verdict: str
    cause: str
    began_at: datetime
    ended_at: datetime
    lasts: bool


@dataclass(frozen=True)
class HealthNow:
    """The last look at one environment. ``stale``: it says little about now. No ``checked_at``: there was none."""

    name: str
    exists: bool
    verdict: str
    since: datetime | None
    checked_at: datetime | None
    stale: bool
    seen: Seen


@dataclass(frozen=True)
class HealthView:
    """One environment over a window: ``begin`` to ``end``. Services by name; the empty name is the whole environment.

    ``uptimes`` are the whole environment's, by window; ``service_uptimes`` are of this window.
    """

    now: HealthNow
    window: Window
    begin: datetime
    end: datetime
    spans: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)
    uptimes: Mapping[str, Uptime] = field(default_factory=dict)
    service_uptimes: Mapping[str, Uptime] = field(default_factory=dict)
    events: tuple[Event, ...] = ()
    markers: tuple[Marker, ...] = ()


class HealthOverview:
    """Read models of health. ``catalogue`` is read anew each time, so that an edit counts at once."""

    def __init__(
        self, catalogue: Callable[[], Catalogue], stores: Stores, clock: Callable[[], datetime] = tables.now
    ) -> None:
        self._catalogue = catalogue
        self._stores = stores
        self._clock = clock

    def now(self, name: str) -> HealthNow:
        """The last look at one environment; quick.

        Raises:
            NotFoundError: the catalogue has no such environment.
        """
        catalogue = self._catalogue()
        environment_of(catalogue, name)
        record, state = self._stores.environments.get(name), self._stores.health.get(name)
        if state is None or not _is_of(state.checked_at, record):
            verdict = "unknown" if record.exists else "not_created"
            return HealthNow(
                name, record.exists, verdict, None, None, stale=False, seen=seen_of({}, catalogue, verdict=verdict)
            )  # fmt: skip
        return HealthNow(
            name, record.exists, state.verdict, state.since, state.checked_at,
            stale=self._clock() - state.checked_at > STALE, seen=seen_of(state.report, catalogue),
        )  # fmt: skip

    def environment(self, name: str, window: str = "24h") -> HealthView:
        """One environment over a window (a key of :data:`WINDOWS`): what it was, what was measured, what happened.

        Raises:
            NotFoundError: the catalogue has no such environment.
        """
        seen, chosen, end = self.now(name), WINDOWS[window], self._clock()
        record = self._stores.environments.get(name)
        begin = end - chosen.length
        if not record.exists:
            return HealthView(seen, chosen, begin, end)
        rows = _own(self._stores.health.spans(name, since=begin, service=None), record, seen.checked_at)
        runs, releases = self._runs(name), self._stores.releases.recent(name, limit=_CHANGES)
        since, until = _since(begin, record), _until(seen.checked_at, end)
        return HealthView(
            seen, chosen, begin, end,
            spans=_spans(rows, since, until),
            uptimes=self.uptime(name),
            service_uptimes=_uptimes_by_service(rows, since, until),
            events=tuple(events_of(runs, releases, rows, seen.seen, begin)),
            markers=tuple(markers_of(runs, releases, begin)),
        )  # fmt: skip

    def points(self, name: str, window: str = "24h", service: str = WHOLE) -> list[Measured]:
        """What was measured over a window of one service, or of the whole environment, the oldest first.

        Raises:
            NotFoundError: the catalogue has no such environment.
        """
        environment_of(self._catalogue(), name)
        record, chosen = self._stores.environments.get(name), WINDOWS[window]
        if not record.exists:
            return []
        since = _since(self._clock() - chosen.length, record)
        found = self._stores.health.points(name, since=since, step=chosen.step, service=service)
        return measured(found, chosen.shown)

    def markers(self, name: str, since: datetime) -> list[Marker]:
        """What changed in an environment from ``since`` on, the oldest first: runs that changed it, and releases.

        Raises:
            NotFoundError: the catalogue has no such environment.
        """
        environment_of(self._catalogue(), name)
        return markers_of(self._runs(name), self._stores.releases.recent(name, limit=_CHANGES), since)

    def uptime(self, name: str) -> dict[str, Uptime]:
        """How much of the last 24 hours, 7 and 90 days one environment was up, by window.

        Raises:
            NotFoundError: the catalogue has no such environment.
        """
        end, record = self._clock(), self._stores.environments.get(name)
        if not record.exists:
            return {key: Uptime() for key in UPTIMES}
        looked = self.now(name).checked_at
        longest = end - max(WINDOWS[key].length for key in UPTIMES)
        rows = _own(self._stores.health.spans(name, since=longest), record, looked)
        until = _until(looked, end)
        return {key: uptime(rows, _since(end - WINDOWS[key].length, record), until) for key in UPTIMES}

    def uptimes(self, since: datetime) -> dict[str, Uptime]:
        """How much of the time from ``since`` on each environment that exists was up: a few queries for all of them."""
        end, records = self._clock(), self._stores.environments.all()
        looked = self._stores.health.looked()
        found = self._stores.health.spans_of_all(since=since)
        return {
            name: uptime(
                _own(found.get(name, ()), record, looked.get(name)),
                _since(since, record),
                _until(looked.get(name), end),
            )
            for name, record in records.items()
            if record.exists and name != SHARED
        }

    def _runs(self, name: str) -> list[Run]:
        """Its own, and those of the network that it shares with others."""
        recent = self._stores.runs.recent
        return [*recent(name, limit=_CHANGES), *recent(SHARED, limit=_CHANGES)]


def _is_of(checked_at: datetime, record: EnvironmentRecord) -> bool:
    """Whether a look was taken of this environment, and not of one of the same name that was destroyed."""
    return record.exists and (record.created_at is None or checked_at >= record.created_at)


def _own(spans: Iterable[HealthSpan], record: EnvironmentRecord, looked: datetime | None) -> list[HealthSpan]:
    """Spans of this environment, and not of one of the same name that was destroyed.

    Args:
        looked: when it was looked at last: a span that lasts is known until then.
    """
    created = record.created_at
    if created is None:
        return [*spans]
    return [span for span in spans if (span.ended_at or looked or created) > created]


def _since(begin: datetime, record: EnvironmentRecord) -> datetime:
    """Nothing before its creation is this environment's."""
    return max(begin, record.created_at or begin)


def _until(looked: datetime | None, end: datetime) -> datetime:
    """Until when a span that lasts is known to have lasted: not long past the last look."""
    return end if looked is None else min(end, looked + STALE)


def _spans(rows: Sequence[HealthSpan], begin: datetime, until: datetime) -> dict[str, tuple[Span, ...]]:
    """By service, cut off at the beginning of the window."""
    found: dict[str, list[Span]] = {}
    for row in rows:
        began, ended = max(row.began_at, begin), row.ended_at or until
        if ended > began:
            span = Span(row.service, row.verdict, row.cause, began, ended, lasts=row.ended_at is None)
            found.setdefault(row.service, []).append(span)
    return {service: tuple(members) for service, members in found.items()}


def _uptimes_by_service(rows: Sequence[HealthSpan], begin: datetime, until: datetime) -> dict[str, Uptime]:
    services = dict.fromkeys(row.service for row in rows)
    return {
        service: uptime([row for row in rows if row.service == service], begin, until) for service in services
    }
