"""State locks: whose, since when, whether the holder lives; and removing one whose holder is gone.

What Terraform writes into a lock names a user, a machine and a moment, and no run. The run is found by its executions,
which are noted before they start: only one of them can have been at work on that machine at that moment. Whether
it still is, is then looked up (its process, its worker's sign of life, its time limit), never guessed.
"""

from __future__ import annotations

import os
import pwd
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from panel.aws.s3 import StoredObject, bucket_exists, delete_if_unchanged, list_objects, read_with_etag
from panel.aws.session import Aws
from panel.catalogue.render import environment_state_key, shared_state_key
from panel.catalogue.schema import SHARED
from panel.engine.execution import Execution
from panel.engine.state import LockInfo, lock_key, parse_lock
from panel.errors import AwsError, BusyError, PanelError, RefusedError, StorageError
from panel.runs.lock_evidence import ALIVE, ORPHANED, UNKNOWN, Judgement, Witness, held_by, judge
from panel.store.executions import Begun
from panel.store.stores import Stores
from panel.store.tables import StateLock, now

__all__ = ["ALIVE", "ORPHANED", "UNKNOWN", "Judgement", "Locks", "SeenLock", "describe"]

#: How far apart the clock of the store's record and Terraform's may be, on one and the same machine.
_SKEW = timedelta(seconds=1)
_HEARD_WITHIN = timedelta(days=2)
_FRESH = timedelta(seconds=30)
# Ended otherwise, an execution has given its lock back (or never had it: another's was in its way).
_MAY_HAVE_LEFT_IT = frozenset({"", "interrupted", "failed", "canceled", "timed_out"})
_OPERATIONS = {"plan": "OperationTypePlan", "apply": "OperationTypeApply"}


@dataclass(frozen=True)
class SeenLock:
    """A state lock as it lies in the state bucket; ``etag`` tells whether it is still the same one."""

    subject: str
    bucket: str
    name: str
    etag: str
    info: LockInfo


