"""By a few calls, what the two Terraform stacks make for the project: the same names and shapes, in a second.

Belongs here: resources of the embedded AWS, and the outputs that name them. Left out is what no deployment touches
(DNS, certificates, roles, firewalls).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from panel.aws.session import Aws
from panel.catalogue.schema import Catalogue, ContainerService

_ACCOUNT = "000000000000"
_CACHING_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
_CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
_AS_VIEWED = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
_ALL_METHODS = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
_READING = ["GET", "HEAD"]


def make_shared(aws: Aws, catalogue: Catalogue) -> dict[str, Any]:
    """The network and the image repositories; tells the shared stack's outputs."""
    ec2, ecr = aws.client("ec2"), aws.client("ecr")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24")["Subnet"]["SubnetId"]
        for number in range(2)
    ]
    repositories = {}
    for name in catalogue.containers:
        made = ecr.create_repository(
            repositoryName=f"{catalogue.project}/{name}", imageTagMutability="IMMUTABLE"
        )["repository"]
        repositories[name] = {
            "name": made["repositoryName"], "arn": made["repositoryArn"], "url": made["repositoryUri"],
        }  # fmt: skip
    return {
        "network": {"vpc_id": vpc, "public_subnet_ids": {"0": subnets, "1": subnets}},
        "repositories": repositories,
    }


def make_environment(
    aws: Aws, catalogue: Catalogue, name: str, shared: dict[str, Any], port: int
) -> dict[str, Any]:
    """An environment without a release; tells the outputs of its stack.

    Args:
        port: of the embedded AWS: CloudFront reaches the load balancer through it.
    """
    prefix = f"{catalogue.project}-{name}"
    network = shared["network"]
    subnets = network["public_subnet_ids"]["0"]
    aws.client("ecs").create_cluster(clusterName=prefix)
    site, state = (_bucket(aws, catalogue, f"{prefix}-{part}-{_ACCOUNT}") for part in ("site", "state"))
    balancer, listener = _load_balancer(aws, prefix, subnets)
    services = {
        service: _service(aws, catalogue, name, service, network["vpc_id"], subnets, listener, state, shared)
        for service in catalogue.containers
    }
    made = _distribution(aws, catalogue, prefix, site, port)
    _instances(aws, prefix, subnets, catalogue.environments[name].instance.count)
    return {
        "url": f"https://{name}.{catalogue.domain}",
        "domain_name": f"{name}.{catalogue.domain}",
        "cloudfront_distribution_id": made["Id"],
        "cloudfront_domain_name": made["DomainName"],
        "site_bucket": site,
        "state_bucket": state,
        "cluster_name": prefix,
        "load_balancer_arn": balancer,
        "autoscaling_group_name": prefix,
        "services": services,
    }


def _bucket(aws: Aws, catalogue: Catalogue, name: str) -> str:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": catalogue.region})
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


def _load_balancer(aws: Aws, name: str, subnets: list[str]) -> tuple[str, str]:
    elbv2 = aws.client("elbv2")
    balancer = elbv2.create_load_balancer(Name=name, Subnets=subnets, Type="application")["LoadBalancers"][0]
    no_service = {"ContentType": "application/json", "MessageBody": "{}", "StatusCode": "404"}
    listener = elbv2.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"], Port=80, Protocol="HTTP",
        DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": no_service}],
    )["Listeners"][0]  # fmt: skip
    return str(balancer["LoadBalancerArn"]), str(listener["ListenerArn"])


def _service(
    aws: Aws, catalogue: Catalogue, environment: str, name: str, vpc: str, subnets: list[str],
    listener: str, state_bucket: str, shared: dict[str, Any],
) -> dict[str, Any]:  # fmt: skip
    """A service that waits at zero tasks for its first release."""
    service, prefix = catalogue.containers[name], f"{catalogue.project}-{environment}"
    group = _target_group(aws, f"{prefix}-{name}", service, vpc, listener)
    log_group = f"/ecs/{prefix}/{name}"
    aws.client("logs").create_log_group(logGroupName=log_group)
    url = shared["repositories"][name]["url"]
    container = _container(catalogue, name, service, f"{url}:bootstrap", log_group, state_bucket)
    definition = aws.client("ecs").register_task_definition(
        family=f"{prefix}-{name}", networkMode="awsvpc", requiresCompatibilities=["EC2"],
        containerDefinitions=[container],
    )["taskDefinition"]  # fmt: skip
    aws.client("ecs").create_service(
        cluster=prefix, serviceName=name, taskDefinition=definition["taskDefinitionArn"], desiredCount=0,
        launchType="EC2", healthCheckGracePeriodSeconds=30,
        deploymentConfiguration={
            "minimumHealthyPercent": 50, "maximumPercent": 100,
            "deploymentCircuitBreaker": {"enable": True, "rollback": True},
        },
        networkConfiguration={"awsvpcConfiguration": {"subnets": subnets}},
        loadBalancers=[{"targetGroupArn": group, "containerName": name, "containerPort": service.port}],
    )  # fmt: skip
    return {
        "service_name": name,
        "task_definition_family": f"{prefix}-{name}",
        "container_name": name,
        "container_port": service.port,
        "target_group_arn": group,
        "log_group": log_group,
        "desired_count": catalogue.environments[environment].desired_tasks,
        "repository_url": url,
    }


