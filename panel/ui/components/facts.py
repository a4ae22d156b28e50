"""Lines that several pages say about an environment: what runs, what it costs, who did what last."""

from __future__ import annotations

from panel.lifecycle.overview import EnvironmentView, ServiceView
from panel.store.tables import Run
from panel.ui import home_text, text
from panel.ui.components.markup import badge, esc, mono, page_link, quiet, when
from panel.ui.components.states import run_badge
from panel.ui.format import digest, monthly


def service(view: ServiceView) -> str:
    """What runs of a service: version, release, since when."""
    if view.version is None:
        return quiet(text.NO_RELEASE)
    parts = [mono(view.version[:40])]
    if view.release is not None:
        parts.append(quiet(esc(text.RELEASE.format(number=view.release))))
    if view.released_at is not None:
        parts.append(quiet(when(view.released_at)))
    return " · ".join(parts)


def size(view: EnvironmentView) -> str:
    """How large the environment is, and what environments.yaml says of its fate."""
    marks = [text.PROTECTED_WORD] if view.protected else [text.RETIRED_WORD] if view.retired else []
    return esc(" · ".join([view.size, *marks]))


def cost(view: EnvironmentView) -> str:
    """What the environment costs, or would cost, against its budget."""
    if view.monthly_usd is None:
        return quiet(text.NOT_PRICED)
    amount = monthly(view.monthly_usd)
    if not view.exists or view.state == "lost":
        amount = text.WOULD_COST.format(monthly=amount)
    line = text.COSTS.format(monthly=amount, budget=f"$ {view.budget_usd:g}")
    if view.monthly_usd > view.budget_usd:
        return f"{esc(line)} {badge('bad', text.OVER_BUDGET)}"
    return esc(line)


def money_of_budget(view: EnvironmentView) -> str:
    """The same in a column of numbers: ``71.40 of 80``."""
    if view.monthly_usd is None:
        return quiet(text.NOT_PRICED)
    line = home_text.OF_BUDGET.format(amount=f"{view.monthly_usd:.2f}", budget=f"{view.budget_usd:g}")
    if not view.exists or view.state == "lost":
        return quiet(esc(line))
    return (
        f"{esc(line)} {badge('bad', text.OVER_BUDGET)}" if view.monthly_usd > view.budget_usd else esc(line)
    )


def uptime(percent: float | None) -> str:
    """How much of the last day an environment worked; never rounded up to all of it."""
    if percent is None:
        return quiet(home_text.NOT_MEASURED)
    return esc("100 %" if percent >= 100 else f"{min(percent, 99.99):.2f} %")


def owner(view: EnvironmentView) -> str:
    """Who owns the environment and how to reach them."""
    return f"{esc(view.owner.team)} · {esc(view.owner.contact)}"


def last_run(run: Run | None) -> str:
    """The last run: what, how it ended, by whom, when."""
    if run is None:
        return quiet(text.NEVER_RUN)
    name = f"{run.kind} {run.id}"
    return (
        f"{page_link('run', 'run', run.id, name)} {run_badge(run)} "
        f"{quiet(esc(text.BY.format(name=run.author)))} {quiet(when(run.ended_at or run.created_at))}"
    )


def short_digest(value: str | None) -> str:
    """A digest's first 12 characters, the whole on hover."""
    if not value:
        return quiet(text.ABSENT)
    return f'<span class="p-mono" title="{esc(value)}">{esc(digest(value))}</span>'
