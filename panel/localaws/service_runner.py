"""One service of the process runtime: looks at its processes, decides, and carries the decision out."""

from __future__ import annotations

import logging
import signal
import uuid
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace
from pathlib import Path

from panel.errors import PanelError
from panel.localaws.addresses import choose_address
from panel.localaws.clients import AgentClients
from panel.localaws.demand import Container, DemandReader, Revision, WantedService
from panel.localaws.images import ImageStore, UnpackedImage
from panel.localaws.launch import plan_launch
from panel.localaws.probes import Question
from panel.localaws.processes import ask_to_end, exit_code, kill, spawn, tail
from panel.localaws.rollout import Decision, Limits, Memory, Seen, Setback, decide
from panel.localaws.targets import sync_targets
from panel.localaws.task_logs import LogShipper, log_path
from panel.localaws.tasks import ServiceTasks, Task

_LONGEST_INTERVAL_S = 10.0
_RETRY_IMAGE_S = 2.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Surroundings:
    """What every service runner works with.

    Args:
        mark: beginning of every task id of this data directory.
        taken: addresses in use by tasks of any service.
        keep: writes down what runs, so that a killed agent's successor finds it.
    """

    clients: AgentClients
    reader: DemandReader
    images: ImageStore
    background: Executor
    logs: Path
    limits: Limits
    inherited: Mapping[str, str]
    aws: Mapping[str, str]
    mark: str
    taken: Callable[[], Collection[str]]
    keep: Callable[[], None]


