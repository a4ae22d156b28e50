"""What to ask the AWS Price List for, and which of our prices each answer is.

AWS names what it charges by a usage type, which begins with a region's short name everywhere but in us-east-1, and by
the kind of product. Prices that fall with use come as steps: ours are numbered from the first that is not free.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from panel.cost.prices import EVERYWHERE

_ONE = Decimal(1)
_PREFIX = re.compile(r"^(?:[A-Z]{3}\d-|EU-|[a-z]{2}(?:-[a-z]+)+-\d-)")


@dataclass(frozen=True)
class Wanted:
    """One of our prices, found by its usage type (without the region's short name) and kind of product.

    ``step``: which of the prices that fall with use, from 0. ``units``: how many of our units AWS' unit is.
    """

    usage_type: str
    resource_type: str
    component: str
    unit: str
    family: str = ""
    step: int = 0
    units: Decimal = _ONE


@dataclass(frozen=True)
class Question:
    """One request: products of a service with these attributes, in the region unless it is everywhere the same."""

    service: str
    wanted: tuple[Wanted, ...]
    filters: Mapping[str, str] = field(default_factory=dict)
    everywhere: bool = False

    def asked(self, region: str) -> dict[str, str]:
        """All attributes to ask for."""
        return {**self.filters} if self.everywhere else {"regionCode": region, **self.filters}

    def region(self, region: str) -> str:
        """The region that the answers hold for, as the price list names it."""
        return EVERYWHERE if self.everywhere else region


def plain(usage_type: str) -> str:
    """A usage type without its region's short name."""
    return _PREFIX.sub("", usage_type)


def questions(instances: Iterable[str], databases: Iterable[str]) -> tuple[Question, ...]:
    """Everything to ask, for these types of instances and classes of databases."""
    return (
        *_SERVICES, *_everywhere(), *(_instance(kind) for kind in sorted(instances)), *_databases(sorted(databases)),
    )  # fmt: skip


def _instance(kind: str) -> Question:
    wanted = Wanted(f"BoxUsage:{kind}", "aws_instance", f"{kind} Linux on-demand shared tenancy", "hour")
    filters = {
        "instanceType": kind, "operatingSystem": "Linux", "tenancy": "Shared", "preInstalledSw": "NA",
        "capacitystatus": "Used",
    }  # fmt: skip
    return Question("AmazonEC2", (wanted,), filters)


def _databases(classes: list[str]) -> Iterator[Question]:
    for engine in ("MySQL", "PostgreSQL"):
        for zones, usage, storage in (("Single-AZ", "Instance", ""), ("Multi-AZ", "Multi-AZ", "Multi-AZ-")):
            one = {"databaseEngine": engine, "deploymentOption": zones}
            hours = tuple(
                Wanted(f"{usage}Usage:{kind}", "aws_db_instance", f"{kind} {engine} {zones}", "hour")
                for kind in classes
            )
            if hours:
                yield Question("AmazonRDS", hours, one | {"productFamily": "Database Instance"})
            disks = tuple(
                Wanted(
                    f"RDS:{storage}{told}", "aws_db_instance", f"{engine} {name} storage {zones}", "GB-month"
                )
                for told, name in (("GP2-Storage", "gp2"), ("GP3-Storage", "gp3"))
            )
            yield Question("AmazonRDS", disks, one | {"productFamily": "Database Storage"})


def _everywhere() -> Iterator[Question]:
    """CloudFront and Route 53, which cost the same for all regions."""
    edges = "US/Mexico/Canada edges"
    sizes = (
        "first 10 TB",
        "next 40 TB",
        "next 100 TB",
        "next 350 TB",
        "next 524 TB",
        "next 4 PB",
        "over 5 PB",
    )
    site, out = "aws_cloudfront_distribution", f"data transfer out to internet, {edges}"
    told: dict[tuple[str, str], list[Wanted]] = {
        ("AmazonCloudFront", "US-DataTransfer-Out-Bytes"): [
            Wanted("US-DataTransfer-Out-Bytes", site, f"{out}, {size}", "GB", step=step)
            for step, size in enumerate(sizes)
        ],
        ("AmazonCloudFront", "US-Requests-Tier2-HTTPS"): [
            Wanted("US-Requests-Tier2-HTTPS", site, f"HTTPS requests, {edges}", "request")
        ],
        ("AmazonCloudFront", "Executions-CloudFrontFunctions"): [
            Wanted("Executions-CloudFrontFunctions", "aws_cloudfront_function", "invocations", "invocation")
        ],
        ("AmazonRoute53", "HostedZone"): [
            Wanted("HostedZone", "aws_route53_zone", "hosted zone, first 25", "zone-month")
        ],
        ("AmazonRoute53", "DNS-Queries"): [
            Wanted("DNS-Queries", "aws_route53_record", "standard queries, first 1B/month", "query"),
            Wanted("DNS-Queries", "aws_route53_record", "standard queries, over 1B/month", "query", step=1),
        ],
    }
    for (service, usage_type), wanted in told.items():
        yield Question(service, tuple(wanted), {"usagetype": usage_type}, everywhere=True)


def _disks() -> Iterator[Question]:
    kinds = {"gp2": "gp2", "gp3": "gp3", "io1": "piops", "st1": "st1", "sc1": "sc1"}
    for name, told in kinds.items():
        wanted = [Wanted(f"EBS:VolumeUsage.{told}", "aws_ebs_volume", f"{name} storage", "GB-month")]
        if name == "gp3":
            above = ("gp3 provisioned IOPS above 3000", "gp3 provisioned throughput above 125 MiB/s")
            wanted += [
                Wanted("EBS:VolumeP-IOPS.gp3", "aws_ebs_volume", above[0], "IOPS-month"),
                # Told for a GiB a second.
                Wanted(
                    "EBS:VolumeP-Throughput.gp3",
                    "aws_ebs_volume",
                    above[1],
                    "MiBps-month",
                    units=Decimal(1024),
                ),
            ]
        if name == "io1":
            wanted.append(
                Wanted("EBS:VolumeP-IOPS.piops", "aws_ebs_volume", "io1 provisioned IOPS", "IOPS-month")
            )
        yield Question("AmazonEC2", tuple(wanted), {"volumeApiName": name})


def _functions() -> tuple[Wanted, ...]:
    kind = "aws_lambda_function"
    x86, arm = ("first 6B", "next 9B", "over 15B"), ("first 7.5B", "next 11.25B", "over 18.75B")
    return (
        Wanted("Request", kind, "requests x86", "request"),
        Wanted("Request-ARM", kind, "requests arm64", "request"),
        *(
            Wanted("Lambda-GB-Second", kind, f"duration x86, {size} GB-s/month", "GB-second", step=step)
            for step, size in enumerate(x86)
        ),
        *(
            Wanted("Lambda-GB-Second-ARM", kind, f"duration arm64, {size} GB-s/month", "GB-second", step=step)
            for step, size in enumerate(arm)
        ),
    )


def _balancers() -> tuple[Wanted, ...]:
    found = []
    for kind, told, unit in (("Application", "LCU", "LCU-hour"), ("Network", "NLCU", "NLCU-hour")):
        name, family = f"{kind} Load Balancer", f"Load Balancer-{kind}"
        found += [
            Wanted("LoadBalancerUsage", "aws_lb", name, "hour", family),
            Wanted("LCUUsage", "aws_lb", f"{name} {told}", unit, family),
        ]
    return (*found, Wanted("LoadBalancerUsage", "aws_elb", "Classic Load Balancer", "hour", "Load Balancer"))


_TASKS = tuple(
    Wanted(f"Fargate-{told}{what}", "aws_ecs_service", f"Linux {name} {component}", unit)
    for told, name in (("", "x86"), ("ARM-", "ARM"))
    for what, component, unit in (
        ("vCPU-Hours:perCPU", "vCPU", "vCPU-hour"), ("GB-Hours", "memory", "GB-hour"),
    )
)  # fmt: skip
_STORED = ("first 50 TB", "next 450 TB", "over 500 TB")
_OF_METRICS = ("first 10,000", "next 240,000", "next 750,000", "over 1,000,000")
_LOGS, _POD, _SECRET = "aws_cloudwatch_log_group", "aws_eks_fargate_profile", "aws_secretsmanager_secret"

_SERVICES: tuple[Question, ...] = (
    *_disks(),
    Question("AWSELB", _balancers()),
    Question("AWSLambda", _functions()),
    Question("AmazonECS", _TASKS),
    Question("AmazonEC2", (
        Wanted("NatGateway-Hours", "aws_nat_gateway", "NAT gateway", "hour"),
        Wanted("NatGateway-Bytes", "aws_nat_gateway", "data processed", "GB"),
    ), {"productFamily": "NAT Gateway"}),
    Question("AmazonVPC", (
        Wanted("PublicIPv4:InUseAddress", "aws_eip", "public IPv4 address, in use", "hour"),
        Wanted("PublicIPv4:IdleAddress", "aws_eip", "public IPv4 address, idle (EIP not associated)", "hour"),
        Wanted("VpcEndpoint-Hours", "aws_vpc_endpoint", "interface endpoint (per AZ)", "hour"),
        Wanted("VpcEndpoint-Bytes", "aws_vpc_endpoint", "interface endpoint data processed, first 1 PB", "GB"),
    )),
    Question("AmazonS3", tuple(
        Wanted("TimedStorage-ByteHrs", "aws_s3_bucket", f"Standard storage, {size}", "GB-month", step=step)
        for step, size in enumerate(_STORED)
    ), {"volumeType": "Standard"}),
    Question("AmazonS3", (
        Wanted("Requests-Tier1", "aws_s3_bucket", "Standard PUT/COPY/POST/LIST requests", "request"),
    ), {"group": "S3-API-Tier1"}),
    Question("AmazonS3", (
        Wanted("Requests-Tier2", "aws_s3_bucket", "Standard GET and other requests", "request"),
    ), {"group": "S3-API-Tier2"}),
    Question("AmazonECR", (
        Wanted("TimedStorage-ByteHrs", "aws_ecr_repository", "private repository storage", "GB-month"),
    )),
    Question("AmazonEKS", (
        Wanted("AmazonEKS-Hours:perCluster", "aws_eks_cluster", "cluster, standard support", "hour"),
        Wanted("Fargate-vCPU-Hours:perCPU", _POD, "Fargate pod vCPU", "vCPU-hour"),
        Wanted("Fargate-GB-Hours", _POD, "Fargate pod memory", "GB-hour"),
    )),
    Question("AmazonCloudWatch", (
        Wanted("DataProcessing-Bytes", _LOGS, "logs ingestion, Standard class", "GB"),
        Wanted("TimedStorage-ByteHrs", _LOGS, "logs storage (archived)", "GB-month"),
        Wanted("CW:AlarmMonitorUsage", "aws_cloudwatch_metric_alarm", "standard resolution alarm metric",
               "alarm-metric-month"),
        Wanted("CW:HighResAlarmMonitorUsage", "aws_cloudwatch_metric_alarm", "high resolution alarm metric",
               "alarm-metric-month"),
        *(
            Wanted("CW:MetricMonitorUsage", "aws_cloudwatch_log_metric_filter", f"custom metric, {size}",
                   "metric-month", step=step)
            for step, size in enumerate(_OF_METRICS)
        ),
    )),
    Question("AWSSecretsManager", (
        Wanted("AWSSecretsManager-Secrets", _SECRET, "secret", "secret-month"),
        Wanted("AWSSecretsManagerAPIRequest", _SECRET, "API requests", "request"),
    )),
    Question("awskms", (
        Wanted("KMS-Keys", "aws_kms_key", "customer managed key", "key-month"),
        Wanted("KMS-Requests", "aws_kms_key", "API requests (symmetric)", "request"),
    )),
    Question("AmazonRDS", (
        Wanted("RDS:ChargedBackupUsage", "aws_db_instance", "backup storage beyond the free allocation (non-Aurora)",
               "GB-month"),
    ), {"productFamily": "Storage Snapshot"}),
)  # fmt: skip
