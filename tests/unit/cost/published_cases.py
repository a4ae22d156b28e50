"""The examples of a public estimator, as plans and usage of our own: what each of its figures was made from."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.unit.cost.plans import resource

REGION = "us-east-1"


@dataclass(frozen=True)
class Example:
    """Resources, and how much they are used."""

    resources: tuple[dict[str, object], ...]
    usage: dict[str, float] = field(default_factory=dict)


def one(kind: str, *, used: dict[str, float] | None = None, **values: object) -> Example:
    """An example of a single resource."""
    return Example((resource(f"{kind}.it", **values),), used or {})


def group(count: int, template: dict[str, object], **values: object) -> Example:
    """An autoscaling group with its launch template."""
    return Example(
        (
            resource("aws_launch_template.its", id="lt-1", **template),
            resource(
                "aws_autoscaling_group.it", desired_capacity=count, launch_template=[{"id": "lt-1"}], **values
            ),
        ),
        {"addresses_per_instance": 0},
    )


def nodes(count: int, template: dict[str, object] | None = None) -> Example:
    """A node group of EKS, with a launch template or without."""
    if template is None:
        return one("aws_eks_node_group", scaling_config=[{"desired_size": count}])
    return Example(
        (
            resource("aws_launch_template.its", id="lt-1", **template),
            resource(
                "aws_eks_node_group.it",
                scaling_config=[{"desired_size": count}],
                launch_template=[{"id": "lt-1"}],
            ),
        )
    )


def database(engine: str, kind: str, size: int, **values: object) -> Example:
    """A database that keeps 1,000 GB of backups beyond what comes free."""
    used: dict[str, float] = {"database_backup_gb": 1000}
    return one(
        "aws_db_instance", used=used, engine=engine, instance_class=kind, allocated_storage=size, **values
    )


def disks(*blocks: dict[str, object]) -> list[dict[str, object]]:
    """Disks of a launch template."""
    return [{"ebs": [block]} for block in blocks]


def instance(kind: str, root: dict[str, object], **values: object) -> Example:
    """An instance without a public address."""
    return one(
        "aws_instance",
        instance_type=kind,
        associate_public_ip_address=False,
        root_block_device=[root],
        **values,
    )


_ROOT = {"volume_type": "gp2", "volume_size": 8}
_EVENLY = {"architectures": ["arm64"]}
_METRIC = [{"metric_name": "RequestCount", "period": 120, "stat": "Sum"}]

CASES: dict[str, Example] = {
    "alb": one("aws_lb", load_balancer_type="application", used={"load_balancer_lcu": 1000 / 730}),
    "nlb": one("aws_lb", load_balancer_type="network", internal=True, used={"load_balancer_lcu": 1000 / 730}),
    "nat": one("aws_nat_gateway", used={"nat_processed_gb": 100}),
    "disk-gp2": one("aws_ebs_volume", type="gp2", size=10),
    "disk-io1": one("aws_ebs_volume", type="io1", size=30, iops=300),
    "disk-io2": one("aws_ebs_volume", type="io2", size=30, iops=300),
    "disk-st1": one("aws_ebs_volume", type="st1", size=40),
    "disk-sc1": one("aws_ebs_volume", type="sc1", size=50),
    "disk-gp3": one("aws_ebs_volume", type="gp3", size=40, iops=4000, throughput=130),
    "disk-standard": one("aws_ebs_volume", type="standard", size=20),
    "t2": instance("t2.medium", _ROOT),
    "t3": instance("t3.medium", _ROOT),
    "t3-unlimited": instance("t3.medium", _ROOT, credit_specification=[{"cpu_credits": "unlimited"}]),
    "watched": instance("m3.large", _ROOT, monitoring=True),
    "disks": instance(
        "m3.medium", {"volume_type": "gp2", "volume_size": 10},
        ebs_block_device=[
            {"volume_type": "sc1", "volume_size": 30}, {"volume_type": "io1", "volume_size": 40, "iops": 1000},
            {"volume_type": "gp3", "volume_size": 20},
        ],
    ),
    "group": group(2, {
        "instance_type": "t2.medium",
        "block_device_mappings": disks({"volume_size": 10, "volume_type": "gp2"},
                                       {"volume_size": 20, "volume_type": "io1", "iops": 200}),
    }),
    "group-watched": group(2, {"instance_type": "t2.medium", "monitoring": [{"enabled": True}]}),
    "group-t3": group(2, {"instance_type": "t3.large"}),
    "group-mixed": group(3, {"instance_type": "t2.large"}, mixed_instances_policy=[{"launch_template": []}]),
    "nodes": nodes(1),
    "nodes-m5": nodes(3, {"instance_type": "m5.xlarge",
                          "block_device_mappings": disks({"volume_size": 20, "volume_type": "gp2"})}),
    "nodes-large": nodes(3, {"instance_type": "m5.large"}),
    "cluster": one("aws_eks_cluster"),
    "pods": one("aws_eks_fargate_profile", used={"pods": 1, "pod_vcpu": 1, "pod_memory_gb": 1}),
    "tasks": Example((
        resource("aws_ecs_task_definition.its", family="its", cpu="1024", memory="2048"),
        resource("aws_ecs_service.it", launch_type="FARGATE", desired_count=2, task_definition="its"),
    )),
    "function": one("aws_lambda_function", memory_size=512, used={"lambda_requests": 100_000, "lambda_ms": 350}),
    "function-arm": one("aws_lambda_function", memory_size=512, used={"lambda_requests": 100_000, "lambda_ms": 350},
                        **_EVENLY),
    "function-much": one("aws_lambda_function", memory_size=1024, used={"lambda_requests": 15e9, "lambda_ms": 2000}),
    "function-arm-much": one("aws_lambda_function", memory_size=1024,
                             used={"lambda_requests": 18.25e9, "lambda_ms": 37.5e9 / 18.25e9 * 1000}, **_EVENLY),
    "mysql": database("mysql", "db.t3.large", 20),
    "mysql-two-zones": database("mysql", "db.t3.large", 30, multi_az=True),
    "mysql-io1": database("mysql", "db.t3.large", 100, iops=1200),
    "mysql-io1-least": database("mysql", "db.t3.large", 100, iops=500),
    "mysql-gp3": database("mysql", "db.t4g.small", 400, multi_az=True, storage_type="gp3", iops=14_000),
    "mysql-old": database("mysql", "db.t3.large", 20, engine_version="5.7"),
    "postgres": database("postgres", "db.t3.large", 20),
    "mariadb": database("mariadb", "db.t3.large", 20),
    "bucket": one("aws_s3_bucket", used={
        "bucket_stored_gb": 10_000, "bucket_put_requests": 10_000, "bucket_get_requests": 10_000,
    }),
    "logs": one("aws_cloudwatch_log_group", used={"log_ingested_gb": 1000, "log_stored_gb": 500}),
    "alarm": one("aws_cloudwatch_metric_alarm", period=120),
    "alarm-fast": one("aws_cloudwatch_metric_alarm", period=30),
    "alarm-expression": one("aws_cloudwatch_metric_alarm", metric_query=[
        {"id": "e1", "expression": "m2/m1*100", "metric": []}, {"id": "m1", "metric": _METRIC},
        {"id": "m2", "metric": _METRIC},
    ]),
    "alarm-anomaly": one("aws_cloudwatch_metric_alarm", metric_query=[
        {"id": "e1", "expression": "ANOMALY_DETECTION_BAND(m1)"}, {"id": "m1", "metric": _METRIC},
    ]),
    "dashboard": one("aws_cloudwatch_dashboard"),
    "images": one("aws_ecr_repository", used={"repository_stored_gb": 1}),
    "address": one("aws_eip"),
    "key": one("aws_kms_key"),
    "secret": one("aws_secretsmanager_secret", used={"secret_requests": 100_000}),
    "zone": one("aws_route53_zone"),
    "queries": one("aws_route53_zone", used={"dns_queries_per_zone": 1.1e9}),
    "check": one("aws_route53_health_check", type="HTTP"),
    "check-outside": one("aws_route53_health_check", type="HTTP"),
    "check-https": one("aws_route53_health_check", type="HTTPS"),
    "edge": one("aws_cloudfront_function", used={"cloudfront_https_requests": 200_000}),
    "site": one("aws_cloudfront_distribution", used={
        "cloudfront_out_gb": 12_340_000, "cloudfront_https_requests": 123_400,
    }),
    "endpoint": one("aws_vpc_endpoint", vpc_endpoint_type="Interface", subnet_ids=["a", "b"]),
    "endpoint-gateway": one("aws_vpc_endpoint", vpc_endpoint_type="GatewayLoadBalancer", subnet_ids=["a"]),
    "parameter": one("aws_ssm_parameter", tier="Advanced"),
    "balancer-classic": one("aws_elb"),
}  # fmt: skip
