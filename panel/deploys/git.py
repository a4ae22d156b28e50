"""The one way to git: read only, without a shell, without anything that a checkout's own configuration could start."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from panel.settings import child_environment

_TIMEOUT_S = 30
# A checkout's own configuration must not be able to start programs, nor change what is written.
_SETTINGS = ("core.fsmonitor=false", "log.showSignature=false", "core.quotePath=false")
_ENVIRONMENT = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    # Objects that a partial clone has left out must not be fetched meanwhile.
    "GIT_NO_LAZY_FETCH": "1",
    "LC_ALL": "C",
}


def ask_git(folder: Path, *arguments: str) -> str | None:
    """git's answer about a folder, or ``None`` where there is no git, no checkout, or git does not trust its owner.

    What is no UTF-8 (names of files may be anything) comes as ``surrogateescape`` writes it.
    """
    git = shutil.which("git")
    if git is None:
        return None
    command = [git, *(word for setting in _SETTINGS for word in ("-c", setting)), "-C", os.fspath(folder)]
    try:
        done = subprocess.run(
            [*command, *arguments],
            env={**child_environment(), **_ENVIRONMENT},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "surrogateescape") if done.returncode == 0 else None