def _target_group(aws: Aws, name: str, service: ContainerService, vpc: str, listener: str) -> str:
    elbv2 = aws.client("elbv2")
    group = elbv2.create_target_group(
        Name=name, Protocol="HTTP", Port=service.port, VpcId=vpc, TargetType="ip",
        HealthCheckPath=service.health_path, HealthCheckIntervalSeconds=10, Matcher={"HttpCode": "200"},
    )["TargetGroups"][0]["TargetGroupArn"]  # fmt: skip
    elbv2.create_rule(
        ListenerArn=listener, Priority=1,
        Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": [service.path_pattern]}}],
        Actions=[{"Type": "forward", "TargetGroupArn": group}],
    )  # fmt: skip
    return str(group)


def _container(
    catalogue: Catalogue, name: str, service: ContainerService, image: str, log_group: str, state_bucket: str
) -> dict[str, Any]:
    environment = {
        "AWS_DEFAULT_REGION": catalogue.region, "PORT": str(service.port), "STORAGE_BUCKET": state_bucket,
    }  # fmt: skip
    return {
        "name": name, "image": image, "essential": True, "stopTimeout": 30, "readonlyRootFilesystem": True,
        "memory": service.memory.hard_mb, "memoryReservation": service.memory.soft_mb,
        "portMappings": [{"containerPort": service.port, "hostPort": service.port, "protocol": "tcp"}],
        "environment": [{"name": key, "value": value} for key, value in environment.items()],
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": log_group, "awslogs-region": catalogue.region, "awslogs-stream-prefix": name,
            },
        },
    }  # fmt: skip


def _distribution(aws: Aws, catalogue: Catalogue, name: str, bucket: str, port: int) -> dict[str, Any]:
    """CloudFront before both origins: the services' paths to the load balancer, all else to the bucket."""
    cloudfront = aws.client("cloudfront")
    access = cloudfront.create_origin_access_control(
        OriginAccessControlConfig={
            "Name": bucket, "SigningProtocol": "sigv4", "SigningBehavior": "always",
            "OriginAccessControlOriginType": "s3",
        }
    )["OriginAccessControl"]["Id"]  # fmt: skip
    site = {
        "Id": "site", "DomainName": f"{bucket}.s3.{catalogue.region}.amazonaws.com",
        "OriginAccessControlId": access, "S3OriginConfig": {"OriginAccessIdentity": ""},
    }  # fmt: skip
    services = {
        "Id": "services", "DomainName": "localhost", "OriginPath": f"/_alb/{name}",
        "CustomOriginConfig": {"HTTPPort": port, "HTTPSPort": 443, "OriginProtocolPolicy": "http-only"},
    }  # fmt: skip
    patterns = [service.path_pattern for service in catalogue.containers.values()]
    errors = [{"ErrorCode": code, "ErrorCachingMinTTL": 0} for code in (403, 404, 405, 500, 502, 503, 504)]
    made = cloudfront.create_distribution(
        DistributionConfig={
            "CallerReference": name, "Comment": name, "Enabled": True, "DefaultRootObject": "index.html",
            "Origins": _listed([site, services]),
            "DefaultCacheBehavior": _behavior("site", ["GET", "HEAD", "OPTIONS"], _CACHING_OPTIMIZED),
            "CacheBehaviors": _listed(
                {"PathPattern": pattern, "OriginRequestPolicyId": _AS_VIEWED}
                | _behavior("services", _ALL_METHODS, _CACHING_DISABLED)
                for pattern in patterns
            ),
            "CustomErrorResponses": _listed(errors),
        }
    )["Distribution"]  # fmt: skip
    _let_read(aws, bucket, made["ARN"])
    return dict(made)


def _behavior(origin: str, methods: list[str], policy: str) -> dict[str, Any]:
    return {
        "TargetOriginId": origin, "ViewerProtocolPolicy": "allow-all", "Compress": True, "CachePolicyId": policy,
        "AllowedMethods": _listed(methods) | {"CachedMethods": _listed(_READING)},
    }  # fmt: skip


def _let_read(aws: Aws, bucket: str, distribution_arn: str) -> None:
    principal = {"Service": "cloudfront.amazonaws.com"}
    condition = {"StringEquals": {"AWS:SourceArn": distribution_arn}}
    statements = [
        {
            "Effect": "Allow",
            "Principal": principal,
            "Action": action,
            "Resource": resource,
            "Condition": condition,
        }
        for action, resource in (
            ("s3:GetObject", f"arn:aws:s3:::{bucket}/*"),
            ("s3:ListBucket", f"arn:aws:s3:::{bucket}"),
        )
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    aws.client("s3").put_bucket_policy(Bucket=bucket, Policy=policy)


def _instances(aws: Aws, name: str, subnets: list[str], count: int) -> None:
    aws.client("ec2").create_launch_template(
        LaunchTemplateName=name, LaunchTemplateData={"ImageId": "ami-12345678", "InstanceType": "t3.micro"}
    )
    aws.client("autoscaling").create_auto_scaling_group(
        AutoScalingGroupName=name, MinSize=count, MaxSize=count, DesiredCapacity=count,
        VPCZoneIdentifier=",".join(subnets), LaunchTemplate={"LaunchTemplateName": name, "Version": "$Latest"},
    )  # fmt: skip


def _listed(items: Iterable[Any]) -> dict[str, Any]:
    """As CloudFront writes a list."""
    found = list(items)
    return {"Quantity": len(found), **({"Items": found} if found else {})}
