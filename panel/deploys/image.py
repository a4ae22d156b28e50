"""A genuine OCI image without a container engine: a layer of dependencies, one of source, and a config.

The base image is named, not included: an engine-less task runtime brings its own Python. Source:
https://github.com/opencontainers/image-spec/blob/main/manifest.md and config.md beside it.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from panel.deploys import Report, Stopped, never
from panel.deploys.build_folder import build_once
from panel.deploys.dependencies import dependencies_digest, install_dependencies
from panel.deploys.layer import Entry, Layer, folder_entries, write_layer
from panel.deploys.revision import Revision, source_files
from panel.errors import BuildError

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar+gzip"

#: The public slim image of the Python that the dependencies were installed for.
DEFAULT_BASE = f"python:{sys.version_info.major}.{sys.version_info.minor}-slim-bookworm"
DEFAULT_COMMAND = (
    "python",
    "-m",
    "gunicorn",
    "--config",
    "backend/gunicorn.conf.py",
    "backend.app:create_app()",
)

_USER = "10001"
_MACHINES = {"x86_64": "amd64", "AMD64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
# Folders and files of a service's source that its image has no use for.
_LEFT_OUT = re.compile(r"tests?|__pycache__|state|Dockerfile.*|nginx\..*|dev\.py|README\.md")
# Raised when the same inputs shall give another image.
_RECIPE = 2
_LAYER, _ABOUT_LAYER = "layer", "layer.json"


@dataclass(frozen=True)
class Blob:
    """One part of an image as a file; ``size`` in bytes."""

    digest: str
    size: int
    path: Path


@dataclass(frozen=True)
class AssembledImage:
    """An image in an OCI image layout on disk.

    Attributes:
        directory: the layout (``oci-layout``, ``index.json``, ``blobs/``).
        manifest: the manifest's bytes, exactly as pushed.
        digest: of the manifest; names the image.
        media_type: of the manifest.
        config_digest: of the config.
        blobs: its parts as files: dependencies, source, config.
    """

    directory: Path
    manifest: bytes
    digest: str
    media_type: str
    config_digest: str
    blobs: tuple[Blob, ...]

    @property
    def size(self) -> int:
        """Bytes of the whole image (without its base)."""
        return len(self.manifest) + sum(blob.size for blob in self.blobs)


def assemble_image(
    root: Path,
    source: str,
    revision: Revision,
    *,
    data_dir: Path,
    report: Report,
    requirements: str = "requirements/backend.txt",
    port: int = 5000,
    base: str = DEFAULT_BASE,
    command: Sequence[str] = (),
    stopped: Stopped = never,
) -> AssembledImage:
    """Build the image of the service whose source is ``root/source``, or find it built already.

    Args:
        revision: what :func:`panel.deploys.revision.source_revision` says of the source.
        data_dir: where dependencies and images are kept.
        requirements: the file that pins the dependencies with hashes, relative to ``root``.
        port: the port it listens on.
        base: reference of the image it would be put upon.
        command: what starts it, from ``/app``; see :func:`default_command`.
        stopped: asked while dependencies are installed.

    Raises:
        BuildError: source or requirements are missing, or a dependency could not be installed.
        StorageError: the disk refused.
        StoppedError: somebody asked for it to stop.
    """
    pinned, command = root / requirements, command or default_command(source)
    dependencies = install_dependencies(pinned, data_dir, report, stopped)
    inputs = [_RECIPE, dependencies_digest(pinned), source, _created(revision), revision.tag, revision.digest]
    key = hashlib.sha256(json.dumps([*inputs, port, base, list(command)]).encode()).hexdigest()
    directory = data_dir / "cache" / "images" / key

    def make(scratch: Path) -> None:
        report(f"Assembling the image of {source} {revision.tag}")
        unchanging = _dependency_layer(dependencies, data_dir / "cache" / "layers")
        layers = [unchanging, write_layer(_source_entries(root, source), scratch / _LAYER)]
        config = _config(layers, source, revision, port=port, command=command)
        _write_layout(scratch, layers, _json(config), base)

    if not build_once(directory, make):
        report(f"The image of {source} {revision.tag} is built already")
    return read_layout(directory)


def default_command(source: str) -> tuple[str, ...]:
    """Start gunicorn with the source's own ``gunicorn.conf.py`` and the ``create_app()`` of its ``app`` module."""
    module = source.replace("/", ".")
    return (
        "python",
        "-m",
        "gunicorn",
        "--config",
        f"{source}/gunicorn.conf.py",
        f"{module}.app:create_app()",
    )


