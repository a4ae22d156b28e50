"""An ECS service, a target group and time, all in memory."""

import copy
from dataclasses import fields
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from panel.aws.front_door import VersionSeen
from panel.aws.session import Account
from panel.deploys.rollout import Eyes, ServiceTarget, Wanted, roll_out

_FIELDS = ("family", "containerDefinitions", "networkMode", "cpu", "memory", "tags", "taskRoleArn")
_EYES = {field.name for field in fields(Eyes)}
_ARN = "arn:aws:ecs:us-east-2:000000000000:"


class FakeClock:
    """Time that passes only by waiting."""

    def __init__(self):
        self.seconds = 0.0

    def now(self):
        return self.seconds

    def wait(self, seconds):
        self.seconds += seconds


def refused(code, operation="Any", message="No."):
    """What boto3 raises when AWS refuses."""
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


class FakeEcs:
    """One cluster with one service ``backend``. Each look at the service lets one more task start.

    ``crashing``: versions (APP_VERSION) whose tasks stop at once. ``breaker``: ECS takes a deployment back whose
    third task stopped. ``refusing``: errors by operation, each raised once, in turn. ``addressed``: tasks have
    addresses of their own, as on AWS.
    """

    def __init__(self, targets):
        self.revisions = []
        self.tasks = {}
        self.targets = targets
        self.crashing = set()
        self.breaker = False
        self.addressed = False
        self.refusing = {}
        self.updates = []
        self._then = (0, [])
        shape = SimpleNamespace(members=dict.fromkeys(_FIELDS))
        operation = SimpleNamespace(input_shape=shape)
        self.meta = SimpleNamespace(service_model=SimpleNamespace(operation_model=lambda name: operation))
        environment = [{"name": "PORT", "value": "5000"}]
        logs = {
            "logDriver": "awslogs",
            "options": {"awslogs-group": "/todo/backend", "awslogs-stream-prefix": "backend"},
        }
        self.register_task_definition(
            family="todo-staging-backend",
            networkMode="awsvpc",
            containerDefinitions=[
                {
                    "name": "backend",
                    "image": "x:bootstrap",
                    "environment": environment,
                    "logConfiguration": logs,
                }
            ],
        )
        self.service = {
            "serviceName": "backend",
            "serviceArn": f"{_ARN}service/todo-staging/backend",
            "clusterArn": f"{_ARN}cluster/todo-staging",
            "status": "ACTIVE",
            "taskDefinition": self.revisions[0]["taskDefinitionArn"],
            "desiredCount": 0,
            "deployments": [],
            "events": [],
            "loadBalancers": [],
        }

    def after_next_update(self, *actions):
        """One action for each look at the service that follows the next change of it."""
        self._then = (len(self.updates), list(actions))

    def _refuse(self, operation):
        if self.refusing.get(operation):
            raise self.refusing[operation].pop(0)

    def register_task_definition(self, **request):
        self._refuse("register_task_definition")
        number = len(self.revisions) + 1
        arn = f"{_ARN}task-definition/{request['family']}:{number}"
        made = {**copy.deepcopy(request), "taskDefinitionArn": arn, "revision": number, "status": "ACTIVE"}
        self.revisions.append(made)
        return {"taskDefinition": made}

    def describe_task_definition(self, taskDefinition, include=()):
        named = [r for r in self.revisions if taskDefinition == r["taskDefinitionArn"]]
        named = named or [
            r for r in self.revisions if taskDefinition == r["family"] and r["status"] == "ACTIVE"
        ]
        if not named:
            raise refused("ClientException", "DescribeTaskDefinition", "Unable to describe task definition.")
        return {"taskDefinition": copy.deepcopy(named[-1])}

    def list_task_definitions(self, familyPrefix, status, sort, maxResults):
        arns = [r["taskDefinitionArn"] for r in self.revisions if r["status"] == status]
        return {"taskDefinitionArns": arns[::-1][:maxResults]}

    def update_service(self, cluster, service, taskDefinition, desiredCount, forceNewDeployment=False):
        self._refuse("update_service")
        if self.describe_task_definition(taskDefinition)["taskDefinition"]["status"] != "ACTIVE":
            raise refused("ClientException", "UpdateService", "TaskDefinition is inactive")
        self.updates.append((taskDefinition.rpartition(":")[2], desiredCount))
        if taskDefinition != self.service["taskDefinition"] or forceNewDeployment:
            self.deploy(taskDefinition)
        self.service["desiredCount"] = desiredCount
        return {"service": copy.deepcopy(self.service)}

    def deploy(self, task_definition, failed=0):
        """A new primary deployment."""
        for deployment in self.service["deployments"]:
            deployment["status"] = "ACTIVE"
        made = {
            "id": f"ecs-svc/{len(self.service['events'])}", "status": "PRIMARY", "failedTasks": failed,
            "taskDefinition": task_definition, "rolloutState": "IN_PROGRESS", "rolloutStateReason": "",
        }  # fmt: skip
        self.service["deployments"].insert(0, made)
        self.service["taskDefinition"] = task_definition
        self._event(f"starts deploying {task_definition.rpartition('/')[2]}")

    def describe_services(self, cluster, services):
        if cluster != "todo-staging":
            raise refused("ClusterNotFoundException", "DescribeServices", "Cluster not found.")
        changes, actions = self._then
        if actions and len(self.updates) > changes:
            actions.pop(0)(self)
        self._refuse("describe_services")
        self._reconcile()
        return {"services": [copy.deepcopy(self.service)] if services == ["backend"] else []}

    def get_paginator(self, operation):
        assert operation == "list_tasks"

        def pages(cluster, serviceName, desiredStatus):
            arns = [arn for arn, task in self.tasks.items() if task["desiredStatus"] == desiredStatus]
            return [{"taskArns": arns}]

        return SimpleNamespace(paginate=pages)

    def describe_tasks(self, cluster, tasks):
        return {"tasks": [copy.deepcopy(self.tasks[arn]) for arn in tasks]}

    def version_of(self, task_definition):
        revision = next(r for r in self.revisions if r["taskDefinitionArn"] == task_definition)
        environment = {e["name"]: e["value"] for e in revision["containerDefinitions"][0]["environment"]}
        return environment.get("APP_VERSION", "")

    def serving(self):
        """Version of a task that takes requests, or None."""
        running = [t for t in self.tasks.values() if t["lastStatus"] == "RUNNING"]
        return self.version_of(running[0]["taskDefinitionArn"]) if running else None

    def _event(self, message):
        event = {"id": str(len(self.service["events"])), "message": f"(service backend) {message}"}
        self.service["events"].insert(0, event)

    def _reconcile(self):
        wanted, desired = self.service["taskDefinition"], self.service["desiredCount"]
        live = [t for t in self.tasks.values() if t["lastStatus"] == "RUNNING"]
        current = [t for t in live if t["taskDefinitionArn"] == wanted]
        if len(current) < desired:
            self._start(wanted)
        elif desired == len(current):
            self._complete([task for task in live if task not in current])
        running = [arn for arn, task in self.tasks.items() if task["lastStatus"] == "RUNNING"]
        self.targets.addresses = [self._address(arn) if self.addressed else arn for arn in running]

    def _complete(self, old):
        for task in old:
            task.update(lastStatus="STOPPED", desiredStatus="STOPPED", stoppedReason="replaced")
        kept = [
            d
            for d in self.service["deployments"]
            if "PRIMARY" in d["status"] or "FAILED" in d["rolloutState"]
        ]
        self.service["deployments"] = kept
        for deployment in kept:
            if deployment["rolloutState"] == "IN_PROGRESS":
                deployment["rolloutState"] = "COMPLETED"

    def _address(self, arn):
        return f"10.0.0.{list(self.tasks).index(arn) + 1}"

    def _start(self, task_definition):
        arn = f"{_ARN}task/todo-staging/{len(self.tasks):08x}{'0' * 24}"
        task = {"taskArn": arn, "taskDefinitionArn": task_definition, "availabilityZone": "us-east-2a"}
        self.tasks[arn] = task
        if self.addressed:
            details = [{"name": "privateIPv4Address", "value": self._address(arn)}]
            task["attachments"] = [{"details": details}]
        if self.version_of(task_definition) in self.crashing:
            task.update(
                lastStatus="STOPPED", desiredStatus="STOPPED", stoppedReason="Essential container exited"
            )
            task["containers"] = [{"name": "backend", "exitCode": 3}]
            self._count_failure()
        else:
            task.update(lastStatus="RUNNING", desiredStatus="RUNNING")

    def _count_failure(self):
        failing = self.service["deployments"][0]
        failing["failedTasks"] += 1
        if self.breaker and failing["failedTasks"] == 3:
            good = next(
                r["taskDefinitionArn"]
                for r in reversed(self.revisions)
                if r["taskDefinitionArn"] != failing["taskDefinition"]
            )
            failing.update(rolloutState="FAILED", rolloutStateReason="tasks failed to start.")
            self.deploy(good)
            self._event("rolled back to the last completed deployment.")


