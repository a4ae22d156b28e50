"""ECS task definitions: revisions as values, and registering one that differs in what a release changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from panel.aws.session import Aws, error_code, translated
from panel.errors import NotFoundError

if TYPE_CHECKING:
    from mypy_boto3_ecs import ECSClient

# How many earlier revisions are compared before a new one is registered.
_LOOK_BACK = 10
# What ECS answers when it knows no such revision; a deleted one is among them.
_UNKNOWN = {"ClientException", "InvalidParameterException"}


@dataclass(frozen=True)
class LogPlace:
    """Where the ``awslogs`` driver puts what a container prints; ``region`` empty for the container's own."""

    group: str
    prefix: str
    region: str


@dataclass(frozen=True)
class TaskDefinition:
    """One revision. ``request`` holds what registers an identical one."""

    arn: str
    family: str
    revision: int
    active: bool
    request: Mapping[str, Any] = field(repr=False)

    def container(self, name: str) -> Mapping[str, Any]:
        """The definition of one container.

        Raises:
            NotFoundError: there is none of that name.
        """
        for definition in self.request["containerDefinitions"]:
            if definition["name"] == name:
                found: Mapping[str, Any] = definition
                return found
        raise NotFoundError(
            f"The task definition {self.family}:{self.revision} has no container {name}.",
            hint="The service's name in environments.yaml and the container's name must be the same.",
        )

    def image(self, container: str) -> str:
        """The image reference of one container."""
        return str(self.container(container)["image"])

    def environment(self, container: str) -> dict[str, str]:
        """The environment variables of one container."""
        return {item["name"]: item["value"] for item in self.container(container).get("environment", ())}

    @property
    def label(self) -> str:
        """``family:7``."""
        return f"{self.family}:{self.revision}"

    def log_place(self, container: str) -> LogPlace | None:
        """Where one container's lines go; ``None`` where they do not go to CloudWatch Logs."""
        configuration = self.container(container).get("logConfiguration") or {}
        options = configuration.get("options") or {}
        if configuration.get("logDriver") != "awslogs" or not options.get("awslogs-group"):
            return None
        return LogPlace(
            group=options["awslogs-group"],
            prefix=options.get("awslogs-stream-prefix", ""),
            region=options.get("awslogs-region", ""),
        )


def _client(aws: Aws) -> ECSClient:
    client: ECSClient = aws.client("ecs")
    return client


def describe_task_definition(aws: Aws, reference: str) -> TaskDefinition:
    """A revision by ARN, ``family:revision``, or the newest active one by ``family``.

    Raises:
        AwsError: there is none.
    """
    with translated(f"read the task definition {reference}"):
        return _described(aws, reference)


def find_task_definition(aws: Aws, reference: str) -> TaskDefinition | None:
    """The same, or ``None`` where ECS knows no such revision (any more).

    Raises:
        AwsError, EndpointError: it may not be read, or AWS did not answer.
    """
    with translated(f"read the task definition {reference}"):
        try:
            return _described(aws, reference)
        except ClientError as error:
            if error_code(error) in _UNKNOWN:
                return None
            raise


def _described(aws: Aws, reference: str) -> TaskDefinition:
    client = _client(aws)
    answer = client.describe_task_definition(taskDefinition=reference, include=["TAGS"])
    raw: dict[str, Any] = {**answer["taskDefinition"]}
    if answer.get("tags"):
        raw["tags"] = answer["tags"]
    # What may be registered is what the service's own model names; the rest (revision, status, who and
    # when) is of this revision alone. Empty values are how some endpoints say "not set".
    shape = client.meta.service_model.operation_model("RegisterTaskDefinition").input_shape
    accepted = shape.members if shape is not None else {}
    return TaskDefinition(
        arn=raw["taskDefinitionArn"],
        family=raw["family"],
        revision=raw["revision"],
        active=raw["status"] == "ACTIVE",
        request={key: value for key, value in raw.items() if key in accepted and value not in (None, "", [])},
    )


def register_revision(
    aws: Aws,
    current: TaskDefinition,
    container: str,
    *,
    image: str,
    environment: Mapping[str, str],
    only: bool = False,
) -> TaskDefinition:
    """A revision like ``current`` in all but one container's image and the named environment variables.

    A recent active revision that is just so is used again, so that repeating makes nothing new.

    Args:
        only: the container gets these variables and no others, in place of these among those it has.

    Raises:
        NotFoundError: ``current`` has no such container.
        AwsError: AWS refused.
    """
    variables = dict(environment) if only else {**current.environment(container), **environment}
    wanted = _changed(current, container, image, variables)
    if current.active and _same(current.request, wanted):
        return current
    client = _client(aws)
    for arn in _recent_revisions(aws, current.family):
        candidate = find_task_definition(aws, arn)
        if candidate is not None and candidate.family == current.family and _same(candidate.request, wanted):
            return candidate
    with translated(f"register a revision of the task definition {current.family}"):
        made = client.register_task_definition(**wanted)["taskDefinition"]
    return describe_task_definition(aws, made["taskDefinitionArn"])


def active_revision(aws: Aws, definition: TaskDefinition, container: str) -> TaskDefinition:
    """``definition`` itself, or an active one with the same content where it was deregistered: ECS runs no other.

    Raises:
        AwsError: AWS refused.
    """
    if definition.active:
        return definition
    return register_revision(aws, definition, container, image=definition.image(container), environment={})


def _changed(
    current: TaskDefinition, container: str, image: str, variables: Mapping[str, str]
) -> dict[str, Any]:
    changed = {
        **current.container(container),
        "image": image,
        "environment": [{"name": name, "value": value} for name, value in variables.items()],
    }
    others = current.request["containerDefinitions"]
    return {
        **current.request,
        "containerDefinitions": [changed if item["name"] == container else item for item in others],
    }


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Equal but for the order of environment variables, which AWS does not promise to keep."""

    def ordered(request: Mapping[str, Any]) -> dict[str, Any]:
        containers = [
            {**item, "environment": sorted(item.get("environment", ()), key=lambda pair: pair["name"])}
            for item in request["containerDefinitions"]
        ]
        return {**request, "containerDefinitions": containers}

    return ordered(one) == ordered(other)


def _recent_revisions(aws: Aws, family: str) -> Iterator[str]:
    with translated(f"list the revisions of the task definition {family}"):
        arns = _client(aws).list_task_definitions(
            familyPrefix=family, status="ACTIVE", sort="DESC", maxResults=_LOOK_BACK
        )["taskDefinitionArns"]
    # The prefix also finds longer names; the caller compares the family.
    return iter(arns)
