"""Arguments under terraform/ exist, and are deprecated, in neither the provider found here nor in 6.x."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.terraform.arguments import Read, Use, reads, uses, wrong_arguments, wrong_reads
from tests.terraform.mocked import TERRAFORM
from tests.terraform.provider_schema import Schema, archive, from_bindings, from_terraform

HERE = Path(__file__).parent
PLANTED = HERE / "wrong_arguments"
BINDINGS = TERRAFORM.parent / ".venv-terraform"


def types(used: list[Use], kind: str) -> set[str]:
    return {use.type for use in used if use.kind == kind}


@pytest.fixture(scope="module")
def used() -> list[Use]:
    return uses(TERRAFORM)


@pytest.fixture(scope="module")
def read() -> list[Read]:
    return reads(TERRAFORM)


@pytest.fixture(scope="module")
def listed() -> dict[str, list[str]]:
    """The arguments and results that the list calls deprecated in 6.x, by type."""
    told = yaml.safe_load((HERE / "deprecated_in_6.yaml").read_text(encoding="utf-8"))
    return told["resources"] | {f"data.{kind}": names for kind, names in told["data_sources"].items()}


@pytest.fixture(scope="module")
def schema_5(provider_5: dict[str, Any]) -> Schema:
    return from_terraform(provider_5, "5.x")


@pytest.fixture(scope="module")
def schema_6(used: list[Use]) -> Schema:
    package = archive(BINDINGS)
    if package is None:
        pytest.skip("cdktn-provider-aws is not in .venv-terraform: make that environment with `make check`")
    everything = [*used, *uses(PLANTED)]
    return from_bindings(package, types(everything, "resource"), types(everything, "data"))


@pytest.mark.terraform
@pytest.mark.timeout(600)
def test_nothing_is_unknown_missing_or_deprecated_in_the_provider_found_here(
    used: list[Use], read: list[Read], schema_5: Schema
) -> None:
    assert len(used) > 50
    assert len(read) > 50
    assert wrong_arguments(used, schema_5) == []
    assert wrong_reads(read, schema_5) == []


def test_nothing_is_unknown_missing_or_deprecated_in_6(
    used: list[Use], read: list[Read], schema_6: Schema, listed: dict[str, list[str]]
) -> None:
    assert schema_6.version.startswith("6.")
    assert wrong_arguments(used, schema_6, listed) == []
    assert wrong_reads(read, schema_6, listed) == []


def test_every_type_was_looked_up_for_deprecations(used: list[Use], listed: dict[str, list[str]]) -> None:
    found = types(used, "resource") | {f"data.{kind}" for kind in types(used, "data")}
    assert found - set(listed) == set()


def planted(version: str) -> list[str]:
    """What is wrong in the planted blocks for every version, in the order that it is found in."""
    service = "resource aws_ecs_service.misspelt: "
    bucket = "resource aws_s3_bucket.deprecated_in_both: "
    found = [
        f"{service}deployment_circuit_breaker.rollback is missing and required",
        f"{service}desired_tasks is not known",
        f"{service}load_balancer.container_prot is not known",
        f"{service}load_balancer.container_port is missing and required",
        "resource aws_autoscaling_group.incomplete: max_size is missing and required",
        f"{bucket}acl is deprecated",
        f"{bucket}versioning is deprecated",
        "provider aws.default: s3_path_style is not known",
    ]
    return [f"main.tf: {line} in provider {version}" for line in found]


@pytest.mark.terraform
@pytest.mark.timeout(600)
def test_planted_mistakes_are_found_by_the_provider_found_here(schema_5: Schema) -> None:
    assert wrong_arguments(uses(PLANTED), schema_5) == planted("5.x")
    assert wrong_reads(reads(PLANTED), schema_5) == [
        "main.tf: aws_s3_bucket.colour: not known in provider 5.x"
    ]


def test_planted_mistakes_are_found_by_6(schema_6: Schema, listed: dict[str, list[str]]) -> None:
    six = schema_6.version
    deprecated = (
        "main.tf: resource aws_s3_bucket_versioning.deprecated_in_6: expected_bucket_owner is deprecated"
    )
    removed = f"main.tf: resource aws_opsworks_stack.removed_in_6: provider {six} has no such type"
    assert wrong_arguments(uses(PLANTED), schema_6, listed) == [
        *planted(six)[:-1],
        f"{deprecated} in provider {six}",
        removed,
        planted(six)[-1],
    ]
    assert wrong_reads(reads(PLANTED), schema_6, listed) == [
        f"main.tf: aws_region.name: deprecated in provider {six}",
        f"main.tf: aws_s3_bucket.colour: not known in provider {six}",
    ]
