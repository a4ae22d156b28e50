"""What people may ask for: create, update, plan, deploy, destroy, and the decisions on a run.

Every act is checked against the person's role, written to the audit trail, then done. Nothing is executed here: a run or a decision in the store is the order, and a worker takes it from there
(one transaction, so that an order can neither be lost nor given twice).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from panel.access.capabilities import Capability, require
from panel.access.identity import Identity
from panel.audit.trail import Trail
from panel.catalogue.schema import SHARED, Catalogue
from panel.errors import IllegalTransitionError, NotFoundError, ProtectedError, RefusedError
from panel.lifecycle.extension import Extension, refuse_asleep
from panel.lifecycle.stages import SHARED_STAGES, STAGES
from panel.store.stores import Stores
from panel.store.tables import EnvironmentRecord, Run

_NEEDS = {
    "create": Capability.CREATE,
    "update": Capability.PLAN,
    "plan": Capability.PLAN,
    "deploy": Capability.DEPLOY,
    "destroy": Capability.DESTROY,
}


class Operations:
    """The acts. ``catalogue`` is read anew for every act, so that an edited file counts at once."""

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

    def plan(self, who: Identity, environment: str) -> Run:
        """Plan an environment without applying anything."""
        return self._begin(who, "plan", environment)

    def deploy(self, who: Identity, environment: str, *, services: tuple[str, ...] = ()) -> Run:
        """Build and release services (all, when none is named) to an environment that exists.

        Raises:
            NotFoundError: the environment or a service does not exist.
            RefusedError: the environment is asleep, so that nothing could answer with the new version.
        """
        catalogue = self._catalogue()
        unknown = [name for name in services if name not in catalogue.services]
        if unknown:
            raise NotFoundError(
                f"There is no service named {unknown[0]!r}.",
                hint=f"environments.yaml has: {', '.join(catalogue.services)}.",
            )
        self._known(environment)
        self._must_exist(environment, "deployed to")
        refuse_asleep(self._stores.environments.get(environment))
        return self._begin(who, "deploy", environment, options={"services": list(services)})

    def destroy(self, who: Identity, environment: str, *, confirm: str, auto_approve: bool = False) -> Run:
        """Destroy an environment; ``confirm`` must be its name.

        Raises:
            ProtectedError: the environment is protected.
            RefusedError: the confirmation is not the name, or others still need the shared network.
        """
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
        self._must_exist(environment, "destroyed")
        return self._begin(who, "destroy", environment, auto_approve=auto_approve)

    def approve(self, who: Identity, run_id: int, *, comment: str = "") -> Run:
        """Approve a plan: exactly it will be applied.

        Raises:
            IllegalTransitionError: the run does not wait for review.
        """
        run = self._stores.runs.get(run_id)
        needed = Capability.DESTROY if run.kind == "destroy" else Capability.APPROVE
        require(who, needed, run.environment)
        self._waiting(run)
        self._trail.record(
            who.name, who.role, "approve", run.environment, run=run_id, plan=run.plan_digest, comment=comment
        )
        return self._stores.runs.transition(
            run_id, "approved", who.name, comment=comment, decided_by=who.name
        )

    def discard(self, who: Identity, run_id: int, *, comment: str = "") -> Run:
        """Discard a plan: nothing is applied."""
        run = self._stores.runs.get(run_id)
        require(who, Capability.DISCARD, run.environment)
        self._waiting(run)
        self._trail.record(who.name, who.role, "discard", run.environment, run=run_id, comment=comment)
        return self._stores.runs.transition(
            run_id, "discarded", who.name, comment=comment, decided_by=who.name
        )

    def cancel(self, who: Identity, run_id: int) -> Run:
        """Ask a run to stop at the next safe point; what Terraform has finished stays.

        Raises:
            IllegalTransitionError: the run has ended.
        """
        run = self._stores.runs.get(run_id)
        require(who, Capability.CANCEL, run.environment)
        if not run.active:
            raise IllegalTransitionError(
                f"Run {run_id} has ended already ({run.state}).", hint="There is nothing to cancel."
            )
        self._trail.record(who.name, who.role, "cancel", run.environment, run=run_id)
        self._stores.runs.update(run_id, cancel_requested=True)
        if run.state == "queued":
            # Nothing has begun, and perhaps no worker lives: it must not stand in the way of the next run.
            with suppress(IllegalTransitionError):
                return self._stores.runs.transition(run_id, "canceled", who.name)
        return self._stores.runs.get(run_id)

    def extend(self, who: Identity, environment: str, hours: int) -> EnvironmentRecord:
        """Let an environment live longer, by some hours; see :class:`panel.lifecycle.extension.Extension`."""
        return Extension(self._catalogue, self._stores, self._trail).extend(who, environment, hours)

    def _begin(
        self,
        who: Identity,
        kind: str,
        environment: str,
        *,
        auto_approve: bool = False,
        options: Mapping[str, Any] | None = None,
    ) -> Run:
        self._known(environment)
        stages = (SHARED_STAGES if environment == SHARED else STAGES).get(kind)
        if stages is None:
            raise RefusedError(
                f"There is no {kind!r} for the shared network alone.",
                hint="It comes up with the first environment.",
            )
        require(who, _NEEDS[kind], environment)
        if auto_approve:
            require(who, Capability.APPROVE, environment)
        self._trail.record(
            who.name, who.role, kind, environment, auto_approve=auto_approve, **dict(options or {})
        )
        return self._stores.runs.create(
            environment, kind, who.name, stages, auto_approve=auto_approve, options=options
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

    def _must_exist(self, environment: str, done: str) -> None:
        record = self._stores.environments.get(environment)
        partly = any(
            run.kind in {"create", "update"} and run.state in {"errored", "interrupted", "canceled"}
            for run in self._stores.runs.recent(environment, limit=5)
        )
        if not record.exists and not partly:
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

    @staticmethod
    def _waiting(run: Run) -> None:
        if run.state != "planned" or not run.active:
            raise IllegalTransitionError(
                f"Run {run.id} of {run.environment} does not wait for review: it is {run.state.replace('_', ' ')}.",
                hint="Reload the run's page to see where it stands.",
            )
        if run.cancel_requested:
            raise IllegalTransitionError(
                f"Run {run.id} of {run.environment} is being canceled.", hint="Wait until it has ended."
            )
