"""What people order: create, update, sync, plan, deploy, destroy, compare, refresh, scale, unlock.

Every act is checked against the person's role, written to the audit trail, then done. Nothing is executed here: a run in
the store is the order, and a worker takes it from there (one transaction, so that an order can neither be lost nor
given twice).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from panel.access.capabilities import Capability, require
from panel.access.identity import Identity, Role
from panel.audit.trail import Trail
from panel.catalogue.schema import SHARED, Catalogue
from panel.errors import NotFoundError, ProtectedError, RefusedError
from panel.lifecycle.approvals import approvals_for, takes_others
from panel.lifecycle.stages import CHANGING, PRIORITIES, REVIEWED_DEPLOY, SHARED_STAGES, STAGES
from panel.store.stores import Stores
from panel.store.tables import Run

#: What it takes to order each kind of run.
NEEDS: Mapping[str, Capability] = {
    "create": Capability.CREATE,
    "update": Capability.PLAN,
    "plan": Capability.PLAN,
    "deploy": Capability.DEPLOY,
    "rollback": Capability.DEPLOY,
    "promote": Capability.DEPLOY,
    "destroy": Capability.DESTROY,
    "drift": Capability.PLAN,
    "refresh": Capability.PLAN,
    "sleep": Capability.APPLY,
    "wake": Capability.APPLY,
    "unlock": Capability.UNLOCK,
}
#: Kinds that need an environment that exists, and what cannot be done to one that does not.
_OF_WHAT_EXISTS: Mapping[str, str] = {
    "deploy": "deployed to",
    "rollback": "rolled back",
    "promote": "promoted to",
    "destroy": "destroyed",
    "drift": "compared with what is real",
    "refresh": "refreshed",
    "sleep": "scaled down",
    "wake": "scaled up",
}
#: Kinds that bring something new to an environment.
_NOT_OF_WHAT_IS_RETIRED = frozenset({"create", "update", "deploy", "promote"})


@dataclass(frozen=True)
class Repeat:
    """The run that an order repeats; ``waiting`` when it still waits for a decision and is discarded with the order."""

    run_id: int
    waiting: bool = False


class Orders:
    """The orders. ``catalogue`` is read anew for every act, so that an edited file counts at once."""

    def __init__(self, catalogue: Callable[[], Catalogue], stores: Stores, trail: Trail) -> None:
        self._catalogue = catalogue
        self._stores = stores
        self._trail = trail

    def create(self, who: Identity, environment: str, *, auto_approve: bool = False) -> Run:
        """Create an environment (or bring an existing one to what the catalogue says).

        Raises:
            NotFoundError, AccessDeniedError, BusyError: nothing was begun.
        """
        return self._begin(who, "create", environment, auto_approve=auto_approve)

    def update(self, who: Identity, environment: str, *, auto_approve: bool = False) -> Run:
        """Bring an environment to what the catalogue and the source say."""
        return self._begin(who, "update", environment, auto_approve=auto_approve)

    def plan(self, who: Identity, environment: str, *, here: str = "") -> Run:
        """Plan an environment without applying anything.

        Args:
            here: id of the data directory whose worker must take the run, since what lies beside it is to be planned.
        """
        return self._begin(who, "plan", environment, pinned_instance=here)

    def destroy(
        self, who: Identity, environment: str, *, confirm: str, auto_approve: bool = False, here: str = ""
    ) -> Run:
        """Destroy an environment; ``confirm`` must be its name, ``here`` is as for a plan.

        Raises:
            ProtectedError: the environment is protected.
            RefusedError: the confirmation is not the name, or others still need the shared network.
        """
        self._known(environment)
        self._refuse("destroy", who, environment, confirm=confirm)
        return self._begin(who, "destroy", environment, auto_approve=auto_approve, pinned_instance=here)

    def sync(
        self,
        who: Identity,
        environment: str,
        *,
        confirm: str = "",
        auto_approve: bool = False,
        here: str = "",
    ) -> Run | None:
        """Bring an environment to what the catalogue says: create it, update it, or destroy it where it is retired.

        Args:
            confirm: the environment's name, which a destruction takes.
            here: id of the data directory whose worker must take the run, since what lies beside it is meant.

        Returns:
            None: it is retired and does not exist, so that there is nothing to do.

        Raises:
            NotFoundError, RefusedError, BusyError: as the act says that this comes to.
        """
        entry = self._known(environment)
        if entry is not None and entry.retired:
            if not self.would_destroy(environment):
                return None
            return self.destroy(who, environment, confirm=confirm, auto_approve=auto_approve, here=here)
        there = environment == SHARED or self._stores.environments.get(environment).exists
        kind = "update" if there else "create"
        return self._begin(who, kind, environment, auto_approve=auto_approve, pinned_instance=here)

    def would_destroy(self, environment: str) -> bool:
        """Whether a ``sync`` comes to a destruction, for which somebody has to say the environment's name."""
        entry = self._known(environment)
        return entry is not None and entry.retired and self._something_of(environment)

    def drift(self, who: Identity, environment: str) -> Run:
        """Compare an environment with what is real; nothing is changed.

        Raises:
            NotFoundError: there is no such environment, or it does not exist.
        """
        self._known(environment)
        self._refuse("drift", who, environment)
        return self._begin(who, "drift", environment)

    def refresh(self, who: Identity, environment: str) -> Run:
        """Let the state learn what is real, after a review; nothing else is changed."""
        self._known(environment)
        self._refuse("refresh", who, environment)
        return self._begin(who, "refresh", environment)

    def sleep(self, who: Identity, environment: str, *, auto_approve: bool = False) -> Run:
        """Scale an environment down to nothing."""
        self._known(environment)
        self._refuse("sleep", who, environment)
        return self._begin(who, "sleep", environment, auto_approve=auto_approve)

    def wake(self, who: Identity, environment: str, *, auto_approve: bool = False) -> Run:
        """Scale an environment up again."""
        self._known(environment)
        self._refuse("wake", who, environment)
        return self._begin(who, "wake", environment, auto_approve=auto_approve)

    def unlock(self, who: Identity, environment: str, *, lock_id: str = "") -> Run:
        """Take care of the lock of an environment's state.

        Args:
            lock_id: the lock that the person has read and wants gone; empty: only one that is known to be orphaned.
        """
        return self._begin(who, "unlock", environment, options={"lock_id": lock_id} if lock_id else None)

    def _refuse(
        self,
        kind: str,
        who: Identity,
        environment: str,
        *,
        confirm: str = "",
        options: Mapping[str, Any] | None = None,
    ) -> None:
        """Refuse what the environment itself does not allow, whoever asks.

        Args:
            confirm: the environment's name, where it is to be destroyed.
            options: of the run that is ordered.

        Raises:
            NotFoundError, ProtectedError, RefusedError: as the acts say.
        """
        if kind == "destroy":
            self._refuse_destruction(who, environment, confirm)
        if kind in _OF_WHAT_EXISTS:
            self._must_exist(environment, _OF_WHAT_EXISTS[kind])

    def _refuse_destruction(self, who: Identity, environment: str, confirm: str) -> None:
        entry = self._known(environment)
        if entry is not None and entry.protected:
            self._trail.record(who.name, who.role, "destroy refused: protected", environment)
            raise ProtectedError(
                f"{environment} is protected: it cannot be destroyed.",
                hint=f"Set 'protected: false' for {environment} in environments.yaml, update it, then destroy it.",
            )
        if confirm != environment:
            raise RefusedError(
                f"The confirmation does not match: {environment} was not touched.",
                hint=f"Type {environment!r} to confirm.",
            )
        if environment == SHARED:
            self._refuse_shared_in_use()

    def _begin(
        self,
        who: Identity,
        kind: str,
        environment: str,
        *,
        auto_approve: bool = False,
        options: Mapping[str, Any] | None = None,
        repeat: Repeat | None = None,
        pinned_instance: str = "",
    ) -> Run:
        self._known(environment)
        stages = self._stages(kind, environment)
        if stages is None:
            raise RefusedError(
                f"There is no {kind!r} for the shared network alone.",
                hint="It comes up with the first environment.",
            )
        require(who, NEEDS[kind], environment)
        self._refuse_retired(kind, environment)
        if auto_approve:
            require(who, Capability.APPROVE, environment)
            self._refuse_alone(who, environment)
        detail: dict[str, Any] = {"repeats": repeat.run_id} if repeat else {}
        self._trail.record(
            who.name, who.role, kind, environment, auto_approve=auto_approve, **detail, **dict(options or {})
        )
        return self._stores.runs.create(
            environment, kind, who.name, stages, auto_approve=auto_approve, options=options, pinned_instance=pinned_instance,
            priority=PRIORITIES.get(kind, CHANGING),
            retry_of=repeat.run_id if repeat else None,
            replaces=repeat.run_id if repeat and repeat.waiting else None,
            # A person does not wait for a schedule's look at things.
            preempts="drift" if who.role is not Role.SYSTEM and kind != "drift" else "",
        )  # fmt: skip

    def _refuse_retired(self, kind: str, environment: str) -> None:
        """Nothing is created in, or released to, an environment that is to be gone."""
        entry = self._known(environment)
        if kind in _NOT_OF_WHAT_IS_RETIRED and entry is not None and entry.retired:
            raise RefusedError(
                f"{environment} is retired in environments.yaml: nothing is created in it or released to it.",
                hint=f"Take 'retired: true' away there, or destroy it: panel env sync {environment} "
                f"--confirm {environment}.",
            )

    def _stages(self, kind: str, environment: str) -> tuple[str, ...] | None:
        """The stages of a run; a deployment is reviewed where the catalogue asks for other people's approval."""
        if environment == SHARED:
            return SHARED_STAGES.get(kind)
        if kind == "deploy" and takes_others(approvals_for(self._catalogue(), environment)):
            return REVIEWED_DEPLOY
        return STAGES.get(kind)

    def _refuse_alone(self, who: Identity, environment: str) -> None:
        """Nobody approves in advance where other people are asked for; a schedule was agreed to with the catalogue."""
        asked = approvals_for(self._catalogue(), environment)
        if who.role is Role.SYSTEM or not takes_others(asked):
            return
        people = f"{asked.count} approvals" if asked.count > 1 else "an approval"
        others = " by somebody other than who ordered the run" if asked.other_than_author else ""
        raise RefusedError(
            f"Changes of {environment} take {people}{others}: they cannot be approved in advance.",
            hint="Order it without --yes; who may approve finds it under Runs.",
        )

    def _known(self, environment: str) -> Any:
        catalogue = self._catalogue()
        if environment == SHARED:
            return None
        if environment not in catalogue.environments:
            known = ", ".join(catalogue.environments)
            raise NotFoundError(
                f"There is no environment named {environment!r}.", hint=f"environments.yaml has: {known}."
            )
        return catalogue.environments[environment]

    def _something_of(self, environment: str) -> bool:
        """Whether there is an environment, or what a run that came to no good end may have left of it."""
        return self._stores.environments.get(environment).exists or any(
            run.kind in {"create", "update"} and run.state in {"errored", "interrupted", "canceled"}
            for run in self._stores.runs.recent(environment, limit=5)
        )

    def _must_exist(self, environment: str, done: str) -> None:
        if not self._something_of(environment):
            raise NotFoundError(
                f"{environment} does not exist, so it cannot be {done}.",
                hint=f"Create it first: panel env create {environment}.",
            )

    def _refuse_shared_in_use(self) -> None:
        users = [
            name
            for name, record in self._stores.environments.all().items()
            if record.exists and name != SHARED
        ]
        if users:
            raise RefusedError(
                f"The shared network is in use by {', '.join(users)}.",
                hint="Destroy these environments first.",
            )
