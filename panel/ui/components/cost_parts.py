"""Pieces of pages about money, as markup: figures in a row, budgets as bars, amounts as bars, what could be saved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from panel.cost.compare_months import month_change
from panel.lifecycle.cost_overview import CostView, WasteView
from panel.ui import cost_text as words
from panel.ui.components.cost_style import SHADES
from panel.ui.components.markup import badge, esc, lasting, quiet, table
from panel.ui.format import delta, money

_LEAST_CENT = 0.005


@dataclass(frozen=True)
class Figure:
    """One amount with its name and one quiet line; ``off``: there is no amount, only a word. ``below`` is markup."""

    name: str
    amount: str
    about: str = ""
    off: bool = False
    below: str = ""


def figures(shown: Iterable[Figure]) -> str:
    """Amounts beside each other."""
    return f'<dl class="p-figures">{"".join(_figure(one) for one in shown)}</dl>'


def _figure(one: Figure) -> str:
    css = ' class="p-off"' if one.off else ""
    return f"<div><dt>{esc(one.name)}</dt><dd><b{css}>{esc(one.amount)}</b>{esc(one.about)}{one.below}</dd></div>"


def percent(share: float) -> str:
    """A share as whole percent."""
    return f"{round(share * 100):d}"


def meter(budget: float, *, charged: float | None, expected: float | None) -> str:
    """How much of a budget is used, and how much will be: a bar that says so to those who cannot see it too."""
    most = max(charged or 0, expected or 0)
    over = most > budget
    told = (
        words.METER_CHARGED.format(used=money(charged), expected=money(most), budget=money(budget))
        if charged is not None
        else words.METER.format(used=money(most), budget=money(budget))
    )
    used = _width((charged if charged is not None else most) / budget)
    rest = f'<i class="p-expected" style="width:{_width(most / budget)}"></i>' if charged is not None else ""
    return (
        f'<div class="p-meter{" p-over" if over else ""}" role="img" aria-label="{esc(told)}" title="{esc(told)}">'
        f'{rest}<i style="width:{used}"></i></div>'
    )


def _width(share: float) -> str:
    return f"{min(max(share, 0), 1) * 100:.1f}%"


def budget(view: CostView) -> str:
    """An environment's budget: the bar, the share, and a word where it is passed or may be."""
    if not view.budget_usd:
        return quiet(words.NO_BUDGET)
    charged, expected = view.to_date_usd, view.forecast_usd
    if charged is None:
        expected = view.estimate_usd
    if charged is None and expected is None:
        return ""
    most = max(charged or 0, expected or 0)
    word = ""
    if (charged or 0) > view.budget_usd or (charged is None and most > view.budget_usd):
        word = f" {badge('bad', words.OVER)}"
    elif most > view.budget_usd:
        word = f" {badge('warn', words.LIKELY_OVER)}"
    said = esc(f"{percent(most / view.budget_usd)} % of {money(view.budget_usd)}")
    return f'<div class="p-budget">{meter(view.budget_usd, charged=charged, expected=expected)}<span>{said}{word}</span></div>'


def change(view: CostView) -> str:
    """This month against the same days of the one before."""
    found = month_change(view.days, view.month)
    if found is None:
        return ""
    hover = words.CHANGE_HOVER.format(now=money(found.usd), days=found.days, before=money(found.before_usd))
    if found.before_usd < _LEAST_CENT:
        return f'<span title="{esc(hover)}">{words.NEW}</span>' if found.usd >= _LEAST_CENT else ""
    share = found.change_usd / found.before_usd * 100
    said = words.CHANGE.format(change=delta(found.change_usd), percent=f"{share:+.0f} %".replace("-", "−"))
    return f'<span class="p-nowrap" title="{esc(hover)}">{esc(said)}</span>'


def shade(place: int) -> str:
    """The colour of the part in this place, as CSS; the last is for all further ones."""
    return f"var(--p-shade-{min(place, len(SHADES) - 1)})"


