"""An estimate of cost: what it is made of, what is not in it, what the free tier may take off, what was assumed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from panel.cost.compare_bench import part_of
from panel.cost.free_tier import LEGACY_ENDED, LEGACY_UNTIL, TWELVE_MONTHS
from panel.ui import cost_text as words
from panel.ui import text
from panel.ui.components.cost_numbers import Row, numbers
from panel.ui.components.cost_parts import bars, stacked, sums
from panel.ui.components.markup import badge, draw, esc, folded, mono, quiet, table
from panel.ui.format import money

Item = Mapping[str, Any]

_WHOLE = 1000


def estimate(priced: Mapping[str, Any], *, origin: str, key: str) -> None:
    """Draw the estimate; what older runs have stored may lack some of it.

    Args:
        priced: the estimate as plain values.
        origin: one sentence on what was priced.
        key: what tells it from others on the page, and names its file.
    """
    items = [item for item in priced.get("items") or () if float(item.get("monthly_usd") or 0)]
    draw(
        f"<h2>{words.MADE_OF}</h2><p>{quiet(esc(f'{origin} {text.ESTIMATE_NOTE}'))}</p>{stacked(by_part(items))}"
    )
    draw(unknowns(priced.get("unknown") or ()))
    if items:
        draw(f"<h3>{words.BY_COMPONENT}</h3>{bars(by_component(items))}")
        numbers(lines(items), file=f"estimate-{key}", key=f"estimate-{key}", title=words.LINES)
    draw(free_tier(priced.get("free_tier") or ()) + assumed(priced))
    if items:
        draw(sources(items) + prices_used(priced.get("prices") or {}))


def by_component(items: Sequence[Item]) -> list[tuple[str, float]]:
    """Dollars a month by component, the dearest first; what rounds to nothing is left out."""
    return _summed((str(item.get("component", "")), item) for item in items)


def by_part(items: Sequence[Item]) -> list[tuple[str, float]]:
    """Dollars a month by the parts that comparisons have as well, the dearest first."""
    return _summed(
        (part_of(str(item.get("resource_type", "")), str(item.get("component", ""))), item) for item in items
    )


def _summed(named: Iterable[tuple[str, Item]]) -> list[tuple[str, float]]:
    found: dict[str, float] = defaultdict(float)
    for name, item in named:
        found[name] += float(item.get("monthly_usd") or 0)
    return sums(found)


def lines(items: Sequence[Item]) -> list[Row]:
    """Every line, the dearest first."""
    return [
        {
            text.RESOURCE: str(item.get("address", "")),
            text.COMPONENT: str(item.get("component", "")),
            text.QUANTITY: float(item.get("quantity") or 0),
            text.UNIT: str(item.get("unit", "")),
            text.UNIT_PRICE: float(item.get("unit_price_usd") or 0),
            text.PER_MONTH: round(float(item.get("monthly_usd") or 0), 4),
            text.AS_OF: str(item.get("as_of", "")),
        }
        for item in sorted(items, key=lambda one: -float(one.get("monthly_usd") or 0))
    ]


def unknowns(gaps: Sequence[Item]) -> str:
    """Markup of what could not be priced, each with its reason; empty where all could."""
    if not gaps:
        return ""
    shown = "".join(f"<li>{mono(gap.get('address', ''))} {esc(gap.get('reason', ''))}</li>" for gap in gaps)
    return f"<h3>{badge('warn', text.COST_UNKNOWN)}</h3><p>{text.COST_UNKNOWN_LINE}</p><ul>{shown}</ul>"


def free_tier(found: Sequence[Item]) -> str:
    """Markup of what the free tier would take off, with what it covers folded."""
    if not found:
        return ""
    first_year = sum(float(line["monthly_usd"]) for line in found if line.get("kind") == TWELVE_MONTHS)
    always = sum(float(line["monthly_usd"]) for line in found if line.get("kind") != TWELVE_MONTHS)
    said = words.FREE_TIER.format(usd=money(always))
    if first_year:
        first = words.FREE_TIER_FIRST.format(usd=money(first_year), until=LEGACY_UNTIL, ended=LEGACY_ENDED)
        said += f" {first}"
    body = [
        [
            esc(line["component"]),
            esc(words.FREE_ALLOWANCE.format(allowance=figure(float(line["allowance"])), unit=line["unit"])),
            esc(words.TWELVE_MONTHS if line.get("kind") == TWELVE_MONTHS else words.ALWAYS),
            esc(f"{float(line['monthly_usd']):,.2f}"),
        ]
        for line in found
    ]
    head = (text.COMPONENT, words.ALLOWANCE, words.WHEN, words.COVERS)
    title = words.FREE_TIER_LINES.format(count=len(found))
    return f"<p>{esc(said)}</p>{folded(title, table(head, body, right=(3,)))}"


def assumed(priced: Mapping[str, Any]) -> str:
    """Markup of the usage that the estimate rests on, folded; what environments.yaml says comes first."""
    usage, origins = priced.get("assumptions") or {}, priced.get("assumption_origins") or {}
    if asked := priced.get("assumed"):
        usage = {name: usage[name] for name in asked if name in usage}
    if not usage:
        return ""
    body = [
        [
            esc(name.replace("_", " ")),
            esc(figure(float(value))),
            words.FROM_YAML if origins.get(name) == words.FROM_YAML else quiet(words.FROM_DEFAULT),
        ]
        for name, value in sorted(usage.items(), key=lambda pair: origins.get(pair[0]) != words.FROM_YAML)
    ]
    head = (words.ASSUMPTION, words.FIGURE, words.SAID_BY)
    inner = f"<p>{quiet(words.ASSUMED_NOTE)}</p>{table(head, body, right=(1,))}"
    return folded(words.ASSUMED.format(count=len(usage)), inner)


def figure(value: float) -> str:
    """A figure of usage for people: whole where it is, with spaces between thousands."""
    if value == int(value):
        return f"{int(value):,}".replace(",", " ")
    return f"{value:,.1f}".replace(",", " ") if abs(value) >= _WHOLE else f"{value:g}"


def prices_used(prices: Mapping[str, Any]) -> str:
    """Markup of how many prices AWS told and how many are of the package; empty of estimates that do not say."""
    if not prices.get("as_of"):
        return ""
    said = words.PRICES_USED.format(live=prices["live"], packaged=prices["packaged"], as_of=prices["as_of"])
    return f"<p>{quiet(esc(said))}</p>"


def sources(items: Sequence[Item]) -> str:
    """Markup of the places prices come from, each with its date, folded."""
    found = dict.fromkeys((str(item.get("source", "")), str(item.get("as_of", ""))) for item in items)
    shown = "".join(
        f"<li>{esc(source)} {quiet(esc(f'{text.AS_OF} {as_of}'))}</li>" for source, as_of in found
    )
    return folded(text.PRICE_SOURCES.format(count=len(found)), f"<ul>{shown}</ul>")
