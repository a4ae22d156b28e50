"""What environments.yaml may say, as frozen pydantic models. Unknown keys are errors.

Belongs here: shape of the values, with descriptions that errors and forms repeat. Rules that look at several
keys are in :mod:`panel.catalogue.rules`, reading files is in :mod:`panel.catalogue.load`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from panel.catalogue import rules
from panel.catalogue.fields import (
    BucketName,
    HeaderValue,
    HostName,
    Label,
    MailAddress,
    PathPattern,
    PolicyArn,
    Region,
    SecretArn,
    SourceFolder,
    TimeOfDay,
    TimeZone,
    UrlPath,
    VariableName,
)
from panel.catalogue.guardrails import Guardrails
from panel.catalogue.health import HealthRules
from panel.catalogue.usage import Usage

#: The key of the shared stack's runs and workspaces; no environment may take its name.
SHARED = rules.SHARED

#: Slots of the shared network are pairs of /20 out of 10.0.0.0/16: 0 and 1, the private pair, then 2 to 6.
LAST_SUBNET_SLOT = 6


#: What people notice when a service does not work: a whole sentence, for the status page.
Impact = Annotated[str, Field(max_length=160)]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Owner(_Model):
    """Whom to call: a team and how to reach it (an address, a telephone number, a channel)."""

    team: str = Field(min_length=1, max_length=80)
    contact: str = Field(min_length=1, max_length=200)


class Memory(_Model):
    """Memory of one task's container, in megabytes: ``soft_mb`` is reserved, ``hard_mb`` ends the container."""

    soft_mb: int = Field(default=64, ge=6, le=30720)
    hard_mb: int = Field(default=128, ge=6, le=30720)

    @model_validator(mode="after")
    def _ordered(self) -> Memory:
        if self.soft_mb > self.hard_mb:
            raise ValueError("soft_mb must not be larger than hard_mb")
        return self


class Autoscaling(_Model):
    """How many tasks a service may have, and what AWS keeps near: ``cpu_percent`` of the ``cpu_units`` that tasks
    have set aside, ``requests_per_target`` requests a minute for each task. One of the two at least.
    """

    min_tasks: int = Field(ge=1, le=100)
    max_tasks: int = Field(ge=1, le=100)
    cpu_percent: int | None = Field(default=None, ge=1, le=100)
    requests_per_target: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _sensible(self) -> Autoscaling:
        if self.min_tasks > self.max_tasks:
            raise ValueError("min_tasks must not be larger than max_tasks")
        if self.cpu_percent is None and self.requests_per_target is None:
            raise ValueError("nothing to scale by: give cpu_percent, requests_per_target, or both")
        return self


class ContainerService(_Model):
    """A service that runs as ECS tasks behind the load balancer.

    ``path_pattern`` (one) or ``path_patterns`` (several): the paths that are its own. ``secrets``: variables whose
    values ECS fetches when a task starts; ``{environment}`` in an ARN stands for the environment's name.
    ``cpu_units``: processor set aside for each task, 1024 are one; without it a task takes what is free.
    ``command``: what the container runs instead of what its image says. ``impact``: what people notice when it does not
    work, in their words. ``read_only_root_filesystem``: whether it may
    only read its file system, ``/dev/shm`` apart.
    """

    kind: Literal["container"]
    title: str = Field(min_length=1, max_length=80)
    source: SourceFolder
    port: int = Field(ge=1, le=65535)
    path_pattern: PathPattern | None = None
    # A load balancer's rule compares five values at the most.
    path_patterns: list[PathPattern] = Field(default_factory=list, max_length=5)
    health_path: UrlPath
    version_path: UrlPath | None = None
    memory: Memory = Memory()
    # ECS takes no less than 2; the largest instances have 192 processors.
    cpu_units: int | None = Field(default=None, ge=2, le=192 * 1024)
    environment: dict[str, str] = Field(default_factory=dict)
    secrets: dict[VariableName, SecretArn] = Field(default_factory=dict)
    command: list[str] = Field(default_factory=list)
    read_only_root_filesystem: bool = True
    autoscaling: Autoscaling | None = None
    impact: Impact = ""
    owner: Owner

    @property
    def patterns(self) -> tuple[str, ...]:
        """All path patterns of the service."""
        return (self.path_pattern,) if self.path_pattern is not None else tuple(self.path_patterns)


class RoutingRule(_Model):
    """Requests below ``prefix`` are answered with the files below ``replace_with``."""

    prefix: UrlPath
    replace_with: str = Field(
        default="", pattern=r"^(/[A-Za-z0-9._~/-]*)?$", description="a path such as /app"
    )


class Routing(_Model):
    """Which file answers which request of a site: ``index_in_folders`` adds index.html to a folder's address,
    ``single_page`` answers every address without a file's ending with the first page, ``rules`` move prefixes.
    """

    index_in_folders: bool = False
    single_page: bool = False
    rules: list[RoutingRule] = Field(default_factory=list, max_length=20)

    @model_validator(mode="after")
    def _one_way(self) -> Routing:
        if self.index_in_folders and self.single_page:
            raise ValueError(
                "index_in_folders and single_page both say what a path without a file's ending means: keep one"
            )
        return self


class StaticService(_Model):
    """A site of files that CloudFront serves from a bucket.

    ``content_security_policy``: that header, where the stack's own is not the right one. ``impact``: what people notice
    when it does not work, in their words.
    """

    kind: Literal["static"]
    title: str = Field(min_length=1, max_length=80)
    source: SourceFolder
    routing: Routing | None = None
    content_security_policy: HeaderValue | None = None
    impact: Impact = ""
    owner: Owner


