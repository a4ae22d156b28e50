"""``panel cost``: what an environment, or any Terraform plan, costs a month."""

from __future__ import annotations

import json as json_format
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from panel.cli import cost_actual, cost_compare, options, output, state
from panel.errors import ConfigurationError

if TYPE_CHECKING:
    from panel.cost.values import Estimate

app = typer.Typer(no_args_is_help=True, help="What things cost a month, by list prices.")


app.command(name="compare")(cost_compare.compare)
app.command(name="actual")(cost_actual.actual)
app.command(name="waste")(cost_actual.waste)


@app.callback()
def cost() -> None:
    """What things cost a month, by list prices."""


@app.command()
def estimate(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="An environment of environments.yaml.")
    ] = None,
    plan_json: Annotated[
        Path | None,
        typer.Option(
            "--plan-json", metavar="FILE", help="A file of 'terraform show -json' to price instead."
        ),
    ] = None,
    region: Annotated[
        str | None,
        typer.Option("--region", metavar="REGION", help="With --plan-json; default: the catalogue's."),
    ] = None,
    json: options.Json = False,
) -> None:
    """Estimate the monthly cost of an environment by its sizes, or of a plan file."""
    if (name is None) == (plan_json is None):
        raise typer.BadParameter("Name an environment, or give --plan-json FILE; one of the two.")
    if plan_json is not None:
        priced = _price_file(plan_json, region)
    elif region is not None:
        raise typer.BadParameter(
            "--region belongs to --plan-json; an environment's region is the catalogue's."
        )
    else:
        priced = state.get_panel().estimate(str(name))
    _show(priced, json)


def _price_file(path: Path, region: str | None) -> Estimate:
    from panel.cost.estimate import estimate as price_plan

    document = _read(path)
    # A file needs neither the store nor the catalogue, as long as its region is told.
    return price_plan(document, region=region or state.get_panel().catalogue().region)


def _read(path: Path) -> dict[str, Any]:
    try:
        document = json_format.loads(path.read_bytes())
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be read: {error.strerror or error}.",
            hint="Name a file made by 'terraform show -json'.",
        ) from None
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(
            f"{path} is not JSON: {error}.", hint="Make it with 'terraform show -json PLANFILE > FILE'."
        ) from None
    if not isinstance(document, dict):
        raise ConfigurationError(
            f"{path} holds no plan: expected an object.",
            hint="Make it with 'terraform show -json PLANFILE > FILE'.",
        )
    return document


def _show(priced: Estimate, as_json: bool) -> None:
    if as_json:
        from panel.cost.estimate import to_dict

        output.json_result(to_dict(priced))
        return
    rows = [
        [item.address, item.component, f"{item.quantity:,.2f}", item.unit, f"{item.unit_price_usd:f}",
         f"{item.monthly_usd:,.2f}"]
        for item in sorted(priced.items, key=lambda one: -one.monthly_usd)
    ]  # fmt: skip
    output.table(
        ["RESOURCE", "COMPONENT", "QUANTITY", "UNIT", "PRICE", f"{priced.currency} / MONTH"],
        rows, right=frozenset({2, 4, 5}),
    )  # fmt: skip
    output.result(f"Together {output.money(float(priced.monthly_usd))} in {priced.region}")
    for gap in priced.unknown:
        output.result(f"Not known: {gap.address} ({gap.resource_type}): {gap.reason}")
