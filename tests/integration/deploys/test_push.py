"""A real image in a real registry: what is pulled is what was built."""

import hashlib
import json
import sys
import uuid

import pytest

from panel.aws.ecr import describe_images, find_image, get_repository
from panel.aws.registry import open_registry
from panel.deploys import StoppedError
from panel.deploys.image import assemble_image
from panel.deploys.push import push_image
from panel.deploys.revision import Revision
from panel.errors import NotFoundError

# Nothing is installed: this is about moving images, not about packages.
EMPTY = "# nothing is needed\n"


@pytest.fixture
def repository(aws):
    name = f"todo/{uuid.uuid4().hex[:8]}"
    aws.client("ecr").create_repository(repositoryName=name, imageTagMutability="IMMUTABLE")
    return name


@pytest.fixture
def assemble(tmp_path, lines):
    def assemble(text, tag):
        (tmp_path / "backend").mkdir(exist_ok=True)
        (tmp_path / "backend" / "app.py").write_text(text)
        (tmp_path / "requirements").mkdir(exist_ok=True)
        (tmp_path / "requirements" / "backend.txt").write_text(EMPTY)
        digest = f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
        revision = Revision(None, False, digest, tag)
        return assemble_image(tmp_path, "backend", revision, data_dir=tmp_path / "data", report=lines.append)

    return assemble


def test_what_is_pulled_is_what_was_built(aws, repository, assemble, lines, tmp_path):
    image = assemble("print('one')\n", "v1")

    pushed = push_image(aws, image, repository, "v1", lines.append)

    assert (
        pushed.image_ref
        == f"localhost:{aws.account.endpoint_url.rpartition(':')[2]}/{repository}@{image.digest}"
    )
    assert (pushed.digest, pushed.tag, pushed.already_there) == (image.digest, "v1", False)
    assert find_image(aws, repository, tag="v1").digest == image.digest
    with open_registry(aws, get_repository(aws, repository)) as registry:
        manifest = registry.manifest(repository, "v1", image.media_type)
        assert manifest == image.manifest
        content = json.loads(manifest)
        for number, part in enumerate([*content["layers"], content["config"]]):
            copy = tmp_path / f"pulled-{number}"
            registry.download_blob(repository, part["digest"], copy)
            assert copy.read_bytes() == image.blobs[number].path.read_bytes()


def test_the_ecs_agent_finds_the_manifest_under_its_digest(aws, repository, assemble, lines):
    image = assemble("print('one')\n", "v1")
    push_image(aws, image, repository, "v1", lines.append)

    found = aws.client("ecr").batch_get_image(
        repositoryName=repository,
        imageIds=[{"imageDigest": image.digest}],
        acceptedMediaTypes=[image.media_type],
    )["images"][0]

    assert hashlib.sha256(found["imageManifest"].encode()).hexdigest() == image.digest.removeprefix("sha256:")


def test_pushing_again_uploads_nothing(aws, repository, assemble, lines):
    image = assemble("print('one')\n", "v1")
    push_image(aws, image, repository, "v1", lines.append)
    lines.clear()

    again = push_image(aws, image, repository, "v1", lines.append)

    assert again.already_there
    assert not any("uploading" in line for line in lines)


def test_layers_show_as_parts_with_their_bytes(aws, repository, assemble, lines):
    image, seen = assemble("print('one')\n", "v1"), []

    push_image(aws, image, repository, "v1", lines.append, parts=seen.append)

    names = [blob.digest.removeprefix("sha256:")[:12] for blob in image.blobs]
    assert [part.name for part in seen[-1]] == names
    assert {part.state for part in seen[-1]} == {"done"}
    assert [(part.done, part.total) for part in seen[-1]] == [(blob.size, blob.size) for blob in image.blobs]
    assert ["working", "waiting", "waiting"] in [[part.state for part in parts] for parts in seen]

    seen.clear()
    push_image(aws, image, repository, "v1", lines.append, parts=seen.append)
    assert {part.state for part in seen[-1]} == {"kept"}


def test_a_push_can_be_stopped_and_leaves_no_image(aws, repository, assemble, lines):
    image = assemble("print('one')\n", "v1")

    with pytest.raises(StoppedError):
        push_image(
            aws, image, repository, "v1", lines.append,
            stopped=lambda: any("uploading" in line for line in lines),
        )  # fmt: skip

    assert describe_images(aws, repository) == ()


def test_a_tag_that_another_deployment_uses_in_the_same_moment_stays_with_its_image(
    aws, repository, assemble, lines
):
    first, second = assemble("print('one')\n", "v1"), assemble("print('two')\n", "v1")
    quicker = []

    def meanwhile(parts):
        if not quicker:
            quicker.append(push_image(aws, first, repository, "v1", lines.append))

    pushed = push_image(aws, second, repository, "v1", lines.append, parts=meanwhile)

    assert (pushed.tag, pushed.digest) == ("", second.digest)
    assert find_image(aws, repository, tag="v1").digest == first.digest
    assert find_image(aws, repository, digest=second.digest) is not None


def test_a_push_that_was_cut_before_the_manifest_is_completed(aws, repository, assemble, lines):
    image = assemble("print('one')\n", "v1")
    with open_registry(aws, get_repository(aws, repository)) as registry:
        registry.upload_blob(repository, image.blobs[0].digest, image.blobs[0].path)

    pushed = push_image(aws, image, repository, "v1", lines.append)

    assert not pushed.already_there
    assert sum("uploading" in line for line in lines) == len(image.blobs) - 1
    assert find_image(aws, repository, tag="v1").digest == image.digest


def test_a_used_tag_stays_with_its_image_and_the_new_one_goes_by_digest(aws, repository, assemble, lines):
    first, second = assemble("print('one')\n", "v1"), assemble("print('two')\n", "v1")
    push_image(aws, first, repository, "v1", lines.append)

    pushed = push_image(aws, second, repository, "v1", lines.append)
    again = push_image(aws, second, repository, "v1", lines.append)

    assert (pushed.tag, pushed.digest) == ("", second.digest)
    assert find_image(aws, repository, tag="v1").digest == first.digest
    assert find_image(aws, repository, digest=second.digest) is not None
    assert again.already_there
    assert any("may not be moved" in line for line in lines)


def test_a_repository_that_is_not_there_is_said_before_anything_moves(aws, assemble, lines):
    image = assemble("print('one')\n", "v1")
    lines.clear()

    with pytest.raises(NotFoundError, match="no image repository todo/nothing"):
        push_image(aws, image, "todo/nothing", "v1", lines.append)

    assert lines == []


def test_the_image_runs_with_the_python_that_built_it(assemble):
    image = assemble("print('one')\n", "v1")

    base = json.loads(image.manifest)["annotations"]["org.opencontainers.image.base.name"]

    assert base.startswith(f"python:{sys.version_info.major}.{sys.version_info.minor}-")
