"""MiniStack's own ECS with an engine that is made up: who is sent requests, and when a task is ended."""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from ministack.core.responses import request_scope
from ministack.services import alb, ecs

from panel.localaws.task_exchange import TaskExchange, exchange_carefully

SCOPE = ("000000000000", "us-east-2")
GROUP = "arn:aws:elasticloadbalancing:us-east-2:000000000000:targetgroup/web/1"
_PATIENCE_S = 90.0


class Container:
    """A container of the made-up engine: what it does is the name of its image."""

    def __init__(self, engine: Engine, image: str, address: str) -> None:
        self.engine, self.image, self.address, self.id = (
            engine,
            image.partition("@")[0],
            address,
            f"id-{address}",
        )
        self.status = "exited" if self.image == "dies" else "running"

    @property
    def attrs(self) -> dict[str, Any]:
        """As Docker describes it."""
        return {
            "NetworkSettings": {"Networks": {"bridge": {"IPAddress": self.address}}},
            "State": {"ExitCode": 3},
        }

    def reload(self) -> None:
        """Nothing to read anew."""

    def wait(self) -> dict[str, int]:
        """How it ended."""
        return {"StatusCode": 3}

    def logs(self, **_: Any) -> Iterator[bytes]:
        """It says nothing."""
        return iter(())

    def stop(self, timeout: float) -> None:
        """Asked to end: nobody may be on the way to it any more."""
        self.engine.ended.append((self.image, self.address in self.engine.targets(), self.engine.drained))
        self.status = "exited"

    def remove(self, **_: Any) -> None:
        """Gone."""
        self.engine.known.pop(self.id, None)


class Engine:
    """The engine: containers with an address each, one by one."""

    def __init__(self) -> None:
        self.known: dict[str, Container] = {}
        self.ended: list[tuple[str, bool, bool]] = []
        self.ready = threading.Event()
        self.drained = self.impatient = False
        self.waited: list[str] = []
        self.closing: Callable[[], None] = lambda: None
        self.containers = SimpleNamespace(run=self._run, get=self._get)
        self.images = SimpleNamespace(pull=lambda *_, **__: None)
        self._numbers = itertools.count(2)

    def targets(self) -> list[str]:
        """Addresses that requests are sent to."""
        return [target["Id"] for target in alb._targets.get(GROUP, [])]

    def images_served(self) -> list[str]:
        """What runs behind these addresses."""
        images = {container.address: container.image for container in self.known.values()}
        return sorted(images.get(address, "gone") for address in self.targets())

    def answers(self, address: str) -> bool:
        """Whether the health check of a container is answered."""
        image = next((one.image for one in self.known.values() if one.address == address), "")
        return image.startswith("good") or (image == "slow" and self.ready.is_set())

    def _run(self, image: str, **_: Any) -> Container:
        container = Container(self, image, f"172.17.0.{next(self._numbers)}")
        self.known[container.id] = container
        return container

    def _get(self, identifier: str) -> Container:
        return self.known[identifier]


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """MiniStack's ECS over the made-up engine, with a target group; careful."""
    engine = Engine()
    monkeypatch.setattr(ecs, "_get_docker", lambda: engine)
    monkeypatch.setattr(ecs, "_ECS_DEPLOYMENT_STEADY_DELAY", 0.05)
    for name in (
        "_mark_task_running", "_cleanup_task_resources", "_reconcile_service_tasks", "_record_service_task_failure",
        "_maybe_mark_stopped",
    ):  # fmt: skip
        monkeypatch.setattr(ecs, name, getattr(ecs, name))

    def wait(seconds: float) -> None:
        engine.drained = engine.drained or seconds > 1
        engine.waited.append(threading.current_thread().name)
        time.sleep(0.01)

    with request_scope(*SCOPE):
        alb._tgs[GROUP] = {
            "TargetGroupArn": GROUP, "HealthCheckPath": "/status", "HealthCheckIntervalSeconds": 1,
            "UnhealthyThresholdCount": 1,
        }  # fmt: skip
        ticks = itertools.count(step=1)
        exchange = TaskExchange(
            ecs,
            alb._tgs,
            answers=lambda address, door: engine.answers(address),
            clock=lambda: float(next(ticks)) if engine.impatient else 0.0,
            wait=wait,
        )
        exchange.install()
        engine.closing = exchange.close
        yield engine
        monkeypatch.setattr(ecs, "_get_docker", lambda: None)
        alb._tgs.pop(GROUP, None)
        alb._targets.pop(GROUP, None)
        for store in (ecs._clusters, ecs._services, ecs._tasks, ecs._task_defs, ecs._task_def_latest):
            store.clear()


def until(what: str, look: Callable[[], Any]) -> None:
    """Wait for something; the limit only ends a broken test."""
    deadline = time.monotonic() + _PATIENCE_S
    while not look():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)


def ask(action: str, **request: Any) -> dict[str, Any]:
    status, _, body = ecs._dispatch_action(action, request)
    assert status == 200, body
    return dict(json.loads(body))


