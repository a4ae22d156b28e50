"""A container engine for the tests: the one of this machine, or one that all test processes share.

Belongs here: the engine's process, who uses it, its end. The image made for it: ``base_image.py``.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import socket
import struct
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
from filelock import FileLock

SOCKET = Path("/var/run/docker.sock")
_TURN_LIMIT_S = 200.0
_READY_LIMIT_S = 60.0
_END_LIMIT_S = 60.0
_COMMAND_LIMIT_S = 300.0
_POLL_S = 0.2
_DEVICES = Path("/sys/class/net")
_BRIDGE = "docker0"
# From Linux' headers: SIOCSIFHWADDR and ARPHRD_ETHER.
_SET_HARDWARE_ADDRESS = 0x8924
_ETHERNET = 1


class NoEngineError(Exception):
    """There is no engine, and none can be had; the text says why."""


class Engine:
    """An engine that answers."""

    def run(self, *words: str) -> str:
        """What a ``docker`` command prints.

        Raises:
            NoEngineError: it failed.
        """
        done = subprocess.run(
            ["docker", *words], capture_output=True, text=True, timeout=_COMMAND_LIMIT_S, check=False
        )
        if done.returncode:
            raise NoEngineError(f"docker {' '.join(words)}: {done.stderr.strip()}")
        return done.stdout

    def lines(self, *words: str) -> list[str]:
        """The same, as lines."""
        return self.run(*words).splitlines()


@contextmanager
def engine() -> Iterator[Engine]:
    """The machine's engine where it answers, else one started for the tests, which later ones find running.

    Raises:
        NoEngineError: neither is to be had.
    """
    if shutil.which("docker") is None:
        raise NoEngineError("there is no docker program")
    with (cache() / "engine.users").open("a") as users:
        with _turn():
            # Held until the end of the block, and let go by the system when the process is killed.
            fcntl.flock(users, fcntl.LOCK_SH)
            if not _answers():
                _start()
        yield Engine()


def end_engine() -> None:
    """End the engine that tests have started, unless another test process uses it; the machine's own stays."""
    if not (_place() / "engine").exists():
        return
    with (cache() / "engine.users").open("a") as users, _turn():
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        process = _started()
        if process is not None:
            process.terminate()
            _wait_for_end(process)
        shutil.rmtree(cache() / "engine", ignore_errors=True)


def cache() -> Path:
    """A folder that only we can write to: what lies in it becomes an image that is run.

    Raises:
        NoEngineError: it belongs to somebody else.
    """
    folder = _place()
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        raise NoEngineError(f"{folder} belongs to somebody else")
    return folder


def _place() -> Path:
    return Path(tempfile.gettempdir()) / f"panel-tests-{os.getuid()}"


def _turn() -> FileLock:
    """One at a time starts or ends the engine."""
    return FileLock(cache() / "engine.turn", timeout=_TURN_LIMIT_S)


def _start() -> None:
    if os.geteuid() != 0:
        raise NoEngineError("no engine answers, and only root can start one")
    program = shutil.which("dockerd")
    if program is None:
        raise NoEngineError("no engine answers, and dockerd is not installed")
    folder = cache() / "engine"
    shutil.rmtree(folder, ignore_errors=True)  # of one that was killed
    folder.mkdir()
    log = folder / "log"
    # No Popen: it would complain of a process that outlives it, as this one does.
    pid = os.posix_spawn(
        program,
        [
            "dockerd", "--host", f"unix://{SOCKET}", "--data-root", str(folder / "data"),
            "--exec-root", str(folder / "exec"), "--pidfile", str(folder / "dockerd.pid"),
        ],
        os.environ,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, log, os.O_WRONLY | os.O_CREAT, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )  # fmt: skip
    process = psutil.Process(pid)
    (folder / "process.json").write_text(json.dumps([pid, process.create_time()]), encoding="utf-8")
    _wait_until_ready(process, log)
    _fix_bridge_address()


def _fix_bridge_address() -> None:
    """Set the bridge's hardware address to what it is, so that it stays so.

    An engine that finds its bridge made leaves it with one that changes as containers come and go, and those that stay
    then lose what they send for half a minute.
    """
    present = (_DEVICES / _BRIDGE / "address").read_text(encoding="ascii").strip()
    request = struct.pack("16sH14s", _BRIDGE.encode(), _ETHERNET, bytes.fromhex(present.replace(":", "")))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SET_HARDWARE_ADDRESS, request)


def _started() -> psutil.Process | None:
    """The engine that tests have started; None when there is none, or its number is another process's now."""
    with suppress(FileNotFoundError, psutil.NoSuchProcess):
        pid, created = json.loads((cache() / "engine" / "process.json").read_text(encoding="utf-8"))
        process = psutil.Process(pid)
        if process.create_time() == created and not _ended(process):
            return process
    return None


def _wait_until_ready(process: psutil.Process, log: Path) -> None:
    deadline = time.monotonic() + _READY_LIMIT_S
    while not _answers():
        if _ended(process) or time.monotonic() > deadline:
            with suppress(psutil.NoSuchProcess):
                process.kill()
            last = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
            raise NoEngineError(f"dockerd did not come up: {' '.join(last)}")
        time.sleep(_POLL_S)


def _wait_for_end(process: psutil.Process) -> None:
    deadline = time.monotonic() + _END_LIMIT_S
    while not _ended(process):
        if time.monotonic() > deadline:
            process.kill()
        time.sleep(_POLL_S)


def _ended(process: psutil.Process) -> bool:
    # One that nobody has asked for its exit code yet has ended too.
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def _answers() -> bool:
    words = ["docker", "version", "--format", "{{.Server.Version}}"]
    return subprocess.run(words, capture_output=True, timeout=30, check=False).returncode == 0
