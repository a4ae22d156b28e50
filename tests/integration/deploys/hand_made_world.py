"""Environments to deploy to, made in seconds: the embedded AWS, two environments made by hand, a checkout, a worker.

Everything that ships is the real thing: the worker's process with its durable workflows, the task agent, builds of the
project's own sources, the registry, ECS, the load balancer, CloudFront. Only Terraform is left out: what it would have
made is made by ``hand_made_world_aws.py``, and kept in the store as an apply keeps it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from panel.access.identity import Identity, Role
from panel.aws.front_door import front_door
from panel.catalogue.schema import SHARED
from panel.settings import Settings
from panel.store.tables import Release, Run, now
from panel.wiring import Panel, build_panel
from tests.integration.deploys.hand_made_checkout import Checkout
from tests.integration.deploys.hand_made_world_aws import make_environment, make_shared
from tests.integration.deploys.hand_made_world_visitor import Visitor

REPOSITORY = Path(__file__).resolve().parents[3]
ENVIRONMENTS = ("staging", "production")

_POLL_S = 0.05
# Of a release that has come to its end, a good one or a bad one.
_SETTLED = {"live", "superseded", "failed", "rolled_back", "stopped"}
_END_LIMIT_S = 60.0

T = TypeVar("T")


def wait_for(what: str, look: Callable[[], T], limit_s: float = 120.0, poll_s: float = _POLL_S) -> T:
    """Look again and again until ``look`` tells something true; the limit only ends a broken test."""
    deadline = time.monotonic() + limit_s
    while True:
        seen = look()
        if seen:
            return seen
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: did not happen within {limit_s:.0f} s")
        time.sleep(poll_s)


class World:
    """The world.

    Args:
        folder: empty folder for the checkout and the data directory.
        port: of the embedded AWS.
        cache: folder for what builds may use again from world to world: installed dependencies, built sites.
        plain_site: a site of three files in place of the project's, so that nothing has to be installed for it.
        settings: further settings by name, such as ``rollout_timeout_s``.
    """

    def __init__(
        self,
        folder: Path,
        port: int,
        *,
        cache: Path | None = None,
        plain_site: bool = False,
        **settings: Any,
    ) -> None:
        self.data_dir, self.port = folder / "data", port
        self.checkout = Checkout(folder / "project", plain_site=plain_site)
        self._log = folder / "worker.log"
        self._settings = {
            "root": self.checkout.root, "data_dir": self.data_dir, "local_port": port, "local_runtime": "process",
            "health_interval_s": 3600, "warm_idle_s": 0, "poll_interval_s": 0.1, "user": "ana", **settings,
        }  # fmt: skip
        self.data_dir.mkdir()
        if cache is not None:
            cache.mkdir(exist_ok=True)
            (self.data_dir / "cache").symlink_to(cache)
        self.panel: Panel = build_panel(Settings(**self._settings))
        self.ana = Identity("ana", Role.ADMIN)
        self.worker: subprocess.Popen[bytes] | None = None

    def open(self) -> None:
        """Start the embedded AWS, make the environments, and start a worker."""
        panel, catalogue = self.panel, self.panel.catalogue()
        assert panel.local is not None
        panel.local.start()
        world, aws = panel.world(), panel.aws()
        shared = make_shared(aws, catalogue)
        panel.stores.environments.save(SHARED, exists=True, ready=True, world=world, outputs=shared)
        for name in ENVIRONMENTS:
            outputs = make_environment(aws, catalogue, name, shared, self.port)
            door = front_door(outputs, emulated_endpoint=panel.local.endpoint)
            panel.stores.environments.save(
                name, exists=True, world=world, outputs=outputs, url=door.url, created_at=now()
            )
        self.start_worker()

    def close(self) -> None:
        """End everything."""
        if self.worker is not None:
            self.worker.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.worker.wait(_END_LIMIT_S)
            self.kill_worker()
        self.panel.shut_down()

    @property
    def variables(self) -> dict[str, str]:
        """The environment of a process that belongs to this world."""
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith(("PANEL_", "AWS_"))
        }
        own = {f"PANEL_{name.upper()}": str(value) for name, value in self._settings.items()}
        return {**inherited, **own, "PYTHONPATH": str(REPOSITORY)}

    def start_worker(self) -> None:
        """Start a worker; it starts the task agent."""
        with self._log.open("ab") as log:
            self.worker = subprocess.Popen(
                [sys.executable, "-m", "panel.cli.main", "worker"],
                env=self.variables, cwd=self.checkout.root, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip

    def kill_worker(self) -> None:
        """``kill -9``: the worker notices nothing. Its task agent and the embedded AWS go on."""
        if self.worker is not None:
            with suppress(ProcessLookupError):
                self.worker.send_signal(signal.SIGKILL)
            self.worker.wait(_END_LIMIT_S)
            self.worker = None

    def visitor(self, environment: str) -> Visitor:
        """Somebody who uses an environment through CloudFront; a context manager."""
        url = self.panel.stores.environments.get(environment).url
        return Visitor(self.port, url.split("//")[1].rstrip("/"))

    def ended(self, run: Run, limit_s: float = 180.0) -> Run:
        """A run at its end."""
        number = run.id or 0
        wait_for(
            f"run {number} ({run.kind}) ends",
            lambda: not self._look(number).active,
            limit_s,
        )
        return self._look(number)

    def applied(self, run: Run) -> Run:
        """A run at its end, which has to be a good one."""
        ended = self.ended(run)
        assert ended.state == "applied", self.story(ended)
        return ended

    def story(self, run: Run) -> str:
        """All that is known of a run, for people who read a failed test."""
        lines = self.panel.stores.runs.lines(run.id or 0)
        stages = [f"{stage.name}={stage.state}" for stage in self.panel.stores.runs.stages(run.id or 0)]
        return "\n".join(
            [
                f"run {run.id} {run.kind} {run.state}: {run.error}", run.error_detail, " ".join(stages),
                *(f"  {line.stage}: {line.text}" for line in lines),
                *(f"  release {one.service} r{one.number} {one.version} {one.status}: {one.detail}"
                  for one in self.panel.stores.releases.recent(run.environment)),
                "worker:", *self._log.read_text(encoding="utf-8", errors="replace").splitlines()[-30:],
            ]
        )  # fmt: skip

    def stage(self, run: Run, name: str) -> str:
        """The state of a stage of a run."""
        return next(stage.state for stage in self.panel.stores.runs.stages(run.id or 0) if stage.name == name)

    def live(self, environment: str, service: str) -> Release:
        """The one release of a service that is live."""
        found = [
            one
            for one in self.panel.stores.releases.recent(environment, service=service)
            if one.status == "live"
        ]
        assert len(found) == 1, [(one.number, one.status) for one in found]
        return found[0]

    def assert_consistent(self, environment: str) -> None:
        """Nothing is left half recorded, and what is recorded as live is what people get."""
        releases = self.panel.stores.releases.recent(environment)
        assert {one.status for one in releases} <= _SETTLED, [
            (one.service, one.number, one.status) for one in releases
        ]
        visitor = self.visitor(environment)
        backend = self.live(environment, "backend")
        status = visitor.get("/api/status").json()
        assert (status["version"], status["image"]) == (backend.version, backend.digest)
        site = self.live(environment, "frontend")
        assert f'"r{site.number}"' in visitor.get("/config.js").text
        assert self.panel.stores.runs.active(environment) is None

    def _look(self, number: int) -> Run:
        if self.worker is not None:
            assert self.worker.poll() is None, self._log.read_text(encoding="utf-8", errors="replace")[-3000:]
        return self.panel.stores.runs.get(number)