def read_layout(directory: Path) -> AssembledImage:
    """The image in an OCI image layout with one manifest.

    Raises:
        BuildError: the folder does not hold one; delete it to have it built again.
    """
    try:
        index = json.loads((directory / "index.json").read_bytes())
        digest = index["manifests"][0]["digest"]
        manifest = _blob_path(directory, digest).read_bytes()
        content = json.loads(manifest)
        described = [*content["layers"], content["config"]]
        blobs = tuple(
            Blob(part["digest"], part["size"], _blob_path(directory, part["digest"])) for part in described
        )
        if any(blob.path.stat().st_size != blob.size for blob in blobs):
            raise ValueError("a part has the wrong size")
    except (OSError, ValueError, LookupError) as error:
        raise BuildError(
            f"The built image in {directory} is damaged: {error}.",
            hint="Delete that folder and deploy again.",
        ) from error
    return AssembledImage(
        directory=directory,
        manifest=manifest,
        digest=digest,
        media_type=MANIFEST_TYPE,
        config_digest=content["config"]["digest"],
        blobs=blobs,
    )


def _dependency_layer(dependencies: Path, cache: Path) -> Layer:
    """The layer of installed dependencies: packed once, since it is most of an image and seldom changes."""
    directory = cache / f"{_RECIPE}-{dependencies.name}"

    def make(scratch: Path) -> None:
        layer = write_layer(folder_entries(dependencies, "app/deps"), scratch / _LAYER)
        about = {**asdict(layer), "path": _LAYER}
        (scratch / _ABOUT_LAYER).write_bytes(_json(about))

    build_once(directory, make)
    try:
        layer = Layer(**json.loads((directory / _ABOUT_LAYER).read_bytes()))
    except (OSError, ValueError, TypeError) as error:
        raise BuildError(
            f"The packed dependencies in {directory} are damaged: {error}.",
            hint="Delete that folder and deploy again.",
        ) from error
    return replace(layer, path=directory / _LAYER)


def _source_entries(root: Path, source: str) -> list[Entry]:
    folder = root / source
    entries = []
    for path in source_files(root, source):
        inside = path.relative_to(folder)
        if not any(_LEFT_OUT.fullmatch(part) for part in inside.parts):
            entries.append(Entry(f"app/{source}/{inside.as_posix()}", path))
    return entries


def _created(revision: Revision) -> str:
    # The time of the commit and not of the build: a build repeated must give the same image.
    moment = revision.committed_at or datetime.fromtimestamp(0, UTC)
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _config(
    layers: Sequence[Layer], source: str, revision: Revision, *, port: int, command: Sequence[str]
) -> dict[str, Any]:
    created = _created(revision)
    labels = {
        "org.opencontainers.image.created": created,
        "org.opencontainers.image.revision": revision.commit or revision.digest,
        "org.opencontainers.image.source": source,
        "org.opencontainers.image.version": revision.tag,
    }
    return {
        "created": created,
        "architecture": _MACHINES.get(platform.machine(), platform.machine()),
        "os": "linux",
        "config": {
            "User": _USER,
            "ExposedPorts": {f"{port}/tcp": {}},
            "Env": ["PYTHONPATH=/app/deps:/app", "PYTHONUNBUFFERED=1", "MALLOC_ARENA_MAX=2"],
            "Cmd": list(command),
            "WorkingDir": "/app",
            "Labels": labels,
        },
        "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in layers]},
        "history": [
            {"created": created, "created_by": "panel", "comment": comment}
            for comment in (f"dependencies of {source}", source)
        ],
    }


def _write_layout(scratch: Path, layers: Sequence[Layer], config: bytes, base: str) -> None:
    (scratch / "blobs" / "sha256").mkdir(parents=True)
    for layer in layers:
        _place(layer.path, _blob_path(scratch, layer.digest))
    (scratch / _LAYER).unlink()
    manifest = _json(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "config": {"mediaType": CONFIG_TYPE, "digest": _store(scratch, config), "size": len(config)},
            "layers": [
                {"mediaType": LAYER_TYPE, "digest": layer.digest, "size": layer.size} for layer in layers
            ],
            "annotations": {"org.opencontainers.image.base.name": base},
        }
    )
    described = {"mediaType": MANIFEST_TYPE, "digest": _store(scratch, manifest), "size": len(manifest)}
    (scratch / "oci-layout").write_bytes(_json({"imageLayoutVersion": "1.0.0"}))
    (scratch / "index.json").write_bytes(_json({"schemaVersion": 2, "manifests": [described]}))


def _place(file: Path, target: Path) -> None:
    """The same file under another name; a copy where the file system has no second names."""
    try:
        os.link(file, target)
    except OSError:
        shutil.copyfile(file, target)


def _store(directory: Path, content: bytes) -> str:
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    _blob_path(directory, digest).write_bytes(content)
    return digest


def _blob_path(directory: Path, digest: str) -> Path:
    algorithm, _, encoded = digest.partition(":")
    return directory / "blobs" / algorithm / encoded


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
