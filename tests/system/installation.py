"""One installation of the panel, as a newcomer has it: a data directory, ports and processes of its own.

Belongs here: running the console script, and making sure that nothing it started is left. Nothing is imported from
the panel: what these tests know of it is what any person or script at a terminal knows.
"""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil

REPOSITORY = Path(__file__).resolve().parents[2]
PANEL = Path(sys.prefix) / "bin" / "panel"

T = TypeVar("T")

# Below the range that outgoing connections take their ports from, so that none of them is in the way later.
_PORTS = range(20_000, 32_000)
_POLL_S = 0.2
_COMMAND_LIMIT_S = 600.0
# An apply under way is waited for.
_END_LIMIT_S = 400.0


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    while True:
        port = random.SystemRandom().choice(_PORTS)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def wait_for(what: str, look: Callable[[], T], limit_s: float = 300.0) -> T:
    """Look again and again until ``look`` tells something true; the limit only ends a broken test.

    At most half of the time goes to looking: a command that looks keeps a processor busy that what is awaited needs.
    """
    deadline = time.monotonic() + limit_s
    while True:
        began = time.monotonic()
        seen = look()
        if seen:
            return seen
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: did not happen within {limit_s:.0f} s")
        time.sleep(max(_POLL_S, time.monotonic() - began))


@dataclass(frozen=True)
class Answer:
    """What a command ended with."""

    command: str
    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """All of it, for people who read a failed test."""
        return f"panel {self.command} ended with {self.code}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"

    def json(self) -> Any:
        """What was printed for a script."""
        return json.loads(self.out)


