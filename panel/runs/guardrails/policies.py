"""Reading the policies of AWS resources: does a document let anyone in?

A statement lets anyone in when it allows something to everybody (``*``) and no condition of it holds fast who or
where from. The keys that hold it fast are those by which AWS itself tells a public policy of a bucket from another:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

#: Which attribute of which type says who may use it.
POLICIES: Mapping[str, tuple[str, ...]] = {
    "aws_backup_vault_policy": ("policy",),
    "aws_cloudwatch_event_bus_policy": ("policy",),
    "aws_codeartifact_domain_permissions_policy": ("policy_document",),
    "aws_codeartifact_repository_permissions_policy": ("policy_document",),
    "aws_dynamodb_resource_policy": ("policy",),
    "aws_ecr_registry_policy": ("policy",),
    "aws_ecr_repository_policy": ("policy",),
    "aws_efs_file_system_policy": ("policy",),
    "aws_elasticsearch_domain": ("access_policies",),
    "aws_elasticsearch_domain_policy": ("access_policies",),
    "aws_glacier_vault": ("access_policy",),
    "aws_glue_resource_policy": ("policy",),
    "aws_iam_role": ("assume_role_policy",),
    "aws_kinesis_resource_policy": ("policy",),
    "aws_kms_external_key": ("policy",),
    "aws_kms_key": ("policy",),
    "aws_kms_key_policy": ("policy",),
    "aws_kms_replica_key": ("policy",),
    "aws_opensearch_domain": ("access_policies",),
    "aws_opensearch_domain_policy": ("access_policies",),
    "aws_s3_access_point": ("policy",),
    "aws_s3_bucket": ("policy",),
    "aws_s3_bucket_policy": ("policy",),
    "aws_s3control_access_point_policy": ("policy",),
    "aws_secretsmanager_secret": ("policy",),
    "aws_secretsmanager_secret_policy": ("policy",),
    "aws_sns_topic": ("policy",),
    "aws_sns_topic_policy": ("policy",),
    "aws_sqs_queue": ("policy",),
    "aws_sqs_queue_policy": ("policy",),
}
#: Types that AWS gives a closed policy where none is asked for. A new one of these whose policy is not known has
#: none of its own: Terraform calls what AWS will choose unknown.
CLOSED_BY_DEFAULT = frozenset({
    "aws_elasticsearch_domain", "aws_glacier_vault", "aws_kms_external_key", "aws_kms_key", "aws_kms_replica_key",
    "aws_opensearch_domain", "aws_s3_access_point", "aws_s3_bucket", "aws_secretsmanager_secret", "aws_sns_topic",
    "aws_sqs_queue",
})  # fmt: skip

_HOLDING = frozenset({
    "aws:principalaccount", "aws:principalarn", "aws:principalorgid", "aws:principalorgpaths", "aws:sourceaccount",
    "aws:sourcearn", "aws:sourceip", "aws:sourceorgid", "aws:sourceorgpaths", "aws:sourceowner", "aws:sourcevpc",
    "aws:sourcevpce", "aws:userid", "aws:username", "aws:vpcsourceip", "kms:calleraccount", "s3:dataaccesspointaccount",
    "s3:dataaccesspointarn", "sns:endpoint",
})  # fmt: skip
#: Values that hold nothing fast.
_ANYTHING = frozenset({"*", "**", "arn:*", "arn:aws:*", "0.0.0.0/0", "::/0"})


class UnreadableError(ValueError):
    """The text is no policy that the panel can read."""


def open_statements(policy: object) -> dict[str, str]:
    """The statements that let anyone in: each as text that tells it from others, with what it allows in words.

    Raises:
        UnreadableError: the text is no policy document.
    """
    return {
        json.dumps(item, sort_keys=True): _allowed(item) for item in _statements(policy) if _is_open(item)
    }


def _statements(policy: object) -> Iterator[Mapping[str, Any]]:
    if policy is None or policy == "":
        return
    try:
        document = json.loads(policy) if isinstance(policy, str) else policy
    except (ValueError, RecursionError):
        raise UnreadableError from None
    if not isinstance(document, Mapping):
        raise UnreadableError
    statements = document.get("Statement")
    for item in statements if isinstance(statements, list) else [statements]:
        if not isinstance(item, Mapping):
            raise UnreadableError
        yield item


def _is_open(statement: Mapping[str, Any]) -> bool:
    if statement.get("Effect") != "Allow":
        return False
    anyone = "NotPrincipal" in statement or _is_anyone(statement.get("Principal"))
    return anyone and not _is_held(statement.get("Condition"))


def _is_anyone(principal: object) -> bool:
    if isinstance(principal, Mapping):
        return any(_is_anyone(value) for value in principal.values())
    return "*" in principal if isinstance(principal, list) else principal == "*"


def _is_held(condition: object) -> bool:
    """Whether a condition names who or where from. One that says who not, or lets in who says nothing, does not."""
    if not isinstance(condition, Mapping):
        return False
    for operator, keys in condition.items():
        name = str(operator).lower().rpartition(":")
        if "not" in name[2] or name[2] in {"null", "bool"} or name[2].endswith("ifexists"):
            continue
        if name[0] == "forallvalues" or not isinstance(keys, Mapping):
            continue
        for key, values in keys.items():
            said = values if isinstance(values, list) else [values]
            if str(key).lower() in _HOLDING and said and not any(str(one) in _ANYTHING for one in said):
                return True
    return False


def _allowed(statement: Mapping[str, Any]) -> str:
    actions = statement.get("Action", "everything but some actions")
    said = [str(action)[:80] for action in (actions if isinstance(actions, list) else [actions])]
    return ", ".join(said[:3]) + (", …" if len(said) > 3 else "")
