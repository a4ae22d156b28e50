"""A container engine for the tests: the one of this machine, or one started for the session.

Belongs here: the engine's process and the base image. No public image registry is needed: the base is made of
Debian packages.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

SOCKET = Path("/var/run/docker.sock")
_TURN_LIMIT_S = 800.0
_READY_LIMIT_S = 60.0
_END_LIMIT_S = 60.0
_COMMAND_LIMIT_S = 300.0
_BASE_LIMIT_S = 600.0


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
def engine(folder: Path) -> Iterator[Engine]:
    """The machine's engine where it answers, else one of our own that keeps everything below ``folder``.

    Raises:
        NoEngineError: neither is to be had.
    """
    if shutil.which("docker") is None:
        raise NoEngineError("there is no docker program")
    # One at a time: an engine that another test process started ends with that one's tests.
    with FileLock(Path(tempfile.gettempdir()) / "panel-test-engine.lock", timeout=_TURN_LIMIT_S):
        yield from _engine(folder)


def _engine(folder: Path) -> Iterator[Engine]:
    if _answers():
        yield Engine()
        return
    if os.geteuid() != 0:
        raise NoEngineError("no engine answers, and only root can start one")
    if shutil.which("dockerd") is None:
        raise NoEngineError("no engine answers, and dockerd is not installed")
    log = folder / "dockerd.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                "dockerd", "--host", f"unix://{SOCKET}", "--data-root", str(folder / "data"),
                "--exec-root", str(folder / "exec"), "--pidfile", str(folder / "dockerd.pid"),
            ],
            stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    try:
        _wait_until_ready(process, log)
        yield Engine()
    finally:
        process.terminate()
        try:
            process.wait(_END_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        shutil.rmtree(folder / "data", ignore_errors=True)


def base_image(engine: Engine) -> str:
    """Name of an image with Python, made of Debian packages (``PANEL_TEST_BASE_IMAGE`` names a ready one).

    Raises:
        NoEngineError: it cannot be made.
    """
    named = os.environ.get("PANEL_TEST_BASE_IMAGE")
    if named:
        return named
    archive = _cache() / f"debian-{_suite()}-python3.tar"
    if not archive.exists():
        _make_base(archive)
    name = f"panel-tests-base:{_suite()}"
    engine.run("import", str(archive), name)
    return name


def _make_base(archive: Path) -> None:
    packer = shutil.which("mmdebstrap")
    with tempfile.TemporaryDirectory(dir=archive.parent) as scratch:
        made = Path(scratch) / "base.tar"
        if packer:
            _run_root(packer, "--quiet", "--variant=minbase", "--include=python3", _suite(), str(made))
        elif (packer := shutil.which("debootstrap")) is not None:
            tree = Path(scratch) / "root"
            _run_root(packer, "--variant=minbase", "--include=python3", _suite(), str(tree))
            _run_root("tar", "--numeric-owner", "--one-file-system", "-C", str(tree), "-cf", str(made), ".")
        else:
            raise NoEngineError(
                "a base image cannot be made: neither mmdebstrap nor debootstrap is installed"
            )
        made.replace(archive)


def _run_root(*words: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True, timeout=_BASE_LIMIT_S, check=False)
    if done.returncode:
        raise NoEngineError(f"a base image cannot be made: {words[0]}: {done.stderr.strip()[-500:]}")


def _suite() -> str:
    """Debian's release on this machine, or the stable one."""
    release = Path("/etc/os-release")
    facts = dict(
        line.split("=", 1)
        for line in (release.read_text() if release.exists() else "").splitlines()
        if "=" in line
    )
    return facts.get("VERSION_CODENAME", "bookworm") if facts.get("ID") == "debian" else "bookworm"


def _cache() -> Path:
    """A folder that only we can write to: what lies in it becomes an image that is run."""
    folder = Path(tempfile.gettempdir()) / f"panel-tests-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        raise NoEngineError(f"{folder} belongs to somebody else")
    return folder


def _wait_until_ready(process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _READY_LIMIT_S
    while not _answers():
        if process.poll() is not None or time.monotonic() > deadline:
            last = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
            raise NoEngineError(f"dockerd did not come up: {' '.join(last)}")
        time.sleep(0.3)


def _answers() -> bool:
    words = ["docker", "version", "--format", "{{.Server.Version}}"]
    return subprocess.run(words, capture_output=True, timeout=30, check=False).returncode == 0