def stacked(parts: Sequence[tuple[str, float]]) -> str:
    """A whole as one bar of its parts in this order, with names and amounts below; those that have no shade are one."""
    whole = sum(usd for _, usd in parts)
    if whole < _LEAST_CENT:
        return ""
    cut = parts
    if len(parts) > len(SHADES):
        rest = parts[len(SHADES) - 1 :]
        cut = [*parts[: len(SHADES) - 1], (words.OTHERS, sum(usd for _, usd in rest))]
    bar = "".join(
        f'<i style="flex:{usd / whole:.5f} 1 0;background:{shade(place)}" title="{esc(f"{name}: {money(usd)}")}"></i>'
        for place, (name, usd) in enumerate(cut)
        if usd >= _LEAST_CENT
    )
    keys = "".join(
        f'<li><span class="p-dot" style="background:{shade(place)}"></span>{esc(name)} {quiet(esc(money(usd)))}</li>'
        for place, (name, usd) in enumerate(cut)
        if usd >= _LEAST_CENT
    )
    told = ", ".join(f"{name} {money(usd)}" for name, usd in cut)
    return f'<div class="p-stack-bar" role="img" aria-label="{esc(told)}">{bar}</div><ul class="p-keys">{keys}</ul>'


def bars(amounts: Sequence[tuple[str, float]]) -> str:
    """Amounts as bars, each with its name before and its number behind."""
    most = max((usd for _, usd in amounts), default=0)
    if most <= 0:
        return ""
    lines = "".join(
        f'<span>{esc(name)}</span><i style="width:{max(usd, 0) / most * 100:.1f}%"></i><b>{esc(money(usd))}</b>'
        for name, usd in amounts
    )
    return f'<div class="p-bars">{lines}</div>'


def facts(lines: Iterable[str]) -> str:
    """Sentences as a quiet list; they are text."""
    return f'<ul class="p-facts">{"".join(f"<li>{esc(line)}</li>" for line in lines)}</ul>'


def waste_table(found: Sequence[WasteView], *, with_environment: bool = True) -> str:
    """What could be saved: what it is, where, since when, how much it saves, what to do."""
    total = sum(one.monthly_usd or 0 for one in found)
    some = any(one.monthly_usd is None for one in found)
    line = (words.WASTE_SUM_SOME if some else words.WASTE_SUM).format(usd=money(total))
    head = [words.WASTE_WHAT, words.WASTE_WHERE, words.WASTE_SINCE, words.WASTE_REMEDY, words.WASTE_SAVES]
    body = [
        [
            f"<strong>{esc(one.title)}</strong><br>{quiet(esc(one.detail))}",
            _where(one, with_environment=with_environment),
            f'<span class="p-nowrap">{lasting(one.since)}</span>',
            f'<span class="p-small">{esc(one.remedy)}</span>',
            f'<span class="p-quiet p-nowrap">{words.NOT_KNOWN}</span>'
            if one.monthly_usd is None
            else esc(f"{one.monthly_usd:,.2f}"),
        ]
        for one in found
    ]
    lead = f"<p><strong>{esc(line)}</strong> {quiet(words.WASTE_NOTE)}</p>"
    return f"{lead}{table(head, body, right=(4,))}"


def _where(one: WasteView, *, with_environment: bool) -> str:
    resource = "" if one.resource == one.environment else f'<span class="p-mono">{esc(one.resource)}</span>'
    if not with_environment or not one.environment:
        return resource or esc(one.environment)
    return f"{esc(one.environment)}<br>{resource}" if resource else esc(one.environment)


def sums(amounts: Mapping[str, float]) -> list[tuple[str, float]]:
    """Amounts that do not round to nothing, the largest first."""
    kept = [(name, usd) for name, usd in amounts.items() if usd >= _LEAST_CENT]
    return sorted(kept, key=lambda pair: (-pair[1], pair[0]))
