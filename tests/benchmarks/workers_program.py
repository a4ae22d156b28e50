"""A worker as a process, for measuring: ``terraform`` plans with real Terraform, ``played`` plans by waiting a second."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

from panel.catalogue.load import load_catalogue
from panel.catalogue.schema import SHARED
from panel.engine.outcome import Outcome
from panel.lifecycle.context import Context
from panel.lifecycle.worker import Worker
from panel.runs.artifacts import FolderArtifacts, KeptPlans
from panel.runs.stack import StackJob
from panel.settings import Settings
from panel.store.database import Database
from panel.store.stores import Stores
from tests.integration.lifecycle.moments_program import context_over
from tests.integration.lifecycle.worker_program import PlayedStacks, Stage

#: What a played plan waits, as a real one waits for AWS.
WAIT_S = 1.0


class WaitingStacks(PlayedStacks):
    """Plans that cost time, and next to no processor."""

    def plan(self, job: StackJob) -> Outcome:
        time.sleep(WAIT_S)
        return super().plan(job)


def main(root: Path, data: str, mode: str, endpoint: str) -> None:
    """Work until SIGTERM."""
    settings = Settings(root=root, data_dir=root / data, health_interval_s=600, warm_idle_s=0)
    database = Database(settings.store_url)
    database.upgrade()
    stores = Stores(database)
    context = (
        context_over(settings, stores, endpoint, {}) if mode == "terraform" else _played(settings, stores)
    )
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    Worker(context, lambda: None).run(stop)
    os._exit(0)


def _played(settings: Settings, stores: Stores) -> Context:
    stores.environments.save(SHARED, exists=True, ready=True, world="w1")
    return Context(
        settings=settings,
        catalogue=lambda: load_catalogue(settings.catalogue_path),
        stores=stores,
        aws=_no_aws,
        stacks=WaitingStacks(settings.root, Stage(settings.root)),  # type: ignore[arg-type]  # plays the runner's methods
        plans=KeptPlans(FolderArtifacts(settings.root / "artifacts")),
        emulated_endpoint="http://127.0.0.1:9",
        world=lambda: "w1",
        ensure_endpoint=lambda: None,
        keep_tasks_running=lambda: None,
        runtime=lambda: "process",
        tasks=lambda: None,
    )


def _no_aws() -> Any:
    raise AssertionError("a played run asks no AWS")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:5])
