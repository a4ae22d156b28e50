"""Cached readers. Each takes who asks and about what as real arguments, and keeps its answer for a second or two.

The leading underscore of ``_panel`` tells Streamlit not to hash it; ``place`` (the database) is hashed in its stead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import streamlit as st

from panel.access.capabilities import ROLES, Capability
from panel.access.identity import Identity, Role
from panel.lifecycle.overview import EnvironmentView
from panel.lifecycle.overview_schedules import ScheduleOverview, ScheduleView
from panel.lifecycle.overview_workers import Workforce, workforce
from panel.lifecycle.release_overview import Grid, ImageView, ReleaseView
from panel.lifecycle.vitality import OVERDUE, STUCK, Vitality, vitality_of
from panel.store.browsing import Browsing
from panel.store.tables import (
    AuditEntry,
    EnvironmentRecord,
    Release,
    Run,
    RunApproval,
    RunPlan,
    StateLock,
)
from panel.ui import cost_readers
from panel.ui.state import Facade

_PLAN_SECONDS = 600
_ENTRIES = 50
_ACTIVE = 200
_DAY = timedelta(days=1)


# Handed out as they are: copies of hundreds of environments would take longer than reading them. Do not change them.
@st.cache_resource(ttl=1, show_spinner=False, max_entries=50)
def _environments(place: str, identity: Identity, _panel: Facade) -> list[EnvironmentView]:
    return _panel.overview.environments()


def environments(panel: Facade) -> list[EnvironmentView]:
    """All environments as cards show them, at most a second old."""
    return _environments(panel.stores.database.place, panel.identity, panel)


@st.cache_data(ttl=1, show_spinner=False, max_entries=200)
def _environment(place: str, identity: Identity, name: str, _panel: Facade) -> EnvironmentView:
    return _panel.overview.environment(name)


def environment(panel: Facade, name: str) -> EnvironmentView:
    """One environment, at most a second old.

    Raises:
        NotFoundError: the catalogue has no such environment.
    """
    return _environment(panel.stores.database.place, panel.identity, name, panel)


@st.cache_resource(ttl=_PLAN_SECONDS, show_spinner=False, max_entries=16)
def _plan(place: str, run_id: int, stack: str, version: str, _panel: Facade) -> RunPlan | None:
    return _panel.stores.runs.plan(run_id, stack)


def plan(panel: Facade, run: Run, stack: str) -> RunPlan | None:
    """The plan of one stack in a run; read again only when the run has moved on. Do not change it."""
    version = f"{run.state}/{run.stage}/{run.plan_digest}"
    return _plan(panel.stores.database.place, run.id or 0, stack, version, panel)


@st.cache_data(ttl=2, show_spinner=False, max_entries=20)
def _local_status(place: str, _panel: Facade) -> Any:
    return None if _panel.local is None else _panel.local.status()


def local_status(panel: Facade) -> Any:
    """State of the embedded AWS, at most two seconds old; None when the target is a real account."""
    return _local_status(panel.stores.database.place, panel)


@st.cache_data(ttl=10, show_spinner=False, max_entries=4)
def _first_broken(place: str, _panel: Facade) -> int | None:
    broken = _panel.trail.first_broken()
    return None if broken is None else broken.id


def first_broken(panel: Facade) -> int | None:
    """Number of the first audit entry that does not fit the chain; None when the chain is whole."""
    return _first_broken(panel.stores.database.place, panel)


@st.cache_data(ttl=1, show_spinner=False, max_entries=4)
def _workforce(place: str, _panel: Facade) -> Workforce:
    return workforce(_panel.stores)


def workers(panel: Facade) -> Workforce:
    """Workers and what waits for them, at most a second old."""
    return _workforce(panel.stores.database.place, panel)


def active_runs(panel: Facade) -> Sequence[Run]:
    """Runs under way, newest first."""
    return panel.stores.runs.recent(active=True, limit=_ACTIVE)


@st.cache_data(ttl=30, show_spinner=False, max_entries=4)
def _authors(place: str, _panel: Facade) -> list[str]:
    return Browsing(_panel.stores.database).authors()


def authors(panel: Facade) -> list[str]:
    """Everybody who ever asked for a run, at most half a minute old."""
    return _authors(panel.stores.database.place, panel)


@st.cache_resource(ttl=1, show_spinner=False, max_entries=4)
def _records(place: str, _panel: Facade) -> Mapping[str, EnvironmentRecord]:
    return _panel.stores.environments.all()


def records(panel: Facade) -> Mapping[str, EnvironmentRecord]:
    """What is known of environments that exist, by name, at most a second old."""
    return _records(panel.stores.database.place, panel)


@st.cache_data(ttl=2, show_spinner=False, max_entries=200)
def _schedules(place: str, name: str, _panel: Facade) -> ScheduleView:
    return ScheduleOverview(_panel.catalogue, _panel.stores).environment(name)


def schedules(panel: Facade, name: str) -> ScheduleView:
    """What is due when in one environment, at most two seconds old.

    Raises:
        NotFoundError: the catalogue has no such environment.
    """
    return _schedules(panel.stores.database.place, name, panel)


@st.cache_resource(ttl=1, show_spinner=False, max_entries=4)
def _locks(place: str, _panel: Facade) -> list[StateLock]:
    return _panel.stores.locks.all()


def locks(panel: Facade) -> list[StateLock]:
    """State locks as a worker last saw them, at most a second old here."""
    return _locks(panel.stores.database.place, panel)


def lock(panel: Facade, environment: str) -> StateLock | None:
    """The lock of one environment's state, if a worker saw one."""
    return next((found for found in locks(panel) if found.subject == environment), None)


