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
from typing import NamedTuple

import psutil
from filelock import FileLock

SOCKET = Path("/var/run/docker.sock")
_TURN_LIMIT_S = 200.0
_READY_LIMIT_S = 60.0
_END_LIMIT_S = 60.0
_COMMAND_LIMIT_S = 300.0
_POLL_S = 0.2
_FOLDERS = "engine-*"
_DEVICES = Path("/sys/class/net")
_BRIDGE = "docker0"
# From Linux' headers: SIOCSIFHWADDR and ARPHRD_ETHER.
_SET_HARDWARE_ADDRESS = 0x8924
_ETHERNET = 1


class NoEngineError(Exception):
    """There is no engine, and none can be had; the text says why."""


class _Started(NamedTuple):
    """An engine that tests have started."""

    process: psutil.Process
    log: Path


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
                _bring_up()
        yield Engine()


def end_engine() -> None:
    """End the engine that tests have started, unless another test process uses it; the machine's own stays."""
    if not any(_place().glob(_FOLDERS)):
        return
    with (cache() / "engine.users").open("a") as users, _turn():
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        started = _started()
        if started is not None:
            started.process.terminate()
            _wait_for_end(started.process)
        clear_left_over(cache())


def clear_left_over(place: Path) -> None:
    """Take away what engines have left in ``place``: processes, mounts, folders.

    One that was killed leaves its data mounted over itself, so that nobody can delete it, and containers that run.
    What can't be taken away stays: every engine has a folder of its own.
    """
    for folder in place.glob(_FOLDERS):
        _kill_all_of(folder)
        for mount in _mounts_below(folder):
            subprocess.run(["umount", "--lazy", mount], capture_output=True, timeout=30, check=False)
        shutil.rmtree(folder, ignore_errors=True)


def _kill_all_of(folder: Path) -> None:
    for process in psutil.process_iter(["cmdline"]):
        if any(str(folder) + os.sep in word for word in process.info["cmdline"] or ()):
            with suppress(psutil.NoSuchProcess):
                for one in (process, *process.children(recursive=True)):
                    one.kill()


def _mounts_below(folder: Path) -> list[str]:
    """The mount points in a folder, the innermost first."""
    lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
    points = [line.split()[4] for line in lines]
    return [point for point in reversed(points) if Path(point).is_relative_to(folder)]


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


def _bring_up() -> None:
    started = _started()
    if started is None:
        _start()
    else:  # it is busy, or who started it was killed before it was ready
        _wait_until_ready(started)


def _start() -> None:
    if os.geteuid() != 0:
        raise NoEngineError("no engine answers, and only root can start one")
    program = shutil.which("dockerd")
    if program is None:
        raise NoEngineError("no engine answers, and dockerd is not installed")
    clear_left_over(cache())
    folder = Path(tempfile.mkdtemp(prefix=_FOLDERS.rstrip("*"), dir=cache()))
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
    note = json.dumps([pid, process.create_time(), str(log)])
    (cache() / "engine.process").write_text(note, encoding="utf-8")
    _wait_until_ready(_Started(process, log))
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


def _started() -> _Started | None:
    """The engine that tests have started; None when there is none, or its number is another process's now."""
    with suppress(FileNotFoundError, psutil.NoSuchProcess):
        pid, created, log = json.loads((cache() / "engine.process").read_text(encoding="utf-8"))
        process = psutil.Process(pid)
        if process.create_time() == created and not _ended(process):
            return _Started(process, Path(log))
    return None


def _wait_until_ready(engine: _Started) -> None:
    process, log = engine
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
    try:
        return subprocess.run(words, capture_output=True, timeout=30, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        return False
