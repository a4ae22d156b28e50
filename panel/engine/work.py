"""The work of one runner: the commands of its operation in order, and the result at the end."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from panel.engine.atomic import storage_error, write_atomically, write_json
from panel.engine.commands import PLAN_FILE, PLAN_JSON_FILE, Command, commands_for, init_command
from panel.engine.event_log import EventLog
from panel.engine.execution import RESULT, STDERR, STOPPED, UNSAVED_STATE
from panel.engine.findings import Findings
from panel.engine.operation import Operation, OperationKind
from panel.engine.outcome import Status
from panel.engine.programs import Program
from panel.errors import PanelError, StorageError
from panel.masking import Masker

# Below .terraform: whoever removes that folder removes the proof that `init` was done.
INIT_STAMP = "panel-init"
_PREPARED_ANEW = (OperationKind.PLAN, OperationKind.VALIDATE)
_INTERRUPTED = "Interrupt received."
_RESULT_TRIES = 30
_RESERVE = "reserve"
_RESERVE_BYTES = 1 << 18
_GRACE_S = 120.0
_ERROR_TEXT_KEPT = 20_000


class Work:
    """One execution from the inside.

    Args:
        directory: the execution's folder.
        request: the content of its ``request.json``.
        log: where events go.
        masker: masks what else is written.
    """

    def __init__(self, directory: Path, request: dict[str, Any], *, log: EventLog, masker: Masker) -> None:
        self._directory = directory
        self._request = request
        self._operation = Operation.from_json(request["operation"])
        self._log = log
        self._masker = masker
        self._findings = Findings(masker)
        self._program: Program | None = None
        self._stages: list[dict[str, Any]] = []
        self._plan: dict[str, str] = {}
        self._exit_code = 0
        self._has_changes = False
        self._lines_of_stage = 0
        self._stopping = False
        self._timed_out = False
        self._unsaved = False
        self._failure: PanelError | None = None

    def cancel(self) -> None:
        """Interrupt the command under way and begin no other one."""
        self._stopping = True
        # A command that has not said anything yet may not be listening: `_take_line` tells it later.
        if self._program is not None and self._lines_of_stage:
            self._program.cancel()

    def run(self, make_program: Callable[[], Program]) -> bool:
        """Do it all and write the result.

        Args:
            make_program: makes what runs the commands; called once.

        Returns:
            Whether the result could be written.
        """
        started = datetime.now(UTC)
        done = False
        try:
            self._keep_reserve()
            with self._time_limit():
                self._program = make_program()
                done = self._do()
        except PanelError as error:
            self._failure = error
        except OSError as error:
            self._failure = storage_error(Path(error.filename or self._directory), error)
        if not done and not self._stopping and self._operation.kind in _PREPARED_ANEW:
            # It may have failed for want of something that only `init` brings: do that again next time.
            with contextlib.suppress(OSError):
                self._stamp.unlink(missing_ok=True)
        return self._write_result(started, done)

    @property
    def _stamp(self) -> Path:
        return Path(self._request["stack_path"]) / ".terraform" / INIT_STAMP

    def _do(self) -> bool:
        self._check_plan()
        if not self._is_prepared() and not self._prepare():
            return False
        return all(
            self._command(command)
            for command in commands_for(self._operation, str(self._directory / PLAN_FILE))
        )

    def _check_plan(self) -> None:
        """Refuse to apply a plan file that is not, byte for byte, the one that was reviewed."""
        if self._operation.kind is not OperationKind.APPLY:
            return
        path = Path(self._operation.plan_path)
        if not path.is_file() or _digest(path) != self._operation.plan_digest:
            raise PanelError(f"{path} is not the plan that was reviewed.", hint="Plan and review again.")

    def _is_prepared(self) -> bool:
        """Whether ``init`` was done for exactly these sources, backend, providers and Terraform."""
        stack = Path(self._request["stack_path"])
        try:
            same = self._stamp.read_text() == self._request["init_signature"]
        except OSError:
            return False
        providers = list((stack / ".terraform" / "providers").glob("*/*/*/*/*"))
        locked = not providers or (stack / ".terraform.lock.hcl").exists()
        return same and locked and all(path.is_dir() for path in providers)

    def _prepare(self) -> bool:
        self._drop_what_was_cut()
        with self._alone_in_the_cache():
            done = self._command(init_command(self._request["backend_file"]))
        if done:
            write_atomically(self._stamp, self._request["init_signature"].encode())
        return done

    def _drop_what_was_cut(self) -> None:
        """Take away a note of the backend that an `init` could not write to its end: every later one would stop at it.

        Terraform keeps there which backend it was told of, never a state: that is in the backend.
        """
        note = Path(self._request["stack_path"]) / ".terraform" / "terraform.tfstate"
        try:
            json.loads(note.read_bytes())
        except FileNotFoundError:
            return
        except ValueError:
            note.unlink()

    @contextlib.contextmanager
    def _alone_in_the_cache(self) -> Iterator[None]:
        """Terraform's plugin cache is not made for several writers: let one ``init`` at a time use it."""
        path = self._request.get("cache_lock")
        if not path:
            yield
            return
        from filelock import FileLock, Timeout

        lock = FileLock(path)
        while True:
            try:
                lock.acquire(timeout=1)
                break
            except Timeout:
                if self._stopping:
                    raise PanelError("The wait for another download of providers was stopped.") from None
        with lock:
            yield

    def _command(self, command: Command) -> bool:
        """Run one command; whether it succeeded."""
        if self._stopping or self._program is None:
            return False
        lines: list[str] = []
        errors: list[str] = []
        started, clock = datetime.now(UTC), time.monotonic()
        self._lines_of_stage = 0
        self._log.event(_stage_event("stage_start", command.stage, f"{command.title}…"))

        def take(line: str) -> None:
            self._take_line(line, lines, command.streams)

        code = self._program.run(command.arguments, take, errors.append)
        self._lines_of_stage = 0
        elapsed = round(time.monotonic() - clock, 3)
        self._exit_code = code
        succeeded = code in command.success
        self._keep_error_text("".join(errors))
        self._keep_unsaved_state()
        if succeeded or command.stage == "validate":
            self._conclude(command.stage, code, lines)
        if not succeeded and not self._findings.has_errors():
            self._findings.explain(command.stage, code, "".join(errors) or "\n".join(lines[-50:]))
        self._stages.append(
            {
                "name": command.stage,
                "exit_code": code,
                "started_at": started.isoformat(),
                "elapsed_s": elapsed,
            }
        )
        event = _stage_event("stage_complete", command.stage, f"{command.title}: {elapsed:.1f} s")
        self._log.event({**event, "elapsed_s": elapsed, "exit_code": code})
        return succeeded

    def _take_line(self, line: str, lines: list[str], streams: bool) -> None:
        self._lines_of_stage += 1
        if self._stopping and self._lines_of_stage == 1 and self._program is not None:
            self._program.cancel()
        if not streams:
            lines.append(line)
            return
        event = self._log.line(line)
        if event is None:
            lines.append(line)
        else:
            self._findings.observe(event)
            if str(event.get("@message", "")).strip().startswith(_INTERRUPTED):
                # An interrupt that went to Terraform directly, past the runner.
                self._stopping = True

    def _conclude(self, stage: str, code: int, lines: list[str]) -> None:
        """Take what a command left behind."""
        if stage == "plan":
            path = self._directory / PLAN_FILE
            path.chmod(0o600)
            self._has_changes = code == 2
            self._plan = {"file": PLAN_FILE, "digest": _digest(path)}
        elif stage == "show":
            plan = self._findings.masked_plan(lines)
            write_json(self._directory / PLAN_JSON_FILE, plan)
            self._plan["json"] = PLAN_JSON_FILE
        else:
            self._findings.read_document(stage, lines)

    def _keep_error_text(self, text: str) -> None:
        if not text:
            return
        # A courtesy to whoever investigates; the diagnostics hold what matters.
        with contextlib.suppress(OSError), (self._directory / STDERR).open("a", encoding="utf-8") as file:
            file.write(self._masker.text(text)[-_ERROR_TEXT_KEPT:])

    def _keep_unsaved_state(self) -> None:
        """Terraform leaves a state that it could not save in its folder: keep it with the execution."""
        path = Path(self._request["stack_path"]) / UNSAVED_STATE
        # Of an apply alone: what lies there before is of an apply that was killed, and not this one's.
        if self._operation.kind is OperationKind.APPLY and path.exists():
            path.chmod(0o600)
            path.replace(self._directory / UNSAVED_STATE)
            self._unsaved = True

    def _keep_reserve(self) -> None:
        """Take some room now, to be given back for the result should the disk be full by then."""
        with contextlib.suppress(OSError):
            (self._directory / _RESERVE).write_bytes(os.urandom(_RESERVE_BYTES))

    @contextlib.contextmanager
    def _time_limit(self) -> Iterator[None]:
        """Interrupt Terraform when the time limit passes, and kill it when that is of no avail."""
        limit = self._request.get("time_limit_s")
        timers = []
        if limit:
            timers.append(threading.Timer(float(limit), self._pass_limit))
            grace = float(self._request.get("grace_s", _GRACE_S))
            timers.append(threading.Timer(float(limit) + grace, self._kill_own_group, [float(limit)]))
        for timer in timers:
            timer.daemon = True
            timer.start()
        try:
            yield
        finally:
            for timer in timers:
                timer.cancel()

    def _pass_limit(self) -> None:
        self._timed_out = True
        self.cancel()

    def _kill_own_group(self, limit: float) -> None:
        """It does not listen: end it and ourselves, having said why."""
        with contextlib.suppress(PanelError):
            write_json(
                self._directory / STOPPED,
                {"at": datetime.now(UTC).isoformat(), "force": True, "time_limit_s": limit},
            )
        if os.getpgrp() == os.getpid():
            os.killpg(os.getpgrp(), signal.SIGKILL)

    def _write_result(self, started: datetime, done: bool) -> bool:
        (self._directory / _RESERVE).unlink(missing_ok=True)
        for attempt in range(_RESULT_TRIES):
            try:
                self._log.flush()
                write_json(self._directory / RESULT, self._result(started, done))
            except StorageError:
                # Room may be made any moment, and an outcome that nobody learns of is the worst one.
                time.sleep(1 if attempt else 0)
            else:
                return True
        return False

    def _result(self, started: datetime, done: bool) -> dict[str, Any]:
        failure = self._failure
        return {
            "operation": self._operation.to_json(),
            "status": self._status(done).value,
            "exit_code": self._exit_code,
            "started_at": started.isoformat(),
            "ended_at": datetime.now(UTC).isoformat(),
            "stages": self._stages,
            "plan": self._plan,
            "has_changes": self._has_changes,
            "mirrors": self._request.get("mirrors") or [],
            "log_complete": self._log.complete,
            "unsaved_state": self._unsaved,
            "failure": self._masker.text(str(failure)) if failure else "",
            "failed_storage": isinstance(failure, StorageError),
            **self._findings.to_json(),
        }

    def _status(self, done: bool) -> Status:
        if done:
            return Status.SUCCEEDED
        if self._timed_out:
            return Status.TIMED_OUT
        return Status.CANCELED if self._stopping else Status.FAILED


def _stage_event(kind: str, stage: str, message: str) -> dict[str, Any]:
    return {"type": kind, "stage": stage, "@level": "info", "@message": message}


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
