"""What the steps work with: adapters built by wiring, handed over as one value."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from panel.aws.session import Aws
from panel.catalogue.render import (
    environment_state_key,
    environment_variables,
    shared_state_key,
    shared_variables,
)
from panel.catalogue.schema import SHARED, Catalogue
from panel.catalogue.variables import check_variables
from panel.engine.workspace import Backend
from panel.lifecycle.schedule_hours import renders_asleep
from panel.localaws.tasks import TaskReport
from panel.runs.artifacts import KeptPlans
from panel.runs.stack import StackJob, StackRunner
from panel.settings import Settings
from panel.store.stores import Stores


@dataclass(frozen=True)
class Context:
    """Everything a worker's steps need.

    Attributes:
        catalogue: reads environments.yaml anew.
        aws: the account of the catalogue's target.
        stacks: Terraform for runs.
        plans: saved plans, kept for whichever worker applies them.
        emulated_endpoint: address of the embedded AWS; None on AWS.
        world: id of the world the endpoint is now: empty when it was lost, None when it does not answer.
        ensure_endpoint: starts the embedded AWS when it is not alive; does nothing on AWS.
        keep_tasks_running: starts the task agent of the embedded AWS again when it died; nothing on AWS.
        runtime: ``process`` or ``docker`` on the embedded AWS, ``aws`` otherwise.
        tasks: what the task agent of the embedded AWS runs; None where there is no agent.
    """

    settings: Settings
    catalogue: Callable[[], Catalogue]
    stores: Stores
    aws: Callable[[], Aws]
    stacks: StackRunner
    plans: KeptPlans
    emulated_endpoint: str | None
    world: Callable[[], str | None]
    ensure_endpoint: Callable[[], None]
    keep_tasks_running: Callable[[], None]
    runtime: Callable[[], str]
    tasks: Callable[[], TaskReport | None]

    def workspace(self, environment: str) -> Path:
        """Where an environment's stack is rendered."""
        return self.settings.data_path / "workspaces" / environment

    def look_at_locks(self) -> None:
        """Keep what there is to see of state locks; nothing while the endpoint is stopped.

        Raises:
            AwsError, EndpointError: the state bucket cannot be read.
        """
        if self.world():
            self.stacks.look_at_locks(self.catalogue().terraform.state_bucket)

    def release_lock(self, run_id: int, environment: str, lock_id: str) -> str:
        """Take care of the lock of a state, and save a state that an apply could not; says what was done.

        Args:
            run_id: the run of kind ``unlock``, whose log is written.
            lock_id: the lock that a person has read and wants gone; empty: only a proven orphan is removed.

        Raises:
            BusyError: the lock's holder is alive.
            RefusedError: it is another lock, or nobody can tell whether its holder lives.
        """
        return self.stacks.unlock(self.job(run_id, environment, "unlock"), lock_id)

    def job(
        self,
        run_id: int,
        environment: str,
        stage: str,
        *,
        destroy: bool = False,
        refresh_only: bool = False,
        ssh_public_key: str | None = None,
    ) -> StackJob:
        """The Terraform side of a run: the shared stack's, or that of an environment (with its key, if it has one)."""
        catalogue = self.catalogue()
        shared = environment == SHARED
        return StackJob(
            run_id=run_id,
            subject=environment,
            stage=stage,
            stack="shared" if shared else "environment",
            workspace=self.workspace(environment),
            variables=shared_variables(catalogue)
            if shared
            else self._environment_variables(
                catalogue, environment, ssh_public_key, asleep=self._asleep(run_id, environment)
            ),
            backend=Backend(
                bucket=catalogue.terraform.state_bucket,
                key=shared_state_key() if shared else environment_state_key(environment),
                region=catalogue.region,
                emulated=self.emulated_endpoint is not None,
            ),
            destroy=destroy,
            refresh_only=refresh_only,
        )

    def _asleep(self, run_id: int, environment: str) -> bool:
        kind = self.stores.runs.get(run_id).kind
        return renders_asleep(kind, asleep=self.stores.environments.get(environment).asleep)

    def _environment_variables(
        self, catalogue: Catalogue, environment: str, ssh_public_key: str | None, *, asleep: bool
    ) -> dict[str, object]:
        check_variables(catalogue, self.settings.terraform_path, source=self.settings.catalogue_path)
        port = self.settings.local_port if self.emulated_endpoint else None
        return environment_variables(
            catalogue, environment, emulator_port=port, ssh_public_key=ssh_public_key, asleep=asleep
        )


def fingerprint(source: Path, variables: Mapping[str, Any]) -> str:
    """Digest of a Terraform tree and the variables it gets: the same digest plans the same thing."""
    digest = hashlib.sha256(json.dumps(variables, sort_keys=True, default=str).encode())
    for path in sorted(source.rglob("*.tf")):
        digest.update(str(path.relative_to(source)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
