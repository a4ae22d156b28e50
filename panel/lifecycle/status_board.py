"""What works and what does not, for readers without technical knowledge: one line for each application and place.

Belongs here: putting what the store knows into the few states that such a reader needs. Read from the catalogue and the
store alone. Words are in :mod:`panel.lifecycle.status_words`, the page and its exports elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from panel.catalogue.schema import Catalogue, Owner, Service
from panel.health.rules import AROUND_NOTICES
from panel.lifecycle import status_words as words
from panel.lifecycle.health_report import STALE
from panel.lifecycle.overview import EnvironmentView, Overview
from panel.store.health_tables import HealthState
from panel.store.stores import Stores
from panel.store.tables import now

#: States of an application, the one that needs a person the most first.
WORST_FIRST = ("broken", "trouble", "unknown", "changing", "works", "resting", "unused")
#: States in which somebody is to be called.
CALLS_FOR = frozenset({"broken", "trouble", "unknown"})

#: States of a run in which it changes an environment, and kinds that change nothing.
_AT_WORK = frozenset({"approved", "applying", "deploying"})
_HARMLESS = frozenset({"plan", "drift", "unlock", "refresh"})
_STATES = {"down": "broken", "degraded": "trouble", "unknown": "unknown", "healthy": "works"}
_WORST_VERDICT = ("down", "degraded", "unknown", "healthy")


@dataclass(frozen=True)
class Line:
    """One application in one place.

    Attributes:
        application: its title.
        place: what people call the environment; empty where there is only one.
        state: one of :data:`WORST_FIRST`.
        since: since when it is so; None where that is not known, or nobody asks.
        notices: what people notice, in full sentences.
        calls: whom to call, the most likely first.
        in_use: whether people rely on it every day: the environment is protected, or none of those there are is.
        changing: somebody changes it right now, whatever its state.
        looked_at: when it was last checked; None where it is not.
        address: where people open it; empty where there is none.
    """

    application: str
    place: str
    environment: str
    state: str
    since: datetime | None = None
    notices: tuple[str, ...] = ()
    calls: tuple[Owner, ...] = ()
    in_use: bool = True
    changing: bool = False
    looked_at: datetime | None = None
    address: str = ""

    @property
    def calls_for(self) -> bool:
        """Whether somebody is to be called."""
        return self.state in CALLS_FOR


@dataclass(frozen=True)
class Board:
    """All applications, those in use first, and whether it can be believed.

    Attributes:
        made_at: when this was put together.
        looked_at: when any application was last checked; None where none was.
        worker: whether anything checks them.
        waits_for_look: whether there is anything to check.
        page: address of the status page for people; empty where it has none.
    """

    lines: tuple[Line, ...]
    made_at: datetime
    looked_at: datetime | None
    worker: bool
    waits_for_look: bool
    page: str = ""

    @property
    def old(self) -> bool:
        """Whether what is said may not be so any more."""
        if not self.waits_for_look:
            return False
        return not self.worker or self.looked_at is None or self.made_at - self.looked_at > STALE

    @property
    def in_use(self) -> tuple[Line, ...]:
        """What people rely on every day."""
        return tuple(line for line in self.lines if line.in_use)

    @property
    def elsewhere(self) -> tuple[Line, ...]:
        """The rest."""
        return tuple(line for line in self.lines if not line.in_use)

    @property
    def everything_works(self) -> bool:
        """Whether everything that is in use works, and that is certain."""
        states = {line.state for line in self.in_use} - {"unused", "resting"}
        return not self.old and bool(states) and states <= {"works", "changing"}


@dataclass(frozen=True)
class _Seen:
    """What the store knows."""

    catalogue: Catalogue
    looks: Mapping[str, HealthState]
    begun: Mapping[tuple[str, str], datetime]
    several_places: bool
    any_protected: bool
    moment: datetime
    worker: bool


@dataclass
class _Application:
    """The services that people know under one name."""

    title: str
    services: dict[str, Service] = field(default_factory=dict)


class StatusBoard:
    """Makes boards.

    Args:
        catalogue: reads environments.yaml.
        public_url: address under which people reach the panel; empty where they do not.
    """

    def __init__(
        self, catalogue: Callable[[], Catalogue], stores: Stores, overview: Overview, public_url: str = ""
    ) -> None:
        self._catalogue = catalogue
        self._stores = stores
        self._overview = overview
        self._page = f"{public_url.rstrip('/')}/status" if public_url else ""

    def look(self) -> Board:
        """The board as it is now."""
        catalogue = self._catalogue()
        views = [
            view for view in self._overview.environments()
            if catalogue.environments[view.name].status_page and not _is_gone(view)
        ]  # fmt: skip
        seen = _Seen(
            catalogue, self._stores.health.latest(), self._stores.health.begun(),
            several_places=len(views) > 1, any_protected=any(view.protected and view.exists for view in views),
            moment=now(), worker=bool(self._overview.workers()),
        )  # fmt: skip
        applications = _applications(catalogue)
        lines = [_line(view, one, seen) for view in views for one in applications]
        looked = [line.looked_at for line in lines if line.looked_at is not None]
        return Board(
            lines=tuple(sorted(lines, key=_order)), made_at=seen.moment, looked_at=max(looked, default=None),
            worker=seen.worker, page=self._page,
            waits_for_look=any(line.state not in {"unused", "resting", "changing"} for line in lines),
        )  # fmt: skip


def _is_gone(view: EnvironmentView) -> bool:
    """An environment that is to be gone, and is, will never be in use."""
    return view.retired and not view.exists


def _order(line: Line) -> tuple[bool, int]:
    return (not line.in_use, WORST_FIRST.index(line.state))


def _applications(catalogue: Catalogue) -> list[_Application]:
    found: dict[str, _Application] = {}
    for name, service in catalogue.services.items():
        found.setdefault(service.title, _Application(service.title)).services[name] = service
    return list(found.values())


def _line(view: EnvironmentView, application: _Application, seen: _Seen) -> Line:
    entry = seen.catalogue.environments[view.name]
    look = seen.looks.get(view.name) if view.checked_at is not None else None
    report = look.report if look is not None else {}
    changing = _is_changing(view)
    verdict = _verdict(view, application, report)
    state = _state(view, verdict, seen, changing=changing)
    notices, calls = _trouble(application, view, report, state, verdict)
    if changing and state == "broken":
        notices = (*notices, words.BEING_MENDED)
    if changing and not view.exists:
        notices = (words.BEING_SET_UP,)
    return Line(
        application=application.title, place=(entry.title or view.name) if seen.several_places else "",
        environment=view.name, state=state, since=_since(view, application, report, state=state, verdict=verdict, seen=seen),
        notices=notices, calls=calls, in_use=view.protected or not seen.any_protected, changing=changing,
        looked_at=view.checked_at if view.exists and view.state != "lost" else None, address=view.url or "",
    )  # fmt: skip


def _is_changing(view: EnvironmentView) -> bool:
    run = view.active_run
    return run is not None and run.state in _AT_WORK and run.kind not in _HARMLESS


def _verdict(view: EnvironmentView, application: _Application, report: Mapping[str, Any]) -> str:
    """The worst verdict of the application's services; what concerns the whole place lowers it to trouble at most."""
    known = report.get("services") or {}
    told = {str((known.get(name) or {}).get("verdict", "unknown")) for name in application.services}
    told -= {"not_created"} if told - {"not_created"} else set()
    worst = next((one for one in _WORST_VERDICT if one in told), "not_created")
    around = report.get("verdict") == "degraded" and any(
        not cause.get("service") for cause in report.get("causes") or ()
    )
    return "degraded" if worst == "healthy" and around else worst


