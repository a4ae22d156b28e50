"""A worker of one of several machines: as `moments_program`, with the store, the bucket of plans and the silence after
which another machine counts as gone told by the test (``PANEL_DATABASE_URL``, ``PANEL_ARTIFACTS``, third argument)."""

from __future__ import annotations

import os
import signal
import sys
import threading
from dataclasses import replace
from pathlib import Path

from panel.lifecycle.worker import Worker
from panel.runs.artifacts import KeptPlans, open_artifacts
from panel.settings import Settings
from panel.store.database import Database
from panel.store.stores import Stores
from tests.integration.lifecycle.moments_program import PlayedDeploys, context_over


def main(root: Path, endpoint: str, silence_s: float) -> None:
    """Work until SIGTERM."""
    settings = Settings(
        root=root, data_dir=root / "data", poll_interval_s=0.05, health_interval_s=600, warm_idle_s=0
    )
    database = Database(settings.store_url)
    database.upgrade()
    context = context_over(settings, Stores(database), endpoint, {})
    artifacts = open_artifacts(settings.artifacts, settings.data_path, context.aws)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    Worker(
        replace(context, plans=KeptPlans(artifacts)), lambda: None, deploys=PlayedDeploys, silence_s=silence_s
    ).run(stop)
    os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], float(sys.argv[3]))
