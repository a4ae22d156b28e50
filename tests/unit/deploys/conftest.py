"""An ECS service, a target group and time, all in memory."""

import copy
from types import SimpleNamespace

import pytest

from panel.aws.session import Account

_FIELDS = ("family", "containerDefinitions", "networkMode", "cpu", "memory", "tags", "taskRoleArn")
_ARN = "arn:aws:ecs:us-east-2:000000000000:"


class FakeClock:
    """Time that passes only by waiting."""

    def __init__(self):
        self.seconds = 0.0

    def now(self):
        return self.seconds

    def wait(self, seconds):
        self.seconds += seconds


class FakeEcs:
    """One cluster with one service ``backend``. Each look at the service lets one more task start.

    ``crashing``: versions (APP_VERSION) whose tasks stop at once.
    """

    def __init__(self, targets):
        self.revisions = []
        self.tasks = {}
        self.targets = targets
        self.crashing = set()
        self.updates = []
        self.before_describe = []
        shape = SimpleNamespace(members=dict.fromkeys(_FIELDS))
        operation = SimpleNamespace(input_shape=shape)
        self.meta = SimpleNamespace(service_model=SimpleNamespace(operation_model=lambda name: operation))
        environment = [{"name": "PORT", "value": "5000"}]
        self.register_task_definition(
            family="todo-staging-backend",
            networkMode="awsvpc",
            containerDefinitions=[{"name": "backend", "image": "x:bootstrap", "environment": environment}],
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

    def register_task_definition(self, **request):
        number = len(self.revisions) + 1
        arn = f"{_ARN}task-definition/{request['family']}:{number}"
        made = {**copy.deepcopy(request), "taskDefinitionArn": arn, "revision": number, "status": "ACTIVE"}
        self.revisions.append(made)
        return {"taskDefinition": made}

    def describe_task_definition(self, taskDefinition, include=()):
        named = [r for r in self.revisions if taskDefinition in (r["taskDefinitionArn"], r["family"])]
        return {"taskDefinition": copy.deepcopy(named[-1])}

    def list_task_definitions(self, familyPrefix, status, sort, maxResults):
        arns = [r["taskDefinitionArn"] for r in self.revisions if r["status"] == status]
        return {"taskDefinitionArns": arns[::-1][:maxResults]}

    def update_service(self, cluster, service, taskDefinition, desiredCount):
        self.updates.append((taskDefinition.rpartition(":")[2], desiredCount))
        if taskDefinition != self.service["taskDefinition"]:
            self._event(f"starts deploying {taskDefinition.rpartition('/')[2]}")
        self.service.update(taskDefinition=taskDefinition, desiredCount=desiredCount)
        return {"service": copy.deepcopy(self.service)}

    def describe_services(self, cluster, services):
        for action in self.before_describe[:1]:
            self.before_describe.pop(0)
            action(self)
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
        wanted = self.service["taskDefinition"]
        live = [t for t in self.tasks.values() if t["lastStatus"] == "RUNNING"]
        current = [t for t in live if t["taskDefinitionArn"] == wanted]
        if len(current) < self.service["desiredCount"]:
            self._start(wanted)
        elif self.service["desiredCount"] == len(current):
            for task in live:
                if task not in current:
                    task.update(lastStatus="STOPPED", desiredStatus="STOPPED", stoppedReason="replaced")
        self.targets.addresses = [t["taskArn"] for t in self.tasks.values() if t["lastStatus"] == "RUNNING"]

    def _start(self, task_definition):
        arn = f"{_ARN}task/{len(self.tasks)}"
        task = {"taskArn": arn, "taskDefinitionArn": task_definition}
        if self.version_of(task_definition) in self.crashing:
            task.update(
                lastStatus="STOPPED", desiredStatus="STOPPED", stoppedReason="Essential container exited"
            )
            task["containers"] = [{"name": "backend", "exitCode": 3}]
        else:
            task.update(lastStatus="RUNNING", desiredStatus="RUNNING")
        self.tasks[arn] = task


class FakeTargets:
    def __init__(self):
        self.addresses = []

    def describe_target_health(self, TargetGroupArn):
        health = {"State": "healthy"}
        return {
            "TargetHealthDescriptions": [
                {"Target": {"Id": address, "Port": 5000}, "TargetHealth": health}
                for address in self.addresses
            ]
        }


class FakeAws:
    """Hands out the fakes as if they were boto3 clients."""

    def __init__(self):
        self.account = Account("us-east-2")
        self.elbv2 = FakeTargets()
        self.ecs = FakeEcs(self.elbv2)

    def client(self, service):
        return getattr(self, service)


@pytest.fixture
def aws():
    return FakeAws()


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def lines():
    return []
