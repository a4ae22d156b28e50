"""The rule over money: within the budget, and no sudden growth."""

from __future__ import annotations

from collections.abc import Iterator

from panel.engine.plan import PlanSummary
from panel.runs.guardrails.finding import Found, Situation

# Less than this may come of prices that have moved, and not of the plan.
_MORE_USD = 0.5


def budget(_plan: PlanSummary, situation: Situation) -> Iterator[Found]:
    """A price over the budget, or one that grows past a limit; more cost where the bill is over the budget already; a plan
    without a price, where one is asked for.
    """
    rule, cost = situation.guardrails.budget, situation.monthly_usd
    if situation.destroys:
        return
    if cost is None:
        limits = (situation.budget_usd, rule.growth_usd, rule.growth_percent)
        if any(limit is not None for limit in limits):
            yield Found("the plan has no price: what it would cost cannot be told", certain=False)
        return
    if situation.budget_usd is not None and cost > situation.budget_usd:
        yield Found(f"would cost $ {cost:.2f} / month, over the budget of $ {situation.budget_usd:.2f}")
    yield from _bill(cost, situation)
    yield from _growth(cost, situation)


def _bill(cost: float, situation: Situation) -> Iterator[Found]:
    """What the estimate cannot know: what is really charged. Whoever makes it cheaper is not held up by it."""
    budget_usd, more = situation.budget_usd, cost - (situation.before_usd or 0)
    if budget_usd is None or more < _MORE_USD:
        return
    adds = f"would add $ {more:.2f} / month, and"
    if situation.billed_usd is not None and situation.billed_usd > budget_usd:
        yield Found(
            f"{adds} the bill of this month is $ {situation.billed_usd:.2f} of $ {budget_usd:.2f} already"
        )
    elif situation.forecast_usd is not None and situation.forecast_usd > budget_usd:
        yield Found(
            f"{adds} the bill's forecast is $ {situation.forecast_usd:.2f} of $ {budget_usd:.2f} already"
        )


def _growth(cost: float, situation: Situation) -> Iterator[Found]:
    rule, now = situation.guardrails.budget, situation.before_usd
    if now is None or cost <= now:
        return
    more = cost - now
    grown = f"would cost $ {more:.2f} / month more than now ($ {now:.2f})"
    if rule.growth_usd is not None and more > rule.growth_usd:
        yield Found(f"{grown}; at most $ {rule.growth_usd:.2f} more is allowed at a time")
    if rule.growth_percent is not None and more * 100 > rule.growth_percent * now:
        yield Found(f"{grown}; at most {rule.growth_percent:g} % more is allowed at a time")
