"""``panel cost compare``: the same workload as ECS on EC2, ECS on Fargate, EKS, or Lambda behind CloudFront."""

from __future__ import annotations

import csv as csv_format
import io
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from panel.cli import options, output, state

if TYPE_CHECKING:
    from panel.cost.compare import Comparison

_MILLION = 1_000_000


def _figure(flag: str, metavar: str, about: str) -> typer.models.OptionInfo:
    found: typer.models.OptionInfo = typer.Option(flag, metavar=metavar, help=about)
    return found


Requests = Annotated[float | None, _figure("--requests", "N", "Requests a month.")]
Milliseconds = Annotated[float | None, _figure("--ms", "N", "How long one request takes, in milliseconds.")]
Computing = Annotated[
    float | None, _figure("--computing", "PERCENT", "How much of that it computes; the rest it waits.")
]
Memory = Annotated[float | None, _figure("--memory", "MB", "Memory of one copy of the program.")]
Response = Annotated[float | None, _figure("--response-kb", "N", "Kilobytes of one answer.")]
Busy = Annotated[
    float | None, _figure("--busy", "PERCENT", "How busy processors are on average; the rest is head room.")
]
Zones = Annotated[int | None, _figure("--zones", "N", "Zones that must be able to serve.")]
Region = Annotated[str | None, _figure("--region", "REGION", "Default: the catalogue's.")]


def compare(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="An environment of environments.yaml.")] = None,
    *,
    requests: Requests = None,
    ms: Milliseconds = None,
    computing: Computing = None,
    memory: Memory = None,
    response_kb: Response = None,
    busy: Busy = None,
    zones: Zones = None,
    region: Region = None,
    csv: Annotated[bool, typer.Option("--csv", help="Print what each costs over traffic, as CSV.")] = False,
    json: options.Json = False,
) -> None:  # fmt: skip
    """Compare what a workload costs as ECS on EC2, ECS on Fargate, EKS, or Lambda."""
    from panel.cost import compare as comparing

    if csv and json:
        raise typer.BadParameter("--csv and --json cannot go together.")
    panel = state.get_panel()
    catalogue = panel.catalogue()
    workload = comparing.workload_of(catalogue, name)
    asked = {
        "requests_per_month": requests, "ms_per_request": ms, "computing_percent": computing, "memory_mb": memory,
        "response_kb": response_kb, "busy_percent": busy, "zones": zones,
    }  # fmt: skip
    said: dict[str, Any] = {field: value for field, value in asked.items() if value is not None}
    found = comparing.compare(
        replace(workload.traffic, **said), region=region or catalogue.region, usage=workload.usage,
        shape=workload.shape, prices=panel.prices(),
    )  # fmt: skip
    if json:
        output.json_result(comparing.to_dict(found))
    elif csv:
        output.result(_csv(comparing.series_rows(found)))
    else:
        _show(found)


def _csv(rows: list[dict[str, object]]) -> str:
    text = io.StringIO()
    writer = csv_format.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().rstrip("\n")


def _show(found: Comparison) -> None:
    from panel.cost.compare import PARTS

    shown = [part for part in PARTS if any(part in option.parts for option in found.options)]
    rows = [
        [part, *(f"{option.parts[part]:,.2f}" if part in option.parts else "" for option in found.options)]
        for part in shown
    ]
    marks = {option.name: "" if option.known else " +?" for option in found.options}
    rows.append(["Together", *(f"{one.estimate.monthly_usd:,.2f}{marks[one.name]}" for one in found.options)])
    rows.append(["Carried by", *(option.carried_by for option in found.options)])
    titles = [option.title.upper() for option in found.options]
    output.table(["USD / MONTH", *titles], rows, right=frozenset(range(1, len(titles) + 1)))
    output.result("")
    for line in _verdict(found):
        output.result(line)
    output.result("\nAssumed:")
    for line in found.assumptions:
        output.result(f"- {line}")
    for option in found.options:
        output.result(f"\n{option.title}:")
        for line in (*option.assumptions, *option.notes):
            output.result(f"- {line}")


def _verdict(found: Comparison) -> list[str]:
    """What the numbers say: the cheapest now, where that changes, and what could not be compared."""
    titles = {option.name: option.title for option in found.options}
    lines = []
    if found.cheapest is not None:
        lines.append(
            f"At {_count(found.traffic.requests_per_month)} requests a month {titles[found.cheapest]} costs least."
        )
    lines += [
        f"Above {_count(one.requests_per_month)} requests a month {titles[one.after]} costs less than "
        f"{titles[one.before]} ({output.money(one.usd)})."
        for one in found.break_evens
    ]  # fmt: skip
    for option in found.options:
        lines += [f"Not compared: {option.title}: {gap.reason}." for gap in option.estimate.unknown]
    return lines


def _count(requests: float) -> str:
    return f"{requests / _MILLION:,.1f} million" if requests >= _MILLION else f"{requests:,.0f}"
