"""Resource types that cost nothing by themselves. A type that is neither here nor among the rules is unknown."""

from __future__ import annotations

#: What lives in the state alone, not in an account.
LOCAL_PREFIXES = ("random_", "tls_", "null_", "local_", "time_", "terraform_data", "archive_", "cloudinit_")

#: Settings, permissions and connections: AWS charges for what they belong to, or not at all.
FREE_TYPES = frozenset(
    {
        "aws_acm_certificate",  # public certificates
        "aws_acm_certificate_validation",
        "aws_appautoscaling_target",
        "aws_autoscaling_attachment",
        "aws_autoscaling_schedule",
        "aws_cloudfront_cache_policy",
        "aws_cloudfront_origin_access_control",
        "aws_cloudfront_origin_access_identity",
        "aws_cloudfront_origin_request_policy",
        "aws_cloudfront_response_headers_policy",
        "aws_db_option_group",
        "aws_db_parameter_group",
        "aws_db_subnet_group",
        "aws_default_network_acl",
        "aws_default_route_table",
        "aws_default_security_group",
        "aws_ecr_lifecycle_policy",
        "aws_ecr_repository_policy",
        "aws_ecs_capacity_provider",
        "aws_ecs_cluster_capacity_providers",
        "aws_ecs_task_definition",
        "aws_eip_association",
        "aws_eks_access_entry",
        "aws_eks_access_policy_association",
        "aws_eks_addon",
        "aws_iam_instance_profile",
        "aws_iam_openid_connect_provider",
        "aws_iam_policy",
        "aws_iam_policy_attachment",
        "aws_iam_role",
        "aws_iam_role_policy",
        "aws_iam_role_policy_attachment",
        "aws_internet_gateway",
        "aws_key_pair",
        "aws_kms_alias",
        "aws_lambda_alias",
        "aws_lambda_function_url",
        "aws_lambda_permission",
        "aws_launch_template",  # its instances are priced with the autoscaling group
        "aws_lb_listener",
        "aws_lb_listener_certificate",
        "aws_lb_listener_rule",
        "aws_lb_target_group",
        "aws_lb_target_group_attachment",
        "aws_network_acl",
        "aws_network_acl_rule",
        "aws_route",
        "aws_route53_record",  # queries are priced with the zone
        "aws_route_table",
        "aws_route_table_association",
        "aws_s3_bucket_acl",
        "aws_s3_bucket_cors_configuration",
        "aws_s3_bucket_lifecycle_configuration",
        "aws_s3_bucket_logging",
        "aws_s3_bucket_ownership_controls",
        "aws_s3_bucket_policy",
        "aws_s3_bucket_public_access_block",
        "aws_s3_bucket_server_side_encryption_configuration",
        "aws_s3_bucket_versioning",
        "aws_s3_bucket_website_configuration",
        "aws_secretsmanager_secret_version",
        "aws_security_group",
        "aws_security_group_rule",
        "aws_subnet",
        "aws_vpc",
        "aws_vpc_endpoint_route_table_association",
        "aws_vpc_security_group_egress_rule",
        "aws_vpc_security_group_ingress_rule",
    }
)


def is_free(resource_type: str) -> bool:
    """Whether resources of the type cost nothing by themselves."""
    return resource_type in FREE_TYPES or resource_type.startswith(LOCAL_PREFIXES)
