"""The warm engine from outside: handing executions to warm processes, starting and ending them."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from filelock import FileLock

from panel.engine.atomic import make_folder, read_json, write_json
from panel.engine.warm.place import (
    CONFIG,
    LOG,
    OWN_VARIABLES,
    RECORD,
    STARTING,
    Config,
    Limits,
    Place,
    all_places,
    place_of,
    places_for,
)
from panel.engine.warm.provider import is_prepared, provider_of
from panel.engine.warm.requests import ask
from panel.errors import PanelError

if TYPE_CHECKING:
    from panel.engine.execution import Execution

_log = logging.getLogger(__name__)
# It answers from a thread of its own: one that is silent for so long is stuck.
_ANSWERS_WITHIN_S = 10.0
_ENDS_WITHIN_S = 10.0
_LOOK_S = 0.05
# Not again and again where it cannot be started.
_RETRY_AFTER_S = 600.0


class WarmEngine:
    """Warm processes of one data directory and one environment.

    Args:
        data_dir: the panel's data directory.
        cli_config: the CLI configuration of cold runs.
        limits: what a warm process may cost.
    """

    def __init__(self, data_dir: Path, cli_config: Path, limits: Limits) -> None:
        self._data_dir = data_dir.resolve()
        self._cli_config = cli_config
        self._limits = limits

    def is_ready(self, stack_path: Path, environment: Mapping[str, str]) -> bool:
        """Whether a warm process takes requests that suits this stack."""
        return self._socket(stack_path, environment) is not None

    def hand_over(self, execution: Execution, stack_path: Path, environment: Mapping[str, str]) -> bool:
        """Have an execution done whose request is written.

        Args:
            execution: the execution.
            stack_path: the stack's folder in its workspace.
            environment: what a cold run would be given.

        Returns:
            Whether a warm process has taken it on; otherwise none ever will.
        """
        path = self._socket(stack_path, environment)
        if path is None:
            return False
        question = {"ask": "run", "directory": str(execution.directory)}
        answer = ask(path, question, timeout_s=_ANSWERS_WITHIN_S)
        if answer is None:
            # It may yet take it on, beside the cold run that comes next.
            self._end_silent(path)
        return execution.is_started()

    def start(self, stack_path: Path, environment: Mapping[str, str]) -> None:
        """Start the warm process for the provider of a stack, unless it lives; returns at once.

        It may fail in any way without harm: then everything stays cold, and the log says why once.
        """
        if not is_prepared(stack_path):
            return
        provider = provider_of(stack_path)
        place = place_of(self._data_dir, environment, provider)
        config = Config(self._data_dir / "workspaces", self._cli_config, provider, self._limits)
        try:
            make_folder(place.folder)
            # Several workers of one data directory share it.
            with FileLock(place.folder / "start.lock"):
                if place.process() is None and not _failed_lately(place):
                    self._spawn(place, config, environment)
        except (OSError, psutil.Error, PanelError) as error:
            _log.warning("The warm engine cannot be started: %s", error)

    def _spawn(self, place: Place, config: Config, environment: Mapping[str, str]) -> None:
        (place.folder / RECORD).unlink(missing_ok=True)
        write_json(place.folder / CONFIG, config.to_json())
        # Read by Terraform when the process starts.
        own = {**OWN_VARIABLES, "TF_CLI_CONFIG_FILE": str(place.cli_config)}
        with (place.folder / LOG).open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "panel.engine.warm.server", str(place.folder)],
                cwd=place.folder,
                env={**environment, **own},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        threading.Thread(target=process.wait, name=f"reaper of {process.pid}", daemon=True).start()
        started = {"pid": process.pid, "create_time": psutil.Process(process.pid).create_time()}
        write_json(place.folder / STARTING, started)

    def _socket(self, stack_path: Path, environment: Mapping[str, str]) -> Path | None:
        if is_prepared(stack_path):
            places = [place_of(self._data_dir, environment, provider_of(stack_path))]
        else:
            # Which provider it will be is known after `init`; any other than that of the process is refused then.
            places = places_for(self._data_dir, environment)
        found = (place.socket() for place in places)
        return next((path for path in found if path is not None), None)

    def _end_silent(self, path: Path) -> None:
        for place in all_places(self._data_dir):
            if place.socket() == path and (process := place.process()) is not None:
                _log.info("The warm engine did not answer and is ended.")
                _kill(process)


def end_warm(data_dir: Path, *, within_s: float = _ENDS_WITHIN_S) -> None:
    """End the warm processes of a data directory; one that is at work ends after it.

    Args:
        data_dir: the panel's data directory.
        within_s: seconds after which one that is not at work is killed.
    """
    asked: list[tuple[Place, bool]] = []
    for place in all_places(data_dir):
        socket = place.socket()
        answer = ask(socket, {"ask": "stop"}, timeout_s=_ANSWERS_WITHIN_S) if socket is not None else None
        asked.append((place, bool(answer and answer.get("busy"))))
    deadline = time.monotonic() + within_s
    for place, is_busy in asked:
        while not is_busy and (process := place.process()) is not None:
            if place.socket() is None or time.monotonic() > deadline:
                _kill(process)
            time.sleep(_LOOK_S)


def _failed_lately(place: Place) -> bool:
    """Whether the last one died before it was ready, a short time ago."""
    started = read_json(place.folder / STARTING)
    if started is None:
        return False
    return time.time() - float(started["create_time"]) < _RETRY_AFTER_S


def _kill(process: psutil.Process) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    except PermissionError:
        process.kill()
