"""The task definition of a release: Terraform's newest settings, with the release's own image and variables."""

from __future__ import annotations

from panel.aws.ecs import Service
from panel.aws.session import Aws
from panel.aws.task_definitions import (
    TaskDefinition,
    describe_task_definition,
    find_task_definition,
    register_revision,
)
from panel.deploys import Report
from panel.deploys.service import ServiceTarget, Wanted


def make_revision(
    aws: Aws, target: ServiceTarget, service: Service, wanted: Wanted, report: Report
) -> TaskDefinition:
    """The revision that runs what is wanted; one that is just so already is used again.

    Raises:
        NotFoundError: the task definition has no such container.
        AwsError: AWS refused; nothing was changed.
    """
    template = template_of(aws, target, service.task_definition)
    earlier = find_task_definition(aws, wanted.like) if wanted.like else None
    if earlier is not None:
        # A variable that a later release brought with it must go again, so these and no others.
        variables = {**earlier.environment(target.container), **wanted.variables}
        image = earlier.image(target.container)
        return register_revision(
            aws, template, target.container, image=image, environment=variables, only=True
        )
    if wanted.like:
        report(
            f"The task definition {wanted.like.rpartition('/')[2]} of that release was deleted: its image runs "
            "with the settings that the service has now"
        )
    return register_revision(
        aws, template, target.container, image=wanted.image_ref, environment=wanted.variables
    )


def template_of(aws: Aws, target: ServiceTarget, running: str) -> TaskDefinition:
    """The revision that releases take their settings from: Terraform's own, else the family's newest, else what runs.

    Not simply the newest: that is an earlier release's after a roll-back, with variables that are declared no more.

    Args:
        running: ARN of the revision that the service runs.

    Raises:
        AwsError, EndpointError: AWS refused, or does not answer.
    """
    for reference in filter(None, (target.template, target.family)):
        found = find_task_definition(aws, reference)
        if found is not None and found.active:
            return found
    return describe_task_definition(aws, running)


def runs(definition: TaskDefinition, target: ServiceTarget, wanted: Wanted) -> bool:
    """Whether a revision is one that the panel made for what is wanted."""
    environment = definition.environment(target.container)
    return (environment.get("IMAGE_DIGEST"), environment.get("APP_VERSION")) == (
        wanted.digest,
        wanted.version,
    )


def released(definition: TaskDefinition, target: ServiceTarget) -> str | None:
    """The version that a revision was made for; ``None`` where the panel did not make it."""
    environment = definition.environment(target.container)
    return environment.get("APP_VERSION", "") if "IMAGE_DIGEST" in environment else None
