"""``panel up`` and ``panel down``: the page in the foreground with everything it needs beside it.

Belongs here: the page's process, and ending everything in the right order. What the page shows is elsewhere.
"""

from __future__ import annotations

import sys
import threading
import time
import urllib.error
import urllib.request
import uuid
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from panel.cli import output, state, stopping
from panel.errors import OperationError, PanelError, UnavailableError

if TYPE_CHECKING:
    from panel.localaws.processes import ProcessRef
    from panel.settings import Settings
    from panel.wiring import Panel

_GRACE_S = 10.0
_UP_GRACE_S = 150.0
_FIRST_PAGE_LIMIT_S = 60.0
_LOOK_S = 0.2
_WATCH_S = 3.0
_SETTLE_S = 30.0


def up() -> None:
    """Start the page, the embedded AWS and a worker, and print the page's address. Ctrl-C stops them, state is kept."""
    settings = _settings()
    record = Record(settings.data_path / "up.json")
    stop = stopping.stop_event()
    address = f"http://{settings.host}:{settings.port}"
    if record.page() is not None:
        output.result(f"The panel is up already: {record.address()}")
        output.say("Stop it with Ctrl-C where it runs, or with: panel down")
        return
    _require_free(settings)
    page = _start_page(settings)
    record.write(page, address)
    panel: Panel | None = None
    try:
        opened = state.get_panel()
        opened.catalogue()  # what is wrong with it is told here, with its lines, rather than on a page
        panel = opened
        _run(panel, page, address, stop)
    finally:
        _end_page(page, record)
        if panel is not None:
            _shut_down(panel)


def down() -> None:
    """Stop the page, the worker, the task agent and the embedded AWS; state is kept."""
    from panel.localaws.processes import terminate

    panel = state.get_panel()
    record = Record(panel.settings.data_path / "up.json")
    starter, page = record.starter(), record.page()
    if starter is not None:
        output.say(f"Stopping panel up (process {starter.pid}) …")
        terminate(starter, grace_s=_UP_GRACE_S)
    if page is not None and page.is_alive():
        _end_page(page, record)
    _shut_down(panel)


class Record:
    """What ``panel up`` started, so that a second one, and ``panel down``, find it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, page: ProcessRef, address: str) -> None:
        """Keep the page's process, ours, and the address."""
        import os

        import psutil

        from panel.localaws.records import write_record

        ours = psutil.Process()
        starter = {"pid": os.getpid(), "created": ours.create_time(), "mark": ""}
        write_record(self._path, {"page": asdict(page), "starter": starter, "address": address})

    def page(self) -> ProcessRef | None:
        """The page's process, if it is alive."""
        return self._alive("page")

    def starter(self) -> ProcessRef | None:
        """The ``panel up`` that started the page, if it is alive."""
        return self._alive("starter")

    def address(self) -> str:
        """Where the page is."""
        return str(self._content().get("address", ""))

    def forget(self) -> None:
        """There is no page any more."""
        self._path.unlink(missing_ok=True)

    def _content(self) -> dict[str, Any]:
        from panel.localaws.records import read_record

        return read_record(self._path) or {}

    def _alive(self, key: str) -> ProcessRef | None:
        from panel.localaws.processes import ProcessRef

        try:
            process = ProcessRef(**self._content()[key])
        except (KeyError, TypeError):
            return None
        return process if process.is_alive() else None


def _settings() -> Settings:
    from panel.settings import load_settings

    return load_settings()


def _require_free(settings: Settings) -> None:
    import socket

    with socket.socket() as probe:
        # As the page's own server does: a port that only lingers from an ended one is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise UnavailableError(
                f"The panel cannot listen on {settings.host}:{settings.port}: {error.strerror}.",
                hint="Stop the program that uses this port, or set PANEL_PORT to a free one.",
            ) from None


