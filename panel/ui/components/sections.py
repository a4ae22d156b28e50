"""What an environment's tabs say about its health, cost and activity."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from panel.cost.estimate import to_dict
from panel.errors import PanelError
from panel.lifecycle.overview import STALE_SAMPLE, Cause, EnvironmentView, Probe
from panel.store.health_tables import HealthPoint
from panel.store.tables import AuditEntry
from panel.ui import readers, text
from panel.ui.components.estimate import estimate
from panel.ui.components.markup import (
    badge,
    draw,
    esc,
    folded,
    lasting,
    quiet,
    table,
    tone,
    when,
)
from panel.ui.components.states import verdict_badge, verdict_tone
from panel.ui.format import digest, exact, instant, shorten, utc
from panel.ui.state import Facade

_TICKS = 60
_STRIP = timedelta(hours=3)
_ENTRIES = 50


def health(panel: Facade, view: EnvironmentView) -> str:
    """Verdict, causes with whom to call, every check with its age, and how the last sweeps went."""
    if view.checked_at is None:
        return quiet(esc(text.NO_HEALTH.format(seconds=f"{panel.settings.health_interval_s:g}")))
    since = f" {quiet(text.SINCE)} {quiet(lasting(view.since))}" if view.since else ""
    parts = [
        f"<h3>{verdict_badge(view.verdict)}{since}</h3>",
        f"<p>{quiet(text.CHECKED)} {when(view.checked_at)}</p>",
    ]
    if datetime.now(UTC) - utc(view.checked_at) > STALE_SAMPLE:
        parts.append(f"<p>{badge('warn', text.STALE_CHECK)}</p>")
    if view.causes:
        parts.append(f"<h3>{text.CAUSES}</h3><ul>{''.join(_cause(cause) for cause in view.causes)}</ul>")
    elif view.verdict == "healthy":
        parts.append(f"<p>{text.ALL_WELL}</p>")
    head = (text.PROBE, text.RESULT, text.DETAIL, text.WHEN)
    parts.append(f"<h3>{text.PROBES}</h3>{table(head, [_probe(probe) for probe in view.probes])}")
    return "".join([*parts, _history(panel, view.name)])


def _cause(cause: Cause) -> str:
    call = f"<br>{quiet(esc(text.CALL.format(team=cause.team, contact=cause.contact)))}" if cause.team else ""
    evidence = folded(text.EVIDENCE, f"<pre>{esc(cause.evidence)}</pre>") if cause.evidence else ""
    return f"<li>{esc(cause.text)}{call}{evidence}</li>"


def _probe(probe: Probe) -> list[str]:
    return [esc(probe.name), verdict_badge(probe.verdict), esc(probe.detail), when(instant(probe.checked_at))]


def _history(panel: Facade, name: str) -> str:
    samples = panel.stores.health.points(name, since=datetime.now(UTC) - _STRIP)[-_TICKS:]
    ticks = "".join(
        tone(
            verdict_tone(_verdict(sample)),
            f'<i title="{esc(text.VERDICTS.get(_verdict(sample), _verdict(sample)))}, {exact(sample.at)}"></i>',
        ).replace('class="', 'class="p-tick ', 1)
        for sample in samples
    )
    title = text.HISTORY.format(count=len(samples))
    good = sum(_verdict(sample) == "healthy" for sample in samples)
    words = text.HISTORY_WORDS.format(good=good, count=len(samples))
    return f'<h3>{esc(title)}</h3><div class="p-ticks" role="img" aria-label="{esc(words)}">{ticks}</div><p>{quiet(words)}</p>'


def _verdict(point: HealthPoint) -> str:
    """The worst of what was seen."""
    worst_first = ("down", "degraded", "unknown", "healthy")
    return next((name for name in worst_first if getattr(point, name)), "unknown")


def cost(panel: Facade, view: EnvironmentView) -> None:
    """The estimate of what stands, or of what would be created."""
    record = panel.stores.environments.get(view.name)
    if record.exists and record.estimate:
        estimate(record.estimate, view.budget_usd, origin=text.ESTIMATE_OF_PLAN)
        return
    try:
        priced = to_dict(readers.estimate(panel, view.name))
    except PanelError as error:
        draw(f"<p>{esc(text.NO_COST.format(reason=error.message))}</p>")
        return
    estimate(priced, view.budget_usd, origin=text.ESTIMATE_OF_CATALOGUE)


def activity(panel: Facade, name: str) -> str:
    """Who did what here, newest first, from the audit record."""
    entries = panel.trail.recent(name, limit=_ENTRIES)
    if not entries:
        return quiet(text.NO_ACTIVITY)
    return table((text.WHEN, text.WHO, text.WHAT, text.DETAIL), [_entry(entry) for entry in entries])


def _shown(key: str, value: object) -> str:
    shown = value if isinstance(value, str) else json.dumps(value, default=str)
    return digest(shown) if key == "plan" else shown


def _entry(entry: AuditEntry) -> list[str]:
    detail = ", ".join(
        f"{key}: {_shown(key, value)}"
        for key, value in entry.detail.items()
        if value not in (None, "", [], False)
    )
    who = f"{esc(entry.actor)} {quiet(esc(entry.role))}"
    return [when(entry.at), who, esc(entry.action), esc(shorten(detail, 200))]
