"""Which buckets of a plan cannot become public, whatever their policies and grants say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from panel.engine.plan import ResourceChange
from panel.runs.guardrails.reading import after, before, unknown

#: The switches that keep a bucket from becoming public.
SWITCHES = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
_BLOCK = "aws_s3_bucket_public_access_block"
#: The two that AWS judges a policy by: the first refuses a public one, the second makes it worth nothing.
_AGAINST_POLICIES = ("block_public_policy", "restrict_public_buckets")


@dataclass
class _Module:
    """How many buckets an instance of a module has, how many of them are closed, and how many policies unnamed."""

    buckets: int = 0
    closed: int = 0
    unnamed: int = 0


@dataclass(frozen=True)
class Buckets:
    """The buckets of a plan: those that go with it, and those that stay closed."""

    going: frozenset[str]
    closed: frozenset[str]
    modules: Mapping[str, _Module] = field(default_factory=dict)

    def shields(self, policy: ResourceChange) -> bool:
        """Whether a policy that is not known yet is of a bucket that refuses public policies.

        A new bucket has no name in the plan that tells it from others. Then it counts whether its module closes
        every bucket that it makes, and has no more such policies than buckets.
        """
        name = after(policy).get("bucket")
        if isinstance(name, str):
            return name in self.closed
        module = self.modules.get(policy.module)
        return module is not None and 0 < module.unnamed <= module.buckets == module.closed


def buckets_of(changes: Iterable[ResourceChange]) -> Buckets:
    """What the plan says about its buckets, in one pass."""
    going, closed = set(), set()
    modules: dict[str, _Module] = defaultdict(_Module)
    for change in changes:
        if change.action == "delete":
            if change.type == "aws_s3_bucket":
                going |= {str(before(change).get(name)) for name in ("id", "bucket")}
            continue
        if change.type == "aws_s3_bucket":
            modules[change.module].buckets += 1
        elif change.type == "aws_s3_bucket_policy" and unknown(change, "bucket"):
            modules[change.module].unnamed += 1
        elif change.type == _BLOCK and _is_closed(change):
            modules[change.module].closed += 1
            if isinstance(name := after(change).get("bucket"), str):
                closed.add(name)
    return Buckets(frozenset(going), frozenset(closed), modules)


def _is_closed(block: ResourceChange) -> bool:
    values: Mapping[str, Any] = after(block)
    return all(values.get(name) is True for name in _AGAINST_POLICIES)
