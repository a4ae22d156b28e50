"""A roll-out against the bare ECS calls: register, update, look until the same is true, on the embedded AWS.

The tasks are played: some seconds after the service asks for a revision its two targets are exchanged, and what is
played to be the public address answers with the new version. Both sides look every half second; the panel's also reads
what is there already, follows events, tasks and stops, and wants several answers in a row. In turns, each side first
every other time.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from panel.aws.front_door import VersionSeen
from panel.aws.session import Account, Aws
from panel.deploys.rollout import Eyes, ServiceTarget, Wanted, read_baseline, roll_out
from tests.benchmarks.measures import Findings, Measure, median
from tests.benchmarks.options import Options
from tests.benchmarks.running_panel import free_port, scratch_folder, wait_for

REGION = "us-east-2"
AIM = 1.5
_TIMES = 7
# From the wish for a revision until its tasks answer: a container on AWS takes about ten times as long.
_COMES_UP_S = 4.0
_LOOK_S = 0.5
_TASKS = 2


def run(options: Options) -> Findings:
    """Roll out one version after the other, by the panel and by bare calls in turns."""
    found: dict[str, list[Taken]] = {"panel": [], "bare": []}
    with scratch_folder() as folder, embedded_aws(folder) as aws, played(aws, _service(aws)) as stage:
        sides = [("panel", by_panel), ("bare", by_bare_calls)]
        for number in range(options.times(_TIMES)):
            for name, side in sides if number % 2 == 0 else reversed(sides):
                found[name].append(_timed(stage, side, f"{name}-{number}"))
    panel, bare = (
        {what: median([getattr(taken, what) for taken in found[name]]) for what in ("seconds", "calls")}
        for name in ("panel", "bare")
    )
    over = panel["seconds"] - bare["seconds"]
    return Findings(
        [
            Measure(
                "roll-out, median",
                panel["seconds"],
                "s",
                "bare calls",
                bare["seconds"],
                AIM,
                aim_is_ratio=True,
            ),
            Measure("calls to AWS", panel["calls"], "calls", "bare calls", bare["calls"]),
        ],
        [f"of it {_COMES_UP_S:.0f} s until the played tasks answer; the panel's own part is {over:.2f} s"],
        {name: [vars(taken) for taken in takens] for name, takens in found.items()},
    )


@dataclass(frozen=True)
class Taken:
    """What one roll-out took: seconds, and calls to AWS."""

    seconds: float
    calls: int


class Stage:
    """Plays the tasks of a service: its targets, and the version that its address answers with."""

    def __init__(self, aws: Aws, target: ServiceTarget) -> None:
        self.aws = aws
        self.target = target
        self.version = ""
        self._own = Aws(aws.account)  # calls of the stage's own are not counted
        self._asked: tuple[str, float] = ("", 0.0)
        self._over = threading.Event()
        self._turn = 0
        self.thread = threading.Thread(target=self._play, daemon=True)

    def stop(self) -> None:
        """End the play."""
        self._over.set()
        self.thread.join(10)

    def _play(self) -> None:
        ecs, place = self._own.client("ecs"), self.target
        while not self._over.wait(0.1):
            service = ecs.describe_services(cluster=place.cluster, services=[place.service])["services"][0]
            wanted = service["taskDefinition"]
            if wanted != self._asked[0]:
                self._asked = (wanted, time.monotonic())
            version = self._version(wanted)
            late = time.monotonic() - self._asked[1] >= _COMES_UP_S
            if service["desiredCount"] and version != self.version and late:
                self._exchange()
                self.version = version

    def _version(self, arn: str) -> str:
        definition = self._own.client("ecs").describe_task_definition(taskDefinition=arn)["taskDefinition"]
        variables = definition["containerDefinitions"][0].get("environment", ())
        return next((item["value"] for item in variables if item["name"] == "APP_VERSION"), "")

    def _exchange(self) -> None:
        elbv2, group = self._own.client("elbv2"), self.target.target_group_arn
        old = self._addresses()
        self._turn += 1
        elbv2.register_targets(TargetGroupArn=group, Targets=self._addresses())
        if self._turn > 1:
            elbv2.deregister_targets(TargetGroupArn=group, Targets=old)

    def _addresses(self) -> list[Any]:
        return [{"Id": f"127.0.{self._turn % 200}.{number + 2}", "Port": 5000} for number in range(_TASKS)]


def by_panel(stage: Stage, version: str) -> None:
    """As a deployment does it, from the look at what is there before."""
    wanted = Wanted(f"localhost/r@sha256:{version}", f"sha256:{version}", version)
    eyes = Eyes(report=lambda line: None, verify=lambda: VersionSeen(stage.version, None))
    baseline = read_baseline(stage.aws, stage.target)
    roll_out(stage.aws, stage.target, wanted, eyes, deadline_s=120, baseline=baseline)


def by_bare_calls(stage: Stage, version: str) -> None:
    """As the shortest script that is sure of the same: tasks, targets and the answer."""
    ecs, elbv2, place = stage.aws.client("ecs"), stage.aws.client("elbv2"), stage.target
    definition = ecs.describe_task_definition(taskDefinition=place.family)["taskDefinition"]
    container = dict(definition["containerDefinitions"][0])
    container["image"] = f"localhost/r@sha256:{version}"
    variables = [item for item in container.get("environment", ()) if item["name"] != "APP_VERSION"]
    container["environment"] = [*variables, {"name": "APP_VERSION", "value": version}]
    made = ecs.register_task_definition(
        family=place.family, networkMode="awsvpc", requiresCompatibilities=["EC2"],
        containerDefinitions=[container],
    )["taskDefinition"]["taskDefinitionArn"]  # fmt: skip
    ecs.update_service(cluster=place.cluster, service=place.service, taskDefinition=made, desiredCount=_TASKS)
    while not _done(ecs, elbv2, place, made) or stage.version != version:
        time.sleep(_LOOK_S)


def _done(ecs: Any, elbv2: Any, place: ServiceTarget, made: str) -> bool:
    service = ecs.describe_services(cluster=place.cluster, services=[place.service])["services"][0]
    arns = ecs.list_tasks(cluster=place.cluster, serviceName=place.service)["taskArns"]
    tasks = ecs.describe_tasks(cluster=place.cluster, tasks=arns)["tasks"] if arns else []
    running = [task for task in tasks if task["lastStatus"] == "RUNNING"]
    health = elbv2.describe_target_health(TargetGroupArn=place.target_group_arn)["TargetHealthDescriptions"]
    return (
        [one["rolloutState"] for one in service["deployments"]] == ["COMPLETED"]
        and [task["taskDefinitionArn"] for task in running] == [made] * _TASKS
        and [one["TargetHealth"]["State"] for one in health] == ["healthy"] * _TASKS
    )


def _timed(stage: Stage, side: Any, version: str) -> Taken:
    calls: list[str] = []
    for name in ("ecs", "elbv2"):
        stage.aws.client(name).meta.events.register(
            "before-send", lambda request, **_: calls.append(request.url), unique_id="counted"
        )
    began = time.monotonic()
    side(stage, version)
    taken = Taken(time.monotonic() - began, len(calls))
    for name in ("ecs", "elbv2"):
        stage.aws.client(name).meta.events.unregister("before-send", unique_id="counted")
    return taken


@contextmanager
def played(aws: Aws, target: ServiceTarget) -> Iterator[Stage]:
    """A service whose tasks are played."""
    stage = Stage(aws, target)
    stage.thread.start()
    try:
        yield stage
    finally:
        stage.stop()


@contextmanager
def embedded_aws(folder: Path) -> Iterator[Aws]:
    """The embedded AWS by itself, without an engine."""
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(folder), "TMPDIR": str(folder), "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1", "SFTP_ENABLED": "0", "IOT_MTLS_ENABLED": "0", "MINISTACK_REGION": REGION,
        # A socket that cannot exist: no played task may become a container.
        "DOCKER_HOST": f"unix://{folder}/none.sock",
    }  # fmt: skip
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "ministack"], env=environment, cwd=folder, stdout=log, stderr=log
        )
    try:
        wait_for("the embedded AWS", lambda: _healthy(port))
        yield Aws(Account(REGION, f"http://127.0.0.1:{port}", "test", "test"))
    finally:
        process.terminate()
        process.wait(30)


def _healthy(port: int) -> bool:
    try:
        answer = httpx.get(f"http://127.0.0.1:{port}/_ministack/health", trust_env=False)
    except httpx.TransportError:
        return False
    return answer.status_code == 200


def _service(aws: Aws) -> ServiceTarget:
    """What Terraform leaves: a service of no tasks, with a target group."""
    ecs, ec2, family = aws.client("ecs"), aws.client("ec2"), "bench-backend"
    ecs.create_cluster(clusterName="bench")
    network = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=network, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    group = aws.client("elbv2").create_target_group(
        Name="bench", Protocol="HTTP", Port=5000, VpcId=network, TargetType="ip"
    )["TargetGroups"][0]["TargetGroupArn"]
    ecs.register_task_definition(
        family=family, networkMode="awsvpc", requiresCompatibilities=["EC2"],
        containerDefinitions=[{"name": "backend", "image": "r/backend:bootstrap", "memory": 128}],
    )  # fmt: skip
    ecs.create_service(
        cluster="bench", serviceName="backend", taskDefinition=family, desiredCount=0,
        networkConfiguration={"awsvpcConfiguration": {"subnets": [subnet]}},
        loadBalancers=[{"targetGroupArn": group, "containerName": "backend", "containerPort": 5000}],
    )  # fmt: skip
    return ServiceTarget("bench", "backend", family, "backend", 5000, group, _TASKS)
