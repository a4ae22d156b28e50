"""Estimates without a plan agree with those of the plan."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from panel.catalogue.load import load_catalogue
from panel.catalogue.schema import Catalogue
from panel.catalogue.variables import read_variables
from panel.cost.assumptions import Assumptions
from panel.cost.estimate import catalogue_estimate, estimate, shared_estimate
from panel.cost.sketch import DEFAULT_INSIGHTS, DEFAULT_VOLUME_GB, environment_resources, shared_resources
from panel.cost.values import Estimate
from panel.errors import NotFoundError

ROOT = Path(__file__).parents[3]
SAMPLES = Path(__file__).parent / "samples"


@pytest.fixture
def catalogue() -> Catalogue:
    """The project's own catalogue."""
    return load_catalogue(ROOT / "environments.yaml")


def with_staging(catalogue: Catalogue, **changes: object) -> Catalogue:
    """The catalogue with another staging."""
    raw = catalogue.model_dump()
    raw["environments"]["staging"] |= changes
    return Catalogue.model_validate(raw)


def lines(of: Estimate) -> set[tuple[str, str, Decimal, Decimal]]:
    """What is charged, wherever it came from."""
    return {(item.address, item.component, item.quantity, item.monthly_usd) for item in of.items}


def test_the_environments_estimate_is_that_of_its_plan_line_by_line(catalogue: Catalogue) -> None:
    planned = estimate(json.loads((SAMPLES / "environment-plan.json").read_text()), region=catalogue.region)
    sketched = catalogue_estimate(catalogue, "staging")
    assert lines(sketched) == lines(planned)
    assert sketched.monthly_usd == planned.monthly_usd
    assert sketched.unknown == planned.unknown


def test_the_shared_estimate_is_that_of_its_plan_line_by_line(catalogue: Catalogue) -> None:
    planned = estimate(json.loads((SAMPLES / "shared-plan.json").read_text()), region=catalogue.region)
    sketched = shared_estimate(catalogue)
    assert lines(sketched) == lines(planned)
    assert sketched.unknown == planned.unknown


def test_defaults_that_decide_the_cost_are_those_of_the_stack() -> None:
    declared = {v.name: v.default for v in read_variables(ROOT / "terraform" / "stacks" / "environment")}
    assert declared["instance_volume_gb"] == DEFAULT_VOLUME_GB
    assert declared["container_insights"] == DEFAULT_INSIGHTS


@pytest.mark.parametrize("stack", ["environment", "shared"])
def test_every_sketched_resource_is_written_in_the_terraform_tree(catalogue: Catalogue, stack: str) -> None:
    written = "".join(path.read_text() for path in (ROOT / "terraform").rglob("*.tf"))
    drawn = (
        environment_resources(catalogue, "staging") if stack == "environment" else shared_resources(catalogue)
    )
    for resource in drawn:
        name = resource.address.partition(f"{resource.type}.")[2].partition("[")[0]
        assert f'resource "{resource.type}" "{name}"' in written, resource.address


def test_what_services_and_site_ask_for_beside_the_necessary_is_priced(catalogue: Catalogue) -> None:
    raw = catalogue.model_dump() | {"target": "aws"}
    raw["services"]["backend"]["cpu_units"] = 256
    raw["services"]["backend"]["autoscaling"] = {
        "min_tasks": 2, "max_tasks": 4, "cpu_percent": 60, "requests_per_target": 900,
    }  # fmt: skip
    raw["services"]["frontend"]["routing"] = {"single_page": True}
    raw["network"]["flow_log_days"] = 30
    asked = Catalogue.model_validate(raw)
    written = "".join(path.read_text() for path in (ROOT / "terraform").rglob("*.tf"))
    more = {r.address: r for r in (*environment_resources(asked, "staging"), *shared_resources(asked))}
    for known in (*environment_resources(catalogue, "staging"), *shared_resources(catalogue)):
        del more[known.address]
    for found in more.values():
        name = found.address.partition(f"{found.type}.")[2].partition("[")[0]
        assert f'resource "{found.type}" "{name}"' in written, found.address
    assert sorted(found.type for found in more.values()) == [
        "aws_appautoscaling_policy", "aws_appautoscaling_policy", "aws_cloudfront_function", "aws_cloudwatch_log_group",
    ]  # fmt: skip
    extra = (
        catalogue_estimate(asked, "staging").monthly_usd
        - catalogue_estimate(catalogue, "staging").monthly_usd
    )
    assert extra == Decimal("0.41")  # four alarms, and a hundred thousand runs of the function


def test_sizes_change_what_an_environment_would_cost(catalogue: Catalogue) -> None:
    before = catalogue_estimate(catalogue, "staging").monthly_usd
    four = catalogue_estimate(with_staging(catalogue, instance={"type": "t3.micro", "count": 4}), "staging")
    # Two more t3.micro, disks and addresses; both sums are rounded.
    assert abs(four.monthly_usd - before - Decimal("27.284")) < Decimal("0.01")
    bigger = catalogue_estimate(with_staging(catalogue, variables={"instance_volume_gb": 130}), "staging")
    assert bigger.monthly_usd - before == Decimal("16.00")


def test_a_nat_gateway_is_seen_in_what_is_shared(catalogue: Catalogue) -> None:
    with_nat = Catalogue.model_validate(catalogue.model_dump() | {"network": {"nat_gateway": True}})
    extra = shared_estimate(with_nat).monthly_usd - shared_estimate(catalogue).monthly_usd
    assert abs(extra - Decimal("36.725")) < Decimal(
        "0.01"
    )  # hours, 5 GB and an address; both sums are rounded


def test_what_cannot_be_priced_is_named(catalogue: Catalogue) -> None:
    odd = with_staging(
        catalogue, instance={"type": "x9.huge", "count": 2}, variables={"container_insights": "enabled"}
    )
    reasons = " ".join(gap.reason for gap in catalogue_estimate(odd, "staging").unknown)
    assert "x9.huge" in reasons
    assert "Container Insights" in reasons
    elsewhere = Catalogue.model_validate(catalogue.model_dump() | {"region": "eu-west-1"})
    assert catalogue_estimate(elsewhere, "staging").unknown


def test_assumptions_reach_the_estimate(catalogue: Catalogue) -> None:
    idle = catalogue_estimate(catalogue, "staging", assumptions=Assumptions(cloudfront_out_gb=0))
    assert catalogue_estimate(catalogue, "staging").monthly_usd - idle.monthly_usd == Decimal("0.85")


def test_an_unknown_environment_is_refused(catalogue: Catalogue) -> None:
    with pytest.raises(NotFoundError, match="nowhere"):
        catalogue_estimate(catalogue, "nowhere")
