"""What an AWS account holds of the kinds that the stacks make, listed by AWS's own API, and which state names it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import jmespath

from tests.terraform.emulator import Emulator

# Kind, service, operation, and where in its answer the names or identifiers are. A kind is listed by what a
# state has too: a name, an identifier or an ARN.
_LISTED = (
    ("addresses", "ec2", "describe_addresses", "Addresses[].AllocationId"),
    ("endpoints", "ec2", "describe_vpc_endpoints", "VpcEndpoints[].VpcEndpointId"),
    ("internet gateways", "ec2", "describe_internet_gateways", "InternetGateways[].InternetGatewayId"),
    ("key pairs", "ec2", "describe_key_pairs", "KeyPairs[].KeyName"),
    ("launch templates", "ec2", "describe_launch_templates", "LaunchTemplates[].LaunchTemplateId"),
    ("NAT gateways", "ec2", "describe_nat_gateways", "NatGateways[?State!='deleted'].NatGatewayId"),
    ("networks", "ec2", "describe_vpcs", "Vpcs[].VpcId"),
    ("route tables", "ec2", "describe_route_tables", "RouteTables[?!Associations[?Main]].RouteTableId"),
    ("security groups", "ec2", "describe_security_groups", "SecurityGroups[].GroupId"),
    ("subnets", "ec2", "describe_subnets", "Subnets[].SubnetId"),
    ("groups of instances", "autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups[].AutoScalingGroupName"),
    ("load balancers", "elbv2", "describe_load_balancers", "LoadBalancers[].LoadBalancerArn"),
    ("target groups", "elbv2", "describe_target_groups", "TargetGroups[].TargetGroupArn"),
    ("clusters", "ecs", "list_clusters", "clusterArns"),
    ("task definitions", "ecs", "list_task_definitions", "taskDefinitionArns"),
    ("repositories", "ecr", "describe_repositories", "repositories[].repositoryName"),
    ("buckets", "s3", "list_buckets", "Buckets[].Name"),
    ("logs", "logs", "describe_log_groups", "logGroups[].logGroupName"),
    ("roles", "iam", "list_roles", "Roles[].RoleName"),
    ("policies", "iam", "list_policies", "Policies[].Arn"),
    ("instance profiles", "iam", "list_instance_profiles", "InstanceProfiles[].InstanceProfileName"),
    ("zones", "route53", "list_hosted_zones", "HostedZones[].Id"),
    ("subnet groups", "rds", "describe_db_subnet_groups", "DBSubnetGroups[].DBSubnetGroupName"),
    ("parameters", "ssm", "describe_parameters", "Parameters[].Name"),
    ("secrets", "secretsmanager", "list_secrets", "SecretList[].ARN"),
    ("alarms", "cloudwatch", "describe_alarms", "MetricAlarms[].AlarmName"),
    ("distributions", "cloudfront", "list_distributions", "DistributionList.Items[].Id"),
    ("access controls", "cloudfront", "list_origin_access_controls", "OriginAccessControlList.Items[].Id"),
    ("functions", "cloudfront", "list_functions", "FunctionList.Items[].Name"),
    (
        "response headers policies",
        "cloudfront",
        "list_response_headers_policies",
        "ResponseHeadersPolicyList.Items[?Type=='custom'].ResponseHeadersPolicy.Id",
    ),
)  # fmt: skip
_OPTIONS = {"list_task_definitions": {"status": "ACTIVE"}, "list_policies": {"Scope": "Local"}}


def holdings(emulator: Emulator, state_bucket: str) -> set[tuple[str, str]]:
    """Kind and name of everything that the account holds, but for what every account comes with and for the states."""
    found = {item for item in _all(emulator) if item != ("buckets", state_bucket)}
    return found - _given_with_the_account(emulator)


def _all(emulator: Emulator) -> Iterator[tuple[str, str]]:
    for kind, service, operation, place in _LISTED:
        answer = getattr(emulator.client(service), operation)(**_OPTIONS.get(operation, {}))
        for name in jmespath.search(place, answer) or []:
            yield kind, str(name).removeprefix("/hostedzone/")
    for region in ("us-east-1", "us-east-2"):
        listed = emulator.client("acm", region).list_certificates()["CertificateSummaryList"]
        yield from (("certificates", str(item["CertificateArn"])) for item in listed)
    yield from _records(emulator)


def _records(emulator: Emulator) -> Iterator[tuple[str, str]]:
    """Every record of every zone but those that a zone is born with."""
    names = emulator.client("route53")
    for zone in names.list_hosted_zones()["HostedZones"]:
        identifier = zone["Id"].removeprefix("/hostedzone/")
        for record in names.list_resource_record_sets(HostedZoneId=identifier)["ResourceRecordSets"]:
            if not (record["Type"] in ("NS", "SOA") and record["Name"] == zone["Name"]):
                yield "records", f"{identifier}_{record['Name'].rstrip('.')}_{record['Type']}"


def _given_with_the_account(emulator: Emulator) -> set[tuple[str, str]]:
    """The default network and its parts."""
    compute = emulator.client("ec2")
    default = {vpc["VpcId"] for vpc in compute.describe_vpcs()["Vpcs"] if vpc["IsDefault"]}
    within = [{"Name": "vpc-id", "Values": sorted(default)}] if default else []
    attached = [{"Name": "attachment.vpc-id", "Values": sorted(default)}] if default else []
    given = {("networks", name) for name in default}
    if default:
        subnets = compute.describe_subnets(Filters=within)["Subnets"]
        groups = compute.describe_security_groups(Filters=within)["SecurityGroups"]
        gateways = compute.describe_internet_gateways(Filters=attached)["InternetGateways"]
        given |= {("subnets", item["SubnetId"]) for item in subnets}
        given |= {("security groups", item["GroupId"]) for item in groups}
        given |= {("internet gateways", item["InternetGatewayId"]) for item in gateways}
    return given


def named_by(state: Mapping[str, Any]) -> set[str]:
    """Every identifier, name and ARN of the resources in a state."""
    return {
        name
        for resource in state["resources"]
        if resource["mode"] == "managed"
        for instance in resource["instances"]
        for name in _names(resource["type"], instance["attributes"])
    }


def _names(kind: str, attributes: Mapping[str, Any]) -> Iterator[str]:
    if kind == "aws_route53_record":
        yield "_".join(attributes[part] for part in ("zone_id", "fqdn", "type"))
    for name in ("id", "arn", "name", "key_name", "default_security_group_id"):
        if attributes.get(name):
            yield str(attributes[name])


def arns_of(state: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Type and ARN of every resource in a state that has one."""
    return [
        (resource["type"], instance["attributes"]["arn"])
        for resource in state["resources"]
        if resource["mode"] == "managed"
        for instance in resource["instances"]
        if instance["attributes"].get("arn")
    ]
