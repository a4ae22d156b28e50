"""What an environment's Cost tab says beside the sum: free tier, assumptions, prices."""

from __future__ import annotations

from panel.cost.estimate import estimate, to_dict
from panel.ui.components.estimate import assumed, free_tier, prices_used
from tests.unit.cost.plans import REGION, sample

PRICED = to_dict(estimate(sample("environment"), region=REGION))


def lines() -> list[dict[str, object]]:
    found = PRICED["free_tier"]
    assert isinstance(found, list)
    return found


def test_the_first_twelve_months_are_not_in_what_is_always_free() -> None:
    always = sum(float(str(line["monthly_usd"])) for line in lines() if line["kind"] == "always")
    shown = free_tier(lines())
    assert f"up to $ {always:.2f} a month less" in shown
    assert "accounts opened before 2025-07-15, which are over for all since 2026-07-15" in shown


def test_assumptions_that_nothing_rests_on_are_left_out() -> None:
    shown = assumed(PRICED)
    assert "cloudfront out gb" in shown
    assert "lambda ms" not in shown
    assert "lambda ms" in assumed({key: value for key, value in PRICED.items() if key != "assumed"})


def test_prices_are_told_by_whom_they_were_told() -> None:
    prices = PRICED["prices"]
    assert isinstance(prices, dict)
    assert f"0 prices told by AWS, {prices['packaged']} of the package" in prices_used(prices)
    assert prices_used({}) == ""
