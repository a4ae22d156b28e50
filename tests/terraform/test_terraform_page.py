"""docs/terraform.md is true: its costs are the panel's own, its example is a catalogue, its keys are what is used."""

import re
from decimal import Decimal
from pathlib import Path

import pytest

from panel.catalogue.load import parse_catalogue
from panel.catalogue.render import environment_state_key, shared_state_key
from panel.catalogue.schema import Catalogue
from panel.catalogue.usage import Usage
from panel.cost.assumptions import DEFAULT, figures, with_figures
from panel.cost.estimate import catalogue_estimate, shared_estimate
from panel.cost.values import Estimate
from tests.terraform.readme_tables import folders

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "terraform.md").read_text(encoding="utf-8")

#: Nobody comes: what is there is paid for, nothing that is used.
IDLE = with_figures(
    DEFAULT,
    {
        name: figure if name in {"hours_per_month", "load_balancer_zones", "addresses_per_instance"} else 0
        for name, figure in figures(DEFAULT).items()
    },
)


@pytest.fixture(scope="module")
def example() -> str:
    (found,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


@pytest.fixture(scope="module")
def catalogue(example: str) -> Catalogue:
    """environments.yaml with the page's example at its end."""
    return parse_catalogue((ROOT / "environments.yaml").read_text(encoding="utf-8") + example)


def with_nat(catalogue: Catalogue, there: bool) -> Catalogue:
    return catalogue.model_copy(
        update={"network": catalogue.network.model_copy(update={"nat_gateway": there})}
    )


def estimated(catalogue: Catalogue, assumptions: Usage) -> dict[str, Estimate]:
    environments = {
        name: catalogue_estimate(catalogue, name, assumptions=assumptions) for name in catalogue.environments
    }
    return {
        **environments,
        "shared, without NAT gateway": shared_estimate(with_nat(catalogue, False), assumptions=assumptions),
        "shared, with NAT gateway": shared_estimate(with_nat(catalogue, True), assumptions=assumptions),
    }


def test_the_costs_are_what_the_panel_estimates(catalogue: Catalogue) -> None:
    idle, used = estimated(catalogue, IDLE), estimated(catalogue, DEFAULT)

    rows = re.findall(r"^\| ([^|]+) \| ([0-9.]+) \| ([0-9.]+) \|$", PAGE, re.MULTILINE)

    assert {name.removesuffix(", as below"): (a, b) for name, a, b in rows} == {
        name: (str(idle[name].monthly_usd), str(used[name].monthly_usd)) for name in idle
    }


def test_what_an_idle_environment_is_made_of_is_what_the_panel_estimates(catalogue: Catalogue) -> None:
    sums: dict[str, Decimal] = {}
    for item in catalogue_estimate(catalogue, "staging", assumptions=IDLE).items:
        sums[item.component] = sums.get(item.component, Decimal(0)) + item.monthly_usd

    sentence = " ".join(PAGE[PAGE.index("Of an idle environment") :].split("\n\n")[0].split())
    said = {Decimal(figure) for figure in re.findall(r"\d+\.\d\d", sentence)}

    assert said == {amount.quantize(Decimal("0.01")) for amount in sums.values()}


def test_the_dates_of_the_prices_are_those_of_the_items(catalogue: Catalogue) -> None:
    items = [item for one in estimated(catalogue, DEFAULT).values() for item in one.items]
    dates = sorted(date for item in items for date in re.findall(r"\d{4}-\d\d-\d\d", item.as_of))

    assert f"List prices of {dates[0]} to {dates[-1]}" in PAGE
    assert catalogue.region in PAGE


def test_the_keys_of_the_states_are_those_that_the_panel_uses() -> None:
    assert f"`{shared_state_key()}`" in PAGE
    assert f"`{environment_state_key('<name>')}`" in PAGE


def test_every_module_and_stack_is_listed() -> None:
    listed = set(re.findall(r"\(\.\./terraform/([a-z_/]+)/README\.md\)", PAGE))

    assert listed == {folder.relative_to(ROOT / "terraform").as_posix() for folder in folders()}
