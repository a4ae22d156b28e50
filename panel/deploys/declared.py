"""What a service is set to now, and what a deployment will set it to: read from its task definitions."""

from __future__ import annotations

from collections.abc import Mapping

from panel.aws.ecs import get_service
from panel.aws.session import Aws
from panel.aws.task_definitions import describe_task_definition, find_task_definition
from panel.deploys.comparison import SIZES, settings_of
from panel.deploys.service import ServiceTarget
from panel.deploys.wanted_revision import template_of

Settings = Mapping[str, str]


def settings_before_and_after(
    aws: Aws, target: ServiceTarget, declared: Settings, *, like: str = ""
) -> tuple[Settings, Settings]:
    """What the service is set to, and what it will be set to: variables, memory and processor by name.

    Args:
        declared: the variables that environments.yaml gives the service.
        like: ARN of the task definition of an earlier release that is repeated: its variables count then, with the
            memory and processor that Terraform has for the service now. Deleted, it counts for nothing.

    Raises:
        NotFoundError: there is no such service or container.
        AwsError, EndpointError: AWS refused, or does not answer.
    """
    present = get_service(aws, target.cluster, target.service)
    runs = describe_task_definition(aws, present.task_definition)
    template = template_of(aws, target, runs.arn)
    after = settings_of(template.container(target.container)) | dict(declared)
    earlier = find_task_definition(aws, like) if like else None
    if earlier is not None:
        sizes = set(SIZES.values())
        own = settings_of(earlier.container(target.container))
        after = {name: value for name, value in after.items() if name in sizes} | {
            name: value for name, value in own.items() if name not in sizes
        }
    return settings_of(runs.container(target.container)), after
