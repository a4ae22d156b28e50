"""The schedules of a worker, over a real store, with a clock of its own and orders that are only noted."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from panel.access.identity import Identity, Role
from panel.catalogue.schema import Catalogue
from panel.lifecycle.overview_schedules import ScheduleOverview
from panel.lifecycle.schedules import Schedules
from panel.lifecycle.telling import Teller
from panel.notify.outbox import Outbox
from panel.store.stores import Stores
from panel.store.tables import Notification, Run, now

HOUR = timedelta(hours=1)

ANA = Identity("ana", Role.OPERATOR)
OFFICE_HOURS = {
    "working_hours": {
        "days": ["mon", "tue", "wed", "thu", "fri"],
        "from": "08:00",
        "to": "19:00",
        "timezone": "UTC",
    }
}
MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)

#: The states on the way to an end, where there is one.
_WAY = {
    "no_changes": ["preparing", "planning"],
    "planned": ["preparing", "planning"],
    "blocked": ["preparing", "planning"],
    "applied": ["preparing", "planning", "planned", "approved", "applying"],
}


def ended(stores: Stores, run: Run, state: str, at: datetime, **fields: Any) -> None:
    """Bring a run to its end, as of a moment."""
    number = run.id or 0
    for step in _WAY.get(state, []):
        stores.runs.transition(number, step, "worker")
    stores.runs.finish(number, state, "worker", **fields)
    with stores.database.write() as session:
        kept = session.get_one(Run, number)
        kept.created_at, kept.ended_at = at, at


class Silent:
    """A channel that is there, and through which nothing is sent in these tests."""

    place = "nowhere"

    def send(self, message: Notification) -> Any:
        raise AssertionError(f"{message.event} was delivered")


@dataclass
class Orders:
    """Orders as they came; each makes a run in the store, as the real ones do, or fails as it is told to."""

    stores: Stores
    given: list[tuple[str, str]] = field(default_factory=list)
    refuse: dict[str, Exception] = field(default_factory=dict)

    def _order(self, kind: str, environment: str) -> Run:
        if environment in self.refuse:
            raise self.refuse[environment]
        self.given.append((kind, environment))
        return self.stores.runs.create(environment, kind, "system", ["plan"], auto_approve=kind != "drift")

    def drift(self, environment: str) -> Run:
        return self._order("drift", environment)

    def sleep(self, environment: str) -> Run:
        return self._order("sleep", environment)

    def wake(self, environment: str) -> Run:
        return self._order("wake", environment)

    def destroy(self, environment: str) -> Run:
        return self._order("destroy", environment)


@dataclass
class Bench:
    """The schedules of one worker, and its clock."""

    stores: Stores
    base: Catalogue
    keys: dict[str, dict[str, Any]] = field(default_factory=dict)
    now: datetime = field(default_factory=now)
    world: str | None = "w1"

    def __post_init__(self) -> None:
        self.orders = Orders(self.stores)
        self.schedules = self.worker()

    def worker(self) -> Schedules:
        """One more worker over the same store."""
        outbox = Outbox(self.stores.notifications, {"webhook": Silent()}, clock=lambda: self.now)
        return Schedules(
            self.catalogue, self.stores, self.orders, Teller(self.catalogue, outbox),
            lambda: self.world, clock=lambda: self.now, chance=lambda: 0.5,
        )  # fmt: skip

    def catalogue(self) -> Catalogue:
        raw = self.base.model_dump(by_alias=True)
        for name, keys in self.keys.items():
            raw["environments"][name] |= keys
        return Catalogue.model_validate(raw)

    def exists(self, name: str = "staging", **fields: Any) -> None:
        self.stores.environments.save(
            name, **({"exists": True, "ready": True, "world": "w1", "created_at": self.now} | fields)
        )

    def look(self, after: timedelta = timedelta()) -> list[tuple[str, str]]:
        """What is ordered by a look at a later moment."""
        self.now += after
        before = len(self.orders.given)
        self.schedules.look()
        return self.orders.given[before:]

    def end(self, state: str, name: str = "staging", **fields: Any) -> None:
        """End the run that is under way, at the bench's present time."""
        run = self.stores.runs.active(name)
        assert run is not None
        ended(self.stores, run, state, self.now, **fields)

    def told(self) -> list[str]:
        return [row.event for row in reversed(self.stores.notifications.recent())]

    def record(self, name: str = "staging") -> Any:
        return self.stores.environments.get(name)

    def view(self) -> Any:
        return ScheduleOverview(self.catalogue, self.stores, lambda: self.now).environment("staging")
