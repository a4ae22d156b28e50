"""What the embedded AWS lacks: each entry of emulator_gaps.yaml is looked at, so that none outlives its reason."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.terraform.applied_world import PRODUCTION, because_emulated, emulator_gaps
from tests.terraform.emulator import Emulator

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
GAPS = emulator_gaps()
KINDS = {"not read back", "not served", "not implemented"}


def rebalancing_is_not_read_back(emulator: Emulator) -> bool:
    containers = emulator.client("ecs")
    containers.create_cluster(clusterName="probe")
    containers.register_task_definition(
        family="probe", containerDefinitions=[{"name": "probe", "image": "probe", "memory": 16}]
    )
    containers.create_service(
        cluster="probe", serviceName="probe", taskDefinition="probe", availabilityZoneRebalancing="ENABLED"
    )
    (service,) = containers.describe_services(cluster="probe", services=["probe"])["services"]
    return service.get("availabilityZoneRebalancing") != "ENABLED"


def prefix_lists_of_rules_are_not_read_back(emulator: Emulator) -> bool:
    compute = emulator.client("ec2")
    network = compute.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    group = compute.create_security_group(GroupName="probe", Description="probe", VpcId=network)["GroupId"]
    identifier = compute.describe_managed_prefix_lists()["PrefixLists"][0]["PrefixListId"]
    rule = {
        "IpProtocol": "tcp",
        "FromPort": 443,
        "ToPort": 443,
        "PrefixListIds": [{"PrefixListId": identifier}],
    }
    compute.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    within = [{"Name": "group-id", "Values": [group]}]
    rules = compute.describe_security_group_rules(Filters=within)["SecurityGroupRules"]
    return [rule.get("PrefixListId") for rule in rules if not rule["IsEgress"]] != [identifier]


def tags_of_key_pairs_are_not_read_back(emulator: Emulator) -> bool:
    compute = emulator.client("ec2")
    compute.import_key_pair(
        KeyName="probe",
        PublicKeyMaterial=PRODUCTION["ssh_public_key"].encode(),
        TagSpecifications=[{"ResourceType": "key-pair", "Tags": [{"Key": "Project", "Value": "probe"}]}],
    )
    return "Tags" not in compute.describe_key_pairs(KeyNames=["probe"])["KeyPairs"][0]


def flow_logs_are_not_read_back(emulator: Emulator) -> bool:
    compute = emulator.client("ec2")
    network = compute.create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
    role = "arn:aws:iam::000000000000:role/probe"
    compute.create_flow_logs(
        ResourceIds=[network],
        ResourceType="VPC",
        TrafficType="ALL",
        LogDestinationType="cloud-watch-logs",
        LogDestination="arn:aws:logs:us-east-2:000000000000:log-group:probe",
        DeliverLogsPermissionArn=role,
    )
    return compute.describe_flow_logs()["FlowLogs"][0].get("DeliverLogsPermissionArn") != role


def https_origins_are_not_served(emulator: Emulator) -> bool:
    name = load_balancer(emulator)
    assert through_cloudfront(emulator, name, "http-only") == 200
    return through_cloudfront(emulator, name, "https-only") == 502


def viewers_are_not_served_over_tls(emulator: Emulator) -> bool:
    # Whoever answers has no certificate that anybody knows: what is asked is whether TLS is spoken at all.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with socket.create_connection(("127.0.0.1", emulator.port), timeout=60) as plain:
            context.wrap_socket(plain).close()
    except (ssl.SSLError, ConnectionError):
        return True
    return False


def deployments_of_distributions_take_no_time(emulator: Emulator) -> bool:
    distribution = emulator.client("cloudfront").create_distribution(
        DistributionConfig=distribution_config("probe", "example.com", "http-only")
    )["Distribution"]
    return bool(distribution["Status"] == "Deployed")


def ecs_images_have_no_parameter(emulator: Emulator) -> bool:
    name = "/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id"
    return bool(emulator.client("ssm").get_parameters(Names=[name])["InvalidParameters"] == [name])


def application_auto_scaling_is_missing(emulator: Emulator) -> bool:
    try:
        emulator.client("application-autoscaling").register_scalable_target(
            ServiceNamespace="ecs",
            ResourceId="service/probe/probe",
            ScalableDimension="ecs:service:DesiredCount",
            MinCapacity=1,
            MaxCapacity=2,
        )
    except ClientError:
        return True
    return False


PROBES: dict[str, Callable[[Emulator], bool]] = {
    probe.__name__: probe
    for probe in (
        rebalancing_is_not_read_back,
        prefix_lists_of_rules_are_not_read_back,
        tags_of_key_pairs_are_not_read_back,
        flow_logs_are_not_read_back,
        https_origins_are_not_served,
        viewers_are_not_served_over_tls,
        deployments_of_distributions_take_no_time,
        ecs_images_have_no_parameter,
        application_auto_scaling_is_missing,
    )
}


def load_balancer(emulator: Emulator) -> str:
    """A load balancer that answers 200 over HTTP and HTTPS; its host name."""
    balancing = emulator.client("elbv2")
    subnets = [subnet["SubnetId"] for subnet in emulator.client("ec2").describe_subnets()["Subnets"]][:2]
    made = balancing.create_load_balancer(Name="probe", Subnets=subnets)["LoadBalancers"][0]
    certificate = emulator.client("acm").request_certificate(DomainName="probe.example.com")["CertificateArn"]
    fixed = {"StatusCode": "200", "ContentType": "text/plain", "MessageBody": "here"}
    answer = {"Type": "fixed-response", "FixedResponseConfig": fixed}
    arn = made["LoadBalancerArn"]
    balancing.create_listener(LoadBalancerArn=arn, Protocol="HTTP", Port=80, DefaultActions=[answer])
    balancing.create_listener(
        LoadBalancerArn=arn,
        Protocol="HTTPS",
        Port=443,
        DefaultActions=[answer],
        Certificates=[{"CertificateArn": certificate}],
    )
    return str(made["DNSName"])


def distribution_config(reference: str, host: str, protocol: str) -> dict[str, Any]:
    """A distribution with one origin, as CloudFront's API wants it."""
    origin = {
        "Id": "origin",
        "DomainName": host,
        "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": protocol},
    }
    return {
        "CallerReference": reference,
        "Comment": reference,
        "Enabled": True,
        "Origins": {"Quantity": 1, "Items": [origin]},
        "DefaultCacheBehavior": {
            "TargetOriginId": "origin",
            "ViewerProtocolPolicy": "allow-all",
            "CachePolicyId": "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
        },
    }