class FakeLogs:
    """Log streams by name; each holds its lines."""

    def __init__(self):
        self.streams = {}
        self.refusal = None

    def get_log_events(self, logGroupName, logStreamName, limit, startFromHead):
        if self.refusal:
            raise self.refusal
        if logStreamName not in self.streams:
            raise refused("ResourceNotFoundException", "GetLogEvents")
        return {"events": [{"message": line} for line in self.streams[logStreamName][-limit:]]}


class FakeTargets:
    """``strangers``: addresses that are no tasks of the service; ``hidden``: those that are not registered yet."""

    def __init__(self):
        self.addresses = []
        self.strangers = []
        self.hidden = set()
        self.state = "healthy"

    def describe_target_health(self, TargetGroupArn):
        health = {"State": self.state}
        return {
            "TargetHealthDescriptions": [
                {"Target": {"Id": address, "Port": 5000}, "TargetHealth": health}
                for address in [*self.addresses, *self.strangers]
                if address not in self.hidden
            ]
        }


class FakeAws:
    """Hands out the fakes as if they were boto3 clients."""

    def __init__(self):
        self.account = Account("us-east-2")
        self.elbv2 = FakeTargets()
        self.ecs = FakeEcs(self.elbv2)
        self.logs = FakeLogs()

    def client(self, service):
        return getattr(self, service)


@pytest.fixture
def aws():
    return FakeAws()


@pytest.fixture(name="refused")
def fixture_refused():
    return refused


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def lines():
    return []


@pytest.fixture
def target():
    return ServiceTarget("todo-staging", "backend", "todo-staging-backend", "backend", 5000, "arn:tg", 2)


@pytest.fixture
def serving(aws):
    """What the address people use answers with."""

    def seen():
        version = aws.ecs.serving()
        return VersionSeen(version, f"sha256:{version}") if version else None

    return seen


@pytest.fixture
def deploy(aws, clock, lines, target, serving):
    def deploy(version, target=target, *, environment=None, like="", **changes):
        how = {name: changes.pop(name) for name in _EYES if name in changes}
        eyes = Eyes(**{"report": lines.append, "verify": serving, "clock": clock, **how})
        wanted = Wanted(
            f"r/backend@sha256:{version}", f"sha256:{version}", version, environment or {}, like=like
        )
        return roll_out(aws, target, wanted, eyes, **{"deadline_s": 60, **changes})

    return deploy
