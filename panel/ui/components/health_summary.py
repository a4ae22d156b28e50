"""The head of an environment's health: the verdict, since when, what is wrong and whom to call, how much it was up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import streamlit as st

from panel.lifecycle.health_overview import UPTIMES, HealthNow
from panel.lifecycle.health_report import CauseSeen, NoticeSeen
from panel.lifecycle.overview import EnvironmentView
from panel.store.uptime import Uptime
from panel.ui import health_text as text
from panel.ui import text as words
from panel.ui.components.markup import SHAPES, badge, draw, esc, lasting, quiet, tone, when
from panel.ui.components.states import environment_badge, verdict_badge, verdict_tone
from panel.ui.format import ago, duration, exact, shorten
from panel.ui.state import Facade

_MOST_EVIDENCE = 4000
#: States of an environment that say more than any look at it.
_ABOVE_LOOKS = frozenset({"asleep", "lost"})


def summary(
    panel: Facade, view: EnvironmentView, health: HealthNow, uptimes: Mapping[str, Uptime], *, alive: bool
) -> None:
    """Draw the head.

    Args:
        uptimes: of the whole environment, by window.
        alive: whether a worker is there to look.
    """
    draw(f'<div class="p-verdict"><div>{_standing(view, health)}</div>{_uptimes(uptimes)}</div>')
    if note := _note(panel, view, health, alive=alive):
        draw(note)
    if not health.checked_at or view.state in _ABOVE_LOOKS:
        return
    _causes(panel, view, health)
    _notices(health.seen.notices)
    if not health.seen.causes and health.verdict == "healthy" and not health.stale:
        draw(f"<p>{text.ALL_WELL}</p>")


def percent(value: float) -> str:
    """A share for people: never rounded up to all of it."""
    if value >= 100:
        return "100 %"
    return f"{int(value * 100) / 100:.2f} %" if value >= 99 else f"{int(value * 10) / 10:.1f} %"


def uptime_words(found: Uptime) -> str:
    """``99.72 % of 23 h 40 min``; says so where nothing was measured."""
    if found.percent is None:
        return text.UPTIME_NONE
    return text.UP_OF.format(percent=percent(found.percent), measured=duration(found.measured_s))


def _standing(view: EnvironmentView, health: HealthNow) -> str:
    if view.state in _ABOVE_LOOKS:
        return f"<h2>{environment_badge(view.state)}</h2>"
    if not health.checked_at:
        return f"<h2>{verdict_badge(health.verdict)}</h2>"
    checked = f"<p>{quiet(text.CHECKED.format(ago=when(health.checked_at)))}</p>"
    if health.stale:
        seen = text.LAST_SEEN.format(verdict=words.VERDICTS.get(health.verdict, health.verdict))
        return f"<h2>{badge('unknown', text.NOW_UNKNOWN)}</h2><p>{esc(seen)}</p>{checked}"
    since = f" {quiet(text.SINCE)} {lasting(health.since)}" if health.since else ""
    return f"<h2>{verdict_badge(health.verdict)}{since}</h2>{checked}"


def _uptimes(uptimes: Mapping[str, Uptime]) -> str:
    """Three figures; none where nothing was ever measured."""
    if all(found.percent is None for found in uptimes.values()):
        return ""
    figures = "".join(_figure(key, uptimes[key]) for key in UPTIMES if key in uptimes)
    return f'<dl class="p-uptimes">{figures}</dl>'


def _figure(key: str, found: Uptime) -> str:
    title = f"{text.UPTIME} · {text.WINDOWS[key]}"
    if found.percent is None:
        return f"<div><dt>{esc(title)}</dt><dd>{quiet('–')}</dd></div>"
    measured = text.UPTIME_OF.format(measured=duration(found.measured_s))
    down = f"; {text.UPTIME_DOWN.format(down=duration(found.down_s))}" if found.down_s else ""
    return (
        f'<div title="{esc(measured + down)}"><dt>{esc(title)}</dt><dd>{esc(percent(found.percent))}</dd>'
        f'<small class="p-quiet">{esc(measured)}</small></div>'
    )


def _note(panel: Facade, view: EnvironmentView, health: HealthNow, *, alive: bool) -> str:
    """One sentence on why there is no look, or why it is old; empty where neither is so."""
    if view.state == "lost":
        return _banner("bad", text.LOST)
    if not health.exists:
        return f"<p>{quiet(esc(text.NOT_CREATED.format(name=view.name)))}</p>"
    if view.state == "asleep":
        return f"<p>{quiet(esc(text.ASLEEP.format(words=view.state_text)))}</p>"
    if health.checked_at is None:
        seconds = f"{panel.settings.health_interval_s:g}"
        return (
            _banner("warn", text.NO_LOOK_NO_WORKER)
            if not alive
            else f"<p>{quiet(esc(text.NO_LOOK.format(seconds=seconds)))}</p>"
        )
    if health.stale:
        if view.active_run is not None and view.state == "working":
            return f"<p>{quiet(esc(text.WORKING))}</p>"
        return _banner("warn", text.STALE if alive else text.STALE_NO_WORKER)
    return ""


def _banner(name: str, sentence: str) -> str:
    css = "p-error" if name == "bad" else "p-note p-asks"
    return f'<div class="{css}" role="status"><p>{esc(sentence)}</p></div>'


def _causes(panel: Facade, view: EnvironmentView, health: HealthNow) -> None:
    if not health.seen.causes:
        return
    draw(f"<h2>{text.WHAT_IS_WRONG}</h2>")
    for number, cause in enumerate(health.seen.causes):
        with st.container(key=f"cause-{view.name}-{number}"):
            service = health.seen.services.get(cause.service)
            verdict = service.verdict if service else health.verdict
            draw(_cause(cause, verdict))
            _ask(view.name, number, cause, health)


def _cause(cause: CauseSeen, verdict: str) -> str:
    name = verdict_tone(verdict)
    call = text.CALL.format(team=cause.team, contact=cause.contact) if cause.team else ""
    whom = f"<p>{esc(call)}</p>" if call else ""
    return f'<div class="p-cause p-{"none" if name == "unknown" else name}"><p><strong>{esc(cause.text)}</strong></p>{whom}</div>'


def _ask(name: str, number: int, cause: CauseSeen, health: HealthNow) -> None:
    """What one may want to see or send: folded, and still open after the part has refreshed."""
    with st.container(horizontal=True, key=f"ask-{name}-{number}"):
        if cause.team:
            with st.popover(text.MESSAGE_FOR.format(team=cause.team), type="tertiary"):
                draw(f"<p>{quiet(text.MESSAGE_HINT)}</p>")
                st.code(message(cause, health), language=None, wrap_lines=True)
        if cause.evidence or cause.rule:
            with st.popover(text.EVIDENCE, type="tertiary"):
                if cause.rule:
                    draw(f"<p>{quiet(esc(text.RULE.format(rule=cause.rule)))}</p>")
                st.code(shorten(cause.evidence, _MOST_EVIDENCE), language=None, wrap_lines=True)


def message(cause: CauseSeen, health: HealthNow) -> str:
    """What to send to the team that a cause names."""
    since = exact(health.since) if health.since else ""
    checked = exact(health.checked_at) if health.checked_at else ""
    body = text.MESSAGE.format(environment=health.name, text=cause.text, since=since, checked=checked)
    evidence = text.MESSAGE_EVIDENCE.format(evidence=shorten(cause.evidence, 1000)) if cause.evidence else ""
    return "\n".join(part for part in (body, evidence) if part)


def _notices(notices: Sequence[NoticeSeen]) -> None:
    if not notices:
        return
    lines = "".join(f"<li>{_notice(notice)}</li>" for notice in notices)
    draw(f'<h2>{text.GOOD_TO_KNOW}</h2><ul class="p-plain">{lines}</ul>')


def _notice(notice: NoticeSeen) -> str:
    whom = text.TELL.format(team=notice.team, contact=notice.contact) if notice.team else ""
    shape = tone("warn", f'<span aria-hidden="true">{SHAPES["warn"]}</span>')
    return f"{shape} {esc(notice.text)} {quiet(esc(whom))}"


def as_of(health: HealthNow) -> str:
    """A line on how old what is drawn is; empty where it is fresh."""
    if not health.stale or health.checked_at is None:
        return ""
    return f"<p>{quiet(esc(text.AS_OF.format(ago=ago(health.checked_at, datetime.now(UTC)))))}</p>"
