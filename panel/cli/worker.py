"""``panel worker``: be a worker in the foreground."""

from __future__ import annotations

from panel.cli import state, stopping


def worker() -> None:
    """Run a worker in the foreground until SIGTERM or Ctrl-C. Runs under way go on with the next worker.

    Raises:
        BusyError: a worker is alive already.
    """
    stopping.log_to_stderr()
    stop = stopping.stop_event()
    state.get_panel().run_worker(stop)
