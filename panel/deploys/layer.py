"""One image layer as a reproducible archive: equal content gives equal bytes, whoever builds it and when."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

_COMPRESSION = 6
# Written by installers: they hold paths and times of this machine, or start it by its own path.
_OF_THIS_MACHINE = frozenset(
    {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json", ".lock"}
)
# Not run in the image. ``bin`` holds start scripts that name this machine's Python.
_NOT_SHIPPED = frozenset({"__pycache__", "bin"})


@dataclass(frozen=True)
class Layer:
    """One layer. ``digest`` of the compressed bytes, ``diff_id`` of the archive inside; ``size`` in bytes."""

    path: Path
    digest: str
    diff_id: str
    size: int


@dataclass(frozen=True)
class Entry:
    """One file of the layer: its name in the image (without leading slash) and where its content is."""

    name: str
    path: Path


def folder_entries(folder: Path, prefix: str) -> list[Entry]:
    """Everything in a folder of installed dependencies that belongs into an image, below ``prefix``."""
    entries = []
    for path in folder.rglob("*"):
        inside = path.relative_to(folder)
        if not path.is_file() or path.is_symlink() or path.name in _OF_THIS_MACHINE:
            continue
        if path.suffix == ".pyc" or inside.parts[0] == "bin" or "__pycache__" in inside.parts:
            continue
        entries.append(Entry(f"{prefix}/{inside.as_posix()}", path))
    return entries


def write_layer(entries: Iterable[Entry], target: Path) -> Layer:
    """Write the entries as a gzip-compressed tar archive, sorted, with neither times nor owners.

    Modes become 0644, or 0755 for what its owner may execute. All parent folders are written too.
    """
    ordered = sorted(entries, key=lambda entry: entry.name)
    with target.open("wb") as file:
        outer = _Hashed(file)
        # The header of a gzip file has room for a name and a time: both left out.
        with gzip.GzipFile(
            filename="", mode="wb", fileobj=outer, mtime=0, compresslevel=_COMPRESSION
        ) as packed:
            inner = _Hashed(packed)
            with tarfile.open(fileobj=inner, mode="w|", format=tarfile.PAX_FORMAT) as archive:
                _add_all(archive, ordered)
    return Layer(target, outer.digest, inner.digest, outer.size)


def _add_all(archive: tarfile.TarFile, entries: Iterable[Entry]) -> None:
    folders: set[PurePosixPath] = set()
    for entry in entries:
        for parent in reversed(PurePosixPath(entry.name).parents[:-1]):
            if parent not in folders:
                folders.add(parent)
                info = tarfile.TarInfo(str(parent))
                info.type, info.mode = tarfile.DIRTYPE, 0o755
                archive.addfile(info)
        info = tarfile.TarInfo(entry.name)
        content = entry.path.read_bytes()
        info.size = len(content)
        info.mode = 0o755 if entry.path.stat().st_mode & 0o100 else 0o644
        archive.addfile(info, io.BytesIO(content))


class _Hashed(io.RawIOBase):
    """Hands bytes on to a file, counting and hashing them on the way."""

    def __init__(self, file: IO[bytes] | gzip.GzipFile) -> None:
        self._file = file
        self._seen = hashlib.sha256()
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]  # the base allows any buffer
        self._file.write(data)
        self._seen.update(data)
        self.size += len(data)
        return len(data)

    @property
    def digest(self) -> str:
        return f"sha256:{self._seen.hexdigest()}"
