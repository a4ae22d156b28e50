"""The embedded account seen from outside, through nothing but the AWS API."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import boto3

REGION = "us-east-2"
#: CloudFront's certificates are here, wherever the rest is.
EDGE_REGION = "us-east-1"

Inventory = dict[str, set[str]]


class Account:
    """Reads an account; changes nothing in it."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint

    def client(self, service: str, region: str = REGION) -> Any:
        """A client of one service."""
        return boto3.client(
            service,
            endpoint_url=self._endpoint,
            region_name=region,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def inventory(self) -> Inventory:
        """Everything there is that Terraform or a deployment may have made, by kind. Images of the shared registry,
        and the contents of the bucket that holds Terraform's state, are left out: they outlive environments."""
        kinds: dict[str, Iterable[str]] = {
            **self._network(),
            **self._traffic(),
            **self._compute(),
            **self._access(),
        }
        return {kind: set(names) for kind, names in kinds.items()}

    def objects(self, bucket: str) -> set[str]:
        """Keys of the objects of a bucket."""
        return set(self._all("s3", "list_objects_v2", "Contents", "Key", Bucket=bucket))

    def read_object(self, bucket: str, key: str) -> bytes:
        """Content of an object."""
        return bytes(self.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())

    def terraform_state(self, environment: str, bucket: str = "todo-terraform-state") -> dict[str, Any]:
        """Terraform's state of an environment."""
        (key,) = (key for key in self.objects(bucket) if environment in key and key.endswith(".tfstate"))
        return dict(json.loads(self.read_object(bucket, key)))

    def _network(self) -> Mapping[str, Iterable[str]]:
        zones = list(self._all("route53", "list_hosted_zones", "HostedZones", "Id"))
        records = {
            f"{zone} {record['Name']} {record['Type']}"
            for zone in zones
            for record in self._pages(
                "route53", "list_resource_record_sets", "ResourceRecordSets", HostedZoneId=zone
            )
        }
        return {
            "VPC": self._all("ec2", "describe_vpcs", "Vpcs", "VpcId"),
            "subnet": self._all("ec2", "describe_subnets", "Subnets", "SubnetId"),
            "route table": self._all("ec2", "describe_route_tables", "RouteTables", "RouteTableId"),
            "internet gateway": self._all(
                "ec2", "describe_internet_gateways", "InternetGateways", "InternetGatewayId"
            ),
            "elastic address": self._all("ec2", "describe_addresses", "Addresses", "AllocationId"),
            "security group": self._all("ec2", "describe_security_groups", "SecurityGroups", "GroupId"),
            "hosted zone": zones,
            "DNS record": records,
        }

    def _traffic(self) -> Mapping[str, Iterable[str]]:
        front = self.client("cloudfront")
        return {
            "load balancer": self._all(
                "elbv2", "describe_load_balancers", "LoadBalancers", "LoadBalancerName"
            ),
            "target group": self._all("elbv2", "describe_target_groups", "TargetGroups", "TargetGroupName"),
            "distribution": _items(front.list_distributions()["DistributionList"], "Id"),
            "origin access control": _items(
                front.list_origin_access_controls()["OriginAccessControlList"], "Name"
            ),
            "certificate": self._all("acm", "list_certificates", "CertificateSummaryList", "CertificateArn"),
            "edge certificate": self._all(
                "acm", "list_certificates", "CertificateSummaryList", "CertificateArn", region=EDGE_REGION
            ),
            "bucket": self._all("s3", "list_buckets", "Buckets", "Name"),
        }

    def _compute(self) -> Mapping[str, Iterable[str]]:
        ecs = self.client("ecs")
        clusters = ecs.list_clusters()["clusterArns"]
        definitions = {
            arn
            for status in ("ACTIVE", "INACTIVE")
            for arn in self._listed("ecs", "list_task_definitions", "taskDefinitionArns", status=status)
        }
        instances = [
            instance["InstanceId"]
            for reservation in self._pages("ec2", "describe_instances", "Reservations")
            for instance in reservation["Instances"]
            if instance["State"]["Name"] != "terminated"
        ]
        return {
            "ECS cluster": clusters,
            "ECS service": {
                arn for cluster in clusters for arn in ecs.list_services(cluster=cluster)["serviceArns"]
            },
            "ECS task": {arn for cluster in clusters for arn in ecs.list_tasks(cluster=cluster)["taskArns"]},
            "task definition": definitions,
            "capacity provider": self._all("ecs", "describe_capacity_providers", "capacityProviders", "name"),
            "group of instances": self._all(
                "autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups", "AutoScalingGroupName"
            ),
            "launch template": self._all(
                "ec2", "describe_launch_templates", "LaunchTemplates", "LaunchTemplateName"
            ),
            "instance": instances,
            "key pair": self._all("ec2", "describe_key_pairs", "KeyPairs", "KeyName"),
            "repository": self._all("ecr", "describe_repositories", "repositories", "repositoryName"),
        }

    def _access(self) -> Mapping[str, Iterable[str]]:
        return {
            "role": self._all("iam", "list_roles", "Roles", "RoleName"),
            "instance profile": self._all(
                "iam", "list_instance_profiles", "InstanceProfiles", "InstanceProfileName"
            ),
            "policy": self._all("iam", "list_policies", "Policies", "Arn", Scope="Local"),
            "log group": self._all("logs", "describe_log_groups", "logGroups", "logGroupName"),
            "alarm": self._all("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
        }

    def _all(
        self, service: str, operation: str, key: str, name: str, *, region: str = REGION, **filters: Any
    ) -> list[str]:
        return _names(self._pages(service, operation, key, region=region, **filters), name)

    def _listed(self, service: str, operation: str, key: str, **filters: Any) -> list[Any]:
        return list(self._pages(service, operation, key, **filters))

    def _pages(
        self, service: str, operation: str, key: str, *, region: str = REGION, **filters: Any
    ) -> Iterable[Any]:
        client = self.client(service, region)
        if client.can_paginate(operation):
            pages = client.get_paginator(operation).paginate(**filters)
        else:
            pages = [getattr(client, operation)(**filters)]
        for page in pages:
            yield from page.get(key, ())


def difference(before: Inventory, after: Inventory) -> dict[str, set[str]]:
    """What is there now and was not before, by kind."""
    return {kind: names - before[kind] for kind, names in after.items() if names - before[kind]}


def _names(found: Iterable[Mapping[str, Any]], name: str) -> list[str]:
    return [str(one[name]) for one in found]


def _items(listing: Mapping[str, Any], name: str) -> list[str]:
    return _names(listing.get("Items", ()), name)
