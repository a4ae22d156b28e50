"""The single place where adapters are built and handed over. No logic: who needs what, and nothing else."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from panel.access.identity import Identity, local_identity
from panel.audit.trail import Trail
from panel.catalogue.load import load_catalogue
from panel.catalogue.schema import SHARED, Catalogue
from panel.cost.estimate import catalogue_estimate, shared_estimate
from panel.engine.warm.client import end_warm
from panel.lifecycle.background import WorkerProcess
from panel.lifecycle.cost_overview import CostOverview
from panel.lifecycle.ending import end_executions
from panel.lifecycle.health_overview import HealthOverview
from panel.lifecycle.instance import instance_id
from panel.lifecycle.operations import Operations
from panel.lifecycle.overview import Overview
from panel.lifecycle.overview_schedules import ScheduleOverview
from panel.lifecycle.release_overview import ReleaseOverview
from panel.lifecycle.status_board import StatusBoard
from panel.localaws import AgentSupervisor, LocalAws
from panel.settings import Settings, child_environment, own_environment
from panel.store.database import Database
from panel.store.stores import Stores

if TYPE_CHECKING:
    from panel.aws.session import Aws
    from panel.cost.prices import PriceList
    from panel.cost.values import Estimate
    from panel.health.sweep import Report
    from panel.lifecycle.context import Context
    from panel.lifecycle.current_prices import Prices
    from panel.lifecycle.duties import Means
    from panel.lifecycle.keys import Keys
    from panel.notify.channels import Channel
    from panel.store.health_tables import Reading

#: What the world is called where it cannot be lost.
_AWS_WORLD = "aws"
_GRACE_S = 180
# Much of an apply is the provider waiting out its own delays, which keeps Terraform's ten places occupied. The
# embedded AWS does not throttle; on AWS the usual number stays.
_UNHURRIED = {"TF_CLI_ARGS_apply": "-parallelism=30"}


class Panel:
    """Everything a page, a terminal or a worker asks for. Heavy parts are imported when first used."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.catalogue: Callable[[], Catalogue] = _CachedCatalogue(settings.catalogue_path)
        database = Database(settings.store_url)
        database.upgrade()
        self.stores = Stores(database)
        self.identity: Identity = local_identity(settings.user)
        self.trail = Trail(self.stores.audit)
        self.operations = Operations(self.catalogue, self.stores, self.trail)
        self.overview = Overview(self.catalogue, self.stores, self.world, self._price)
        self.worker_process = WorkerProcess(settings.data_path)

    @cached_property
    def local(self) -> LocalAws | None:
        """The embedded AWS, where the catalogue's target is ``local``."""
        catalogue, settings = self.catalogue(), self.settings
        if catalogue.target != "local":
            return None
        return LocalAws(settings.data_path, settings.local_port, catalogue.region, settings.local_runtime)

    def world(self) -> str | None:
        """Which world the endpoint is: environments of another world are lost, and of all when it is empty.

        None when it does not answer, but is not lost either.
        """
        if self.local is None:
            return _AWS_WORLD
        status = self.local.status()
        if status.state == "lost":
            return ""
        return status.world if status.state == "running" else None

    def aws(self) -> Aws:
        """The account of the catalogue's target."""
        return self._aws

    @cached_property
    def _aws(self) -> Aws:
        from panel.aws.session import Account, Aws

        region = self.catalogue().region
        if self.local is None:
            return Aws(Account(region=region))
        environment = self.local.environment()
        return Aws(
            Account(
                region=region,
                endpoint_url=self.local.endpoint,
                access_key=environment["AWS_ACCESS_KEY_ID"],
                secret_key=environment["AWS_SECRET_ACCESS_KEY"],
            )
        )

    def estimate(self, environment: str) -> Estimate:
        """What an environment would cost, from the catalogue alone."""
        return catalogue_estimate(self.catalogue(), environment, prices=self.prices())

    def prices(self) -> PriceList:
        """The prices to count with: the package's, with those in their place that AWS told since."""
        return self._prices.current()

    @cached_property
    def _prices(self) -> Prices:
        from panel.lifecycle.current_prices import Prices

        return Prices(self.stores)

    def _price(self, catalogue: Catalogue, environment: str) -> float | None:
        return float(catalogue_estimate(catalogue, environment, prices=self.prices()).monthly_usd)

    def channels(self) -> Mapping[str, Channel]:
        """The ways to people that are set up.

        Raises:
            ConfigurationError: one of them cannot be used.
        """
        from panel.notify.channels import channels_of

        return channels_of(self.settings)

    @property
    def mail_to(self) -> tuple[str, ...]:
        """Addresses that are told of everything."""
        return tuple(part for part in (one.strip() for one in self.settings.mail_to.split(",")) if part)

    @cached_property
    def schedules(self) -> ScheduleOverview:
        """What is due when."""
        return ScheduleOverview(self.catalogue, self.stores)

    @cached_property
    def releases(self) -> ReleaseOverview:
        """What was released where, and what one may go back to."""
        return ReleaseOverview(self.catalogue, self.stores)

    @cached_property
    def health_overview(self) -> HealthOverview:
        """How environments are and were."""
        return HealthOverview(self.catalogue, self.stores)

    def _monthly(self, catalogue: Catalogue, name: str) -> float | None:
        """Also of the shared network."""
        if name == SHARED:
            return float(shared_estimate(catalogue, prices=self.prices()).monthly_usd)
        return self._price(catalogue, name)

    @cached_property
    def costs(self) -> CostOverview:
        """What was charged, what is expected, what could be saved."""
        return CostOverview(
            self.catalogue, self.stores, self._monthly, bill_interval_h=self.settings.bill_interval_h
        )

    @cached_property
    def status_board(self) -> StatusBoard:
        """What works and what does not, for readers without technical knowledge."""
        return StatusBoard(self.catalogue, self.stores, self.overview, self.settings.public_url)

    @cached_property
    def keys(self) -> Keys:
        """The SSH keys of instances, for a terminal: reading them asks AWS."""
        from panel.lifecycle.keys import Keys

        return Keys(self.catalogue, self.stores, self.trail, self.aws)

    def ensure_running(self) -> None:
        """Start the embedded AWS, its task agent and a worker, each unless it is alive.

        Raises:
            UnavailableError: one of them could not be started; the message says which and what to do.
        """
        self.ensure_endpoint()
        self.worker_process.start(_command("worker"), own_environment())

    def ensure_endpoint(self) -> None:
        """Start the embedded AWS and its task agent unless they are alive; nothing to do on AWS."""
        if self.local is not None:
            self.local.start()
            self._keep_tasks_running()

    def _keep_tasks_running(self) -> None:
        status = self.local.status() if self.local else None
        if status is not None and status.state == "running" and status.runtime == "process":
            AgentSupervisor(self.settings.data_path).start(_command("local", "agent"), own_environment())

    def shut_down(self) -> None:
        """End the worker, Terraform, the task agent and the embedded AWS, in this order; state is kept.

        On AWS a Terraform at work goes on, and the next worker finds it.
        """
        self.worker_process.stop()
        self.stop_endpoint()

    def stop_endpoint(self) -> None:
        """End the task agent and the embedded AWS once Terraform is done with it; its state is kept."""
        # Also where the catalogue cannot be read any more: stopping needs neither target nor region.
        local = LocalAws(self.settings.data_path, self.settings.local_port, "us-east-1")
        if local.status().state == "running":
            end_executions(self.settings.data_path)
        end_warm(self.settings.data_path)
        AgentSupervisor(self.settings.data_path).stop()
        local.stop()

    def sweep(self, environment: str) -> Report:
        """Look at an environment now; this asks AWS and may take seconds."""
        from panel.lifecycle.sweeps import sweep_environment

        return sweep_environment(self._context(), environment)

    def read_bill(self) -> Reading:
        """Read the bill now, for a terminal: this asks AWS, which costs some cents.

        Raises:
            RefusedError: the embedded AWS has no bill.
            AwsError, EndpointError: AWS refuses or does not answer.
        """
        from panel.lifecycle.bill_reading import BillReading

        interval_h = self.settings.bill_interval_h
        reading = BillReading(self.catalogue, self.stores, self.aws, interval_h=interval_h)
        return reading.read(forecasts=True)

    def run_worker(self, stop: threading.Event, hurry: threading.Event | None = None) -> None:
        """Be a worker until ``stop`` is set, then drain: what is under way is stored and goes on later.

        Args:
            stop: asks it to end.
            hurry: ends the draining too.
        """
        from panel.lifecycle.duties import duties_of
        from panel.lifecycle.sweeps import Sweeps
        from panel.lifecycle.worker import Worker

        context = self._context()
        Worker(context, Sweeps(context).look, duties=duties_of(self._means(context))).run(stop, hurry)
        # Steps under way run in threads that nobody can end; they are repeated by the next worker.
        os._exit(0)

    def _means(self, context: Context) -> Means:
        from panel.lifecycle.duties import Means

        return Means(
            context=context,
            operations=self.operations,
            channels=self.channels,
            mail_to=self.mail_to,
            estimate=self.estimate,
            prices=self.prices,
            costs=self.costs.all,
            status=self.status_board.look,
        )

    def run_agent(self, stop: threading.Event) -> None:
        """Be the task agent of the embedded AWS until ``stop`` is set."""
        from panel.localaws.agent import run_agent
        from panel.localaws.clients import AgentClients

        if self.local is None:
            return
        aws = self.aws()
        clients = AgentClients(
            ecs=aws.client("ecs"), elbv2=aws.client("elbv2"), ecr=aws.client("ecr"), logs=aws.client("logs")
        )
        run_agent(clients, self.settings.data_path, stop, task_environment=self.local.environment())

    def _context(self) -> Context:
        from panel.engine.terraform import Terraform
        from panel.engine.warm.place import Limits
        from panel.lifecycle.context import Context
        from panel.localaws.tasks import read_tasks
        from panel.runs.artifacts import KeptPlans, open_artifacts
        from panel.runs.stack import StackRunner, Timing

        settings = self.settings
        own = self.local.environment() | _UNHURRIED if self.local else child_environment(aws=True)
        terraform = Terraform(
            binary=settings.terraform,
            data_dir=settings.data_path,
            provider_mirror=settings.provider_mirror,
            environment=own,
            plan_timeout_s=settings.plan_timeout_s,
            apply_timeout_s=settings.apply_timeout_s,
            warm=Limits(settings.warm_idle_s, settings.warm_memory_mb, settings.warm_commands),
        )
        # The runner ends Terraform at its limit and gives it time to end well: be patient for longer than that.
        timing = Timing(
            poll_s=settings.poll_interval_s,
            limit_s=settings.apply_timeout_s + _GRACE_S,
            plan_limit_s=settings.plan_timeout_s + _GRACE_S,
        )
        return Context(
            settings=settings,
            catalogue=self.catalogue,
            stores=self.stores,
            aws=self.aws,
            stacks=StackRunner(
                terraform,
                self.aws,
                self.stores,
                settings.terraform_path,
                timing,
                instance=instance_id(settings.data_path),
                warm=settings.warm_idle_s > 0,
            ),
            plans=KeptPlans(open_artifacts(settings.artifacts, settings.data_path, self.aws)),
            emulated_endpoint=self.local.endpoint if self.local else None,
            world=self.world,
            ensure_endpoint=self.ensure_endpoint,
            keep_tasks_running=self._keep_tasks_running,
            runtime=lambda: self.local.status().runtime if self.local else "aws",
            tasks=lambda: read_tasks(settings.data_path) if self.local else None,
        )


def build_panel(settings: Settings) -> Panel:
    """The panel over these settings.

    Raises:
        StorageError: the data directory or the database cannot be used.
    """
    return Panel(settings)


def _command(*words: str) -> list[str]:
    return [sys.executable, "-m", "panel.cli.main", *words]


class _CachedCatalogue:
    """Reads environments.yaml when it changed, so that an edit counts at once and a page costs no parsing."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._seen: Any = None
        self._catalogue: Catalogue | None = None

    def __call__(self) -> Catalogue:
        try:
            stat = self._path.stat()
            mark = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        except OSError:
            mark = None
        with self._lock:
            if self._catalogue is None or mark is None or mark != self._seen:
                self._catalogue = load_catalogue(self._path)
                self._seen = mark
            return self._catalogue
