"""Cached readers of what things cost; see :mod:`panel.ui.readers` for how they are made."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import streamlit as st

from panel.access.identity import Identity
from panel.cost.compare import Comparison, Traffic, Workload, compare, workload_of
from panel.lifecycle.cost_overview import WASTE, CostTotal, CostView, WasteView
from panel.ui.state import Facade


@st.cache_data(ttl=30, show_spinner=False, max_entries=200)
def _estimate(place: str, name: str, entry: str, _panel: Facade) -> Any:
    return _panel.estimate(name)


def estimate(panel: Facade, name: str) -> Any:
    """What an environment would cost by the catalogue; counted anew when its entry changes."""
    entry = panel.catalogue().environments[name].model_dump_json()
    return _estimate(panel.stores.database.place, name, entry, panel)


@st.cache_resource(ttl=5, show_spinner=False, max_entries=50)
def _costs(place: str, identity: Identity, _panel: Facade) -> list[CostView]:
    return _panel.costs.all()


def costs(panel: Facade) -> list[CostView]:
    """What every environment costs, at most five seconds old here. Do not change it: it is handed out as it is."""
    return _costs(panel.stores.database.place, panel.identity, panel)


@st.cache_resource(ttl=5, show_spinner=False, max_entries=200)
def _cost(place: str, identity: Identity, name: str, _panel: Facade) -> CostView:
    return _panel.costs.environment(name)


def cost(panel: Facade, name: str) -> CostView:
    """What one environment costs, at most five seconds old here.

    Raises:
        NotFoundError: neither the catalogue nor the bill has such an environment.
    """
    return _cost(panel.stores.database.place, panel.identity, name, panel)


@st.cache_resource(ttl=5, show_spinner=False, max_entries=8)
def _cost_total(place: str, identity: Identity, _panel: Facade) -> CostTotal:
    return _panel.costs.total()


def cost_total(panel: Facade) -> CostTotal:
    """What the whole project costs, at most five seconds old here."""
    return _cost_total(panel.stores.database.place, panel.identity, panel)


@st.cache_data(ttl=5, show_spinner=False, max_entries=8)
def _waste(place: str, identity: Identity, _panel: Facade) -> list[WasteView]:
    return _panel.costs.waste()


def waste(panel: Facade) -> list[WasteView]:
    """What could be saved, at most five seconds old here."""
    return _waste(panel.stores.database.place, panel.identity, panel)


def waste_looked_at(panel: Facade) -> datetime | None:
    """When a worker last looked for what could be saved; None where none did."""
    reading = panel.stores.readings.get(WASTE)
    return reading.at if reading is not None else None


def workload(panel: Facade, name: str | None) -> Workload:
    """An environment's workload to compare; without one, that of a plain service.

    Raises:
        NotFoundError: the catalogue has no such environment.
    """
    return workload_of(panel.catalogue(), name)


@st.cache_data(ttl=300, show_spinner=False, max_entries=50)
def _comparison(
    place: str, catalogue: str, name: str | None, traffic: Traffic, region: str, _panel: Facade
) -> Comparison:
    own = workload(_panel, name)
    return compare(traffic, region=region, usage=own.usage, shape=own.shape, prices=_panel.prices())


def comparison(panel: Facade, name: str | None, traffic: Traffic, region: str) -> Comparison:
    """The ways to run a workload, priced; counted anew when the catalogue changes, and every five minutes.

    Raises:
        NotFoundError: the catalogue has no such environment.
    """
    catalogue = panel.catalogue().model_dump_json()
    return _comparison(panel.stores.database.place, catalogue, name, traffic, region, panel)


def regions(panel: Facade) -> list[str]:
    """The regions whose prices are known, in order."""
    return sorted(panel.prices().regions)


def forget() -> None:
    """Drop what is some seconds old: after an act, the page shall show the world after it."""
    _costs.clear()
    _cost.clear()
    _cost_total.clear()
