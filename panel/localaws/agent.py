"""The task agent: makes ECS services run as processes, seeing AWS only through its public calls."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from threading import Event

import psutil
from filelock import FileLock, Timeout

from panel.errors import BusyError, ConfigurationError
from panel.localaws.clients import AgentClients
from panel.localaws.demand import Demand, DemandReader
from panel.localaws.images import ImageStore
from panel.localaws.probes import HttpProber
from panel.localaws.processes import MARK, ProcessRef, ask_to_end, kill
from panel.localaws.records import write_record
from panel.localaws.rollout import Limits
from panel.localaws.service_runner import ServiceRunner, Surroundings
from panel.localaws.tasks import ServiceTasks, Task, TaskReport, read_tasks, write_tasks
from panel.localaws.world import WorldFiles
from panel.settings import child_environment

_HEARTBEAT_S = 5.0

logger = logging.getLogger(__name__)


def run_agent(
    clients: AgentClients,
    data_dir: Path,
    stop_event: Event,
    poll_interval: float = 0.7,
    *,
    task_environment: Mapping[str, str],
    limits: Limits | None = None,
) -> None:
    """Run until ``stop_event`` is set, then end the tasks politely.

    Waits when AWS does not answer; what goes wrong with one service does not touch the others. A successor
    of a killed agent takes over the tasks that still run.

    Args:
        clients: of the embedded AWS.
        data_dir: the panel's data directory.
        poll_interval: seconds between two looks.
        task_environment: leads the tasks' SDK to the embedded AWS: :meth:`LocalAws.environment`.
        limits: patience; the defaults suit people.

    Raises:
        BusyError: another agent works in this data directory.
        ConfigurationError: the embedded AWS runs containers itself.
    """
    folder = data_dir / "local"
    folder.mkdir(parents=True, exist_ok=True)
    _refuse_containers(folder)
    try:
        with FileLock(folder / "agent.lock", timeout=0):
            _sign_in(folder)
            agent = Agent(clients, data_dir, task_environment, limits or Limits())
            try:
                agent.adopt()
                while not stop_event.wait(poll_interval):
                    agent.tick()
            finally:
                agent.close()
    except Timeout as error:
        raise BusyError(
            f"Another task agent works in {data_dir} already.", hint="Leave it running, or stop it first."
        ) from error


def _refuse_containers(folder: Path) -> None:
    run = WorldFiles(folder).read()
    if run is not None and run.runtime == "docker" and run.process.is_alive():
        raise ConfigurationError(
            "The embedded AWS runs its tasks as containers: the task agent would run them twice.",
            hint="Leave the agent out, or restart the embedded AWS with PANEL_LOCAL_RUNTIME=process.",
        )


def _sign_in(folder: Path) -> None:
    """Write down which process the agent is, and keep the log readable."""
    me = psutil.Process()
    mine = ProcessRef(me.pid, me.create_time(), me.environ().get(MARK, ""))
    write_record(folder / "agent.json", asdict(mine))
    # A line for every health check would fill the log.
    logging.getLogger("httpx").setLevel(logging.WARNING)


class Agent:
    """All services of one embedded AWS."""

    def __init__(
        self, clients: AgentClients, data_dir: Path, environment: Mapping[str, str], limits: Limits
    ) -> None:
        self._data_dir = data_dir
        self._limits = limits
        self._prober = HttpProber()
        self._background = ThreadPoolExecutor(2, thread_name_prefix="image")
        self._runners: dict[str, ServiceRunner] = {}
        self._trouble = ""
        self._written: tuple[float, tuple[ServiceTasks, ...], str] = (0.0, (), "")
        local = data_dir / "local"
        self._images = ImageStore(local / "images", clients.ecr, environment["AWS_ENDPOINT_URL"])
        reader = DemandReader(clients)
        self._reader = reader
        place = hashlib.sha256(str(data_dir.resolve()).encode()).hexdigest()[:8]
        self._around = Surroundings(
            clients=clients,
            reader=reader,
            images=self._images,
            background=self._background,
            logs=local / "logs",
            limits=limits,
            inherited=child_environment(),
            aws=environment,
            mark=f"task-{place}-",
            taken=lambda: {task.address for task in self._tasks()},
            keep=lambda: self._keep(force=True),
        )

    def adopt(self) -> None:
        """Take over what a predecessor left: its tasks go on, what it could not write down any more ends."""
        report = read_tasks(self._data_dir)
        for service in report.services if report else ():
            self._runners[service.service] = ServiceRunner(self._around, service)
        known = {task.id for task in self._tasks()}
        for process in psutil.process_iter():
            try:
                mark = process.environ().get(MARK, "")
                if mark.startswith(self._around.mark) and mark not in known:
                    logger.warning("ending process %d, left by an agent before", process.pid)
                    process.kill()
            except psutil.Error:
                continue  # Somebody else's, or gone.
        self._images.prune({task.digest for task in self._tasks()})

    def tick(self) -> None:
        """Look once at everything and take the next steps. Does not raise."""
        try:
            demand = self._reader.read()
        except Exception as error:
            # Unreachable: what runs goes on, and nothing is concluded from not seeing.
            self._report_trouble(f"The embedded AWS does not answer: {error}")
        else:
            self._report_trouble("")
            self._converge(demand)
        self._keep()

    def close(self) -> None:
        """End every task: out of the load balancer, asked, and at last killed."""
        for runner in self._runners.values():
            try:
                runner.withdraw()
            except Exception as error:
                logger.warning("targets were not taken out: %s", error)
        tasks = self._tasks()
        if tasks:
            time.sleep(self._limits.drain_s)
        for task in tasks:
            ask_to_end(task.process)
        deadline = time.monotonic() + self._limits.kill_s
        while any(task.process.is_alive() for task in tasks) and time.monotonic() < deadline:
            time.sleep(0.05)
        for task in tasks:
            kill(task.process)
        self._runners.clear()
        self._keep(force=True)
        self._prober.close()
        self._background.shutdown(cancel_futures=True)

    def _converge(self, demand: Demand) -> None:
        wanted = {service.key: service for service in demand.services}
        for key, service in wanted.items():
            if key not in self._runners:
                self._runners[key] = ServiceRunner(self._around, _unknown(key))
            self._runners[key].want(service)
        for key in demand.unreadable:
            self._runners.setdefault(key, ServiceRunner(self._around, _unknown(key)))
        for key in set(self._runners) - set(wanted) - set(demand.unreadable):
            self._runners[key].want(None)
        now = time.time()
        questions = [ask for runner in self._runners.values() for ask in runner.questions(now)]
        answers = self._prober.ask(questions)
        for key, runner in list(self._runners.items()):
            if key in demand.unreadable:
                runner.trouble(f"The service could not be read: {demand.unreadable[key]}", now)
                continue
            mine = {task.id: answers[task.id] for task in runner.tasks if task.id in answers}
            try:
                runner.converge(mine, now)
                runner.ship_logs()
            except Exception as error:
                logger.debug("%s: the next steps could not be taken", key, exc_info=True)
                runner.trouble(f"The next steps could not be taken: {type(error).__name__}: {error}", now)
            if key not in wanted and not runner.tasks:
                del self._runners[key]

    def _tasks(self) -> list[Task]:
        return [task for runner in self._runners.values() for task in runner.tasks]

    def _report_trouble(self, trouble: str) -> None:
        if trouble != self._trouble:
            logger.warning("%s", trouble or "The embedded AWS answers again.")
        self._trouble = trouble

    def _keep(self, *, force: bool = False) -> None:
        now = time.time()
        services = tuple(runner.report for _, runner in sorted(self._runners.items()))
        written_at, before, trouble = self._written
        fresh = now - written_at < _HEARTBEAT_S and (before, trouble) == (services, self._trouble)
        if force or not fresh:
            write_tasks(self._data_dir, TaskReport(now, services, self._trouble))
            self._written = (now, services, self._trouble)


def _unknown(key: str) -> ServiceTasks:
    return ServiceTasks(service=key, desired=0, image="", revision="")
