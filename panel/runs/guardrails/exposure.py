"""The rule over what becomes public that was not: each kind of door is one function over one change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from panel.engine.plan import PlanSummary, ResourceChange
from panel.runs.guardrails.buckets import SWITCHES, Buckets, buckets_of
from panel.runs.guardrails.configuration import Written, is_written
from panel.runs.guardrails.finding import Found, Situation
from panel.runs.guardrails.policies import (
    CLOSED_BY_DEFAULT,
    POLICIES,
    UnreadableError,
    open_statements,
)
from panel.runs.guardrails.reading import (
    CANNOT_TELL,
    MAKING,
    after,
    before,
    blocks,
    left,
    texts,
    unknown,
)

_PUBLIC_ACLS = frozenset({"public-read", "public-read-write", "authenticated-read"})
_PUBLIC_GROUPS = ("/global/AllUsers", "/global/AuthenticatedUsers")
_ANYWHERE = frozenset({"0.0.0.0/0", "::/0"})
_ACCESS_BLOCKS = frozenset({"aws_s3_bucket_public_access_block", "aws_s3_account_public_access_block"})
_BALANCERS = frozenset({"aws_lb", "aws_alb", "aws_elb"})
#: Type, attribute, the value that shares with everybody, and what that means.
_SHARES = (
    ("aws_ami_launch_permission", "group", "all", "lets everybody start machines from the image"),
    ("aws_db_snapshot", "shared_accounts", "all", "lets everybody copy the snapshot"),
    ("aws_db_cluster_snapshot", "shared_accounts", "all", "lets everybody copy the snapshot"),
    ("aws_db_snapshot_copy", "shared_accounts", "all", "lets everybody copy the snapshot"),
    ("aws_ebs_snapshot_block_public_access", "state", "unblocked", "would let snapshots become public"),
)


@dataclass(frozen=True)
class _World:
    """What a door may ask of the plan as a whole."""

    buckets: Buckets
    written: Written | None


#: Why, and whether that is certain.
_Reason = tuple[str, bool]
_Door = Callable[[ResourceChange, _World], Iterator[_Reason]]


def exposure(plan: PlanSummary, situation: Situation) -> Iterator[Found]:
    """What would be public and is not now, or may be for all that the plan says."""
    if situation.destroys:
        return
    world = _World(buckets_of(plan.changes), situation.written)
    for change in left(plan.changes, situation.guardrails.public_exposure.ignore):
        doors = [_unblocked] if change.action == "delete" else _DOORS if change.action in MAKING else []
        for door in doors:
            for reason, certain in door(change, world):
                yield Found(reason, change.address, certain)


def _unblocked(change: ResourceChange, world: _World) -> Iterator[_Reason]:
    """What kept a bucket closed goes, and the bucket stays."""
    if change.type not in _ACCESS_BLOCKS or str(before(change).get("bucket")) in world.buckets.going:
        return
    held = [name for name in SWITCHES if before(change).get(name) is True]
    if held:
        yield f"kept a bucket from becoming public ({', '.join(held)}), and would be gone", True


def _access_block(change: ResourceChange, _world: _World) -> Iterator[_Reason]:
    if change.type not in _ACCESS_BLOCKS:
        return
    off = [
        name
        for name in SWITCHES
        if after(change).get(name) is False and before(change).get(name) is not False
    ]
    if off:
        yield f"would let a bucket become public ({', '.join(off)})", True
    hidden = [name for name in SWITCHES if unknown(change, name)]
    if hidden:
        yield f"whether a bucket may become public ({', '.join(hidden)}) {CANNOT_TELL}", False


def _policy(change: ResourceChange, world: _World) -> Iterator[_Reason]:
    for name in POLICIES.get(change.type, ()):
        if unknown(change, name):
            if not _is_closed(change, name, world):
                yield f"whether its {_words(name)} lets anyone in {CANNOT_TELL}", False
            continue
        try:
            now = open_statements(after(change).get(name))
        except UnreadableError:
            yield f"its {_words(name)} cannot be read, so whom it lets in {CANNOT_TELL}", False
            continue
        then = _before(change, name) if now else {}
        new = [allowed for text, allowed in now.items() if text not in then]
        if new:
            yield f"its {_words(name)} lets anyone in ({'; '.join(new)})", True


def _is_closed(change: ResourceChange, name: str, world: _World) -> bool:
    """Whether a policy that is not known yet can let nobody in."""
    if change.type == "aws_s3_bucket_policy":
        return world.buckets.shields(change)
    chosen_by_aws = change.type in CLOSED_BY_DEFAULT and not is_written(world.written, change, name)
    return chosen_by_aws and change.action == "create"


def _before(change: ResourceChange, name: str) -> Mapping[str, str]:
    try:
        return open_statements(before(change).get(name))
    except UnreadableError:
        return {}


def _words(name: str) -> str:
    return name.removesuffix("_document").replace("_", " ")


def _acl(change: ResourceChange, world: _World) -> Iterator[_Reason]:
    if not change.type.startswith("aws_s3_") or change.type == "aws_s3_bucket_public_access_block":
        return
    if unknown(change, "acl") and is_written(world.written, change, "acl"):
        yield f"whether its ACL lets anyone read {CANNOT_TELL}", False
    said = {text for text in texts(after(change).get("acl")) if text in _PUBLIC_ACLS}
    new = sorted(said - set(texts(before(change).get("acl"))))
    if new:
        yield f"its ACL lets anyone in ({', '.join(new)})", True
    if not _grants(before(change)) and (groups := _grants(after(change))):
        yield f"a grant of its ACL is to everybody ({groups[0]})", True


def _grants(values: Mapping[str, Any]) -> list[str]:
    """The groups of everybody among the grants of an ACL, in either of the ways they are written."""
    grants = [*blocks(values.get("grant"))]
    for policy in blocks(values.get("access_control_policy")):
        grants += blocks(policy.get("grant"))
    grantees = [*grants, *(one for grant in grants for one in blocks(grant.get("grantee")))]
    return [text for one in grantees for text in texts(one.get("uri")) if text.endswith(_PUBLIC_GROUPS)]


def _balancer(change: ResourceChange, _world: _World) -> Iterator[_Reason]:
    if change.type not in _BALANCERS or before(change).get("internal") is not True:
        return
    if unknown(change, "internal"):
        yield f"is internal now; whether it stays so {CANNOT_TELL}", False
    elif after(change).get("internal") is not True:
        yield "is internal now, and would face the internet", True


def _address(change: ResourceChange, _world: _World) -> Iterator[_Reason]:
    """Databases and brokers with an address on the internet, and machines and subnets that get one."""
    if unknown(change, "publicly_accessible"):
        yield f"whether it has an address on the internet {CANNOT_TELL}", False
    if after(change).get("publicly_accessible") is True and not before(change).get("publicly_accessible"):
        yield "would have an address on the internet (publicly_accessible)", True
    for name in ("associate_public_ip_address", "map_public_ip_on_launch"):
        if before(change).get(name) is False and after(change).get(name) is True:
            yield f"would get addresses on the internet, which it has not now ({name})", True


def _website(change: ResourceChange, _world: _World) -> Iterator[_Reason]:
    alone = change.type == "aws_s3_bucket_website_configuration" and change.action == "create"
    of_bucket = change.type == "aws_s3_bucket" and blocks(after(change).get("website"))
    if alone or (of_bucket and not blocks(before(change).get("website"))):
        yield "serves a bucket as a website, which takes a public bucket; CloudFront takes none", True


def _distribution(change: ResourceChange, _world: _World) -> Iterator[_Reason]:
    if change.type != "aws_cloudfront_distribution" or not before(change):
        return
    if before(change).get("enabled") is False and after(change).get("enabled") is True:
        yield "is switched off now, and would answer the internet", True
    if _signed(before(change)) > _signed(after(change)):
        if any(unknown(change, name) for name in _BEHAVIOURS):
            yield f"asks for signed requests now; whether it still does {CANNOT_TELL}", False
        else:
            yield "asks for signed requests now, and would answer everyone in more places", True


_BEHAVIOURS = ("default_cache_behavior", "ordered_cache_behavior")


def _signed(values: Mapping[str, Any]) -> int:
    """How many behaviours of a distribution answer only who was given a signature."""
    behaviours = [one for name in _BEHAVIOURS for one in blocks(values.get(name))]
    return sum(bool(one.get("trusted_key_groups") or one.get("trusted_signers")) for one in behaviours)


def _function(change: ResourceChange, _world: _World) -> Iterator[_Reason]:
    now, then = after(change), before(change)
    if change.type == "aws_lambda_function_url":
        if unknown(change, "authorization_type"):
            yield f"whether its address asks who calls {CANNOT_TELL}", False
        elif now.get("authorization_type") == "NONE" and then.get("authorization_type") != "NONE":
            yield "its address answers everyone (authorization_type NONE)", True
    if change.type == "aws_lambda_permission" and not _narrow(change, now):
        if unknown(change, "principal"):
            yield f"who may call the function {CANNOT_TELL}", False
        elif now.get("principal") == "*" and (then.get("principal") != "*" or _narrow(change, then)):
            yield "lets anyone call the function", True


def _narrow(change: ResourceChange, values: Mapping[str, Any]) -> bool:
    """Whether a permission of a function holds fast where from; a source that is not known yet is one."""
    names = ("source_arn", "source_account", "principal_org_id")
    return any(values.get(name) or (values is change.after and unknown(change, name)) for name in names)


def _cluster(change: ResourceChange, _world: _World) -> Iterator[_Reason]:
    if change.type != "aws_eks_cluster":
        return
    if unknown(change, "vpc_config") and any(
        item.get("endpoint_public_access") is not False and not item.get("public_access_cidrs")
        for item in blocks(after(change).get("vpc_config"))
    ):
        yield f"whether everyone reaches its API {CANNOT_TELL}", False
    if _everyone(after(change)) and not _everyone(before(change)):
        yield "its API answers the whole internet (endpoint_public_access)", True


def _everyone(values: Mapping[str, Any]) -> bool:
    return any(
        item.get("endpoint_public_access") is True
        and bool(_ANYWHERE & set(texts(item.get("public_access_cidrs"))))
        for item in blocks(values.get("vpc_config"))
    )


def _shared(change: ResourceChange, _world: _World) -> Iterator[_Reason]:
    """Images, snapshots and repositories that are handed to everybody."""
    if change.type == "aws_ecrpublic_repository" and change.action == "create":
        yield "is a repository that everybody can read", True
    for type_, name, value, reason in _SHARES:
        given, had = texts(after(change).get(name)), texts(before(change).get(name))
        if change.type == type_ and value in given and value not in had:
            yield reason, True


_DOORS: Sequence[_Door] = (
    _access_block,
    _policy,
    _acl,
    _balancer,
    _address,
    _website,
    _distribution,
    _function,
    _cluster,
    _shared,
)
