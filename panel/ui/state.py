"""The one way from pages to the panel: opened once per process, its helpers started in the background.

Belongs here: the facade's shape as pages need it, and the start of the embedded AWS and a worker. Tests hand over
a panel of their own with :func:`use`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import streamlit as st

from panel.access.identity import Identity
from panel.audit.trail import Trail
from panel.catalogue.schema import Catalogue
from panel.cost.prices import PriceList
from panel.errors import PanelError
from panel.lifecycle.cost_overview import CostOverview
from panel.lifecycle.health_overview import HealthOverview
from panel.lifecycle.operations import Operations
from panel.lifecycle.overview import Overview
from panel.lifecycle.release_overview import ReleaseOverview
from panel.settings import Settings
from panel.store.stores import Stores


class Facade(Protocol):
    """What pages use of the panel."""

    @property
    def settings(self) -> Settings:
        """The settings."""

    @property
    def identity(self) -> Identity:
        """Who acts."""

    @property
    def overview(self) -> Overview:
        """Read models."""

    @property
    def releases(self) -> ReleaseOverview:
        """Read models of releases and images."""

    @property
    def health_overview(self) -> HealthOverview:
        """Read models of health over time."""

    @property
    def costs(self) -> CostOverview:
        """Read models of bills, budgets and waste."""

    def prices(self) -> PriceList:
        """The prices to count with."""

    @property
    def operations(self) -> Operations:
        """Acts."""

    @property
    def stores(self) -> Stores:
        """Rows, only to be read by pages; that somebody looks at a log is the one order among them (ADR 3)."""

    @property
    def trail(self) -> Trail:
        """The audit record."""

    @property
    def local(self) -> Any:
        """The embedded AWS; None when the catalogue's target is a real account."""

    def catalogue(self) -> Catalogue:
        """The catalogue as the file is now."""

    def estimate(self, name: str) -> Any:
        """What an environment would cost, from the catalogue alone."""

    def ensure_running(self) -> None:
        """Start what is missing; blocks some seconds."""


@dataclass
class Start:
    """The start of the embedded AWS and a worker, done by a thread so that no page waits for it."""

    run: Callable[[], None]
    state: Literal["idle", "starting", "done", "failed"] = "idle"
    error: PanelError | None = None
    began: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self) -> None:
        """Start unless a start is under way."""
        with self._lock:
            if self.state == "starting":
                return
            self.state, self.error, self.began = "starting", None, time.monotonic()
        threading.Thread(target=self._work, name="start-helpers", daemon=True).start()

    @property
    def seconds(self) -> float:
        """How long the start has been under way."""
        return time.monotonic() - self.began

    def _work(self) -> None:
        try:
            self.run()
        except PanelError as error:
            self.error, self.state = error, "failed"
        except Exception as error:  # a thread's error would be seen by nobody
            self.error = PanelError(
                f"The embedded AWS and the worker could not be started: {type(error).__name__}.",
                hint="See Settings, and try again.", detail=str(error),
            )  # fmt: skip
            self.state = "failed"
        else:
            self.state = "done"


def _build() -> Facade:
    from panel.settings import load_settings
    from panel.wiring import build_panel

    return build_panel(load_settings())


_provider: Callable[[], Facade] = _build


def use(provider: Callable[[], Facade]) -> None:
    """Take the panel from ``provider`` from now on (tests)."""
    global _provider  # noqa: PLW0603 - one process has one panel
    _provider = provider
    _opened.clear()
    st.cache_data.clear()


@st.cache_resource(show_spinner=False)
def _opened() -> tuple[Facade, Start]:
    panel = _provider()
    start = Start(panel.ensure_running)
    start.begin()
    return panel, start


def get_panel() -> Facade:
    """The panel; the first call opens the store and begins to start what is missing.

    Raises:
        ConfigurationError, CatalogueError, StorageError: it cannot be opened; the next call tries again.
    """
    return _opened()[0]


def get_start() -> Start:
    """How the start of the embedded AWS and the worker goes."""
    return _opened()[1]