class ServiceRunner:
    """Runs one service's tasks."""

    def __init__(self, around: Surroundings, known: ServiceTasks) -> None:
        self._around = around
        self._report = known
        self._tasks = {task.id: task for task in known.tasks}
        self._memory = Memory(good_revision=known.good_revision)
        self._asked: dict[str, float] = {}
        self._unanswered: dict[str, int] = {}
        self._shippers: dict[str, LogShipper] = {}
        self._preparing: dict[str, Future[UnpackedImage]] = {}
        self._images: dict[str, UnpackedImage] = {}
        self._restarts = {task.revision: task.restarts for task in known.tasks}
        self._wanted: WantedService | None = None

    @property
    def tasks(self) -> tuple[Task, ...]:
        """What runs now."""
        return tuple(self._tasks.values())

    @property
    def report(self) -> ServiceTasks:
        """What pages are told."""
        return replace(self._report, tasks=self.tasks, good_revision=self._memory.good_revision)

    def want(self, wanted: WantedService | None) -> None:
        """Take note of what is wanted; None when the service is gone."""
        self._wanted = wanted
        if wanted is not None:
            self._report = replace(
                self._report,
                desired=wanted.desired,
                image=wanted.container.image,
                revision=wanted.revision.key,
            )
        else:
            self._report = replace(self._report, desired=0)

    def questions(self, now: float) -> list[Question]:
        """Health checks due: those that start are always asked, those that serve now and then."""
        if self._wanted is None:
            return []
        check = self._wanted.health
        pause = min(check.interval_s, _LONGEST_INTERVAL_S)
        due = []
        for task in self._tasks.values():
            serves_due = task.phase == "serving" and now - self._asked.get(task.id, 0.0) >= pause
            if self._wanted.target_group and (task.phase == "starting" or serves_due):
                due.append(Question(task.id, task.address, task.port, check))
        return due

    def converge(self, answers: Mapping[str, bool], now: float) -> None:
        """Take the next steps.

        Args:
            answers: verdicts of the health checks asked.
            now: seconds since 1970.

        Raises:
            Exception: whatever a client raises; what was not done is decided again next time.
        """
        for task, answered in answers.items():
            self._asked[task] = now
            self._unanswered[task] = 0 if answered else self._unanswered.get(task, 0) + 1
        seen = [self._look(task, answers.get(task.id), now) for task in self._tasks.values()]
        decision = decide(self._wanted, seen, self._memory, now, self._around.limits)
        # The load balancer is told before anything ends; if it does not listen, nothing has happened.
        after = self._registered(self._after(decision, now))
        self._note(decision, now)
        self._memory = decision.memory
        self._tasks = after
        self._carry_out(decision, now)

    def trouble(self, problem: str, now: float) -> None:
        """Take note that the next steps could not be taken."""
        if problem != self._report.last_error:
            logger.warning("%s: %s", self._report.service, problem)
            self._fail(problem, "", now)

    def withdraw(self) -> None:
        """Take every task out of its target group: the agent is about to end."""
        for group in {task.target_group for task in self._tasks.values() if task.target_group}:
            sync_targets(self._around.clients.elbv2, group, ())

    def ship_logs(self) -> None:
        """Pass on what the tasks printed."""
        for task in self._tasks.values():
            self._shipper(task).ship()

    def _look(self, task: Task, answered: bool | None, now: float) -> Seen:
        ended = None if task.process.is_alive() else _ending(exit_code(task.pid))
        without_check = self._wanted is not None and not self._wanted.target_group
        if without_check and ended is None and now - task.since >= 1:
            answered = True  # No load balancer, no health check: whoever lives a second is well.
        return Seen(task, ended, answered, self._unanswered.get(task.id, 0))

    def _note(self, decision: Decision, now: float) -> None:
        for task, problem in decision.problems:
            self._shipper(task).ship()
            said = tail(Path(task.log))
            logger.warning("%s: %s %s", self._report.service, problem, said.rpartition("\n")[2])
            self._fail(problem, said, now)
            self._restarts[task.revision] = self._restarts.get(task.revision, 0) + 1
        if decision.established and self._report.last_error:
            self._report = replace(self._report, last_error="", last_log="", last_error_at=None)

    def _fail(self, problem: str, said: str, now: float) -> None:
        self._report = replace(self._report, last_error=problem, last_log=said, last_error_at=now)

    def _after(self, decision: Decision, now: float) -> dict[str, Task]:
        buried = {task.id for task in decision.bury}
        after = {name: task for name, task in self._tasks.items() if name not in buried}
        after |= {task.id: task.turned("serving", now) for task in decision.admit}
        after |= {task.id: task.turned("draining", now) for task in decision.drain}
        return after

    def _registered(self, tasks: dict[str, Task]) -> dict[str, Task]:
        current = self._wanted.target_group if self._wanted else ""
        serving = [task for task in tasks.values() if task.phase == "serving"]
        former = {task.target_group for task in (*self._tasks.values(), *tasks.values())}
        for group in ({current} | former) - {""}:
            sync_targets(self._around.clients.elbv2, group, serving if group == current else ())
        return tasks | {task.id: replace(task, target_group=current) for task in serving}

    def _carry_out(self, decision: Decision, now: float) -> None:
        for task in decision.bury:
            self._forget(task)
        for task in decision.stop:
            ask_to_end(task.process)
            self._tasks[task.id] = task.turned("stopping", now)
        for task in decision.kill:
            kill(task.process)
        for revision in decision.start:
            if not self._start(revision, now):
                break

    def _start(self, key: str, now: float) -> bool:
        """Start one task of a revision; False when that has to wait."""
        wanted, around = self._wanted, self._around
        if wanted is None:
            return False
        try:
            container = self._container(wanted, key)
            image = self._image(key, container)
            if image is None:
                return False
            name = f"{around.mark}{uuid.uuid4().hex[:12]}"
            address, port = choose_address(around.taken())
            launch = plan_launch(
                image, container, inherited=around.inherited, aws=around.aws, address=address, port=port
            )
            log = log_path(around.logs, wanted.key, name, in_use=self._tasks)
            process = spawn(
                launch.argv, environment=launch.environment, log=log, mark=name, cwd=launch.folder
            )
        except (PanelError, OSError) as error:
            self._put_off(key, str(error), now)
            return False
        task = Task(
            id=name,
            revision=key,
            image=container.image,
            digest=image.digest,
            pid=process.pid,
            created=process.created,
            address=address,
            port=port,
            since=now,
            phase="starting",
            phase_since=now,
            restarts=self._restarts.get(key, 0),
            target_group=wanted.target_group,
            log=str(log),
        )
        self._tasks[name] = task
        around.keep()
        logger.info("%s: started %s of %s as process %d", wanted.key, name, task.revision_label, process.pid)
        return True

    def _put_off(self, key: str, problem: str, now: float) -> None:
        setback = self._memory.setbacks.get(key)
        failures = setback.failures + 1 if setback else 1
        pause = max(_RETRY_IMAGE_S, self._around.limits.backoff_s(failures))
        self._memory = replace(
            self._memory, setbacks={**self._memory.setbacks, key: Setback(failures, now + pause)}
        )
        if problem != self._report.last_error:
            logger.warning("%s: %s", self._report.service, problem)
        self._fail(problem, "", now)

    def _container(self, wanted: WantedService, key: str) -> Container:
        if key == wanted.revision.key:
            return wanted.container
        return self._around.reader.container(Revision.of(key).task_definition, wanted.container.name)

    def _image(self, key: str, container: Container) -> UnpackedImage | None:
        """The revision's image once it is unpacked; all tasks of a revision run the same digest."""
        ready = self._images.get(key)
        if ready is not None and ready.rootfs.is_dir():
            return ready
        image = container.image
        running = next((task.digest for task in self._tasks.values() if task.revision == key), "")
        if running and "@" not in image:
            head, _, last = image.rpartition("/")
            image = f"{head}/{last.partition(':')[0]}@{running}"
        if key not in self._preparing:
            self._preparing[key] = self._around.background.submit(self._around.images.prepare, image)
        if not self._preparing[key].done():
            return None
        # What is kept are the wanted revision and the one to fall back on.
        needed = (key, self._memory.good_revision)
        self._images = {name: kept for name, kept in self._images.items() if name in needed}
        self._images[key] = self._preparing.pop(key).result()
        return self._images[key]

    def _shipper(self, task: Task) -> LogShipper:
        if task.id not in self._shippers:
            try:
                definition = Revision.of(task.revision).task_definition
                name = self._wanted.container.name if self._wanted else ""
                container = self._around.reader.container(definition, name)
            except Exception:
                # Its definition is gone with its world: what it prints stays in its file.
                container = Container(name="", image=task.image)
            logs = self._around.clients.logs
            self._shippers[task.id] = LogShipper(logs, Path(task.log), container, task.id)
        return self._shippers[task.id]

    def _forget(self, task: Task) -> None:
        self._shipper(task).forget()
        for table in (self._asked, self._unanswered, self._shippers):
            table.pop(task.id, None)
        logger.info("%s: %s is over", self._report.service, task.id)


def _ending(code: int | None) -> str:
    if code is None:
        return "ended"
    if code < 0:
        return f"was killed by signal {-code} ({signal.Signals(-code).name})"
    return f"exited with code {code}"
