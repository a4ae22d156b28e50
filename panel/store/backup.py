"""Backups: one file with everything the panel keeps in its databases, and back again.

SQLite: the store and the database of the durable workflows are two files, each copied by SQLite's own backup interface
while others read and write. The workflows are copied first: a run that is ordered in between is in the store without a
workflow, which the next worker knows how to handle; a workflow without its run would stand in the way of the next run of
the same number. PostgreSQL: both are in one database, and pg_dump takes one snapshot of it.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlmodel import select

from panel.errors import ConfigurationError, StorageError
from panel.store.database import Database
from panel.store.tables import AuditEntry, EnvironmentRecord, Run

MANIFEST, STORE, WORKFLOWS, DUMP = "manifest.json", "panel.db", "workflows.db", "postgresql.dump"
_FORMAT = 1
_LIMIT_S = 3600
# What is in the way of a restore is put aside under this name until the restore has succeeded.
_ASIDE = "before_restore"
_SCHEMAS = ("public", "dbos")
_DAMAGED = "Use another backup; nothing was changed."


@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself.

    Attributes:
        kind: ``sqlite`` or ``postgresql``; one cannot be restored into the other.
        revision: the schema's version.
        created_at: ISO 8601, UTC.
    """

    kind: str
    revision: str
    created_at: str
    format: int = _FORMAT


def backup(database: Database, workflows_url: str, target: Path, environment: Mapping[str, str]) -> Manifest:
    """Write a backup that its owner alone can read; an older file of this name is replaced when all is written.

    Args:
        workflows_url: database of the durable workflows.
        environment: what pg_dump inherits.

    Raises:
        StorageError: a database or the disk refused.
        ConfigurationError: pg_dump is not on this machine; the hint says what to run where it is.
    """
    manifest = Manifest(
        kind="sqlite" if database.sqlite else "postgresql",
        revision=database.revision() or "",
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    with _scratch(target.parent) as folder:
        parts = [_written(folder / MANIFEST, json.dumps(asdict(manifest)))]
        if database.sqlite:
            parts += [_copied(url, folder / name) for name, url in _files(database, workflows_url).items()]
        else:
            parts.append(_dumped(database.url, folder / DUMP, environment))
        packed = folder / "backup"
        packed.touch(mode=0o600)
        with _disk_errors(target), zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for part in parts:
                archive.write(part, part.name)
        with _disk_errors(target):
            packed.replace(target)
    return manifest


def read_manifest(source: Path, database: Database) -> Manifest:
    """What a backup holds, checked against the database it is to go into.

    Raises:
        ConfigurationError: it is no backup, or one of another kind of database or of a newer panel.
    """
    try:
        with zipfile.ZipFile(source) as archive:
            manifest = Manifest(**json.loads(archive.read(MANIFEST)))
            damaged = archive.testzip()
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, TypeError) as error:
        raise ConfigurationError(f"{source} is not a backup of the panel: {error}.", hint=_DAMAGED) from None
    kind = "sqlite" if database.sqlite else "postgresql"
    if damaged:
        raise ConfigurationError(f"{source} is damaged: {damaged} is not what was written.", hint=_DAMAGED)
    if manifest.kind != kind:
        raise ConfigurationError(
            f"{source} was made of {manifest.kind}; the panel works on {kind} now.",
            hint="Set PANEL_DATABASE_URL to a database of the same kind.",
        )
    if manifest.format > _FORMAT or not database.knows(manifest.revision):
        raise ConfigurationError(
            f"{source} was made by a newer panel (schema {manifest.revision}).",
            hint="Restore it with that one.",
        )
    return manifest


def holds_data(database: Database) -> bool:
    """Whether anything would be lost by restoring over it."""
    with database.read() as session:
        return any(
            session.exec(select(table).limit(1)).first() is not None
            for table in (Run, EnvironmentRecord, AuditEntry)
        )


def restore(database: Database, workflows_url: str, source: Path, environment: Mapping[str, str]) -> Manifest:
    """Put a backup in the place of everything there is, and bring its schema up to date.

    Nobody must work on the database meanwhile; that is for the caller to see to.

    Raises:
        ConfigurationError: it cannot be restored here; nothing was changed.
        StorageError: a database or the disk refused.
    """
    manifest = read_manifest(source, database)
    folder_of_data = Path(make_url(database.url).database or ".").parent if database.sqlite else None
    with _scratch(folder_of_data) as folder, zipfile.ZipFile(source) as archive:
        if database.sqlite:
            files = _files(database, workflows_url)
            present = [name for name in files if name in archive.namelist()]
            for name in present:
                _unpacked(archive, name, folder)
            database.close()
            for name in present:
                _overwrite(folder / name, files[name])
        else:
            _load(database, _unpacked(archive, DUMP, folder), environment)
    database.upgrade()
    return manifest


