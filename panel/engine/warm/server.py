"""The warm process: ``python -m panel.engine.warm.server FOLDER``.

It lives in a session of its own and survives the worker that started it, since whoever follows an execution after a
crash has to find it at work. It ends by itself: without work, above its limits, or when its folder is gone.
"""

from __future__ import annotations

import _thread
import contextlib
import fcntl
import logging
import os
import queue
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Any

import psutil

from panel.engine.atomic import read_json, write_json
from panel.engine.execution import EVENTS, REQUEST
from panel.engine.operation import Operation
from panel.engine.process import describe_own
from panel.engine.programs import LibraryProgram
from panel.engine.runner import note_process, take_on
from panel.engine.warm.place import (
    CONFIG,
    KINDS,
    LOCK,
    OWN_VARIABLES,
    RECORD,
    STARTING,
    Config,
    Place,
    socket_folder,
)
from panel.engine.warm.provider import write_primer, write_stand_in, write_warm_cli_config
from panel.engine.warm.requests import receive, send
from panel.engine.warm.spares import Spares
from panel.engine.warm.work import WarmLog, WarmProgram, WarmWork
from panel.masking import Masker

_log = logging.getLogger("panel.engine.warm")
_LOOK_S = 0.5
_ASKED_WITHIN_S = 5.0
# It is free a moment after others can see the result of what it did last.
_FREE_WITHIN_S = 0.5


