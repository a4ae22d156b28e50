"""A PostgreSQL cluster of the tests' own, reached by a Unix socket alone."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def programs() -> Path | None:
    """Where initdb and pg_ctl are; Debian keeps them off the path."""
    told = shutil.which("pg_config")
    folders = []
    if told:
        answer = subprocess.run([told, "--bindir"], capture_output=True, text=True, check=False)
        folders.append(answer.stdout.strip())
    folders += sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True)
    return next(
        (Path(f) for f in folders if f and all((Path(f) / n).exists() for n in ("initdb", "pg_ctl"))), None
    )


@contextmanager
def cluster(bin_folder: Path, port: int) -> Iterator[str]:
    """A running cluster; gives the pattern of its databases' URLs. PostgreSQL refuses to run as root."""
    folder = Path(tempfile.mkdtemp(prefix="panel-pg-"))
    user = None
    if os.getuid() == 0:
        user = "nobody"
        os.chown(folder, pwd.getpwnam(user).pw_uid, -1)

    def run(*argv: str) -> None:
        subprocess.run(
            [str(bin_folder / argv[0]), *argv[1:]], user=user, cwd=folder, check=True, stdout=subprocess.DEVNULL
        )  # fmt: skip

    data = str(folder / "data")
    run("initdb", "-D", data, "-U", "panel", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
    options = f"-c listen_addresses= -c port={port} -c unix_socket_directories={folder} -c fsync=off"
    run("pg_ctl", "-D", data, "-w", "-l", str(folder / "log"), "-o", options, "start")
    try:
        yield f"postgresql://panel@/{{name}}?host={folder}&port={port}"
    finally:
        run("pg_ctl", "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(folder)


def new_database(server: str) -> str:
    """URL of an empty database of its own."""
    import psycopg

    name = f"db_{uuid.uuid4().hex}"
    with psycopg.connect(server.format(name="postgres"), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    return server.format(name=name)
