"""How an unpacked image becomes the command line, environment and folder of a process. Pure.

A process has no root of its own, so what the image says with absolute paths is pointed into its unpacked
content, and its Python is the panel's.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from panel.errors import BuildError
from panel.localaws.demand import Container
from panel.localaws.images import UnpackedImage

_PYTHON = re.compile(r"python(3(\.\d+)?)?")


@dataclass(frozen=True)
class Launch:
    """Everything to start a process with."""

    argv: tuple[str, ...]
    environment: dict[str, str]
    folder: Path


def plan_launch(
    image: UnpackedImage,
    container: Container,
    *,
    inherited: Mapping[str, str],
    aws: Mapping[str, str],
    address: str,
    port: int,
) -> Launch:
    """Work out how to run one task.

    Args:
        inherited: what the task may see of the panel's own environment.
        aws: variables that lead its SDK to the embedded AWS; a task definition cannot undo them.
        address: address of its own on the loopback interface, told to it as ``BIND_HOST``.
        port: free port there, told to it as ``PORT``.

    Raises:
        BuildError: the image cannot run as a process.
    """
    if container.unsupported:
        raise BuildError(
            f"The container {container.name} cannot run as a process. {container.unsupported}",
            hint="Start a Docker engine and set PANEL_LOCAL_RUNTIME=docker.",
        )
    folder = container.working_directory or image.working_directory
    environment = {
        **inherited,
        **{name: _paths_within(image.rootfs, value) for name, value in image.environment},
        **{name: _paths_within(image.rootfs, value) for name, value in container.environment},
        **aws,
        "PORT": str(port),
        "BIND_HOST": address,
    }
    return Launch(
        argv=_command(image, container), environment=environment, folder=_within(image.rootfs, folder)
    )


def _command(image: UnpackedImage, container: Container) -> tuple[str, ...]:
    # As Docker does: an entry point of the task definition discards the image's command.
    if container.entry_point is not None:
        words = container.entry_point + (container.command or ())
    else:
        words = image.entry_point + (container.command or image.command)
    if not words:
        raise BuildError(f"The image {image.digest} names no command to run.")
    first, *rest = words
    return (_program(image, first), *(_path_within(image.rootfs, word) for word in rest))


def _program(image: UnpackedImage, name: str) -> str:
    if _PYTHON.fullmatch(name.rsplit("/", 1)[-1]):
        return sys.executable
    search = dict(image.environment).get("PATH", "/usr/local/bin:/usr/bin:/bin").split(":")
    places = [name] if "/" in name else [f"{folder}/{name}" for folder in search]
    for place in places:
        candidate = _within(image.rootfs, place)
        if candidate.is_file():
            return str(candidate)
    raise BuildError(
        f"The image's program {name!r} is neither Python nor part of its content, so it cannot run as a process.",
        hint="Start a Docker engine and set PANEL_LOCAL_RUNTIME=docker.",
    )


def _within(rootfs: Path, path: str) -> Path:
    target = (rootfs / path.lstrip("/")).resolve()
    if not target.is_relative_to(rootfs.resolve()):
        raise BuildError(f"The path {path} of the image leads out of its content.")
    return target


def _path_within(rootfs: Path, word: str) -> str:
    if not word.startswith("/") or word == "/":
        return word
    target = _within(rootfs, word)
    return str(target) if target.exists() else word


def _paths_within(rootfs: Path, value: str) -> str:
    """Point every path of a ``:``-separated list that exists in the image into its unpacked content."""
    return ":".join(_path_within(rootfs, word) for word in value.split(":"))
