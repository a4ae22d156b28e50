"""A panel of our own to measure: ``panel up`` in a folder and on ports of its own, and whatever it starts."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

REPOSITORY = Path(__file__).resolve().parents[2]

# What the person's shell may hold and would lead the measured panel elsewhere; where providers and images come
# from stays theirs.
_DROPPED = ("AWS_", "TF_", "PANEL_")
_KEPT = ("PANEL_PROVIDER_MIRROR", "PANEL_TERRAFORM", "PANEL_BASE_IMAGE")
_READY_LIMIT_S = 120.0
_END_LIMIT_S = 180.0
_LOOK_S = 0.02


class RunningPanel:
    """A panel with its data in ``folder``.

    Args:
        folder: an empty folder, or one of an earlier panel.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port, self.local_port = free_port(), free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.endpoint = f"http://127.0.0.1:{self.local_port}"
        self._process: subprocess.Popen[bytes] | None = None

    def environment(self) -> dict[str, str]:
        """Environment of every command of this panel."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(_DROPPED) or name in _KEPT
        }
        return kept | {
            "PANEL_DATA_DIR": str(self.folder),
            "PANEL_PORT": str(self.port),
            "PANEL_LOCAL_PORT": str(self.local_port),
            # Without containers everywhere, so that machines can be compared.
            "PANEL_LOCAL_RUNTIME": "process",
        }

    def start(self) -> float:
        """Start ``panel up``; the moment at which it was started, in seconds of `time.monotonic`."""
        began = time.monotonic()
        with (self.folder.parent / f"{self.folder.name}-up.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "panel.cli.main", "up"],
                cwd=REPOSITORY, env=self.environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        return began

    def wait_until_working(self) -> float:
        """Wait until the embedded AWS answers, the task agent lives and a worker beats; the moment it was so."""
        return wait_for("the embedded AWS, the task agent and a worker", self._works)

    def _works(self) -> bool:
        self.check_alive()
        from sqlalchemy.exc import SQLAlchemyError

        from panel.errors import PanelError
        from panel.settings import Settings
        from panel.wiring import build_panel

        if not (self.folder / "panel.db").exists():
            return False
        panel = build_panel(Settings(data_dir=self.folder, port=self.port, local_port=self.local_port))
        try:
            status = panel.local.status() if panel.local else None
            alive = bool(status and status.state == "running" and status.agent_pid)
            return alive and bool(panel.overview.workers())
        except (PanelError, SQLAlchemyError):
            return False
        finally:
            panel.stores.database.close()

    def check_alive(self) -> None:
        """Fail with what ``panel up`` said when it has ended by itself."""
        if self._process is not None and self._process.poll() is not None:
            said = (self.folder.parent / f"{self.folder.name}-up.log").read_text(encoding="utf-8")
            raise SystemExit(f"panel up ended by itself:\n{said[-3000:]}")

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run one ``panel`` command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "panel.cli.main", *words],
            cwd=REPOSITORY, env=self.environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def answer(self, *words: str) -> Any:
        """What a ``panel … --json`` command prints."""
        done = self.command(*words, "--json")
        if done.returncode != 0:
            raise SystemExit(f"panel {' '.join(words)} ended with {done.returncode}:\n{done.stderr[-3000:]}")
        return json.loads(done.stdout)

    def processes(self) -> list[psutil.Process]:
        """Every live process of this panel: its folder is in their environment or command line."""
        mark, found = str(self.folder), []
        for process in psutil.process_iter():
            try:
                words = [*process.environ().values(), *process.cmdline()]
            except psutil.Error:
                continue
            if process.pid != os.getpid() and any(mark in word for word in words):
                found.append(process)
        return found

    def stop(self) -> None:
        """End everything this panel started."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(_END_LIMIT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self.command("down")
        for process in self.processes():
            print(
                f"left behind, and ended now: {process.pid} {' '.join(process.cmdline())[:120]}",
                file=sys.stderr,
            )
            process.kill()


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="panel-bench-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running_panel(folder: Path) -> Iterator[RunningPanel]:
    """A panel that was started and works, ended afterwards."""
    panel = RunningPanel(folder)
    panel.start()
    try:
        panel.wait_until_working()
        yield panel
    finally:
        panel.stop()


def wait_for(what: str, happened: Any, limit_s: float = _READY_LIMIT_S) -> float:
    """Look until ``happened()`` is true; the moment it was, in seconds of `time.monotonic`."""
    deadline = time.monotonic() + limit_s
    while not happened():
        if time.monotonic() > deadline:
            raise SystemExit(f"{what}: not within {limit_s:.0f} s")
        time.sleep(_LOOK_S)
    return time.monotonic()


def free_port() -> int:
    """A port nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
