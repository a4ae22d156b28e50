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
    template = _template(aws, target, service)
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


def _template(aws: Aws, target: ServiceTarget, service: Service) -> TaskDefinition:
    """The newest revision of the family: Terraform's, where its settings changed since the last release."""
    newest = find_task_definition(aws, target.family)
    if newest is not None and newest.active:
        return newest
    return describe_task_definition(aws, service.task_definition)


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
