"""Settings before and after a deployment, read from task definitions in moto."""

import pytest
from moto import mock_aws

from panel.aws.session import Account, Aws
from panel.deploys.declared import settings_before_and_after
from panel.deploys.rollout import ServiceTarget
from panel.errors import NotFoundError

_TARGET = ServiceTarget("todo", "backend", "todo-backend", "backend", 5000, "", 1)


@pytest.fixture
def aws(monkeypatch):
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        yield Aws(Account("us-east-2", access_key="test", secret_key="test"))


def _register(aws, memory, **variables):
    container = {
        "name": "backend", "image": "r/backend:1", "memory": memory,
        "environment": [{"name": name, "value": value} for name, value in variables.items()],
    }  # fmt: skip
    answer = aws.client("ecs").register_task_definition(
        family="todo-backend", containerDefinitions=[container]
    )
    return answer["taskDefinition"]["taskDefinitionArn"]


def test_settings_are_of_what_runs_and_of_what_comes(aws):
    first = _register(aws, 64, LOG="1", OLD="x", APP_VERSION="v1")
    second = _register(aws, 128, LOG="2", APP_VERSION="v2")
    aws.client("ecs").create_cluster(clusterName="todo")
    aws.client("ecs").create_service(
        cluster="todo", serviceName="backend", taskDefinition=second, desiredCount=1
    )
    _register(aws, 256, LOG="2")  # Terraform's, since then

    before, after = settings_before_and_after(aws, _TARGET, {"LOG": "3"})
    assert before == {"LOG": "2", "memory limit (MB)": "128"}
    assert after == {"LOG": "3", "memory limit (MB)": "256"}
    _, after = settings_before_and_after(aws, _TARGET, {"LOG": "3"}, like=first)
    assert after == {"LOG": "1", "OLD": "x", "memory limit (MB)": "256"}
    _, after = settings_before_and_after(aws, _TARGET, {"LOG": "3"}, like=f"{first}9")
    assert after["LOG"] == "3"

    with pytest.raises(NotFoundError):
        settings_before_and_after(aws, ServiceTarget("todo", "other", "f", "backend", 1, "", 1), {})
