"""docs/cost.md is true: its example is a catalogue, its keys and defaults are those of the panel."""

from __future__ import annotations

import re

import pytest

from panel.catalogue.load import parse_catalogue
from panel.catalogue.usage import Usage
from panel.cost.assumptions import figures, origins, usage_of
from panel.cost.free_tier import LEGACY_ENDED, LEGACY_UNTIL
from panel.cost.prices import packaged_prices
from tests.unit.cost.plans import ROOT

PAGE = (ROOT / "docs" / "cost.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def with_example() -> str:
    """The project's catalogue with the page's example in it."""
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    project, environment = example.split("environments:\n  production:\n")
    text = (ROOT / "environments.yaml").read_text(encoding="utf-8")
    return project + text.replace("  production:\n", f"  production:\n{environment}", 1)


def test_the_example_is_a_catalogue_and_counts_key_by_key(with_example: str) -> None:
    catalogue = parse_catalogue(with_example)
    production, staging = usage_of(catalogue, "production"), usage_of(catalogue, "staging")
    assert (production.cloudfront_out_gb, staging.cloudfront_out_gb) == (900, 40)
    assert (production.log_ingested_gb, staging.log_ingested_gb) == (2, 2)
    assert origins(staging)["load_balancer_lcu"] == "default"
    assert origins(production)["load_balancer_lcu"] == "environments.yaml"


def test_the_keys_and_their_defaults_are_those_of_the_catalogue() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([\d.,]+) \| [^|]+ \|$", PAGE, re.MULTILINE)
    assert {name: float(figure.replace(",", "")) for name, figure in rows} == figures(Usage())


def test_what_it_says_of_regions_and_dates_is_so() -> None:
    assert ", ".join(sorted(packaged_prices().regions - {"sa-east-1"})) in PAGE
    assert LEGACY_UNTIL in PAGE
    assert LEGACY_ENDED in PAGE


@pytest.mark.parametrize(
    ("kind", "component"),
    [
        ("aws_lb", "Network Load Balancer"),
        ("aws_ecr_repository", "private repository storage"),
        ("aws_secretsmanager_secret", "secret"),
        ("aws_vpc_endpoint", "interface endpoint (per AZ)"),
        ("aws_db_instance", "MySQL gp3 storage Single-AZ"),
        ("aws_db_instance", "backup storage beyond the free allocation (non-Aurora)"),
    ],
)
def test_what_it_says_has_no_price_in_us_east_2_has_none(kind: str, component: str) -> None:
    assert packaged_prices().find(kind, component, "us-east-2") is None
    assert packaged_prices().find(kind, component, "us-east-1") is not None
