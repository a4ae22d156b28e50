"""What environments.yaml may say about guardrails: one key for each rule, with its severity and its parameters.

Belongs here: the shape and the defaults. What the rules look at is in :mod:`panel.runs.guardrails`, and what they
mean to a reader in docs/guardrails.md; a test holds the three together. The same section may stand at the top of the
file and in each environment; what an environment says counts there, key by key.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from panel.catalogue.written import Written, over

_PATTERN = re.compile(r"[A-Za-z0-9_.*\[\]\"'@:/ -]+")
_PROGRAM = re.compile(r"[A-Za-z0-9._+-]+|(/[A-Za-z0-9._+-]+)+")

#: What a rule does with what it finds.
Severity = Literal["off", "warn", "block"]


def _address_pattern(value: str) -> str:
    if not _PATTERN.fullmatch(value) or len(value) > 300 or not value.strip("*"):
        raise ValueError(
            "must be a resource's address, in which * stands for anything, such as module.site.*"
        )
    return value


def _program(value: str) -> str:
    if not _PROGRAM.fullmatch(value) or ".." in value.split("/"):
        raise ValueError("must be the name of a program, or the whole path of one")
    return value


AddressPattern = Annotated[
    str,
    AfterValidator(_address_pattern),
    Field(description="a resource's address, in which * stands for anything, such as module.site.*"),
]
ResourceType = Annotated[
    str,
    Field(pattern=r"^[a-z][a-z0-9]*(_[a-z0-9]+)+$", description="a resource type such as aws_s3_bucket"),
]
Port = Annotated[int, Field(ge=0, le=65535, description="a port such as 443")]
TagName = Annotated[str, Field(min_length=1, max_length=128, description="a tag's name such as Owner")]
CheckName = Annotated[
    str,
    Field(
        pattern=r"^CKV2?_[A-Z]{1,20}_[0-9]{1,6}$", description="one of Checkov's checks such as CKV_AWS_18"
    ),
]
Program = Annotated[
    str, AfterValidator(_program), Field(description="the name of a program, or the whole path of one")
]


class Rule(Written):
    """What every rule has: how much it minds, and whether a person with the right to may override its block."""

    severity: Severity = "warn"
    overridable: bool = True


class ResourceRule(Rule):
    """A rule over single resources. ``ignore``: addresses that it passes over; ``*`` stands for anything."""

    ignore: list[AddressPattern] = Field(default_factory=list, max_length=200)


class StatefulResources(ResourceRule):
    """What holds data is not destroyed or replaced in passing. ``also``: further types that hold data."""

    severity: Severity = "block"
    also: list[ResourceType] = Field(default_factory=list, max_length=100)


class ProtectedEnvironment(ResourceRule):
    """Nothing of an environment that is ``protected`` is destroyed or replaced."""

    severity: Severity = "block"


class DeletionProtection(Written):
    """What AWS itself protects from deletion is not tried: no reason can override it, AWS refuses."""

    severity: Severity = "block"


class PublicExposure(ResourceRule):
    """Nothing becomes public that was not: buckets, policies, load balancers, databases, functions."""

    severity: Severity = "block"


class OpenIngress(ResourceRule):
    """The whole internet gets in nowhere but at ``ports``."""

    ports: list[Port] = Field(default_factory=lambda: [80, 443], max_length=100)


class Tags(ResourceRule):
    """Whatever is made and can have tags has these. ``required``: the tags."""

    required: list[TagName] = Field(
        default_factory=lambda: ["Project", "Environment", "ManagedBy", "Owner"], max_length=50
    )


class Budget(Rule):
    """The cost stays within the environment's ``monthly_budget_usd``, and grows by no more than this at a time.

    ``growth_usd``: $ / month; ``growth_percent``: of what it costs now. Without them only the budget counts.
    """

    growth_usd: float | None = Field(default=None, ge=0)
    growth_percent: float | None = Field(default=None, ge=0)


class Destroys(ResourceRule):
    """One run destroys or replaces no more than ``at_most`` resources; what was asked to be destroyed is not counted."""

    at_most: int = Field(default=10, ge=0)


class Checkov(Rule):
    """Checkov over the plan. ``skip``: checks that do not count; ``timeout_s``: seconds until it is stopped.

    ``program``: what to run, where it is not the checkov on the PATH; the setting PANEL_CHECKOV goes first.
    """

    severity: Severity = "off"
    skip: list[CheckName] = Field(default_factory=list, max_length=500)
    program: Program = "checkov"
    timeout_s: int = Field(default=120, ge=5, le=600)


class Guardrails(Written):
    """The rules over a plan, each with its severity and its parameters."""

    stateful_resources: StatefulResources = StatefulResources()
    protected_environment: ProtectedEnvironment = ProtectedEnvironment()
    deletion_protection: DeletionProtection = DeletionProtection()
    destroys: Destroys = Destroys()
    public_exposure: PublicExposure = PublicExposure()
    open_ingress: OpenIngress = OpenIngress()
    tags: Tags = Tags()
    budget: Budget = Budget()
    checkov: Checkov = Checkov()


def guardrails_for(project: Guardrails, own: Guardrails | None) -> Guardrails:
    """The rules of one environment: what it says itself, then what the project says, then the defaults.

    Args:
        project: the section at the top of environments.yaml.
        own: the environment's section; None where there is no such environment, as for the shared network.
    """
    return project if own is None else over(project, own)
