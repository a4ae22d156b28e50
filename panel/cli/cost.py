"""``panel cost``: what an environment, or any Terraform plan, costs a month."""

from __future__ import annotations

import json as json_format
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from panel.cli import cost_actual, cost_compare, cost_shown, options, output, state
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
    usage: Annotated[
        list[str] | None,
        typer.Option("--usage", metavar="KEY=VALUE", help="An assumption in place of its own; repeatable."),
    ] = None,
    json: options.Json = False,
) -> None:
    """Estimate the monthly cost of an environment by its sizes, of what all share ('shared'), or of a plan file."""
    if (name is None) == (plan_json is None):
        raise typer.BadParameter("Name an environment, or give --plan-json FILE; one of the two.")
    said = _said(usage or [])
    note = ""
    if plan_json is not None:
        priced = _price_file(plan_json, region, said)
    elif region is not None:
        raise typer.BadParameter(
            "--region belongs to --plan-json; an environment's region is the catalogue's."
        )
    else:
        priced = _price_named(str(name), said)
        last = state.get_panel().stores.readings.get("prices")
        note = last.detail if last is not None and not last.ok else ""
    if json:
        output.json_result(cost_shown.document(priced, said))
    else:
        cost_shown.show(priced, said, note=note)


def _said(given: list[str]) -> dict[str, float]:
    """What ``--usage`` says, by name."""
    found = {}
    for text in given:
        name, _, figure = text.partition("=")
        try:
            found[name.strip()] = float(figure)
        except ValueError:
            raise typer.BadParameter(
                f"--usage {text}: write KEY=VALUE, with a number as its value."
            ) from None
    return found


def _price_named(name: str, said: Mapping[str, float]) -> Estimate:
    from panel.catalogue.schema import SHARED
    from panel.cost.assumptions import usage_of, with_figures
    from panel.cost.estimate import catalogue_estimate, shared_estimate

    panel = state.get_panel()
    catalogue = panel.catalogue()
    assumed = with_figures(usage_of(catalogue, name), said)
    if name == SHARED:
        return shared_estimate(catalogue, assumptions=assumed, prices=panel.prices())
    return catalogue_estimate(catalogue, name, assumptions=assumed, prices=panel.prices())


def _price_file(path: Path, region: str | None, said: Mapping[str, float]) -> Estimate:
    from panel.cost.assumptions import DEFAULT, with_figures
    from panel.cost.estimate import estimate as price_plan

    document, assumed = _read(path), with_figures(DEFAULT, said)
    if region is not None:
        # A file needs neither the store nor the catalogue, as long as its region is told.
        return price_plan(document, region=region, assumptions=assumed)
    panel = state.get_panel()
    return price_plan(document, region=panel.catalogue().region, assumptions=assumed, prices=panel.prices())


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
