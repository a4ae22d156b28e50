"""Pinned dependencies are installed with their hashes checked, by uv or by pip."""

import base64
import hashlib
import sys
import zipfile

import pytest

from panel.deploys.dependencies import install_dependencies
from panel.errors import BuildError


def make_wheel(folder, text):
    """A package of one module, as an installer wants it."""
    folder.mkdir(exist_ok=True)
    files = {
        "greeting.py": text,
        "greeting-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: greeting\nVersion: 1.0\n",
        "greeting-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},sha256={_hash(content)},{len(content)}\n" for name, content in files.items())
    files["greeting-1.0.dist-info/RECORD"] = f"{record}greeting-1.0.dist-info/RECORD,,\n"
    wheel = folder / "greeting-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return hashlib.sha256(wheel.read_bytes()).hexdigest()


def _hash(content):
    return base64.urlsafe_b64encode(hashlib.sha256(content.encode()).digest()).rstrip(b"=").decode()


@pytest.fixture(params=["uv", "pip"])
def installer(request, monkeypatch, tmp_path):
    if request.param == "pip":
        # As on a machine without uv.
        monkeypatch.setattr("panel.deploys.dependencies.shutil.which", lambda name: None)
        monkeypatch.setattr("panel.deploys.dependencies.sys.prefix", str(tmp_path))
    return request.param


@pytest.fixture
def requirements(tmp_path):
    def requirements(digest):
        path = tmp_path / "backend.txt"
        wheels = tmp_path / "wheels"
        path.write_text(f"--no-index\n--find-links {wheels}\ngreeting==1.0 --hash=sha256:{digest}\n")
        return path

    return requirements


def test_what_is_pinned_is_installed_once(installer, requirements, tmp_path, lines):
    pinned = requirements(make_wheel(tmp_path / "wheels", "WORD = 'hello'\n"))

    folder = install_dependencies(pinned, tmp_path / "data", lines.append)
    lines.clear()
    again = install_dependencies(pinned, tmp_path / "data", lines.append)

    assert (folder / "greeting.py").read_text() == "WORD = 'hello'\n"
    assert again == folder
    assert lines == ["The dependencies are unchanged"]
    assert folder.is_relative_to(tmp_path / "data" / "cache" / "deps")


def test_a_package_that_is_not_the_pinned_one_is_refused_and_nothing_kept(
    installer, requirements, tmp_path, lines
):
    make_wheel(tmp_path / "wheels", "WORD = 'tampered with'\n")

    with pytest.raises(BuildError, match="install the dependencies") as failure:
        install_dependencies(requirements("0" * 64), tmp_path / "data", lines.append)

    assert "hash" in failure.value.detail.lower()
    assert list((tmp_path / "data" / "cache" / "deps").iterdir()) == []


def test_another_python_gets_its_own(requirements, tmp_path, lines, monkeypatch):
    pinned = requirements(make_wheel(tmp_path / "wheels", "WORD = 'hello'\n"))
    folder = install_dependencies(pinned, tmp_path / "data", lines.append)
    monkeypatch.setattr(sys, "version_info", (3, 99, 0))

    assert install_dependencies(pinned, tmp_path / "data", lines.append) != folder