@st.cache_data(ttl=1, show_spinner=False, max_entries=8)
def _grid(place: str, identity: Identity, _panel: Facade) -> Grid:
    return _panel.releases.grid()


def grid(panel: Facade) -> Grid:
    """What runs where, at most a second old."""
    return _grid(panel.stores.database.place, panel.identity, panel)


def serving(panel: Facade, environment: str, service: str) -> ReleaseView | None:
    """The release of a service that serves in an environment, if any does."""
    row = next((row for row in grid(panel).rows if row.service == service), None)
    cell = row.cells.get(environment) if row is not None else None
    return cell.release if cell is not None else None


@st.cache_data(ttl=1, show_spinner=False, max_entries=200)
def _timeline(
    place: str, identity: Identity, subject: tuple[str, str], window: tuple[int | None, int], _panel: Facade
) -> list[ReleaseView]:
    (environment, service), (before, limit) = subject, window
    return _panel.releases.timeline(environment, service=service, before=before, limit=limit)


def timeline(
    panel: Facade, environment: str, service: str, *, before: int | None = None, limit: int = 50
) -> list[ReleaseView]:
    """Releases of a service in an environment, newest first, at most a second old.

    Args:
        before: only those older than the release with this id.

    Raises:
        NotFoundError: the catalogue has no such environment.
    """
    place = panel.stores.database.place
    return _timeline(place, panel.identity, (environment, service), (before, limit), panel)


@st.cache_data(ttl=2, show_spinner=False, max_entries=50)
def _images(place: str, identity: Identity, service: str, _panel: Facade) -> list[ImageView]:
    return _panel.releases.images(service)


def images(panel: Facade, service: str) -> list[ImageView]:
    """The images of a container service in the registry, newest first, at most two seconds old here.

    Raises:
        NotFoundError: the catalogue has no such container service.
    """
    return _images(panel.stores.database.place, panel.identity, service, panel)


@st.cache_data(ttl=10, show_spinner=False, max_entries=50)
def _last_built(place: str, service: str, _panel: Facade) -> Release | None:
    recent = _panel.stores.releases.recent(service=service, limit=_ENTRIES)
    return next((release for release in recent if release.source == "build" and release.revision), None)


def last_built(panel: Facade, service: str) -> Release | None:
    """The newest release of a service that was built from its source, wherever it went."""
    return _last_built(panel.stores.database.place, service, panel)


def approvals(panel: Facade, run_id: int) -> list[RunApproval]:
    """Who said yes to a run's plan, in order."""
    return panel.stores.runs.approvals(run_id)


def vitality(panel: Facade, run: Run) -> Vitality | None:
    """How alive a run is; None when it has ended."""
    return vitality_of(run, panel.stores, panel.settings)


def troubled(panel: Facade, run: Run) -> bool:
    """Whether a run under way is stuck, or past its time limit."""
    found = vitality(panel, run)
    return found is not None and found.state in {STUCK, OVERDUE}


def in_the_way(panel: Facade, environment: str) -> Run | None:
    """The run under way that keeps a person from ordering another; a drift check makes way."""
    run = panel.stores.runs.active(environment)
    return run if run is not None and run.kind != "drift" else None


def browsing(panel: Facade) -> Browsing:
    """Windows on many runs and long logs."""
    return Browsing(panel.stores.database)


def cancel_requests(panel: Facade, run: Run) -> list[AuditEntry]:
    """Who asked for this run to stop, gently and by force, from the audit record; oldest first."""
    entries = panel.trail.recent(run.environment, limit=_ENTRIES)
    return [
        entry
        for entry in entries[::-1]
        if entry.action.startswith("cancel") and entry.detail.get("run") == run.id
    ]


def roles(capability: Capability) -> str:
    """The roles of people who may do this, for a sentence."""
    return " or ".join(role.value for role in Role if role in ROLES[capability] and role is not Role.SYSTEM)


def forget() -> None:
    """Drop what is a second old: after an act, the page shall show the world after it."""
    _environments.clear()
    _environment.clear()
    _records.clear()
    _locks.clear()
    _schedules.clear()
    _workforce.clear()
    _grid.clear()
    _timeline.clear()
    cost_readers.forget()
