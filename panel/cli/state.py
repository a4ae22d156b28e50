"""What a command works with: the panel, and how talkative the terminal is. Tests hand over their own with `use`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from panel.wiring import Panel


@dataclass
class State:
    """The state of one invocation.

    Attributes:
        provider: opens the panel.
        verbose: whether technical detail and log lines are shown.
        interactive: whether somebody sits at the terminal; None asks the terminal.
    """

    provider: Callable[[], Panel]
    verbose: bool = False
    interactive: bool | None = None
    panel: Panel | None = None


def _open() -> Panel:
    # Opening the store takes most of a second: nothing that only prints help pays for it.
    from panel.settings import load_settings
    from panel.wiring import build_panel

    return build_panel(load_settings())


_state = State(_open)


def use(provider: Callable[[], Panel], *, interactive: bool | None = None) -> None:
    """Take the panel from ``provider`` from now on, and do as if a person sat there (or not)."""
    global _state  # noqa: PLW0603 - one process has one panel
    _state = State(provider, interactive=interactive)


def get_panel() -> Panel:
    """The panel, opened at the first call.

    Raises:
        ConfigurationError, CatalogueError, StorageError: it cannot be opened.
    """
    if _state.panel is None:
        _state.panel = _state.provider()
    return _state.panel


def set_verbose(verbose: bool) -> None:
    """Show technical detail from now on, or not."""
    _state.verbose = verbose


def is_verbose() -> bool:
    """Whether technical detail is shown."""
    return _state.verbose


def is_interactive() -> bool:
    """Whether somebody can be asked: both what is read and what is shown are a terminal."""
    if _state.interactive is not None:
        return _state.interactive
    return sys.stdin.isatty() and sys.stderr.isatty()
