"""Which IAM actions a call to AWS needs, and what the project's policy files allow.

Sources: the service authorization reference (https://docs.aws.amazon.com/service-authorization/latest/reference/)
for the actions' names; the limit on a managed policy's size is in
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.terraform.provider_calls import Call

_REPOSITORY = Path(__file__).resolve().parents[2]
#: What the credentials that run Terraform need, each file a managed policy.
TERRAFORM_POLICIES = [
    _REPOSITORY / "docs" / f"{name}.json"
    for name in ("terraform-policy", "terraform-policy-services", "terraform-policy-storage")
]
#: What the panel needs beside that.
PANEL_POLICY = _REPOSITORY / "docs" / "panel-policy.json"
_EXCUSES = Path(__file__).parent / "unrecorded_permissions.yaml"

#: Characters that a managed policy may have, white space left out.
LARGEST = 6144

# What IAM calls the services, by what the SDK's log or boto3 call them, in lower case and without spaces.
_PREFIXES = {
    "applicationautoscaling": "application-autoscaling",
    "cloudwatchlogs": "logs",
    "elasticloadbalancingv2": "elasticloadbalancing",
    "elbv2": "elasticloadbalancing",
    "route53": "route53",
}
# Where the action has another name than the operation, or there is more than one, or none.
_OTHERWISE: Mapping[str, tuple[str, ...]] = {
    "cloudfront:CreateDistributionWithTags": ("cloudfront:CreateDistribution", "cloudfront:TagResource"),
    "s3:AbortMultipartUpload": ("s3:AbortMultipartUpload",),
    # With the version that is named in CopySource.
    "s3:CopyObject": ("s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"),
    "s3:DeleteBucketCors": ("s3:PutBucketCORS",),
    "s3:DeleteBucketEncryption": ("s3:PutEncryptionConfiguration",),
    "s3:DeleteBucketLifecycle": ("s3:PutLifecycleConfiguration",),
    "s3:DeleteBucketOwnershipControls": ("s3:PutBucketOwnershipControls",),
    "s3:DeleteObjects": ("s3:DeleteObject", "s3:DeleteObjectVersion"),
    "s3:DeletePublicAccessBlock": ("s3:PutBucketPublicAccessBlock",),
    "s3:GetBucketAccelerateConfiguration": ("s3:GetAccelerateConfiguration",),
    "s3:GetBucketCors": ("s3:GetBucketCORS",),
    "s3:GetBucketEncryption": ("s3:GetEncryptionConfiguration",),
    "s3:GetBucketLifecycleConfiguration": ("s3:GetLifecycleConfiguration",),
    "s3:GetBucketReplication": ("s3:GetReplicationConfiguration",),
    "s3:GetObjectLockConfiguration": ("s3:GetBucketObjectLockConfiguration",),
    "s3:GetPublicAccessBlock": ("s3:GetBucketPublicAccessBlock",),
    "s3:HeadBucket": ("s3:ListBucket",),
    "s3:HeadObject": ("s3:GetObject",),
    "s3:ListMultipartUploads": ("s3:ListBucketMultipartUploads",),
    "s3:ListObjectsV2": ("s3:ListBucket",),
    "s3:ListObjectVersions": ("s3:ListBucketVersions",),
    "s3:PutBucketCors": ("s3:PutBucketCORS",),
    "s3:PutBucketEncryption": ("s3:PutEncryptionConfiguration",),
    "s3:PutBucketLifecycleConfiguration": ("s3:PutLifecycleConfiguration",),
    "s3:PutPublicAccessBlock": ("s3:PutBucketPublicAccessBlock",),
    # Whoever has credentials may ask whose they are.
    "sts:GetCallerIdentity": (),
    # Asked only where the credentials are not checked, which is on an emulator.
    "iam:GetUser": (),
}


def actions_of(service: str, operation: str) -> tuple[str, ...]:
    """The IAM actions that an API operation needs.

    Args:
        service: as the SDK's log or boto3 name it.
        operation: as the service's API names it.
    """
    compact = service.lower().replace(" ", "")
    name = f"{_PREFIXES.get(compact, compact)}:{operation}"
    return _OTHERWISE.get(name, (name,))


def needed_by(call: Call) -> tuple[str, ...]:
    """The IAM actions that a recorded call needs."""
    return actions_of(call.service, call.operation)


@dataclass(frozen=True)
class Policy:
    """The statements of one or more policy documents, all of which allow something."""

    statements: tuple[Mapping[str, Any], ...]

    @property
    def actions(self) -> set[str]:
        """Every action that is allowed on something."""
        return {action for statement in self.statements for action in statement["Action"]}

    def resources(self, action: str) -> set[str]:
        """The patterns of the resources that an action is allowed on; conditions may narrow them further."""
        return {
            resource
            for statement in self.statements
            if action in statement["Action"]
            for resource in listed(statement["Resource"])
        }

    def allows(self, action: str, arn: str) -> bool:
        """Whether the action is allowed on that resource, if all conditions hold."""
        return any(fnmatchcase(arn, pattern) for pattern in self.resources(action))


def listed(value: str | list[str]) -> list[str]:
    """A policy's value that may be one or several."""
    return [value] if isinstance(value, str) else value


def filled(document: str, values: Mapping[str, str]) -> str:
    """A policy document with values in the place of its placeholders."""
    for name, value in values.items():
        document = document.replace(name, value)
    return document


def read_policy(files: Iterable[Path], values: Mapping[str, str]) -> Policy:
    """The policy that several files make together, their placeholders filled in."""
    documents = [json.loads(filled(file.read_text(encoding="utf-8"), values)) for file in files]
    return Policy(tuple(statement for document in documents for statement in document["Statement"]))


def excused(who: str) -> set[str]:
    """Actions that are allowed for a reason that no recorded call shows; `who` is terraform or panel."""
    groups = YAML(typ="safe").load(_EXCUSES.read_text(encoding="utf-8"))[who]
    return {action for group in groups for action in group["actions"]}
