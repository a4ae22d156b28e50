"""How the emulator exchanges the tasks of a service, made as careful as ECS is: no request is lost on the way.

MiniStack calls a task running, and sends it requests, as soon as its container exists, whether or not anything answers
there. It ends an old container in the instant in which it takes its address out of the target group. It keeps a task
that does not come up in place of one that serves. And where no engine answers, it takes the first step of a roll-out
that may only exchange some tasks at a time, and no other. Here stands what takes the place of those parts of it.

Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html and
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/load-balancer-connection-draining.html
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from panel.localaws.demand import HealthCheck
from panel.localaws.probes import HttpProber, Question

#: What of MiniStack's ECS is used here: another version may have it no more.
_REPLACED = (
    "_mark_task_running", "_cleanup_task_resources", "_reconcile_service_tasks", "_record_service_task_failure",
    "_maybe_mark_stopped",
)  # fmt: skip
_USED = (
    *_REPLACED,
    "_mark_task_stopped",
    "_task_is_active",
    "_task_ip",
    "_get_docker",
    "_stop_task",
    "_services",
    "_tasks",
)
# Of a task: it was sent requests.
_SERVED = "_served"
_NOT_UP = ("PROVISIONING", "PENDING", "ACTIVATING")
_ENDED = ("exited", "dead")
_POLL_S = 0.2
# Between two looks at a task: MiniStack has ten a second for each, of two questions to the engine.
_WATCH_S = 0.5
_DRAIN_S = 1.5
_LEAST_PATIENCE_S = 10.0
_MOST_STEPS = 100

_log = logging.getLogger(__name__)

Task = dict[str, Any]


@dataclass(frozen=True)
class Door:
    """One way in which a task is asked: its target group, the port, and the health check.

    ``patience_s``: how long it may take until it answers for the first time.
    """

    group: str
    port: int
    check: HealthCheck
    patience_s: float


class TaskExchange:
    """The replaced parts, over MiniStack's own.

    Args:
        ecs: MiniStack's module ``services.ecs``.
        groups: its target groups, by ARN.
        answers: whether a task at an address answers its health check.
        background: does something beside the caller.
        clock, wait: only for tests.
    """

    def __init__(
        self,
        ecs: Any,
        groups: Mapping[str, Mapping[str, Any]],
        *,
        answers: Callable[[str, Door], bool] | None = None,
        background: Callable[[Callable[[], None]], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._ecs = ecs
        self._groups = groups
        self._answers = answers or _asker()
        self._background = background or _in_a_thread
        self._clock = clock
        self._wait = wait
        self._mark_running = ecs._mark_task_running
        self._clean_up = ecs._cleanup_task_resources
        self._reconcile = ecs._reconcile_service_tasks
        self._record_failure = ecs._record_service_task_failure
        self._look = ecs._maybe_mark_stopped
        self._closing = False
        # Two looks at once would both start the task that is missing, and one of them would be ended again.
        self._turn = threading.RLock()

    def close(self) -> None:
        """From now on no task takes the place of one that ends: the emulator ends them all."""
        self._closing = True

    def install(self) -> None:
        """Take the places."""
        self._ecs._mark_task_running = self.mark_running
        self._ecs._cleanup_task_resources = self.clean_up
        self._ecs._reconcile_service_tasks = self.reconcile
        self._ecs._record_service_task_failure = self.record_failure
        self._ecs._maybe_mark_stopped = self.look_at_task

    def mark_running(self, task_arn: str, task: Task) -> bool:
        """Call a task running once it answers; one that ends or does not answer in time has failed."""
        for door in self._doors(task):
            failure = self._wait_until_it_answers(task_arn, task, door)
            if failure is not None:
                failure()
                return False
        task[_SERVED] = True
        return bool(self._mark_running(task_arn, task))

    def clean_up(self, task: Task, docker_client: Any, extra_container: Any = None) -> None:
        """Remove a task's containers; requests that one was just sent are let through first.

        Beside the caller, who may be taking a service's next step: an engine takes its time to end a container.
        """
        if docker_client is None:
            self._clean_up(task, docker_client, extra_container)
            return
        served = task.pop(_SERVED, False)

        def end() -> None:
            if served:
                self._wait(_DRAIN_S)
            self._clean_up(task, docker_client, extra_container)

        self._background(end)

    def reconcile(self, cluster: str, service_key: str) -> None:
        """Take the next step of a service; where tasks run at once, all steps."""
        with self._turn:
            if not self._closing:
                self._take_steps(cluster, service_key)

    def record_failure(self, task: Task, digest_resolution_failed: bool = False) -> None:
        """Count a task that failed, and see whether its place is wanted by another."""
        self._record_failure(task, digest_resolution_failed)
        cluster = str(task.get("clusterArn", "")).rpartition("/")[2]
        service = str(task.get("group", ""))
        if cluster and service.startswith("service:"):
            self.reconcile(cluster, f"{cluster}/{service.partition(':')[2]}")

    def look_at_task(self, task: Task, docker_client: Any = None) -> None:
        """See whether a task's containers have ended: for the thread that watches the task, not for one that asks.

        Who only asks about tasks brings no engine along, and would have to wait for one that is busy.
        """
        if docker_client is None:
            return
        self._look(task, docker_client)
        self._wait(_WATCH_S)

    def _take_steps(self, cluster: str, service_key: str) -> None:
        if self._ecs._get_docker():
            self._give_up_what_never_served(cluster, service_key)
            self._reconcile(cluster, service_key)
            return
        before = None
        for _ in range(_MOST_STEPS):
            self._reconcile(cluster, service_key)
            primary = self._primary(service_key)
            if primary is None or primary.get("rolloutState") != "IN_PROGRESS":
                return
            if before == (before := (primary.get("id"), primary.get("runningCount"))):
                return

    def _give_up_what_never_served(self, cluster: str, service_key: str) -> None:
        """Tasks of an earlier roll-out that have not come up go first: they hold places that the next one needs."""
        service, primary = self._ecs._services.get(service_key), self._primary(service_key)
        if not service or primary is None or primary.get("rolloutState") != "IN_PROGRESS":
            return
        known = {deployment.get("id") for deployment in service.get("deployments", ())}
        for arn, task in list(self._ecs._tasks.items()):
            if (
                task.get("group") == f"service:{service['serviceName']}"
                and task.get("clusterArn") == service.get("clusterArn")
                and task.get("lastStatus") in _NOT_UP
                and task.get("_deployment_id") in known - {primary.get("id")}
            ):
                self._ecs._stop_task({"task": arn, "cluster": cluster, "reason": "Deployment replaced"})

    def _primary(self, service_key: str) -> Mapping[str, Any] | None:
        service = self._ecs._services.get(service_key) or {}
        return next((one for one in service.get("deployments", ()) if one.get("status") == "PRIMARY"), None)

    def _doors(self, task: Task) -> Iterator[Door]:
        cluster, name = str(task.get("clusterArn", "")).rpartition("/")[2], str(task.get("group", ""))
        if not name.startswith("service:"):
            return
        service = self._ecs._services.get(f"{cluster}/{name.partition(':')[2]}") or {}
        for balancer in service.get("loadBalancers") or ():
            group = self._groups.get(balancer.get("targetGroupArn") or "")
            if group is None:
                continue
            check = HealthCheck.of(group)
            grace = float(service.get("healthCheckGracePeriodSeconds") or 0)
            tries = int(group.get("UnhealthyThresholdCount") or 2)
            yield Door(
                balancer["targetGroupArn"],
                int(balancer.get("containerPort") or 80),
                check,
                max(_LEAST_PATIENCE_S, grace + tries * check.interval_s),
            )

    def _wait_until_it_answers(self, task_arn: str, task: Task, door: Door) -> Callable[[], None] | None:
        """None when it answers, otherwise what to do about it."""
        deadline = self._clock() + door.patience_s
        while self._ecs._task_is_active(task_arn, task):
            address = self._ecs._task_ip(task)
            if address and self._answers(address, door):
                return None
            code = self._exit_code(task)
            if code is not None:
                return lambda: self._stopped(task_arn, task, "Essential container in task exited", code)
            if self._clock() > deadline:
                return lambda: self._unhealthy(task_arn, task, door)
            self._wait(_POLL_S)
        return lambda: None  # somebody stopped it

    def _exit_code(self, task: Task) -> int | None:
        """How the first container that ended did so; None while all of them live."""
        engine = self._ecs._get_docker()
        for identifier in list(task.get("_docker_ids") or ()) if engine else ():
            try:
                container = engine.containers.get(identifier)
                if container.status in _ENDED:
                    return int(container.attrs["State"]["ExitCode"])
            except Exception:
                # An engine that cannot be asked is no sign that the container has ended.
                _log.debug("container %s could not be looked at", identifier, exc_info=True)
        return None

    def _stopped(self, task_arn: str, task: Task, reason: str, code: int) -> None:
        self._ecs._mark_task_stopped(task_arn, task, reason, "EssentialContainerExited", exit_code=code)

    def _unhealthy(self, task_arn: str, task: Task, door: Door) -> None:
        name = task_arn.rpartition("/")[2]
        reason = f"Task {name} failed ELB health checks in (target-group {door.group})"
        if self._ecs._mark_task_stopped(task_arn, task, reason, "ServiceSchedulerInitiated"):
            self.record_failure(task)


def exchange_carefully(ecs: Any, groups: Mapping[str, Mapping[str, Any]]) -> Callable[[], None]:
    """Make MiniStack's ECS careful, where it is the one that this was written for.

    Returns:
        To be called when the emulator begins to end.
    """
    missing = [name for name in _USED if not hasattr(ecs, name)]
    if missing:
        _log.warning("Roll-outs may lose requests: this MiniStack has no %s", ", ".join(missing))
        return lambda: None
    exchange = TaskExchange(ecs, groups)
    exchange.install()
    return exchange.close


def _asker() -> Callable[[str, Door], bool]:
    prober = HttpProber()

    def ask(address: str, door: Door) -> bool:
        return prober.ask([Question("task", address, door.port, door.check)])["task"]

    return ask


def _in_a_thread(work: Callable[[], None]) -> None:
    threading.Thread(target=work, name="task-drain", daemon=True).start()