def _state(view: EnvironmentView, verdict: str, seen: _Seen, *, changing: bool) -> str:
    if not view.exists:
        return "changing" if changing else "unused"
    if view.state == "lost":
        return "broken"
    if changing:
        # Nobody looks while it is changed: what was down before is down until somebody looked again.
        return "broken" if verdict == "down" else "changing"
    if view.state == "asleep":
        return "resting"
    old = view.checked_at is None or seen.moment - view.checked_at > STALE
    if old or view.state == "unknown" or not seen.worker:
        return "unknown"
    if verdict == "not_created":
        return "unused"
    return _STATES.get(verdict, "unknown")


def _trouble(
    application: _Application, view: EnvironmentView, report: Mapping[str, Any], state: str, verdict: str
) -> tuple[tuple[str, ...], tuple[Owner, ...]]:
    """What people notice, and whom to call about it."""
    own = list(application.services.values())
    owners = _distinct([view.owner] if view.state == "lost" else [service.owner for service in own])
    if state not in CALLS_FOR:
        return ((words.NOTICED[state],) if words.NOTICED[state] else ()), owners
    known = report.get("services") or {}
    troubled = {
        name: service for name, service in application.services.items()
        if str((known.get(name) or {}).get("verdict", "unknown")) == verdict
    }  # fmt: skip
    if state == "unknown":
        last = words.LAST_SEEN.get(_STATES.get(verdict, ""), "")
        return tuple(filter(None, (words.NOTICED["unknown"], last))), owners
    causes = [
        cause for cause in report.get("causes") or ()
        if not cause.get("service") or cause["service"] in troubled or not troubled
    ]  # fmt: skip
    called = _distinct(_owner(cause) for cause in causes if cause.get("owner"))
    notices = [_notice(service, known.get(name) or {}, state) for name, service in troubled.items()]
    if not troubled and view.state != "lost":
        notices = [_around(cause) for cause in causes]
    return _each_once(notices) or (words.NOTICED[state],), called or owners


def _notice(service: Service, health: Mapping[str, Any], state: str) -> str:
    """What the team has written down; else what the health rules say, where a layman understands it."""
    if service.impact and state == "broken":
        return service.impact
    told = str(health.get("notice") or "")
    return told if told and not words.jargon_in(told) else words.NOTICED[state]


def _around(cause: Mapping[str, Any]) -> str:
    text = str(cause.get("text", ""))
    known = next((one for one in AROUND_NOTICES.values() if one and text.startswith(one)), "")
    return known if known and not words.jargon_in(known) else words.AROUND


def _since(
    view: EnvironmentView,
    application: _Application,
    report: Mapping[str, Any],
    *,
    state: str,
    verdict: str,
    seen: _Seen,
) -> datetime | None:
    """Since when it is so: of several services that are so, the one that began it."""
    if state in {"unused", "resting"}:
        return None
    if state == "changing":
        run = view.active_run
        return (run.started_at or run.created_at) if run is not None else None
    if state == "unknown" and verdict != "unknown":
        return view.checked_at  # since nobody looks any more
    known = report.get("services") or {}
    began = [
        seen.begun[view.name, name] for name in application.services
        if (view.name, name) in seen.begun and (known.get(name) or {}).get("verdict") == verdict
    ]  # fmt: skip
    if not began:
        return view.since
    # It works only once the last of them works.
    return max(began) if state == "works" else min(began)


def _owner(cause: Mapping[str, Any]) -> Owner:
    told = cause["owner"]
    return Owner.model_construct(team=str(told.get("team", "")), contact=str(told.get("contact", "")))


def _distinct(owners: Iterable[Owner]) -> tuple[Owner, ...]:
    return tuple({(owner.team, owner.contact): owner for owner in owners}.values())


def _each_once(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in texts if text))
