"""An environment's services as the last look found them, and every check that was made."""

from __future__ import annotations

from collections.abc import Sequence

from panel.lifecycle.health_report import ProbeNow, ServiceNow
from panel.ui import health_text as text
from panel.ui.components.health_charts import figure
from panel.ui.components.markup import esc, mono, quiet, table
from panel.ui.components.states import verdict_badge
from panel.ui.format import brief, shorten

_EVIDENCE = 500
#: Columns of measures: shown where one service was measured.
_MEASURES = (
    ("latency_ms", text.LATENCY), ("errors_5xx", text.ERRORS), ("cpu_percent", text.CPU), ("memory_percent", text.MEMORY),
)  # fmt: skip


def services(found: Sequence[ServiceNow]) -> str:
    """Markup of the table: state, version, tasks, what was measured, whom to call."""
    shown = [(name, title) for name, title in _MEASURES if any(name in one.measures for one in found)]
    head = [text.SERVICE, text.STATE, text.VERSION, text.TASKS, *(title for _, title in shown), text.OWNER]
    right = tuple(range(3, 4 + len(shown)))
    return table(head, [_service(one, [name for name, _ in shown]) for one in found], right=right)


def checks(probes: Sequence[ProbeNow]) -> str:
    """Markup of every check: what it asked, what it found, the evidence for experts."""
    head = (text.CHECK, text.RESULT, text.DETAIL, text.TOOK)
    return table(head, [_check(probe) for probe in probes], right=(3,))


def _service(one: ServiceNow, measures: Sequence[str]) -> list[str]:
    tasks = (
        ""
        if one.kind == "static" or one.running is None
        else f"{one.running} / {one.desired if one.desired is not None else '?'}"
    )
    figures = [figure(one.measures[name]) if name in one.measures else "" for name in measures]
    return [
        f"{esc(one.name)} {quiet(esc(one.title))}",
        verdict_badge(one.verdict),
        mono(brief(one.version)) if one.version else "",
        tasks,
        *figures,
        f"{esc(one.owner.team)} · {esc(one.owner.contact)}",
    ]


def _check(probe: ProbeNow) -> list[str]:
    name = f"{mono(probe.name)} {quiet(esc(probe.service))}" if probe.service else mono(probe.name)
    found = esc(probe.detail)
    if probe.notice:
        found += f"<br>{esc(probe.notice)}"
    if probe.evidence:
        found += f'<br><span class="p-quiet p-mono">{esc(shorten(probe.evidence, _EVIDENCE))}</span>'
    took = "" if probe.elapsed_ms is None else f"{probe.elapsed_ms:,.0f}"
    return [name, verdict_badge(probe.verdict), found, took]
