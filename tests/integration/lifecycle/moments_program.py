"""A worker as a process of its own over the real workflows, the real steps and real Terraform, on a stack without a
provider; only roll-outs and checks are played."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from panel.aws.session import Account, Aws
from panel.catalogue.load import load_catalogue
from panel.catalogue.schema import SHARED
from panel.engine.terraform import Terraform
from panel.lifecycle.context import Context, fingerprint
from panel.lifecycle.deploy_steps import DeploySteps, Shipped
from panel.lifecycle.instance import instance_id
from panel.lifecycle.worker import Worker
from panel.runs.artifacts import FolderArtifacts, KeptPlans
from panel.runs.stack import StackRunner, Timing
from panel.settings import Settings
from panel.store.database import Database
from panel.store.stores import Stores

REGION = "us-east-2"
WORLD = "w1"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": REGION}


class PlayedDeploys(DeploySteps):
    """Roll-outs and checks that only set their stages."""

    def baselines(self, run_id: int) -> dict[str, dict[str, Any]]:
        return {}

    def image(self, run_id: int) -> dict[str, Shipped]:
        self._runs.set_stage(run_id, "image", "done")
        return {}

    def rollout(self, run_id: int, images: Mapping[str, Shipped], baselines: Mapping[str, Any]) -> None:
        self._runs.set_stage(run_id, "rollout", "done")

    def site(self, run_id: int) -> None:
        self._runs.set_stage(run_id, "site", "done")

    def checks(self, run_id: int) -> None:
        self._runs.set_stage(run_id, "checks", "done")
        self._context.stores.environments.save(self._runs.get(run_id).environment, ready=True)


def context_over(settings: Settings, stores: Stores, endpoint: str, extra: Mapping[str, str]) -> Context:
    """Everything a worker needs, with the state in an emulator and the shared network up to date."""
    account = Aws(Account(REGION, endpoint_url=endpoint, access_key="test", secret_key="test"))
    terraform = Terraform(
        data_dir=settings.data_path,
        environment={"AWS_ENDPOINT_URL": endpoint, **CREDENTIALS, **extra},
    )
    context = Context(
        settings=settings,
        catalogue=lambda: load_catalogue(settings.catalogue_path),
        stores=stores,
        aws=lambda: account,
        stacks=StackRunner(
            terraform, lambda: account, stores, settings.terraform_path, Timing(poll_s=0.05, limit_s=300),
            instance=instance_id(settings.data_path),
        ),
        plans=KeptPlans(FolderArtifacts(settings.data_path / "artifacts")),
        emulated_endpoint=endpoint,
        world=lambda: WORLD,
        ensure_endpoint=lambda: None,
        keep_tasks_running=lambda: None,
        runtime=lambda: "process",
        tasks=lambda: None,
    )  # fmt: skip
    mark = fingerprint(settings.terraform_path, context.job(0, SHARED, "shared").variables)
    stores.environments.save(SHARED, exists=True, ready=True, world=WORLD, fingerprint=mark)
    return context


def main(root: Path, endpoint: str) -> None:
    """Work until SIGTERM. Variables named CANARY_… are handed on to Terraform, as credentials are."""
    settings = Settings(
        root=root, data_dir=root / "data", poll_interval_s=0.05, health_interval_s=600, warm_idle_s=0
    )
    database = Database(settings.store_url)
    database.upgrade()
    extra = {name.removeprefix("CANARY_"): value for name, value in os.environ.items() if "CANARY_" in name}
    context = context_over(settings, Stores(database), endpoint, extra)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    Worker(context, lambda: None, deploys=PlayedDeploys).run(stop)
    os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