Service = Annotated[ContainerService | StaticService, Field(discriminator="kind")]


class Instance(_Model):
    """The EC2 instances that carry the tasks."""

    type: str = Field(
        pattern=r"^[a-z][a-z0-9-]*\.[a-z0-9-]+$", description="an EC2 instance type such as t3.micro"
    )
    count: int = Field(ge=1, le=100)


class Approvals(_Model):
    """Who must say yes to a plan: how many people, and whether one of them may be the run's author."""

    count: int = Field(default=1, ge=1, le=5)
    other_than_author: bool = False


class WorkingHours(_Model):
    """When an environment is needed; outside it is scaled down to nothing. ``to`` before ``from`` goes past midnight."""

    days: list[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]] = Field(min_length=1, max_length=7)
    begin: TimeOfDay = Field(alias="from")
    end: TimeOfDay = Field(alias="to")
    timezone: TimeZone

    @model_validator(mode="after")
    def _lasts(self) -> WorkingHours:
        if self.begin == self.end:
            raise ValueError("from and to are the same time: leave working_hours out to never scale down")
        return self


class Environment(_Model):
    """One environment.

    ``subnet_slot``: which pair of public subnets of the shared network it lives in. Environments may share a
    slot (previews do); production's slot must be its own, so that nothing else runs beside it.
    ``domain``: its host name, where it is not ``<name>.<domain of the project>``.
    ``ttl_hours``: how long it lives after its creation, unless somebody extends it. ``approvals``: who must
    say yes to its plans. ``guardrails``: the rules over its plans, where they are not the project's.
    ``drift_check``: how often it is compared with what is real. ``working_hours``: when it is needed.
    ``notify``: e-mail addresses told what happens to it. ``budget_alerts``: percents of ``monthly_budget_usd`` that people
    are told of when the bill or its forecast passes them. ``usage``: how much it is used, for estimates. ``health``: what
    counts as trouble. ``title``: what people call it; ``status_page``: whether the status page shows it.
    ``protected``: nobody destroys it, and
    AWS refuses to delete its load balancer. ``retired``: it is to be gone: nothing is created in it or released to it,
    and ``panel env sync`` destroys it. ``ssh_key``: its instances take an SSH key that the panel makes;
    Session Manager needs none. ``variables``: further Terraform variables of the environment stack, as they are.
    """

    owner: Owner
    subnet_slot: int = Field(ge=0, le=LAST_SUBNET_SLOT)
    instance: Instance
    desired_tasks: int = Field(ge=1, le=100)
    protected: bool = False
    retired: bool = False
    monthly_budget_usd: float = Field(gt=0)
    # A budget that is passed four times over is no budget.
    budget_alerts: list[Annotated[int, Field(ge=1, le=400)]] = Field(
        default_factory=lambda: [80, 100], max_length=10
    )
    usage: Usage = Usage()
    health: HealthRules = HealthRules()
    title: str = Field(default="", max_length=80)
    status_page: bool = True
    # Ten years: what lives longer has no use for an end.
    ttl_hours: int | None = Field(default=None, ge=1, le=87_600)
    approvals: Approvals = Approvals()
    guardrails: Guardrails = Guardrails()
    drift_check: Literal["off", "hourly", "daily", "weekly"] = "off"
    working_hours: WorkingHours | None = None
    notify: list[MailAddress] = Field(default_factory=list, max_length=20)
    domain: HostName | None = None
    ssh_key: bool = False
    variables: dict[str, str | int | float | bool | list[str]] = Field(default_factory=dict)


class TerraformSection(_Model):
    """Where the Terraform state is kept, and the most that the roles it makes may ever be allowed."""

    state_bucket: BucketName
    permissions_boundary: PolicyArn | None = None


class Network(_Model):
    """Choices about the shared network; what is left out is the stack's own default.

    ``vpc_cidr`` and ``availability_zones`` are for the first day: later they mean a new network. ``flow_log_days``:
    days that a record of who spoke with whom is kept.
    """

    nat_gateway: bool = False
    vpc_cidr: str | None = Field(
        default=None,
        pattern=r"^\d{1,3}(\.\d{1,3}){3}/(1[6-9]|2[0-4])$",
        description="an IPv4 network between /16 and /24 such as 10.0.0.0/16",
    )
    availability_zones: list[str] | None = Field(default=None, min_length=2, max_length=2)
    flow_log_days: int | None = Field(default=None, ge=1)


class Catalogue(_Model):
    """The whole of environments.yaml."""

    project: Label
    region: Region
    domain: HostName
    target: Literal["local", "aws"]
    terraform: TerraformSection
    network: Network = Network()
    guardrails: Guardrails = Guardrails()
    usage: Usage = Usage()
    health: HealthRules = HealthRules()
    services: dict[Label, Service] = Field(min_length=1)
    environments: dict[Label, Environment] = Field(min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> Catalogue:
        wrong = rules.inconsistencies(self.model_dump())
        if wrong:
            raise ValueError("; ".join(f"{'.'.join(path)}: {text}" for path, text in wrong))
        return self

    @property
    def containers(self) -> dict[str, ContainerService]:
        """The container services by name."""
        return {name: s for name, s in self.services.items() if isinstance(s, ContainerService)}

    @property
    def site(self) -> tuple[str, StaticService] | None:
        """Name and definition of the static site, if there is one."""
        return next(((name, s) for name, s in self.services.items() if isinstance(s, StaticService)), None)

    def domain_of(self, environment: str) -> str:
        """The host name people use: the domain itself for production, a name below it for the others."""
        return rules.environment_domain(self.domain, environment, self.environments[environment].domain)
