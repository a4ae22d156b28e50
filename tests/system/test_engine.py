"""The engine of the tests: one that was killed keeps no later one from coming up."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import psutil
import pytest

from tests.system.engine import clear_left_over


def test_what_a_killed_engine_leaves_is_taken_away(tmp_path: Path) -> None:
    data = tmp_path / "engine-1" / "data"
    data.mkdir(parents=True)
    (data / "layer").write_text("of an image", encoding="utf-8")
    mounted = subprocess.run(["mount", "--bind", data, data], capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"mounts nothing here: {mounted.stderr.strip()}")
    # As containerd's shims do, it has the folder's name in its command line, and a child that has not.
    words = ["sh", "-c", "sleep 600 & echo $!; wait", "shim", str(data / "socket")]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as shim:
        assert shim.stdout
        container = psutil.Process(int(shim.stdout.readline()))
        try:
            clear_left_over(tmp_path)
            shim.wait(timeout=10)
            container.wait(timeout=10)
        finally:
            shim.kill()
    assert not (tmp_path / "engine-1").exists()
    assert not os.path.ismount(data)


def test_what_is_not_an_engines_stays(tmp_path: Path) -> None:
    (tmp_path / "engine.users").touch()
    (tmp_path / "image.tar").touch()
    clear_left_over(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["engine.users", "image.tar"]