def _start_page(settings: Settings) -> ProcessRef:
    import panel
    from panel.localaws.processes import spawn
    from panel.settings import own_environment

    entry = Path(panel.__file__).with_name("streamlit_app.py")
    argv = [
        sys.executable, "-m", "streamlit", "run", str(entry),
        "--server.address", settings.host, "--server.port", str(settings.port),
        "--server.headless", "true", "--server.fileWatcherType", "none",
        "--browser.gatherUsageStats", "false",
    ]  # fmt: skip
    log = settings.data_path / "page.log"
    if log.exists():
        log.replace(log.with_suffix(".log.1"))
    # In a session of its own: Ctrl-C comes to us alone, and we end things in order.
    return spawn(
        argv, environment=own_environment(), log=log, mark=f"page-{uuid.uuid4().hex[:12]}", cwd=settings.root
    )


def _run(panel: Panel, page: ProcessRef, address: str, stop: threading.Event) -> None:
    output.say("Starting the page, the embedded AWS and a worker …")
    helpers = Helpers(panel)
    helpers.start()
    try:
        _wait_for_page(page, address, panel, stop)
        if not stop.is_set():
            output.result(f"Panel: {address}")
            output.say("Ctrl-C stops everything and keeps the state.")
            output.flush()
        while not stop.wait(_WATCH_S):
            if not page.is_alive():
                raise _page_ended(panel)
            helpers.watch()
    finally:
        helpers.join()


def _wait_for_page(page: ProcessRef, address: str, panel: Panel, stop: threading.Event) -> None:
    deadline = time.monotonic() + _FIRST_PAGE_LIMIT_S
    while not stop.is_set() and not _answers(address):
        if not page.is_alive():
            raise _page_ended(panel)
        if time.monotonic() > deadline:
            raise UnavailableError(
                f"The page did not answer on {address} within {_FIRST_PAGE_LIMIT_S:.0f} seconds.",
                hint=f"Read {panel.settings.data_path / 'page.log'}.",
            )
        stop.wait(_LOOK_S)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2) as answer:  # noqa: S310 - our own address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _page_ended(panel: Panel) -> OperationError:
    from panel.localaws.processes import tail

    log = panel.settings.data_path / "page.log"
    return OperationError("The page's process ended by itself.", hint=f"Read {log}.", detail=tail(log))


class Helpers:
    """The start of what the page needs, beside the page; started again where it died."""

    def __init__(self, panel: Panel) -> None:
        self._panel = panel
        self._thread: threading.Thread | None = None
        self._failed = False
        self._seen_alive = False
        self._began = 0.0

    def start(self) -> None:
        """Start what is missing, in a thread: nobody waits for it."""
        self._seen_alive, self._began = False, time.monotonic()
        self._thread = threading.Thread(target=self._work, name="helpers", daemon=True)
        self._thread.start()

    def join(self) -> None:
        """Wait until a start under way is over: it must not go on behind the end."""
        if self._thread is not None:
            self._thread.join()

    def watch(self) -> None:
        """Start what died again; where that failed, the page offers to try again."""
        busy = self._thread is not None and self._thread.is_alive()
        if busy or self._failed:
            return
        if self._all_alive():
            self._seen_alive = True
            return
        # A process that was just started needs some seconds before it says that it is alive.
        if not self._seen_alive and time.monotonic() - self._began < _SETTLE_S:
            return
        output.say("The worker or the task agent ended by itself: starting it again.")
        self.start()

    def _all_alive(self) -> bool:
        if not self._panel.worker_process.alive():
            return False
        if self._panel.local is None:
            return True
        status = self._panel.local.status()
        # One that was stopped or lost is the person's to start: that decides what becomes of its world.
        agent_wanted = status.state == "running" and status.runtime == "process"
        return not agent_wanted or status.agent_pid is not None

    def _work(self) -> None:
        try:
            self._panel.ensure_running()
        except PanelError as problem:
            self._failed = True
            output.error(problem)
            output.say("The page stays up; it tells the same and offers to try again.")


def _end_page(page: ProcessRef, record: Record) -> None:
    from panel.localaws.processes import terminate

    if page.is_alive():
        output.say("Stopping the page …")
        terminate(page, grace_s=_GRACE_S)
    record.forget()


def _shut_down(panel: Panel) -> None:
    output.say("Stopping the worker, the task agent and the embedded AWS; their state is kept.")
    output.say("An apply under way is waited for, so that nothing it made is forgotten: a minute or two …")
    panel.shut_down()
    output.say("Stopped.")