class Server:
    """One warm process.

    Args:
        place: its folder.
        config: what it is told.
    """

    def __init__(self, place: Place, config: Config) -> None:
        self._place = place
        self._config = config
        self._run = socket_folder(place.folder)
        self._environment = psutil.Process().environ()
        self._masker = Masker.for_environment(self._environment)
        self._work: WarmWork | None = None
        self._jobs: queue.SimpleQueue[tuple[Path, int]] = queue.SimpleQueue()
        # Held from the moment a job is promised until it has ended: one at a time.
        self._busy = threading.Lock()
        self._canceled = False
        self._stopping = threading.Event()
        self._idle_since = time.monotonic()
        self._done = 0

    def run(self) -> None:
        """Get ready, work, and end."""
        self._start_guard()
        library = self._load()
        spares = self._prime(library)
        listener = self._listen()
        own = {**describe_own(), "socket": str(self._run / "s")}
        write_json(self._place.folder / RECORD, own)
        (self._place.folder / STARTING).unlink(missing_ok=True)
        threading.Thread(target=self._accept, args=(listener,), name="requests", daemon=True).start()
        threading.Thread(target=self._watch, name="watch", daemon=True).start()
        program = WarmProgram(library, self._config.provider, self._cold_environment())
        while self._busy.locked() or not self._stopping.is_set():
            try:
                directory, lock = self._jobs.get(timeout=_LOOK_S)
            except queue.Empty:
                self._look()
            else:
                self._execute(directory, lock, program)
                if spares is not None:
                    threading.Thread(target=spares.refill, name="refill", daemon=True).start()
                self._idle_since = time.monotonic()
                self._busy.release()

    def clean_up(self) -> None:
        """Remove what others would take for a sign of life."""
        (self._place.folder / RECORD).unlink(missing_ok=True)
        shutil.rmtree(self._run, ignore_errors=True)

    def _start_guard(self) -> None:
        read, self._guarded = os.pipe()
        subprocess.Popen(
            [sys.executable, "-ISE", str(Path(__file__).with_name("guard.py"))],
            stdin=read, stdout=subprocess.DEVNULL, env={},
        )  # fmt: skip
        os.close(read)

    def _load(self) -> LibraryProgram:
        stand_in = self._place.folder / "provider"
        if self._config.provider is not None:
            write_stand_in(stand_in, self._config.provider, self._run / "p")
        write_warm_cli_config(self._place.cli_config, self._config.provider, stand_in)
        library = LibraryProgram()
        # Loading it put Go's signal handlers in the place of ours.
        signal.signal(signal.SIGINT, self._interrupt)
        signal.signal(signal.SIGTERM, self._interrupt)
        return library

    def _prime(self, library: LibraryProgram) -> Spares | None:
        """Have Terraform read the provider's schema, and providers started."""
        provider = self._config.provider
        if provider is None:
            return None
        cold = self._cold_environment()
        spares = Spares(provider.program, cold, self._run)
        folder = self._place.folder / "primer"
        write_primer(folder, provider)
        os.chdir(folder)
        said: list[str] = []
        code = library.run(["validate", "-no-color"], said.append, said.append)
        os.chdir("/")
        if code:
            raise SystemExit(self._masker.text("\n".join(said)))
        spares.refill()
        return spares

    def _cold_environment(self) -> dict[str, str]:
        cold = {name: value for name, value in self._environment.items() if name not in OWN_VARIABLES}
        return {**cold, "TF_CLI_CONFIG_FILE": str(self._config.cli_config)}

    def _listen(self) -> socket.socket:
        listener = socket.socket(socket.AF_UNIX)
        path = self._run / "s"
        path.unlink(missing_ok=True)
        listener.bind(str(path))
        listener.listen(8)
        return listener

    def _accept(self, listener: socket.socket) -> None:
        while True:
            link, _ = listener.accept()
            with link, contextlib.suppress(OSError):
                link.settimeout(_ASKED_WITHIN_S)
                question = receive(link)
                if question is not None:
                    send(link, self._answer(question))

    def _answer(self, question: dict[str, Any]) -> dict[str, Any]:
        if question.get("ask") == "stop":
            self._stopping.set()
            return {"stopping": True, "busy": self._busy.locked()}
        if (
            question.get("ask") != "run"
            or self._stopping.is_set()
            or not self._busy.acquire(timeout=_FREE_WITHIN_S)
        ):
            return {"taken": False}
        try:
            directory, lock = self._taken_on(Path(str(question.get("directory"))))
        except (OSError, ValueError) as error:
            self._busy.release()
            return {"taken": False, "why": str(error)}
        self._jobs.put((directory, lock))
        return {"taken": True}

    def _taken_on(self, asked: Path) -> tuple[Path, int]:
        """Check an execution's folder and take it on.

        Raises:
            ValueError: it is none that may be done here.
            OSError: it cannot be read.
        """
        directory = asked.resolve(strict=True)
        below = self._config.executions_below.resolve()
        if directory.parent.name != "executions" or directory.parents[2] != below:
            raise ValueError("not an execution of this data directory")
        request = read_json(directory / REQUEST)
        if request is None or Operation.from_json(request["operation"]).kind not in KINDS:
            raise ValueError("not for a warm process")
        if not Path(request["stack_path"]).resolve().is_relative_to(directory.parents[1]):
            raise ValueError("the stack is not in the execution's workspace")
        lock = take_on(directory)
        if lock is None:
            raise ValueError("taken on by another process")
        note_process(directory)
        return directory, lock

    def _execute(self, directory: Path, lock: int, program: WarmProgram) -> None:
        request = read_json(directory / REQUEST) or {}
        log = WarmLog(directory / EVENTS, self._masker)
        work = WarmWork(directory, request, log=log, masker=self._masker)
        self._work = work
        if self._canceled:
            work.cancel()
        os.chdir(request["stack_path"])
        try:
            written = work.run(lambda: program)
        finally:
            self._work, self._canceled = None, False
            os.chdir("/")
            log.close()
            os.close(lock)
        self._done += 1
        # Without a result it is over only when its process is; and what failed may have failed because of it.
        worn = self._done >= self._config.limits.commands or self._is_too_large()
        if worn or not written or not work.ended_well:
            self._stopping.set()

    def _look(self) -> None:
        idle = time.monotonic() - self._idle_since
        if not self._busy.locked() and (idle > self._config.limits.idle_s or self._is_too_large()):
            self._stopping.set()

    def _watch(self) -> None:
        """End at once when the folder is gone, or somebody else's: a test or a person removed the data directory."""
        while True:
            time.sleep(_LOOK_S)
            with contextlib.suppress(Exception):
                record = read_json(self._place.folder / RECORD)
                if record is not None and record["pid"] == os.getpid():
                    continue
            if not self._stopping.is_set():
                shutil.rmtree(self._run, ignore_errors=True)
                end_group()

    def _is_too_large(self) -> bool:
        return memory_mb(psutil.Process()) > self._config.limits.memory_mb

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        """Stop the execution under way, as it would stop in a cold runner; without one, end."""
        if self._work is not None:
            self._work.cancel()
        elif self._busy.locked():
            self._canceled = True
        else:
            # This is called in the main thread, which may hold the event's own lock just now: another thread sets it.
            _thread.start_new_thread(self._stopping.set, ())


def memory_mb(process: psutil.Process) -> float:
    """Megabytes of a process and all below it, what they share counted once where the system tells."""
    total = 0
    for one in (process, *process.children(recursive=True)):
        with contextlib.suppress(psutil.Error):
            facts = one.memory_full_info()
            total += getattr(facts, "pss", facts.uss)
    return total / 1e6


def end_group() -> None:
    """Kill this process and all that it has started."""
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpgrp(), signal.SIGKILL)
    os._exit(1)


def main(arguments: list[str]) -> int:
    """Be the warm process of a folder, unless another one is."""
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(message)s", level=logging.INFO)
    os.umask(0o077)
    place = Place(Path(arguments[0]))
    descriptor = os.open(place.folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return 0
    config = read_json(place.folder / CONFIG)
    if config is None:
        return 1
    server = Server(place, Config.from_json(config))
    try:
        server.run()
    except Exception:
        _log.exception("the warm process failed")
    finally:
        server.clean_up()
    end_group()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
