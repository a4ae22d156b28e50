"""An image built from equal content is equal to the last byte, and a genuine OCI image."""

import gzip
import hashlib
import io
import json
import os
import tarfile

import pytest

from panel.deploys.dependencies import dependencies_digest
from panel.deploys.image import assemble_image, read_layout
from panel.deploys.revision import source_revision
from panel.errors import BuildError


def make_project(root, *, moment=1_700_000_000):
    source = root / "backend"
    (source / "tests").mkdir(parents=True)
    (source / "app.py").write_text("def create_app(): ...\n")
    (source / "run.sh").write_text("#!/bin/sh\n")
    (source / "run.sh").chmod(0o750)
    (source / "tests" / "test_app.py").write_text("")
    (root / "requirements").mkdir()
    (root / "requirements" / "backend.txt").write_text("falcon==4.4.0\n")
    for path in source.rglob("*"):
        os.utime(path, (moment, moment))
    return root


def keep_dependencies(root, data_dir):
    """What an installer would have left in the cache, with its traces of this machine."""
    digest = dependencies_digest(root / "requirements" / "backend.txt")
    folder = data_dir / "cache" / "deps" / digest
    for name, text in {
        "falcon/__init__.py": "",
        "falcon/__pycache__/__init__.cpython-311.pyc": "x",
        "falcon-4.4.0.dist-info/METADATA": "Name: falcon",
        "falcon-4.4.0.dist-info/RECORD": f"{folder}/bin/falcon",
        "falcon-4.4.0.dist-info/INSTALLER": "uv",
        "bin/falcon": f"#!{folder}/python",
        ".lock": "",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


@pytest.fixture
def assemble(tmp_path, lines, monkeypatch):
    monkeypatch.setenv("PATH", "")  # no git: the temporary folder may be inside some checkout

    def assemble(name, *, moment=1_700_000_000, **options):
        root = tmp_path / name
        if not root.exists():
            make_project(root, moment=moment)
        data_dir = tmp_path / f"{name}-data"
        keep_dependencies(root, data_dir)
        revision = source_revision(root, "backend", ("requirements/backend.txt",))
        return assemble_image(root, "backend", revision, data_dir=data_dir, report=lines.append, **options)

    return assemble


def entries(image):
    """What the layers hold, one upon the other."""
    found = {}
    for blob in image.blobs[:-1]:
        layer = gzip.decompress(blob.path.read_bytes())
        with tarfile.open(fileobj=io.BytesIO(layer)) as archive:
            found |= {member.name: member for member in archive.getmembers()}
    return found


def config(image):
    return json.loads(image.blobs[-1].path.read_bytes())


def test_the_same_source_elsewhere_and_later_gives_the_same_image(assemble):
    one = assemble("one", moment=1_700_000_000)
    other = assemble("other", moment=1_800_000_000)

    assert one.directory != other.directory
    assert one.manifest == other.manifest
    assert one.digest == other.digest
    assert [blob.path.read_bytes() for blob in one.blobs] == [blob.path.read_bytes() for blob in other.blobs]


def test_other_source_gives_another_image(assemble, tmp_path):
    before = assemble("one")
    (tmp_path / "one" / "backend" / "app.py").write_text("changed\n")

    after = assemble("one")
    assert after.digest != before.digest
    # The dependencies, most of an image, are the same layer: it is neither packed nor pushed again.
    assert after.blobs[0].digest == before.blobs[0].digest
    assert after.blobs[0].path.samefile(before.blobs[0].path)


def test_packed_dependencies_that_are_damaged_say_so(assemble, tmp_path):
    assemble("one")
    (about,) = tmp_path.rglob("layer.json")
    about.write_text("{", encoding="utf-8")
    (tmp_path / "one" / "backend" / "app.py").write_text("changed\n")

    with pytest.raises(BuildError, match="damaged"):
        assemble("one")


def test_the_layers_hold_source_and_dependencies_and_no_trace_of_this_machine(assemble):
    found = entries(assemble("one"))

    assert sorted(name for name, member in found.items() if member.isfile()) == [
        "app/backend/app.py",
        "app/backend/run.sh",
        "app/deps/falcon-4.4.0.dist-info/METADATA",
        "app/deps/falcon/__init__.py",
    ]
    assert {"app", "app/backend", "app/deps", "app/deps/falcon"} <= found.keys()
    assert {(m.uid, m.gid, m.uname, m.gname, m.mtime) for m in found.values()} == {(0, 0, "", "", 0)}
    assert found["app/backend/run.sh"].mode == 0o755
    assert found["app/backend/app.py"].mode == 0o644


def test_manifest_config_and_layer_fit_together(assemble):
    image = assemble("one", base="example.com/python:3.11")
    manifest = json.loads(image.manifest)

    assert image.digest == f"sha256:{hashlib.sha256(image.manifest).hexdigest()}"
    assert manifest["mediaType"] == "application/vnd.oci.image.manifest.v1+json"
    assert manifest["annotations"] == {"org.opencontainers.image.base.name": "example.com/python:3.11"}
    for described, blob in zip([*manifest["layers"], manifest["config"]], image.blobs, strict=True):
        content = blob.path.read_bytes()
        assert described["size"] == len(content)
        assert described["digest"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
    archives = [gzip.decompress(blob.path.read_bytes()) for blob in image.blobs[:-1]]
    assert config(image)["rootfs"]["diff_ids"] == [
        f"sha256:{hashlib.sha256(archive).hexdigest()}" for archive in archives
    ]


def test_the_config_starts_the_service_as_an_unprivileged_user(assemble):
    settings = config(assemble("one", port=8000))["config"]

    assert settings["Cmd"][:3] == ["python", "-m", "gunicorn"]
    assert settings["Cmd"][-2:] == ["backend/gunicorn.conf.py", "backend.app:create_app()"]
    assert settings["WorkingDir"] == "/app"
    assert settings["User"] == "10001"
    assert settings["ExposedPorts"] == {"8000/tcp": {}}
    assert "PYTHONPATH=/app/deps:/app" in settings["Env"]
    assert settings["Labels"]["org.opencontainers.image.created"] == "1970-01-01T00:00:00Z"


def test_an_image_built_before_is_not_built_again(assemble, lines):
    first = assemble("one")
    lines.clear()

    assert assemble("one") == first
    assert any("built already" in line for line in lines)
    assert not any("Assembling" in line for line in lines)


def test_a_damaged_image_is_said_and_not_pushed(assemble):
    image = assemble("one")
    image.blobs[0].path.write_bytes(b"cut")

    with pytest.raises(BuildError, match="damaged"):
        read_layout(image.directory)


def test_missing_requirements_are_said(assemble, tmp_path):
    with pytest.raises(BuildError, match=r"requirements file nothing\.txt"):
        assemble("one", requirements="requirements/nothing.txt")