def _files(database: Database, workflows_url: str) -> dict[str, str]:
    """SQLite's files by their names in a backup: the workflows first."""
    return {WORKFLOWS: workflows_url, STORE: database.url}


def _copied(url: str, target: Path) -> Path:
    path = Path(make_url(url).database or "")
    target.touch(mode=0o600)
    with _disk_errors(target), closing(sqlite3.connect(target)) as copy:
        if path.exists():  # the workflows' database is made by the first worker
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as original:
                original.backup(copy)
    return target


def _overwrite(source: Path, url: str) -> None:
    path = Path(make_url(url).database or "")
    with _disk_errors(path), closing(sqlite3.connect(source)) as copy:
        broken = copy.execute("PRAGMA integrity_check").fetchone()[0]
        if broken != "ok":
            raise StorageError(f"The backup of {path.name} is damaged: {broken}.", hint=_DAMAGED)
        # By SQLite itself, not by replacing the file: pages have it open.
        with closing(sqlite3.connect(path, timeout=60)) as target:
            copy.backup(target)
    path.chmod(0o600)


def _dumped(url: str, target: Path, environment: Mapping[str, str]) -> Path:
    target.touch(mode=0o600)
    _run(url, environment, "pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={target}")
    return target


def _load(database: Database, dump: Path, environment: Mapping[str, str]) -> None:
    """Load a dump beside what is there; only when all of it is loaded does the old one go."""
    database.close()
    present = _schemas(database)
    aside = [f"ALTER SCHEMA {name} RENAME TO {name}_{_ASIDE}" for name in present]
    _execute(database, *aside, "CREATE SCHEMA public")
    database.close()
    options = ("--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error")
    try:
        _run(database.url, environment, "pg_restore", *options, str(dump))
    except (StorageError, ConfigurationError):
        back = [f"ALTER SCHEMA {name}_{_ASIDE} RENAME TO {name}" for name in present]
        _execute(
            database, "DROP SCHEMA IF EXISTS public CASCADE", "DROP SCHEMA IF EXISTS dbos CASCADE", *back
        )
        raise
    _execute(database, *(f"DROP SCHEMA {name}_{_ASIDE} CASCADE" for name in present))
    database.close()


def _schemas(database: Database) -> list[str]:
    with database.read() as session:
        names = session.connection().exec_driver_sql("SELECT nspname FROM pg_namespace").scalars().all()
    return [name for name in _SCHEMAS if name in names]


def _execute(database: Database, *statements: str) -> None:
    with database.write() as session:
        for statement in statements:
            session.connection().exec_driver_sql(statement)


def _run(url: str, environment: Mapping[str, str], program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs; the password goes by its environment, where other users cannot see it."""
    address = make_url(url).set(drivername="postgresql")
    # Made anew: `set` takes None for "leave it as it is".
    bare = URL.create(
        address.drivername,
        address.username,
        None,
        address.host,
        address.port,
        address.database,
        address.query,
    ).render_as_string(hide_password=False)
    found = _program(program)
    if found is None:
        raise ConfigurationError(
            f"{program} is not on this machine.",
            hint=f"Install PostgreSQL's client programs, or run where they are: {program} --dbname='{bare}' "
            + " ".join(arguments[:3]),
        )
    more = {"PGPASSWORD": str(address.password)} if address.password else {}
    try:
        subprocess.run(
            [found, f"--dbname={bare}", *arguments],
            env={**environment, **more}, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True,
            timeout=_LIMIT_S,
        )  # fmt: skip
    except subprocess.CalledProcessError as error:
        raise StorageError(
            f"{program} failed on {_shown(address)}.", hint="Read what it said.", detail=error.stderr[-4000:]
        ) from None
    except subprocess.TimeoutExpired:
        raise StorageError(f"{program} took longer than an hour.", hint="Run it by hand.") from None


def _program(name: str) -> str | None:
    """Where one of PostgreSQL's programs is; Debian keeps the right versions off the path."""
    folders = sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True)
    return next(
        (found for folder in folders if (found := shutil.which(name, path=folder))), shutil.which(name)
    )


def _shown(address: URL) -> str:
    return address.render_as_string(hide_password=True)


def _written(path: Path, text: str) -> Path:
    with _disk_errors(path):
        path.write_text(text, encoding="utf-8")
    return path


def _unpacked(archive: zipfile.ZipFile, name: str, folder: Path) -> Path:
    with _disk_errors(folder / name):
        return Path(archive.extract(name, folder))


@contextmanager
def _scratch(parent: Path | None) -> Iterator[Path]:
    """A folder of our own (0700) on the disk that the result goes to."""
    with _disk_errors(parent or Path(tempfile.gettempdir())):
        folder = Path(tempfile.mkdtemp(prefix=".panel-backup-", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _disk_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
        raise StorageError(
            f"{path} could not be read or written: {reason}.", hint="Check free space and permissions."
        ) from error
