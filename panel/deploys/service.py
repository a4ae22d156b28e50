"""What is rolled out, where, what was there before, and how it is followed: a roll-out's values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from panel.aws.front_door import VersionSeen
from panel.deploys import Parts, Report, Stopped, never, no_parts
from panel.deploys.clock import Clock
from panel.deploys.looking import Settling
from panel.errors import DeployError

#: How a roll-out that did not succeed ended: the earlier release serves again, it does not (or there is none),
#: or somebody asked for it to stop.
Outcome = Literal["rolled_back", "failed", "stopped"]

#: The reason of a way back that a person asked for; a step that goes on going back tells it by this.
ASKED_TO_STOP = "somebody asked for it to stop"


@dataclass(frozen=True)
class ServiceTarget:
    """Where a service runs.

    Attributes:
        cluster, service: the ECS service.
        family: its task definitions' family.
        container: the container whose image is exchanged.
        port: where it listens.
        target_group_arn: where its tasks must be registered; empty for a service without load balancer.
        desired: how many tasks are wanted.
        template: Terraform's own revision, which carries its settings; empty where that is not known, and the newest
            active revision of the family stands in.
    """

    cluster: str
    service: str
    family: str
    container: str
    port: int
    target_group_arn: str
    desired: int
    template: str = ""

    def settling(self, task_definition_arn: str, desired: int) -> Settling:
        """What it looks like when this revision, and nothing else, serves with so many tasks."""
        return Settling(self.cluster, self.service, task_definition_arn, self.target_group_arn, desired)

    def kept_within(self, least: int, most: int, before: Baseline) -> ServiceTarget:
        """The same with the tasks that AWS's autoscaling has come to: a roll-out must not undo that.

        A service that served nothing before begins with what is wanted.
        """
        return replace(self, desired=min(max(before.desired, least), most)) if before.desired else self


@dataclass(frozen=True)
class Baseline:
    """What a service ran before: where a failed roll-out goes back to. ``version`` is empty if never deployed."""

    task_definition_arn: str
    desired: int
    version: str


@dataclass(frozen=True)
class Wanted:
    """What shall serve.

    Attributes:
        image_ref: the image by digest, as the registry is asked for it.
        digest: of the image; the task learns it as ``IMAGE_DIGEST``.
        version: what the service shall answer with; the task learns it as ``APP_VERSION``.
        environment: declared settings and whatever else the container shall be told.
        like: ARN of the task definition of an earlier release that is repeated: its image and its variables
            count then, on the settings that Terraform has for the service now.
    """

    image_ref: str
    digest: str
    version: str
    environment: Mapping[str, str] = field(default_factory=dict)
    like: str = ""

    @property
    def variables(self) -> dict[str, str]:
        """What the container is told, with its version and the digest of its image."""
        return {**self.environment, "APP_VERSION": self.version, "IMAGE_DIGEST": self.digest}


@dataclass(frozen=True)
class Eyes:
    """How a roll-out is followed.

    Attributes:
        report: where lines of progress go.
        verify: asks the address people use which version answers (``None``: none yet). A version that is
            empty says that this service cannot be asked.
        parts: where tasks and targets go, all of them whenever one of them changes.
        stopped: whether somebody asked for the roll-out to stop.
        diagnose: what the task runtime knows of what failed, for the error's detail.
        broken: what the task runtime knows to be wrong with a task definition (by ARN), to fail before the
            deadline if it stays so.
        clock: only for tests.
    """

    report: Report
    verify: Callable[[], VersionSeen | None]
    parts: Parts = no_parts
    stopped: Stopped = never
    diagnose: Callable[[], str] = lambda: ""
    broken: Callable[[str], str | None] = lambda task_definition_arn: None
    clock: Clock = field(default_factory=Clock)


@dataclass(frozen=True)
class Rollout:
    """A roll-out that succeeded; times with time zone."""

    task_definition_arn: str
    previous_task_definition_arn: str | None
    digest: str
    version: str
    started_at: datetime
    ended_at: datetime
    running: int
    desired: int


class RolloutFailedError(DeployError):
    """A roll-out that did not succeed; the message says why and what serves now.

    Attributes:
        outcome: ``rolled_back``: the earlier release serves again; ``stopped``: somebody asked for that, and
            the earlier release serves again where there was one; ``failed``: everything else.
    """

    def __init__(
        self, message: str, *, hint: str = "", detail: str = "", outcome: Outcome = "failed"
    ) -> None:
        super().__init__(message, hint=hint, detail=detail)
        self.outcome: Outcome = outcome

    def __reduce__(self) -> tuple[object, ...]:
        # Durable workflows keep errors as pickles.
        return (_rebuild, (self.message, self.hint, self.detail, self.outcome))


def _rebuild(message: str, hint: str, detail: str, outcome: Any) -> RolloutFailedError:
    return RolloutFailedError(message, hint=hint, detail=detail, outcome=outcome)