class Command:
    """A command of the panel under way, its output in files."""

    def __init__(
        self,
        words: tuple[str, ...],
        environment: Mapping[str, str],
        folder: Path,
        wrapper: Sequence[str] = (),
        *,
        program: Sequence[str] = (str(PANEL),),
        place: Path | None = None,
    ) -> None:
        self.words = " ".join(words)
        stem = f"{len(list(folder.glob('*.out'))):03d}-{'-'.join(Path(word).name for word in words[:2])}"
        self._out, self._err = folder / f"{stem}.out", folder / f"{stem}.err"
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self.process = subprocess.Popen(
                [*wrapper, *program, *words],
                cwd=place or folder,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )

    @property
    def out(self) -> str:
        """What it has printed so far."""
        return self._out.read_text(encoding="utf-8")

    @property
    def err(self) -> str:
        """What it has said on standard error so far."""
        return self._err.read_text(encoding="utf-8")

    def answer(self, limit_s: float = _COMMAND_LIMIT_S) -> Answer:
        """Wait for its end."""
        try:
            code = self.process.wait(limit_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(
                f"panel {self.words} has not ended within {limit_s:.0f} s\n{self.out}\n{self.err}"
            ) from None
        return Answer(self.words, code, self.out, self.err)

    def end(self, number: signal.Signals = signal.SIGTERM) -> Answer:
        """Send it a signal and wait for its end."""
        with suppress(ProcessLookupError):
            self.process.send_signal(number)
        return self.answer(_END_LIMIT_S)


class Installation:
    """A panel of its own.

    Args:
        folder: empty folder; the data directory and the outputs of commands are made in it.
        settings: further ``PANEL_...`` variables.
    """

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.data_dir = folder / "data"
        self._outputs = folder / "outputs"
        self._outputs.mkdir(parents=True)
        self.port = free_port()
        self.local_port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.endpoint = f"http://127.0.0.1:{self.local_port}"
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith(("PANEL_", "AWS_"))
        }
        self.environment = {
            **inherited,
            "PANEL_DATA_DIR": str(self.data_dir),
            "PANEL_LOCAL_PORT": str(self.local_port),
            "PANEL_PORT": str(self.port),
            "PANEL_LOCAL_RUNTIME": "process",
            "PYTHONUNBUFFERED": "1",
            **settings,
        }
        self._commands: list[Command] = []
        self._wrapper: list[str] = []

    def wrap(self, words: Sequence[str]) -> None:
        """Put words before every command from now on."""
        self._wrapper = list(words)

    def start(self, *words: str, **settings: str) -> Command:
        """Start a command and do not wait; ``settings`` are variables for it alone."""
        command = Command(words, {**self.environment, **settings}, self._outputs, self._wrapper)
        self._commands.append(command)
        return command

    def start_lines(self, script: Path, shell: Sequence[str], **settings: str) -> Command:
        """Start shell lines that call the panel, in the checkout, and do not wait."""
        command = Command(
            (str(script),), {**self.environment, **settings}, self._outputs, program=shell, place=REPOSITORY
        )
        self._commands.append(command)
        return command

    def run(self, *words: str, expect: int | None = None, **settings: str) -> Answer:
        """Run a command to its end; ``expect`` is the exit code it has to end with."""
        answer = self.start(*words, **settings).answer()
        assert expect is None or answer.code == expect, answer.text
        return answer

    def json(self, *words: str) -> Any:
        """What a command that has to succeed prints for scripts."""
        return self.run(*words, "--json", expect=0).json()

    def environment_state(self, name: str) -> str:
        """The state of an environment."""
        return str(self.json("env", "show", name)["state"])

    def active_run(self, environment: str) -> dict[str, Any]:
        """The newest run of an environment, with everything about it."""
        newest = self.json("runs", "list", "--environment", environment)[0]
        return dict(self.json("runs", "show", str(newest["id"])))

    def up(self) -> Command:
        """Start ``panel up`` and wait until the page answers and everything beside it is alive."""
        command = self.start("up")
        wait_for("panel up prints its address", lambda: self._alive(command) and command.out.strip())
        wait_for("the embedded AWS and a worker come up", lambda: self._alive(command) and self._all_up())
        return command

    def _alive(self, command: Command) -> bool:
        assert command.process.poll() is None, command.answer().text
        return True

    def _all_up(self) -> bool:
        checks = {finding["name"]: finding["status"] for finding in self.run("doctor", "--json").json()}
        return checks["embedded AWS"] == "ok" and checks["worker"] == "ok"

    def processes(self) -> list[psutil.Process]:
        """Every process that has to do with the data directory, whoever started it."""
        mark = str(self.data_dir)
        return [process for process in psutil.process_iter() if _bears(process, mark)]

    def find(self, *words: str) -> psutil.Process:
        """The one process of this installation whose command line holds all of these words."""
        found = [process for process in self.processes() if set(words) <= set(_command_line(process))]
        assert len(found) == 1, (words, [_command_line(process) for process in self.processes()])
        return found[0]

    def close(self) -> list[str]:
        """End everything, politely first; tells what had to be killed."""
        for command in self._commands:
            if command.process.poll() is None:
                command.process.terminate()
        for command in self._commands:
            with suppress(subprocess.TimeoutExpired):
                command.process.wait(_END_LIMIT_S)
        with suppress(AssertionError):
            self.run("down")
        left = self.processes()
        told = [f"{process.pid}: {' '.join(_command_line(process))}" for process in left]
        for process in left:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        for command in self._commands:
            if command.process.poll() is None:
                command.process.kill()
                command.process.wait()
        return told


class Application:
    """The application of an environment, as a browser sees it through CloudFront."""

    def __init__(self, url: str) -> None:
        parts = httpx.URL(url)
        self.url = url
        self._host = f"{parts.host}:{parts.port}"
        # Only browsers know that every name under localhost is this machine.
        self._base = f"http://127.0.0.1:{parts.port}"

    def get(self, path: str) -> httpx.Response:
        """Ask for a path."""
        return self._send("GET", path)

    def save(self, todos: list[dict[str, Any]]) -> httpx.Response:
        """Save a to-do list over whatever is there."""
        return self._send("PUT", "/api/state/default", json=todos).raise_for_status()

    def todos(self) -> list[dict[str, Any]]:
        """The to-do list that the API has."""
        return list(self.get("/api/state/default").raise_for_status().json())

    def _send(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {"Host": self._host}
        with httpx.Client(base_url=self._base, headers=headers, trust_env=False, timeout=90) as client:
            return client.request(method, path, **more)


def _bears(process: psutil.Process, mark: str) -> bool:
    """Whether a process has something to do with a folder: by its words, its variables or its place."""
    with suppress(psutil.Error):
        if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
            return False
        words = [*process.cmdline(), *process.environ().values(), process.cwd()]
        return any(mark in word for word in words)
    return False


def _command_line(process: psutil.Process) -> list[str]:
    with suppress(psutil.Error):
        return process.cmdline()
    return []