def define(image: str) -> str:
    container = {"name": "web", "image": f"{image}@sha256:{'0' * 64}", "memory": 64, "essential": True}
    made = ask("RegisterTaskDefinition", family="web", networkMode="awsvpc", containerDefinitions=[container])
    return str(made["taskDefinition"]["taskDefinitionArn"])


def create(image: str) -> None:
    ask("CreateCluster", clusterName="main")
    ask(
        "CreateService", cluster="main", serviceName="web", taskDefinition=define(image), desiredCount=2,
        deploymentConfiguration={
            "minimumHealthyPercent": 50, "maximumPercent": 100,
            "deploymentCircuitBreaker": {"enable": True, "rollback": True},
        },
        loadBalancers=[{"targetGroupArn": GROUP, "containerName": "web", "containerPort": 5000}],
    )  # fmt: skip


def update(image: str) -> None:
    ask("UpdateService", cluster="main", service="web", taskDefinition=define(image))


def service() -> dict[str, Any]:
    return dict(ask("DescribeServices", cluster="main", services=["web"])["services"][0])


def primary() -> dict[str, Any]:
    return next(one for one in service()["deployments"] if one["status"] == "PRIMARY")


def serves(engine: Engine, image: str) -> None:
    """Wait until two tasks of an image, and nothing else, are sent requests."""
    until(f"{image} serves", lambda: engine.images_served() == [image, image])
    until("settled", lambda: primary()["rolloutState"] == "COMPLETED")


def test_a_task_is_sent_requests_once_it_answers_and_one_always_serves(engine: Engine) -> None:
    create("good1")
    serves(engine, "good1")

    update("slow")
    until(
        "one of the new ones has been started", lambda: any(c.image == "slow" for c in engine.known.values())
    )
    until("an old one has gone", lambda: engine.ended)
    assert engine.images_served() == ["good1"]
    engine.ready.set()
    serves(engine, "slow")

    until("both old ones have ended", lambda: len(engine.ended) == 2)
    assert engine.ended == [("good1", False, True)] * 2  # out of the load balancer first, and drained


@pytest.mark.parametrize(
    ("image", "reason"),
    [("dies", "Essential container in task exited"), ("mute", "failed ELB health checks")],
)
def test_tasks_that_do_not_come_up_are_never_sent_requests(engine: Engine, image: str, reason: str) -> None:
    create("good1")
    serves(engine, "good1")

    engine.impatient = True
    update(image)
    until("ECS has gone back", lambda: service()["taskDefinition"].endswith("web:1"))
    serves(engine, "good1")

    stopped = ask(
        "DescribeTasks",
        cluster="main",
        tasks=ask("ListTasks", cluster="main", desiredStatus="STOPPED")["taskArns"],
    )
    failed = [task for task in stopped["tasks"] if task["taskDefinitionArn"].endswith("web:2")]
    assert len(failed) == 3
    assert all(reason in task["stoppedReason"] for task in failed)
    assert not any(served for name, served, _ in engine.ended)


def test_a_way_back_ends_the_tasks_that_never_came_up_and_not_the_one_that_serves(engine: Engine) -> None:
    create("good1")
    serves(engine, "good1")
    update("slow")
    until("it is tried", lambda: any(container.image == "slow" for container in engine.known.values()))

    update("good1")
    serves(engine, "good1")

    until(
        "the new ones are gone", lambda: all(container.image != "slow" for container in engine.known.values())
    )
    assert engine.ended.count(("slow", False, False)) <= 1


def test_who_asks_about_tasks_waits_for_no_busy_engine(engine: Engine) -> None:
    create("good1")
    serves(engine, "good1")
    asked: list[str] = []
    engine.containers.get = lambda identifier: asked.append(threading.current_thread().name)
    engine.waited.clear()

    tasks = ask("ListTasks", cluster="main", serviceName="web")["taskArns"]
    described = ask("DescribeTasks", cluster="main", tasks=tasks)["tasks"]

    assert [task["lastStatus"] for task in described] == ["RUNNING", "RUNNING"]
    assert threading.current_thread().name not in {*asked, *engine.waited}
    until("the tasks' own threads look at them", lambda: asked)


def test_without_an_engine_a_roll_out_in_steps_comes_to_its_end(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ecs, "_get_docker", lambda: None)
    create("good1")

    update("good2")

    seen = service()
    assert seen["runningCount"] == 2
    assert [(one["status"], one["rolloutState"]) for one in seen["deployments"]] == [("PRIMARY", "COMPLETED")]


def test_nothing_takes_the_place_of_what_the_end_of_the_emulator_ends(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    create("good1")
    serves(engine, "good1")
    before = len(engine.known)

    engine.closing()
    for container in engine.known.values():
        container.status = "exited"
    until("both are known to have ended", lambda: service()["runningCount"] == 0)

    assert len(engine.known) == before


def test_another_ministack_is_left_as_it_is(caplog: pytest.LogCaptureFixture) -> None:
    other = SimpleNamespace(_services={})

    exchange_carefully(other, {})()

    assert vars(other) == {"_services": {}}
    assert "_mark_task_running" in caplog.text