class Locks:
    """The state locks of the state bucket.

    Args:
        aws: the account.
        stores: the executions that may hold them; what was seen is kept there too.
        instance: this data directory on this machine; its processes can be looked at.
        longest_s: seconds after which any Terraform has ended, by its own time limit.
    """

    def __init__(self, aws: Callable[[], Aws], stores: Stores, instance: str, longest_s: float) -> None:
        self._aws = aws
        self._stores = stores
        self._instance = instance
        self._longest = timedelta(seconds=longest_s)

    def sweep(self, bucket: str) -> None:
        """Look at all locks, keep what was seen, and forget those that are gone.

        Raises:
            AwsError, EndpointError: the bucket cannot be read; what was seen before stays.
        """
        suffix = lock_key("")
        found = []
        for stored in self._listed(bucket):
            subject = _subject(stored.key.removesuffix(suffix)) if stored.key.endswith(suffix) else None
            lock = self._read(bucket, subject, stored.key) if subject else None
            if lock is not None:
                found.append(lock)
        self._stores.locks.keep_only(lock.subject for lock in found)
        for lock in found:
            self._keep(lock)

    def _listed(self, bucket: str) -> tuple[StoredObject, ...]:
        try:
            return list_objects(self._aws(), bucket)
        except AwsError:
            # Where nothing was ever planned there is no bucket yet, and no lock.
            if bucket_exists(self._aws(), bucket):
                raise
            return ()

    def look(self, bucket: str, subject: str) -> SeenLock | None:
        """The lock of one state as it is now; None when it is not locked.

        Raises:
            StorageError: there is one, and it cannot be read.
        """
        return self._read(bucket, subject, lock_key(_state_key(subject)))

    def judge(self, lock: SeenLock) -> Judgement:
        """Who holds it, and how that is known."""
        begun = self._holder(lock)
        return judge(lock.info, self._witness(begun) if begun else None, at=now())

    def release(self, bucket: str, subject: str, *, lock_id: str = "") -> str:
        """Take care of a lock that nobody holds any more, and say what was done.

        Args:
            lock_id: the lock that a person has read and wants gone; without it only a proven orphan is removed.

        Raises:
            BusyError: its holder is alive.
            RefusedError: it is another lock than the one named, or nobody can tell whether its holder lives.
        """
        lock = self.look(bucket, subject)
        if lock is None:
            self._stores.locks.forget(subject)
            return f"The state of {subject} is not locked."
        if lock_id and lock_id != lock.info.id:
            raise _changed(subject, held_by(lock.info, now()))
        found = self.judge(lock)
        who = held_by(lock.info, now())
        if found.holder == ALIVE:
            raise BusyError(
                f"The state of {subject} is locked, and whoever holds it is alive: {who}. {found.evidence}",
                hint="Wait until it has ended, or cancel that run.",
            )
        if found.holder == UNKNOWN and not lock_id:
            raise RefusedError(
                f"The state of {subject} is locked, and the panel cannot tell whether its holder lives: {who}. "
                f"{found.evidence}",
                hint=f"Once you know that nobody works on it: panel env unlock {subject} --lock-id {lock.info.id}",
            )
        if not delete_if_unchanged(self._aws(), bucket, lock.name, etag=lock.etag):
            raise _changed(subject, "it was released or taken in this very moment")
        self._stores.locks.forget(subject)
        sure = "" if found.holder == ORPHANED else " Nobody but you vouches for that: its holder is unknown."
        return f"Removed the state lock of {subject}: {who}. {found.evidence}{sure}"

    def release_orphan(self, bucket: str, subject: str) -> str:
        """Remove the lock if its holder is known to be gone; what was done, or nothing where it stays."""
        with suppress(BusyError, RefusedError, StorageError):
            if self.look(bucket, subject) is not None:
                return self.release(bucket, subject)
        return ""

    def text(self, bucket: str, subject: str) -> str:
        """The lock of one state in a sentence, for an error; also where it cannot be looked at."""
        try:
            lock = self.look(bucket, subject)
        except PanelError as error:
            return f"The state's lock could not be looked at: {error.message}"
        if lock is None:
            return "The state is not locked."
        found = self.judge(lock)
        return f"The state is locked by {held_by(lock.info, now())}: {found.holder}. {found.evidence}"

    def _read(self, bucket: str, subject: str, name: str) -> SeenLock | None:
        found = read_with_etag(self._aws(), bucket, name)
        if found is None:
            return None
        content, etag = found
        return SeenLock(subject, bucket, name, etag, parse_lock(content))

    def _keep(self, lock: SeenLock) -> None:
        begun = self._holder(lock)
        witness = self._witness(begun) if begun else None
        known = self._stores.locks.get(lock.subject)
        if witness and witness.process is None and known and _is_told(known, lock):
            # Who can look at the process knows better, and looks as often as we do.
            heard = self._heard_of(begun.execution.instance) if begun else None
            if heard and now() - heard < _FRESH and now() - utc(known.checked_at) < _FRESH:
                return
        found = judge(lock.info, witness, at=now())
        self._stores.locks.save(
            StateLock(
                subject=lock.subject,
                lock_id=lock.info.id,
                who=lock.info.who,
                operation=lock.info.operation,
                created_at=lock.info.created,
                holder=found.holder,
                evidence=found.evidence,
                run_id=found.run_id,
            )
        )

    def _holder(self, lock: SeenLock) -> Begun | None:
        """The execution that took the lock: of its machine and operation, at work at that moment."""
        created = lock.info.created
        if created is None:
            return None
        shared = lock.subject == SHARED
        candidates = self._stores.executions.before(
            None if shared else lock.subject, "shared" if shared else "environment", created + _SKEW
        )
        return next((one for one in candidates if self._fits(one, lock.info, created)), None)

    def _fits(self, begun: Begun, lock: LockInfo, created: datetime) -> bool:
        execution = begun.execution
        user, _, host = lock.who.rpartition("@")
        if host != execution.host or lock.operation != _OPERATIONS.get(execution.action, lock.operation):
            return False
        if execution.instance == self._instance and user != pwd.getpwuid(os.getuid()).pw_name:
            return False
        ended = execution.ended_at
        return execution.status in _MAY_HAVE_LEFT_IT and (ended is None or created <= utc(ended) + _SKEW)

    def _witness(self, begun: Begun) -> Witness:
        execution, run = begun
        signs = [self._heard_of(execution.instance)]
        if run.heartbeat_at is not None and run.instance in {"", execution.instance}:
            signs.append(utc(run.heartbeat_at))
        return Witness(
            run_id=execution.run_id,
            action=execution.action,
            host=execution.host,
            process=self._process(begun),
            run_active=run.active,
            ended_at=utc(execution.ended_at) if execution.ended_at else None,
            last_sign=max((sign for sign in signs if sign), default=None),
            over_at=utc(execution.started_at) + self._longest,
        )

    def _process(self, begun: Begun) -> bool | None:
        """Whether its process is at work; None where that cannot be seen from here."""
        execution = Execution(Path(begun.execution.path))
        if begun.execution.host != socket.gethostname() or not execution.is_started():
            return None
        return execution.is_alive()

    def _heard_of(self, instance: str) -> datetime | None:
        beats = [
            utc(worker.heartbeat_at)
            for worker in self._stores.workers.alive(within=_HEARD_WITHIN)
            if worker.instance == instance
        ]
        return max(beats, default=None)


def describe(lock: StateLock) -> str:
    """A lock that was seen, in a sentence: by whom, since when, alive or orphaned."""
    info = LockInfo(id=lock.lock_id, who=lock.who, operation=lock.operation, created=lock.created_at)
    return f"{held_by(info, now())}: {lock.holder}. {lock.evidence}"


def utc(moment: datetime) -> datetime:
    """A time of the store with its zone, which some databases drop."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _subject(state_key: str) -> str | None:
    """Whose state has this key; None for what is not the panel's."""
    if state_key == shared_state_key():
        return SHARED
    parts = state_key.split("/")
    name = parts[1] if len(parts) == 3 else ""
    return name if name and environment_state_key(name) == state_key else None


def _state_key(subject: str) -> str:
    return shared_state_key() if subject == SHARED else environment_state_key(subject)


def _is_told(known: StateLock, lock: SeenLock) -> bool:
    """Whether somebody has found out already whether the holder of this very lock lives."""
    return known.lock_id == lock.info.id and known.holder != UNKNOWN


def _changed(subject: str, now_held: str) -> RefusedError:
    return RefusedError(
        f"The lock of {subject}'s state is not the one you looked at any more: {now_held}.",
        hint="Look at it again: panel locks",
    )
