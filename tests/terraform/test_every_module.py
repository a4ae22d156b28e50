"""Every module planned by itself, as on AWS: its defaults, and the options that the stacks leave alone."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.terraform, pytest.mark.timeout(600)]

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def planned(workbench: Any, emulator: Any) -> dict[str, Any]:
    """What would be made: address, then its values. What is only known later is missing from the values."""
    where = Path("tests/terraform/every_module")
    stack = workbench.stack(where, "every-module", emulator.variables(), None)
    stack.run("plan", "-out=plan", "-no-color").succeeded()
    shown = json.loads(stack.run("show", "-json", "plan").succeeded().output)
    return {
        change["address"]: change["change"]["after"]
        for change in shown["resource_changes"]
        if change["change"]["actions"] == ["create"]
    }


def kinds(planned: dict[str, Any], module: str) -> Counter[str]:
    """How many resources of each type a module makes, with the modules it calls."""
    return Counter(address.split(".")[-2] for address in planned if address.startswith(f"module.{module}."))


def test_every_module_of_the_tree_is_planned(planned: dict[str, Any]) -> None:
    modules = {folder.name for folder in (HERE.parents[1] / "terraform/modules").iterdir()}
    assert modules == {address.split(".")[1] for address in planned}


def test_subnets_of_a_slot_lie_where_they_always_did(planned: dict[str, Any]) -> None:
    ranges = {
        address.split('"')[1]: values["cidr_block"]
        for address, values in planned.items()
        if address.startswith("module.network.aws_subnet.")
    }
    assert ranges == {
        "0-us-east-1a": "10.0.0.0/20",
        "0-us-east-1b": "10.0.16.0/20",
        "1-us-east-1a": "10.0.32.0/20",
        "1-us-east-1b": "10.0.48.0/20",
        "us-east-1a": "10.0.64.0/20",
        "us-east-1b": "10.0.80.0/20",
        "2-us-east-1a": "10.0.96.0/20",
        "2-us-east-1b": "10.0.112.0/20",
        "6-us-east-1a": "10.0.224.0/20",
        "6-us-east-1b": "10.0.240.0/20",
    }


def test_a_nat_gateway_comes_with_its_address_and_route(planned: dict[str, Any]) -> None:
    made = kinds(planned, "network")
    assert (made["aws_nat_gateway"], made["aws_eip"], made["aws_route"]) == (1, 1, 2)


def test_no_public_key_makes_no_key_pair(planned: dict[str, Any]) -> None:
    assert kinds(planned, "key_pair") == {"aws_key_pair": 1}
    assert kinds(planned, "no_key_pair") == {}


def test_names_keep_within_what_aws_takes(planned: dict[str, Any]) -> None:
    limits = {"aws_lb": 32, "aws_lb_target_group": 32, "aws_iam_role": 64, "aws_s3_bucket": 63}
    attributes = {"aws_s3_bucket": "bucket"}
    checked = set()
    for address, values in planned.items():
        kind = address.split(".")[-2]
        if kind in limits:
            name = values[attributes.get(kind, "name")]
            assert len(name) <= limits[kind], address
            checked.add(kind)
    assert checked == set(limits)


def test_cloudfront_reaches_services_over_https_by_a_name_on_the_certificate(planned: dict[str, Any]) -> None:
    distribution = planned["module.environment.module.distribution[0].aws_cloudfront_distribution.this"]
    (origin,) = [origin for origin in distribution["origin"] if origin["origin_id"] == "services"]
    assert origin["domain_name"] == "origin.todo.example.com"
    assert origin["custom_origin_config"][0]["origin_protocol_policy"] == "https-only"
    certificate = planned["module.environment.module.regional_certificate.aws_acm_certificate.this"]
    assert {"origin.todo.example.com"} == set(certificate["subject_alternative_names"] or []) - {
        "todo.example.com"
    }
    assert planned["module.environment.aws_route53_record.origin[0]"]["name"] == "origin.todo.example.com"


def test_viewers_are_sent_to_https_and_the_load_balancer_is_open_to_cloudfront_alone(
    planned: dict[str, Any],
) -> None:
    distribution = planned["module.environment.module.distribution[0].aws_cloudfront_distribution.this"]
    behaviours = [*distribution["default_cache_behavior"], *distribution["ordered_cache_behavior"]]
    assert {behaviour["viewer_protocol_policy"] for behaviour in behaviours} == {"redirect-to-https"}
    assert distribution["viewer_certificate"][0]["minimum_protocol_version"] == "TLSv1.2_2021"
    rules = [
        values
        for address, values in planned.items()
        if address.startswith("module.environment.aws_vpc_security_group_ingress_rule.")
    ]
    assert [(rule["from_port"], rule["to_port"], rule["cidr_ipv4"]) for rule in rules] == [(443, 443, None)]
    assert rules[0]["prefix_list_id"].startswith("pl-")
    http = planned["module.environment.module.load_balancer.aws_lb_listener.http"]
    assert http["default_action"][0]["redirect"][0]["protocol"] == "HTTPS"


def test_the_longer_path_is_asked_first_by_cloudfront_and_load_balancer(planned: dict[str, Any]) -> None:
    distribution = planned["module.environment.module.distribution[0].aws_cloudfront_distribution.this"]
    asked = [behaviour["path_pattern"] for behaviour in distribution["ordered_cache_behavior"]]
    assert asked == ["/api/report/*", "/api/*"]
    rules = [
        f'module.environment.module.service["{name}"].aws_lb_listener_rule.this["https {path}"]'
        for name, path in (("reporter", "/api/report/*"), ("backend", "/api/*"))
    ]
    assert planned[rules[0]]["priority"] < planned[rules[1]]["priority"]


def test_certificates_of_one_name_share_their_record_even_in_one_region(planned: dict[str, Any]) -> None:
    made = kinds(planned, "environment")
    assert made["aws_acm_certificate"] == 2
    records = [address for address in planned if "certificate.aws_route53_record.validation" in address]
    environments = [address for address in records if address.startswith("module.environment.")]
    assert {address.split('"')[1] for address in environments} == {
        "todo.example.com",
        "origin.todo.example.com",
    }
    assert len(environments) == 2


def test_without_room_to_spare_half_of_the_tasks_make_way(planned: dict[str, Any]) -> None:
    limits = {
        name: (
            service["deployment_minimum_healthy_percent"],
            service["deployment_maximum_percent"],
            service["desired_count"],
        )
        for name in ("backend", "reporter")
        for service in [planned[f'module.environment.module.service["{name}"].aws_ecs_service.this']]
    }
    # Three instances for three tasks. Neither has an image yet, so neither starts with tasks.
    assert limits == {"backend": (0, 100, 0), "reporter": (50, 100, 0)}


def test_instances_take_no_old_metadata_requests_and_encrypt_their_disks(planned: dict[str, Any]) -> None:
    template = planned["module.environment.aws_launch_template.instance"]
    assert template["metadata_options"][0]["http_tokens"] == "required"
    assert template["block_device_mappings"][0]["ebs"][0]["encrypted"] == "true"
    assert (
        template["image_id"]
        == "resolve:ssm:/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id"
    )
    assert template["key_name"] in (None, "")


def test_buckets_are_closed_versioned_encrypted_and_refuse_plain_http(planned: dict[str, Any]) -> None:
    buckets = {
        address.removesuffix(".aws_s3_bucket.this")
        for address in planned
        if address.endswith(".aws_s3_bucket.this")
    }
    assert len(buckets) == 4
    for bucket in buckets:
        access = planned[f"{bucket}.aws_s3_bucket_public_access_block.this"]
        assert all(access[name] for name in access if name.startswith(("block_", "ignore_", "restrict_")))
        assert (
            planned[f"{bucket}.aws_s3_bucket_versioning.this"]["versioning_configuration"][0]["status"]
            == "Enabled"
        )
        assert f"{bucket}.aws_s3_bucket_server_side_encryption_configuration.this" in planned
        assert f"{bucket}.aws_s3_bucket_policy.this" in planned
        assert planned[f"{bucket}.aws_s3_bucket.this"]["force_destroy"] is False
