"""Cached readers of how environments are and were; see :mod:`panel.ui.readers` for how they are made."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import streamlit as st

from panel.lifecycle.health_overview import HealthNow, HealthView, Marker
from panel.lifecycle.health_points import Measured
from panel.lifecycle.status_board import Board, StatusBoard
from panel.store.tables import (
    now,
)
from panel.store.uptime import Uptime
from panel.ui.state import Facade

_DAY = timedelta(days=1)


@st.cache_data(ttl=1, show_spinner=False, max_entries=200)
def _health(place: str, name: str, _panel: Facade) -> HealthNow:
    return _panel.health_overview.now(name)


def health(panel: Facade, name: str) -> HealthNow:
    """The last look at one environment, at most a second old here.

    Raises:
        NotFoundError: the catalogue has no such environment.
    """
    return _health(panel.stores.database.place, name, panel)


@st.cache_data(ttl=30, show_spinner=False, max_entries=200)
def _uptime(place: str, name: str, _panel: Facade) -> dict[str, Uptime]:
    return _panel.health_overview.uptime(name)


def uptime(panel: Facade, name: str) -> Mapping[str, Uptime]:
    """How much of the last 24 hours, 7 and 90 days one environment was up, by window; at most half a minute old."""
    return _uptime(panel.stores.database.place, name, panel)


@st.cache_data(ttl=60, show_spinner=False, max_entries=200)
def _health_history(place: str, name: str, window: str, moment: float, _panel: Facade) -> HealthView:
    return _panel.health_overview.environment(name, window)


@st.cache_data(ttl=60, show_spinner=False, max_entries=200)
def _health_points(place: str, name: str, of: tuple[str, str, float], _panel: Facade) -> list[Measured]:
    window, service, _ = of
    return _panel.health_overview.points(name, window, service)


def health_points(panel: Facade, name: str, window: str, service: str, moment: float) -> list[Measured]:
    """What was measured over a window of one service (empty: the whole); read again when the ``moment`` moves on.

    Raises:
        NotFoundError: the catalogue has no such environment.
    """
    return _health_points(panel.stores.database.place, name, (window, service, moment), panel)


def health_history(panel: Facade, name: str, window: str, moment: float) -> HealthView:
    """One environment over a window of time; read again when the ``moment`` moves on, a minute later at the latest.

    Raises:
        NotFoundError: the catalogue has no such environment.
    """
    return _health_history(panel.stores.database.place, name, window, moment, panel)


@st.cache_data(ttl=20, show_spinner=False, max_entries=4)
def _uptimes(place: str, _panel: Facade) -> dict[str, float | None]:
    found = _panel.health_overview.uptimes(now() - _DAY)
    return {name: one.percent for name, one in found.items()}


def uptimes(panel: Facade) -> dict[str, float | None]:
    """Percent of the last day that each environment worked, at most twenty seconds old; None where nobody looked."""
    return _uptimes(panel.stores.database.place, panel)


@st.cache_data(ttl=1, show_spinner=False, max_entries=4)
def _status_board(place: str, _panel: Facade) -> Board:
    address = _panel.settings.public_url
    return StatusBoard(_panel.catalogue, _panel.stores, _panel.overview, address).look()


def status_board(panel: Facade) -> Board:
    """What works and what does not, for everybody, at most a second old."""
    return _status_board(panel.stores.database.place, panel)


@st.cache_data(ttl=10, show_spinner=False, max_entries=200)
def _markers(place: str, name: str, since: datetime, _panel: Facade) -> list[Marker]:
    return _panel.health_overview.markers(name, since)


def markers(panel: Facade, name: str, since: datetime) -> list[Marker]:
    """What changed in an environment since then, at most ten seconds old.

    Raises:
        NotFoundError: the catalogue has no such environment.
    """
    return _markers(panel.stores.database.place, name, since, panel)
