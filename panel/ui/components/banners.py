"""What stands above an environment's tabs: a lock left over, drift, an end that comes near, sleep. And its rules in facts."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from panel.access.capabilities import Capability, can
from panel.catalogue.schema import Environment
from panel.lifecycle.overview import EnvironmentView
from panel.lifecycle.schedule_expiry import warning_time
from panel.store.tables import EnvironmentRecord, StateLock
from panel.ui import acts, readers, run_text, session
from panel.ui import operations_text as text
from panel.ui.components.aftermath import drift_buttons, drifted
from panel.ui.components.confirmations import unlock_button, unlock_dialog
from panel.ui.components.locks import lock_facts
from panel.ui.components.markup import badge, draw, esc, folded, quiet, when
from panel.ui.format import plural, utc
from panel.ui.state import Facade


def banners(panel: Facade, view: EnvironmentView, busy: str | None) -> None:
    """Draw the banners that this environment needs.

    Args:
        busy: why nothing can be begun now, if so.
    """
    record = readers.records(panel).get(view.name) or EnvironmentRecord(name=view.name)
    lock = readers.lock(panel, view.name)
    if lock is not None and lock.holder == "orphaned":
        _lock(panel, lock)
    if not record.exists or view.state == "lost":
        return
    if record.drift:
        _drift(panel, view.name, record, busy)
    if is_near(record, panel.catalogue().environments[view.name]):
        _expiry(panel, view, record)
    if record.asleep:
        _asleep(panel, view.name)


def is_near(record: EnvironmentRecord, entry: Environment) -> bool:
    """Whether an environment's end is near enough to be told above everything else."""
    if record.expires_at is None or entry.ttl_hours is None:
        return False
    return datetime.now(UTC) >= utc(record.expires_at) - warning_time(entry.ttl_hours)


def _lock(panel: Facade, lock: StateLock) -> None:
    title = badge("bad", text.LOCKED_BY.format(name=lock.subject, who=lock.who))
    with st.container(key="banner-lock"):
        draw(
            f'<div class="p-banner" role="status"><p>{title}</p><p>{esc(text.LOCK_WAITS)}</p>{lock_facts(lock)}</div>'
        )
        unlock_button(panel, lock, key="banner", primary=True)
    unlock_dialog(panel, lock.subject)


def _drift(panel: Facade, name: str, record: EnvironmentRecord, busy: str | None) -> None:
    count = plural(len(record.drift), *run_text.RESOURCE)
    seen = readers.schedules(panel, name).drift
    found = (
        f" {quiet(text.FOUND)} {when(seen.since or seen.checked_at)}" if seen.since or seen.checked_at else ""
    )
    title = badge("warn", text.DRIFTED.format(count=count, name=name))
    with st.container(key="banner-drift"):
        draw(
            f'<div class="p-banner" role="status"><p>{title}{found}</p>'
            f"{folded(run_text.DRIFT_TITLE, drifted(record.drift))}</div>"
        )
        with st.container(horizontal=True):
            drift_buttons(panel, name, busy)


def _expiry(panel: Facade, view: EnvironmentView, record: EnvironmentRecord) -> None:
    at = readers.schedules(panel, view.name).expiry.at or record.expires_at
    over = at is not None and utc(at) <= datetime.now(UTC)
    title = (
        badge("bad", text.EXPIRED.format(name=view.name))
        if over
        else badge("warn", text.EXPIRES.format(name=view.name))
    )
    told = ""
    if record.expiry_warned_at is not None:
        told = f" {quiet(_warned(view, record.expiry_warned_at))}"
    words = text.EXPIRES_NOW if over else text.EXPIRES_THEN
    with st.container(key="banner-expiry"):
        draw(f'<div class="p-banner" role="status"><p>{title} {when(at)}</p><p>{esc(words)}{told}</p></div>')
        extend(panel, view.name)


def _warned(view: EnvironmentView, at: datetime) -> str:
    return text.WARNED.format(team=esc(view.owner.team), when=when(at))


def extend(panel: Facade, name: str) -> None:
    """By how long an environment's life is to be extended, and the button that does it."""
    allowed = can(panel.identity, Capability.EXTEND)
    key = session.of(session.EXTEND, name)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            text.EXTEND_BY,
            list(text.EXTENSIONS),
            index=1,
            format_func=text.EXTENSIONS.__getitem__,
            key=key,
            width=160,
        )
        st.button(
            text.EXTEND,
            key=f"extend-now-{name}",
            disabled=not allowed,
            on_click=_extend,
            args=(panel, name, key),
        )


def _extend(panel: Facade, name: str, key: str) -> None:
    acts.extend(panel, name, int(st.session_state.get(key, 24)))


def _asleep(panel: Facade, name: str) -> None:
    hours = readers.schedules(panel, name).hours
    title = badge("none", text.ASLEEP.format(name=name))
    draw(
        f'<div class="p-banner p-calm" role="status"><p>{title}</p><p>{esc(hours.text)} {text.ASLEEP_HERE}</p></div>'
    )


def working_hours(entry: Environment) -> str:
    """When an environment is needed, in words; empty where it always is."""
    hours = entry.working_hours
    if hours is None:
        return ""
    days = ", ".join(text.DAYS[day] for day in hours.days)
    return text.HOURS_LINE.format(days=days, start=hours.begin, end=hours.end, timezone=hours.timezone)


def rules(panel: Facade, view: EnvironmentView) -> list[tuple[str, str]]:
    """The environment's rules as names and values: who approves, when it is compared, when it ends, when it sleeps."""
    entry = panel.catalogue().environments[view.name]
    approvals, hours = entry.approvals, working_hours(entry)
    who = text.APPROVALS_ONE if approvals.count == 1 else text.APPROVALS_MANY.format(count=approvals.count)
    who += f", {text.APPROVALS_OTHER}" if approvals.other_than_author else ""
    due = readers.schedules(panel, view.name)
    drift = esc(text.DRIFT_EVERY[entry.drift_check])
    if view.exists and due.drift.state != "off":
        drift += f" · {quiet(esc(due.drift.text))}"
    return [
        (text.APPROVALS, esc(who)),
        (text.DRIFT, drift),
        (text.EXPIRY, esc(due.expiry.text)),
        (text.HOURS, f"{esc(hours)} · {quiet(esc(due.hours.text))}" if hours else ""),
    ]
