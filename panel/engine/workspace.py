"""Rendering a stack into a folder Terraform can work in: sources, variables, backend.

A workspace holds a copy of the ``terraform/`` tree, so that what was planned is what is applied even when
somebody edits the tree in between.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from panel.engine.atomic import PRIVATE_FILE, make_folder, storage_error, write_atomically
from panel.errors import ConfigurationError

VARIABLES_FILE = "panel.auto.tfvars.json"
BACKEND_FILE = "panel.s3.tfbackend"
# Makes the state remote whatever the stack says: a forgotten `backend` block would leave the state on
# this machine without a word.
BACKEND_OVERRIDE_FILE = "panel_backend_override.tf.json"

_OWN_FILES = frozenset({VARIABLES_FILE, BACKEND_FILE, BACKEND_OVERRIDE_FILE})
# What Terraform could not save: it must outlive a rendering, since it may be all that knows of what was made.
_UNSAVED_STATE = "errored.tfstate"
_SKIPPED_FOLDERS = frozenset({"examples", "tests"})
_SKIPPED_SUFFIXES = (".md", ".tfstate", ".tfstate.backup", ".tftest.hcl", ".tfvars", ".auto.tfvars.json")
_STACK_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}\Z")


@dataclass(frozen=True)
class Backend:
    """Where the state is kept: an S3 object, locked by a file beside it.

    Attributes:
        bucket: name of the bucket.
        key: the state's key in it.
        region: the bucket's region.
        emulated: the bucket is in an emulator: path-style addresses, no checks of account and credentials.
    """

    bucket: str
    key: str
    region: str
    emulated: bool

    def render(self) -> str:
        """The file for ``-backend-config``."""
        values: dict[str, str | bool | int] = {
            "bucket": self.bucket,
            "key": self.key,
            "region": self.region,
            "encrypt": True,
            "use_lockfile": True,
        }
        if self.emulated:
            switches = (
                "use_path_style",
                "skip_credentials_validation",
                "skip_metadata_api_check",
                "skip_region_validation",
                "skip_requesting_account_id",
            )
            # An emulator that does not answer is down, not busy: five tries would only cost 15 s.
            values |= {**dict.fromkeys(switches, True), "max_retries": 2}
        return "".join(f"{name} = {_literal(value)}\n" for name, value in values.items())


@dataclass(frozen=True)
class Workspace:
    """A rendered stack.

    Attributes:
        path: the workspace; executions are kept below it.
        stack_path: the folder Terraform runs in.
        source_revision: digest of the rendered Terraform sources.
        variables_revision: digest of the variables, kept apart: either may make a reviewed plan stale.
    """

    path: Path
    stack_path: Path
    source_revision: str
    variables_revision: str = ""

    @property
    def backend_file(self) -> Path:
        """The rendered backend configuration."""
        return self.stack_path / BACKEND_FILE


def render_workspace(
    source: Path, target: Path, *, stack: str, variables: Mapping[str, object], backend: Backend
) -> Workspace:
    """Copy ``modules`` and one stack of ``source`` into ``target`` and write its variables and backend.

    Rendering again is cheap and safe: a file is replaced in one step and only when it differs, files that
    left the source are removed, ``.terraform`` and the provider lock file stay.

    Args:
        source: the project's ``terraform/`` tree.
        target: the workspace, made when absent.
        stack: name of a folder of ``source/stacks``.
        variables: values of the stack's input variables, as JSON.
        backend: where the state is kept.

    Raises:
        ConfigurationError: there is no such stack, or a variable cannot be written as JSON.
        StorageError: the workspace cannot be written.
    """
    if not _STACK_NAME.match(stack) or not (source / "stacks" / stack).is_dir():
        raise ConfigurationError(
            f"There is no stack {stack!r} in {source}.",
            hint="Check that the terraform/ tree is complete.",
        )
    files = _source_files(source, stack)
    make_folder(target)
    for name, content in files.items():
        destination = target / name
        make_folder(destination.parent)
        write_atomically(destination, content, mode=0o644)
    stack_path = target / "stacks" / stack
    _remove_strays(target, files.keys())
    encoded = _encode_variables(variables, stack)
    write_atomically(stack_path / VARIABLES_FILE, encoded, mode=PRIVATE_FILE)
    write_atomically(stack_path / BACKEND_FILE, backend.render().encode(), mode=PRIVATE_FILE)
    write_atomically(
        stack_path / BACKEND_OVERRIDE_FILE, b'{"terraform": {"backend": {"s3": {}}}}\n', mode=0o644
    )
    return Workspace(
        path=target,
        stack_path=stack_path,
        source_revision=_digest_of(files),
        variables_revision=hashlib.sha256(encoded).hexdigest(),
    )


def source_digests(tree: Path, stack: str) -> dict[str, str]:
    """sha256 (hex) of every file that makes up a stack, by POSIX path relative to ``tree``.

    A ``terraform/`` tree and a workspace that was rendered from it give the same answer.

    Raises:
        ConfigurationError: a file cannot be read.
    """
    files = _source_files(tree, stack)
    return {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}


def _source_files(source: Path, stack: str) -> dict[str, bytes]:
    """The files to copy, by POSIX path relative to ``source``."""
    files: dict[str, bytes] = {}
    for root in (source / "modules", source / "stacks" / stack):
        for path in _walk(root):
            try:
                files[path.relative_to(source).as_posix()] = path.read_bytes()
            except OSError as error:
                raise ConfigurationError(
                    f"{path} could not be read: {error.strerror}.", hint="Check its permissions."
                ) from error
    return dict(sorted(files.items()))


def _walk(root: Path) -> Iterator[Path]:
    for folder, names, files in os.walk(root):
        names[:] = sorted(name for name in names if name not in _SKIPPED_FOLDERS and name[0] != ".")
        for name in sorted(files):
            if name[0] != "." and not name.endswith(_SKIPPED_SUFFIXES) and name not in _OWN_FILES:
                yield Path(folder) / name


def _remove_strays(target: Path, keep: Collection[str]) -> None:
    """Remove rendered files that are no longer in the source."""
    for part in ("modules", "stacks"):
        for folder, names, files in os.walk(target / part, topdown=True):
            names[:] = [name for name in names if name[0] != "."]
            for name in files:
                path = Path(folder) / name
                relative = PurePosixPath(path.relative_to(target)).as_posix()
                if name[0] == "." or name in {*_OWN_FILES, _UNSAVED_STATE} or relative in keep:
                    continue
                _remove(path)


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise storage_error(path, error) from error


def _encode_variables(variables: Mapping[str, object], stack: str) -> bytes:
    try:
        return json.dumps(variables, indent=1, sort_keys=True, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise ConfigurationError(
            f"The variables of stack {stack!r} cannot be written as JSON: {error}.",
            hint="Give plain texts, numbers, truth values, lists and maps.",
        ) from error


def _digest_of(files: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, content in files.items():
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def _literal(value: str | bool | int) -> str:
    """An HCL literal: JSON's text syntax, with template markers made inert."""
    text = json.dumps(value)
    return text.replace("${", "$${").replace("%{", "%%{") if isinstance(value, str) else text
