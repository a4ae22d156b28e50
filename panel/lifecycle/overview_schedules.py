"""What is due when, and how it stands, in plain words: drift, the end of a life, working hours. Read from the store alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from panel.catalogue.render import environment_of
from panel.catalogue.schema import Catalogue, Environment
from panel.lifecycle.schedule_expiry import destroy_at, warning_time
from panel.lifecycle.schedule_hours import spell_at, until_text
from panel.lifecycle.telling import span_words
from panel.store.stores import Stores
from panel.store.tables import EnvironmentRecord, Run, now

# How many checks are looked back at for the beginning of a drift.
_LOOK_BACK = 200
_FAILED = frozenset({"errored", "interrupted", "blocked", "stale"})


@dataclass(frozen=True)
class DriftView:
    """How an environment compares with what was applied.

    ``state`` is one of: off (never checked, nor will be), never (not checked yet), in_order, drifted, failed (the last
    check did not succeed).
    """

    state: str
    text: str
    checked_at: datetime | None
    due_at: datetime | None
    since: datetime | None
    #: How many resources drifted.
    number: int
    #: The last check.
    run_id: int | None


@dataclass(frozen=True)
class ExpiryView:
    """The end of an environment's life. ``near``: its owner was warned, or is about to be; pages say so at their top."""

    at: datetime | None
    text: str
    near: bool


@dataclass(frozen=True)
class HoursView:
    """Working hours. ``text`` is empty where there are none and the environment is awake."""

    asleep: bool
    text: str
    #: When the environment is scaled next, up or down; None where it never is.
    changes_at: datetime | None


@dataclass(frozen=True)
class ScheduleView:
    """All schedules of one environment."""

    drift: DriftView
    expiry: ExpiryView
    hours: HoursView


class ScheduleOverview:
    """Read models of schedules."""

    def __init__(
        self, catalogue: Callable[[], Catalogue], stores: Stores, clock: Callable[[], datetime] = now
    ) -> None:
        self._catalogue = catalogue
        self._stores = stores
        self._clock = clock

    def environment(self, name: str) -> ScheduleView:
        """The schedules of one environment.

        Raises:
            NotFoundError: the catalogue has no such environment.
        """
        entry = environment_of(self._catalogue(), name)
        record, moment = self._stores.environments.get(name), self._clock()
        return ScheduleView(
            drift=self._drift(name, entry, record, moment),
            expiry=_expiry(entry, record, moment),
            hours=_hours(entry, record, moment),
        )

    def _drift(self, name: str, entry: Environment, record: EnvironmentRecord, moment: datetime) -> DriftView:
        checks = [
            run
            for run in self._stores.history.latest(name, {"drift"}, since=record.created_at, limit=_LOOK_BACK)
            if not run.active and run.state not in {"canceled", "discarded"}
        ]
        last = checks[0] if checks else None
        due = record.drift_due_at if record.exists and entry.drift_check != "off" else None
        state = _drift_state(entry, record, last)
        since = _since(checks) if state == "drifted" else None
        text = _drift_words(state, record, since, moment)
        if due is not None:
            text += f" Next check {_ahead(due, moment)}."
        return DriftView(
            state=state,
            text=text,
            checked_at=record.drift_checked_at if record.exists else None,
            due_at=due,
            since=since,
            number=len(record.drift) if state == "drifted" else 0,
            run_id=last.id if last else None,
        )


def _drift_state(entry: Environment, record: EnvironmentRecord, last: Run | None) -> str:
    if record.exists and last is not None and last.state in _FAILED:
        return "failed"
    if record.exists and record.drift:
        return "drifted"
    if record.exists and record.drift_checked_at is not None:
        return "in_order"
    return "off" if entry.drift_check == "off" else "never"


def _since(checks: list[Run]) -> datetime | None:
    """When the drift that is there now was seen first: checks that failed in between say nothing."""
    since = None
    for run in checks:
        if run.state in _FAILED:
            continue
        if not run.drifted:
            break
        since = run.ended_at
    return since


def _drift_words(state: str, record: EnvironmentRecord, since: datetime | None, moment: datetime) -> str:
    number = len(record.drift)
    checked = f"{_ago(record.drift_checked_at, moment)}" if record.drift_checked_at else ""
    words = {
        "off": "It is not compared with what is real.",
        "never": "Not checked yet.",
        "failed": "The last check did not succeed.",
        "in_order": f"In order when it was checked {checked}.",
        "drifted": f"{number} resource{'s' if number != 1 else ''} drifted from what was applied"
        + (f", first seen {_ago(since, moment)}." if since is not None else "."),
    }
    return words[state]


def _expiry(entry: Environment, record: EnvironmentRecord, moment: datetime) -> ExpiryView:
    if entry.ttl_hours is None or (record.exists and record.expires_at is None):
        return ExpiryView(None, "", near=False)
    if not record.exists or record.expires_at is None:
        return ExpiryView(
            None, f"It will be destroyed {entry.ttl_hours} hours after its creation.", near=False
        )
    end = destroy_at(record, entry.ttl_hours) or record.expires_at
    near = moment >= record.expires_at - warning_time(entry.ttl_hours)
    if moment >= end:
        return ExpiryView(
            end, "Its life has ended: it is destroyed as soon as nothing stands in the way.", near=True
        )
    return ExpiryView(end, f"It is destroyed {_ahead(end, moment)}, unless it is extended.", near=near)


def _hours(entry: Environment, record: EnvironmentRecord, moment: datetime) -> HoursView:
    asleep = record.exists and record.asleep
    if entry.working_hours is None:
        return HoursView(
            asleep, "Asleep; it has no working hours any more, and is woken soon." if asleep else "", None
        )
    spell = spell_at(entry.working_hours, moment)
    if asleep:
        return HoursView(asleep, asleep_words(entry, moment).capitalize() + ".", spell.until)
    until = until_text(entry.working_hours, moment)
    if spell.needed:
        return HoursView(asleep, f"Awake until {until}.", spell.until)
    return HoursView(asleep, f"Outside its working hours, which begin at {until}.", spell.until)


def asleep_words(entry: Environment, moment: datetime) -> str:
    """What stands beside the state of an environment that is asleep: ``asleep until 08:00``."""
    if entry.working_hours is None or spell_at(entry.working_hours, moment).needed:
        return "asleep, and woken soon"
    return f"asleep until {until_text(entry.working_hours, moment)}"


def _ahead(at: datetime, moment: datetime) -> str:
    seconds = (at - moment).total_seconds()
    return f"in {span_words(seconds)}" if seconds > 0 else "now"


def _ago(at: datetime, moment: datetime) -> str:
    return f"{span_words((moment - at).total_seconds())} ago"
