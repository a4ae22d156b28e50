"""Providers that are up before Terraform asks for them, each used once."""

from __future__ import annotations

import contextlib
import logging
import queue
import socket
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from panel.errors import UnavailableError

_log = logging.getLogger(__name__)
# What Terraform tells a provider that it starts, and no provider starts without.
_TOLD = ("PLUGIN_", "TF_PLUGIN_")
# Two configurations of a provider, walked once to validate and once to plan.
_USUAL = 4
_MOST = 8


@dataclass(frozen=True)
class _Spare:
    """A provider that waits to be used, and the line by which it says how."""

    process: subprocess.Popen[str]
    handshake: str


class Spares:
    """Keeps providers ready and hands one to each stand-in that asks.

    As many are kept as the last execution has used; they are replaced when it has ended, so as not to compete with it.

    Args:
        program: the provider's executable.
        environment: what a provider of a cold run would be given.
        folder: a private folder for the providers' sockets, with a short name.
    """

    def __init__(self, program: str, environment: Mapping[str, str], folder: Path) -> None:
        self._program = program
        self._environment = {**environment, "TMPDIR": str(folder), "PLUGIN_UNIX_SOCKET_DIR": str(folder)}
        self._told: dict[str, str] = {}
        self._ready: queue.SimpleQueue[_Spare] = queue.SimpleQueue()
        self._taken = 0
        self._wanted = _USUAL
        self._listener = socket.socket(socket.AF_UNIX)
        self.path = folder / "p"
        self.path.unlink(missing_ok=True)
        self._listener.bind(str(self.path))
        self._listener.listen(_MOST)
        threading.Thread(target=self._accept, name="stand-ins", daemon=True).start()

    def refill(self) -> None:
        """Replace what was used since the last time; once Terraform has told how providers are started."""
        if self._taken > self._wanted:
            self._wanted = min(self._taken, _MOST)
        self._taken = 0
        for _ in range(self._wanted - self._ready.qsize()):
            self._ready.put(self._start())

    def _accept(self) -> None:
        while True:
            link, _ = self._listener.accept()
            threading.Thread(target=self._serve, args=(link,), name="stand-in", daemon=True).start()

    def _serve(self, link: socket.socket) -> None:
        """Give a stand-in a provider; when either of them ends, so does the other."""
        with link:
            try:
                self._learn(int(link.makefile().readline()))
                spare = self._take()
                link.sendall(spare.handshake.encode())
            except (OSError, ValueError, psutil.Error, UnavailableError) as error:
                _log.warning("no provider for a stand-in: %s", error)
                return
            threading.Thread(target=_tell_end, args=(spare.process, link), daemon=True).start()
            with contextlib.suppress(OSError):
                link.recv(1)
            spare.process.kill()
            spare.process.wait()

    def _learn(self, stand_in: int) -> None:
        if not self._told:
            given = psutil.Process(stand_in).environ()
            self._told = {
                name: value
                for name, value in given.items()
                if name.startswith(_TOLD) and name not in self._environment
            }

    def _take(self) -> _Spare:
        self._taken += 1
        while True:
            try:
                spare = self._ready.get_nowait()
            except queue.Empty:
                return self._start()
            if spare.process.poll() is None:
                return spare

    def _start(self) -> _Spare:
        process = subprocess.Popen(
            [self._program],
            env={**self._environment, **self._told},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert process.stdout is not None  # noqa: S101 - it is PIPE
        handshake = process.stdout.readline()
        if not handshake.endswith("\n"):
            process.kill()
            process.wait()
            raise UnavailableError("The provider did not start.", hint="Plan without the warm engine.")
        return _Spare(process, handshake)


def _tell_end(process: subprocess.Popen[str], link: socket.socket) -> None:
    process.wait()
    with contextlib.suppress(OSError):
        link.shutdown(socket.SHUT_RDWR)
