"""What people may ask of schedules: to let an environment live longer, and what they may not while it is asleep."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from panel.access.capabilities import Capability, require
from panel.access.identity import Identity
from panel.audit.trail import Trail
from panel.catalogue.render import environment_of
from panel.catalogue.schema import Catalogue
from panel.errors import BusyError, NotFoundError, RefusedError
from panel.lifecycle.schedule_expiry import LONGEST_EXTENSION, end_of
from panel.store.stores import Stores
from panel.store.tables import EnvironmentRecord, now

_LONGEST_HOURS = int(LONGEST_EXTENSION.total_seconds() // 3600)


class Extension:
    """The act of extending; ``catalogue`` is read anew for every act."""

    def __init__(
        self, catalogue: Callable[[], Catalogue], stores: Stores, trail: Trail,
        *, clock: Callable[[], datetime] = now,
    ) -> None:  # fmt: skip
        self._catalogue = catalogue
        self._stores = stores
        self._trail = trail
        self._clock = clock

    def extend(self, who: Identity, environment: str, hours: int) -> EnvironmentRecord:
        """Move the end of an environment's life away by some hours, counted from its end (or from now, if that is past).

        Returns:
            the record, with its new end.

        Raises:
            AccessDeniedError: the person's role may not.
            NotFoundError: there is no such environment, or it does not exist.
            RefusedError: it does not end, or would live for more than 30 days from now.
            BusyError: it is being destroyed.
        """
        entry = environment_of(self._catalogue(), environment)
        require(who, Capability.EXTEND, environment)
        record = self._stores.environments.get(environment)
        if not record.exists:
            raise NotFoundError(
                f"{environment} does not exist, so it cannot be extended.",
                hint=f"Create it first: panel env create {environment}.",
            )
        moment = self._clock()
        end = end_of(record, entry.ttl_hours, moment)
        if end is None:
            raise RefusedError(
                f"{environment} does not expire: there is nothing to extend.",
                hint="An environment ends only where environments.yaml says ttl_hours.",
            )
        self._refuse_while_destroyed(environment)
        later = _extended(environment, end, hours, moment)
        self._trail.record(
            who.name, who.role, "extend", environment, hours=hours, until=later.isoformat(timespec="minutes")
        )
        return self._stores.environments.save(
            environment, expires_at=later, extended_until=later, expiry_warned_at=None
        )

    def _refuse_while_destroyed(self, environment: str) -> None:
        active = self._stores.runs.active(environment)
        if active is not None and active.kind == "destroy":
            raise BusyError(
                f"{environment} is being destroyed by run {active.id} already.",
                hint=f"Cancel run {active.id} first; what Terraform has destroyed by then stays destroyed.",
            )


def _extended(environment: str, end: datetime, hours: int, moment: datetime) -> datetime:
    if not 1 <= hours <= _LONGEST_HOURS:
        raise RefusedError(
            f"{environment} cannot be extended by {hours} hours.",
            hint=f"Give 1 to {_LONGEST_HOURS} hours.",
        )
    later = max(end, moment) + timedelta(hours=hours)
    if later > moment + LONGEST_EXTENSION:
        raise RefusedError(
            f"{environment} would live until {later:%Y-%m-%d %H:%M} UTC: more than {LONGEST_EXTENSION.days} days from now.",
            hint="Extend it by less, or later; for good, change or remove ttl_hours in environments.yaml.",
        )
    return later


def refuse_asleep(record: EnvironmentRecord) -> None:
    """Refuse what cannot be done to an environment that is scaled down to nothing.

    Raises:
        RefusedError: it is.
    """
    if record.exists and record.asleep:
        raise RefusedError(
            f"{record.name} is asleep outside its working hours: no task could run or answer.",
            hint=f"Update it instead: 'panel env update {record.name}' wakes it and deploys.",
        )
