"""What is due by the clock: the end of a life, working hours, drift checks. Looked at again and again by a worker.

Here only decisions are made and orders given; the times themselves are computed in the ``schedule_*`` modules.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from datetime import datetime

from panel.catalogue.schema import SHARED, Catalogue, Environment
from panel.errors import BusyError, PanelError
from panel.lifecycle.schedule_drift import INTERVALS, due_at, next_check
from panel.lifecycle.schedule_expiry import destroy_at, end_of, is_warning_due, last_moment, retry_at
from panel.lifecycle.schedule_hours import RAISING, order_for, spell_at
from panel.lifecycle.scheduled_orders import Orders
from panel.lifecycle.stages import KINDS
from panel.lifecycle.telling import Teller, span_words
from panel.store.stores import Stores
from panel.store.tables import EnvironmentRecord, Run, now

_log = logging.getLogger(__name__)


class Schedules:
    """The schedules of all environments.

    Args:
        catalogue: reads environments.yaml.
        stores: the store.
        orders: gives orders as ``system``.
        teller: tells owners what is ahead, and what could not be done.
        world: which world the endpoint is now; None when it does not answer.
        clock: the present time.
        chance: a number from 0 to 1.
    """

    def __init__(
        self, catalogue: Callable[[], Catalogue], stores: Stores, orders: Orders, teller: Teller,
        world: Callable[[], str | None],
        *, clock: Callable[[], datetime] = now, chance: Callable[[], float] = random.random,
    ) -> None:  # fmt: skip
        self._catalogue = catalogue
        self._stores = stores
        self._orders = orders
        self._teller = teller
        self._world = world
        self._clock = clock
        self._chance = chance

    def look(self) -> None:
        """Order what is due now. What one environment refuses does not keep the others waiting."""
        catalogue, world = self._catalogue(), self._world()
        for name, record in self._stores.environments.all().items():
            entry = catalogue.environments.get(name)
            if name == SHARED or entry is None:
                continue  # without its entry nobody could plan it either
            try:
                self._look_at(name, entry, record, world)
            except BusyError as error:
                _log.info("Not now: %s", error.message)
            except PanelError as error:
                _log.warning("The schedules of %s: %s", name, error)

    def _look_at(self, name: str, entry: Environment, record: EnvironmentRecord, world: str | None) -> None:
        if not record.exists:
            if record.expires_at or record.drift_due_at or record.asleep or record.drift:
                self._stores.timetable.forget(name)
            return
        moment = self._clock()
        record = self._set_times(name, entry, record, moment)
        if world is None or (record.world and record.world != world):
            return  # stopped on purpose, or lost: an order would only fail
        active = self._stores.runs.active(name)
        if self._expire(name, entry, record, active, moment) or active is not None:
            return
        if not self._scale(name, entry, record, moment):
            self._check_drift(name, entry, record, moment)

    def _set_times(
        self, name: str, entry: Environment, record: EnvironmentRecord, moment: datetime
    ) -> EnvironmentRecord:
        """Store what the catalogue says of times, where it says something else than before."""
        table = self._stores.timetable
        due = due_at(name, entry.drift_check, record.drift_due_at, moment, self._chance)
        if due != record.drift_due_at:
            table.move(name, "drift_due_at", record.drift_due_at, due)
        end = end_of(record, entry.ttl_hours, moment)
        if end != record.expires_at:
            table.move(name, "expires_at", record.expires_at, end)
        same = due == record.drift_due_at and end == record.expires_at
        return record if same else self._stores.environments.get(name)

    def _expire(
        self, name: str, entry: Environment, record: EnvironmentRecord, active: Run | None, moment: datetime
    ) -> bool:
        """Warn of the end, and destroy at it. True where the end has come, and nothing else should begin."""
        if entry.ttl_hours is None or record.expires_at is None:
            return False
        if is_warning_due(record, entry.ttl_hours, moment):
            self._warn(name, entry.ttl_hours, record, record.expires_at, moment)
            record = self._stores.environments.get(name)
        due = destroy_at(record, entry.ttl_hours)
        if due is None or moment < due or entry.protected:
            return False
        if active is not None:
            if active.kind not in {"destroy", "drift"}:
                self._postpone(name, record, active)
            return True
        again = retry_at(self._stores.history.latest(name, {"destroy"}, since=record.expires_at))
        if again is None or moment >= again:
            self._orders.destroy(name)
        return True

    def _warn(
        self, name: str, ttl_hours: int, record: EnvironmentRecord, end: datetime, moment: datetime
    ) -> None:
        # Told first: noted first, a worker that dies in between would have warned nobody.
        then = last_moment(end, moment, ttl_hours)
        facts = {
            "when": f"{then:%Y-%m-%d} at {then:%H:%M} UTC",
            "length": span_words((end - (record.created_at or end)).total_seconds()),
            "left": span_words((then - moment).total_seconds()),
        }
        self._teller.tell("expiring", f"expiring:{name}:{end.isoformat()}", name, facts)
        self._stores.timetable.move(name, "expiry_warned_at", record.expiry_warned_at, moment)

    def _postpone(self, name: str, record: EnvironmentRecord, active: Run) -> None:
        waits = active.state in {"planned", "blocked"}
        facts = {
            "reason": f"Run {active.id} ({KINDS[active.kind].lower()}, by {active.author}) is under way.",
            "hint": "Decide on its plan, so that it ends." if waits else "",
            "again": "when that run has ended",
        }
        key = f"postponed:{name}:{record.expires_at}:{active.id}"
        self._teller.tell("expiry_postponed", key, name, facts, run_id=active.id)

    def _scale(self, name: str, entry: Environment, record: EnvironmentRecord, moment: datetime) -> bool:
        """Order scaling down or up; True where one was ordered or is waited for."""
        hours = entry.working_hours
        if (hours is None and not record.asleep) or not (record.ready or record.asleep):
            return False  # what the last change left half done is for a person to look at
        since = spell_at(hours, moment).since if hours is not None else None
        recent = self._stores.history.latest(name, (*RAISING, "sleep"), since=since)
        order = order_for(hours, record.asleep, recent, moment)
        if not order:
            return False
        again = retry_at([run for run in recent if run.kind == order])
        if again is None or moment >= again:
            (self._orders.sleep if order == "sleep" else self._orders.wake)(name)
            return True
        return False

    def _check_drift(
        self, name: str, entry: Environment, record: EnvironmentRecord, moment: datetime
    ) -> None:
        due, interval = record.drift_due_at, INTERVALS.get(entry.drift_check)
        if interval is None or due is None or moment < due:
            return
        # Claimed first: of several workers one goes on. Checks that were missed are made up for by this one.
        following = next_check(name, interval, moment, self._chance)
        if not self._stores.timetable.move(name, "drift_due_at", due, following):
            return
        try:
            self._orders.drift(name)
        except BusyError:
            self._stores.timetable.move(name, "drift_due_at", following, due)
