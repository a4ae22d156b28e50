"""An estimate in a terminal: what costs, the free tier beside it, what was assumed, where the prices are from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from panel.cli import output

if TYPE_CHECKING:
    from panel.cost.values import Estimate, FreeTierLine

#: Where a figure comes from that was given with the command.
OF_COMMAND = "--usage"


def document(priced: Estimate, said: Mapping[str, float]) -> dict[str, object]:
    """The estimate as plain values; ``said`` are the assumptions given with the command."""
    from panel.cost.estimate import to_dict

    found = to_dict(priced)
    origins = found["assumption_origins"]
    if isinstance(origins, dict):
        found["assumption_origins"] = origins | dict.fromkeys(said, OF_COMMAND)
    return found


def show(priced: Estimate, said: Mapping[str, float], *, note: str = "") -> None:
    """Print the estimate.

    Args:
        said: the assumptions given with the command.
        note: why prices could not be read from AWS; empty where they could.
    """
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
    if priced.delta_usd != priced.monthly_usd:
        more = "more" if priced.delta_usd >= 0 else "less"
        output.result(f"That is {output.money(abs(float(priced.delta_usd)))} {more} than what stands now")
    for gap in priced.unknown:
        output.result(f"Not known: {gap.address} ({gap.resource_type}): {gap.reason}")
    _free_tier(priced)
    _assumptions(document(priced, said))
    _prices(document(priced, said), note)


def _free_tier(priced: Estimate) -> None:
    from panel.cost.free_tier import ALWAYS, LEGACY_ENDED, LEGACY_UNTIL

    always = [line for line in priced.free_tier if line.kind == ALWAYS]
    early = [line for line in priced.free_tier if line.kind != ALWAYS]
    if always:
        output.result("")
        saved = _off(always)
        output.result(f"Within the free tier, if nothing else in the account uses it: {saved}")
        _lines(always)
    if early:
        saved = _off(early)
        output.result(
            f"In the first 12 months of accounts opened before {LEGACY_UNTIL}, over for all since {LEGACY_ENDED}: {saved}"
        )
        _lines(early)
    if priced.free_tier:
        output.result(
            f"Nothing of this is taken off above. Accounts opened since {LEGACY_UNTIL} have credits instead of the 12 months."
        )


def _lines(lines: list[FreeTierLine]) -> None:
    for line in lines:
        within = f"{float(line.quantity):,.12g} of {float(line.allowance):,.12g} {line.unit}"
        output.result(f"  {line.component}: {within}, {_off([line])}")


def _off(lines: list[FreeTierLine]) -> str:
    return f"- {output.money(float(sum(line.monthly_usd for line in lines)))}"


def _assumptions(found: Mapping[str, Any]) -> None:
    origins = found["assumption_origins"]
    if not found["assumed"]:
        return
    output.result("")
    output.table(
        ["ASSUMED", "FIGURE", "FROM"],
        [[name, f"{found['assumptions'][name]:,.12g}", origins[name]] for name in found["assumed"]],
        right=frozenset({1}),
    )


def _prices(found: Mapping[str, Any], note: str) -> None:
    prices = found["prices"]
    dates = f", the oldest of {prices['as_of']}" if prices["as_of"] else ""
    output.result("")
    output.result(f"Prices: {prices['live']} told by AWS, {prices['packaged']} of the package{dates}")
    if note:
        output.result(f"They could not be read from AWS: {note}")