def through_cloudfront(emulator: Emulator, host: str, protocol: str) -> int:
    """The status that a viewer gets from a distribution in front of the host."""
    made = emulator.client("cloudfront").create_distribution(
        DistributionConfig=distribution_config(protocol, host, protocol)
    )["Distribution"]
    label = made["DomainName"].split(".")[0]
    connection = http.client.HTTPConnection("127.0.0.1", emulator.port, timeout=30)
    try:
        connection.request("GET", "/", headers={"Host": f"{label}.cloudfront.localhost:{emulator.port}"})
        return connection.getresponse().status
    finally:
        connection.close()


def test_every_entry_has_a_probe_and_no_probe_lacks_one() -> None:
    assert set(GAPS) == set(PROBES)


@pytest.mark.parametrize("name", sorted(GAPS))
def test_the_gap_is_still_there(emulator: Emulator, name: str) -> None:
    assert PROBES[name](emulator), (
        f"The embedded AWS has learned {GAPS[name]['subject']}: remove the entry {name} and what gets around it."
    )


@pytest.mark.parametrize("name", sorted(GAPS))
def test_an_entry_says_what_why_and_where(name: str) -> None:
    entry = GAPS[name]
    assert entry["kind"] in KINDS
    assert entry["subject"] and entry["reason"]
    assert entry["worked_around"] or entry["shows"]
    for place in entry["worked_around"]:
        text = (REPOSITORY / place["file"]).read_text(encoding="utf-8")
        assert " ".join(place["words"].split()) in " ".join(text.split()), place


def test_whatever_the_tests_set_for_the_emulators_sake_stands_in_an_entry() -> None:
    named = [variable for entry in GAPS.values() for variable in entry.get("variables", [])]
    # That it is an emulator is no gap: it takes any credentials, on one address.
    assert sorted(named) == sorted(set(because_emulated(4566)) - {"emulated"})
