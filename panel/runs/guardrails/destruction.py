"""Rules over what a plan takes away."""

from __future__ import annotations

from collections.abc import Iterator

from panel.engine.plan import PlanSummary, ResourceChange
from panel.runs.guardrails.finding import Found, Situation
from panel.runs.guardrails.reading import TAKING, before, left

#: Types that hold data somebody would miss.
STATEFUL = frozenset({
    "aws_backup_vault", "aws_cognito_user_pool", "aws_db_instance", "aws_docdb_cluster", "aws_dsql_cluster",
    "aws_dynamodb_table", "aws_ebs_volume", "aws_ecr_repository", "aws_efs_file_system", "aws_elasticache_cluster",
    "aws_elasticache_replication_group", "aws_elasticache_serverless_cache", "aws_elasticsearch_domain",
    "aws_fsx_lustre_file_system", "aws_fsx_ontap_file_system", "aws_fsx_ontap_volume",
    "aws_fsx_openzfs_file_system", "aws_fsx_openzfs_volume", "aws_fsx_windows_file_system", "aws_glacier_vault",
    "aws_keyspaces_table", "aws_kinesis_stream", "aws_kms_key", "aws_memorydb_cluster", "aws_mq_broker",
    "aws_msk_cluster", "aws_neptune_cluster", "aws_opensearch_domain", "aws_rds_cluster",
    "aws_rds_global_cluster", "aws_redshift_cluster", "aws_redshiftserverless_namespace", "aws_route53_zone",
    "aws_s3_bucket", "aws_s3_directory_bucket", "aws_s3tables_table", "aws_secretsmanager_secret",
    "aws_sqs_queue", "aws_timestreamwrite_table",
})  # fmt: skip
#: Types whose every change is a new revision beside the old one: Terraform calls it a replacement, nothing is lost.
_REVISIONS = frozenset({"aws_ecs_task_definition"})
#: Attributes by which AWS itself refuses to delete a resource.
_PROTECTIONS = ("enable_deletion_protection", "deletion_protection", "deletion_protection_enabled")
#: How those attributes say so: some types have words for it.
_PROTECTED = (True, "ACTIVE", "ENABLED")
_MOST_NAMED = 5


def stateful(plan: PlanSummary, situation: Situation) -> Iterator[Found]:
    """What holds data and would be destroyed or replaced, unless that was asked for."""
    rule = situation.guardrails.stateful_resources
    types = STATEFUL | set(rule.also)
    if situation.destroys:
        return
    for change in left(plan.changes, rule.ignore):
        if change.action in TAKING and change.type in types:
            yield Found(f"would {change.action} a resource that holds data", change.address)


def protected(plan: PlanSummary, situation: Situation) -> Iterator[Found]:
    """Parts of a protected environment that would be destroyed or replaced."""
    if not situation.protected:
        return
    for change in left(plan.changes, situation.guardrails.protected_environment.ignore):
        if _lost(change):
            yield Found(
                f"would {change.action} a part of a protected environment",
                change.address,
                # That an environment is protected means that nobody destroys it.
                final=situation.destroys,
            )


def deletion_protection(plan: PlanSummary, _situation: Situation) -> Iterator[Found]:
    """What AWS would refuse to delete, half way through the apply."""
    for change in plan.changes:
        if change.action in TAKING and any(before(change).get(name) in _PROTECTED for name in _PROTECTIONS):
            yield Found(
                "is protected from deletion in AWS, which would refuse half way", change.address, final=True
            )


def destroys(plan: PlanSummary, situation: Situation) -> Iterator[Found]:
    """More resources destroyed or replaced than one run may, unless that was asked for."""
    rule = situation.guardrails.destroys
    if situation.destroys:
        return
    lost = [change.address for change in left(plan.changes, rule.ignore) if _lost(change)]
    if len(lost) > rule.at_most:
        named = ", ".join(lost[:_MOST_NAMED]) + (", …" if len(lost) > _MOST_NAMED else "")
        yield Found(f"would destroy or replace {len(lost)} resources, more than {rule.at_most}: {named}")


def _lost(change: ResourceChange) -> bool:
    return change.action == "delete" or (change.action == "replace" and change.type not in _REVISIONS)
