"""What all tests of the workload share: the way to the backend's package, and what its image is built of."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
# The backend is a workload, not an installed package: its image puts its parent on the path, as here.
sys.path.insert(0, str(REPOSITORY))


@pytest.fixture(scope="module")
def backend_context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the image is built of, with the pinned dependencies already in it: an engine here has no network."""
    context = tmp_path_factory.mktemp("context")
    unwanted = shutil.ignore_patterns("state", "__pycache__")
    shutil.copytree(REPOSITORY / "backend", context / "backend", ignore=unwanted)
    (context / "requirements").mkdir()
    pinned = shutil.copy(REPOSITORY / "requirements" / "backend.txt", context / "requirements")
    uv = Path(sys.prefix) / "bin" / "uv"
    subprocess.run(
        [uv, "pip", "install", "--quiet", "--python", sys.executable, "--link-mode", "copy", "--require-hashes",
         "--target", context / "deps", "-r", pinned],
        check=True,
    )  # fmt: skip
    return context
