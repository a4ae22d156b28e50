"""Working hours: when an environment is needed, in its own time zone, and what that asks for now. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from panel.catalogue.schema import WorkingHours
from panel.store.tables import Run

#: Kinds of runs that bring an environment up, whoever orders them.
RAISING = ("create", "update", "deploy", "wake")
#: Kinds of runs that scale and do nothing else.
SCALING = frozenset({"sleep", "wake"})
#: Kinds after whose apply an environment is awake, whatever it was before.
WAKING = frozenset({"create", "update", "wake"})

# Days looked at around a moment: with one day a week, the last change and the next lie within.
_AROUND = 9
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True)
class Spell:
    """A time without a change: whether the environment is needed, since when, and until when."""

    needed: bool
    since: datetime
    until: datetime


def spell_at(hours: WorkingHours, moment: datetime) -> Spell:
    """The spell that a moment lies in.

    A time of day that a change of clocks skips counts as if the clock had not been changed; where one comes twice,
    the environment is needed from the first to the second.
    """
    spans = _spans(hours, moment)
    inside = next((span for span in spans if span[0] <= moment < span[1]), None)
    if inside is not None:
        return Spell(True, *inside)
    since = max(end for _, end in spans if end <= moment)
    until = min(begin for begin, _ in spans if begin > moment)
    return Spell(False, since, until)


def _spans(hours: WorkingHours, moment: datetime) -> list[tuple[datetime, datetime]]:
    """The times around a moment in which the environment is needed, merged where they touch."""
    zone = ZoneInfo(hours.timezone)
    begin, end = time.fromisoformat(hours.begin), time.fromisoformat(hours.end)
    today = moment.astimezone(zone).date()
    merged: list[tuple[datetime, datetime]] = []
    for day in (today + timedelta(days=offset) for offset in range(-_AROUND, _AROUND + 1)):
        if _DAYS[day.weekday()] not in hours.days:
            continue
        last = day if end > begin else day + timedelta(days=1)
        span = (_instant(day, begin, zone, moment), _instant(last, end.replace(fold=1), zone, moment))
        if merged and span[0] <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], span[1]))
        elif span[0] < span[1]:
            merged.append(span)
    return merged


def _instant(day: date, at: time, zone: ZoneInfo, like: datetime) -> datetime:
    # Through the zone of the moment, in practice UTC: differences within one zone ignore changes of its clock.
    return datetime.combine(day, at, zone).astimezone(like.tzinfo)


Order = Literal["sleep", "wake", ""]


def order_for(hours: WorkingHours | None, asleep: bool, recent: Sequence[Run], moment: datetime) -> Order:
    """What an environment that exists and is ready needs now: ``sleep``, ``wake`` or nothing.

    Only the present counts: boundaries that passed while nobody worked are not made up for. Somebody's order (to
    create, update or deploy; also to cancel a scheduled one) holds until the next boundary.

    Args:
        hours: as the catalogue says now; None where it is always needed.
        asleep: whether it is scaled down.
        recent: runs of :data:`RAISING` and ``sleep``, ordered since the last boundary.
        moment: now.
    """
    if hours is None:
        return "wake" if asleep else ""
    spell = spell_at(hours, moment)
    since = [run for run in recent if run.created_at >= spell.since]
    if spell.needed:
        return "wake" if asleep and not _canceled(since, "wake") else ""
    if asleep or _canceled(since, "sleep"):
        return ""
    return "" if any(run.author != "system" and run.kind in RAISING for run in since) else "sleep"


def _canceled(runs: Sequence[Run], kind: str) -> bool:
    return any(run.kind == kind and run.state in {"canceled", "discarded"} for run in runs)


def until_text(hours: WorkingHours, moment: datetime) -> str:
    """When the spell of a moment ends, as people of that time zone say it: ``08:00``, ``Mon 08:00``."""
    zone = ZoneInfo(hours.timezone)
    end = spell_at(hours, moment).until.astimezone(zone)
    today = moment.astimezone(zone).date()
    near = end.date() <= today + timedelta(days=1)
    return f"{end:%H:%M}" if near else f"{_DAYS[end.weekday()].title()} {end:%H:%M}"


def renders_asleep(kind: str, *, asleep: bool) -> bool:
    """Whether a run of this kind plans its environment scaled down.

    Somebody's order to create, update or plan is about the environment as it should work, so it wakes it. Drift
    checks, refreshes and destructions leave it as it is.

    Args:
        kind: of the run.
        asleep: whether the environment is scaled down now.
    """
    if kind in SCALING:
        return kind == "sleep"
    return asleep and kind not in WAKING | {"plan"}
