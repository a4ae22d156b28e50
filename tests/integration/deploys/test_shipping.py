"""An image gets into the registry from its source, or is picked there; nothing is done twice."""

import json
from dataclasses import replace

import pytest
from moto import mock_aws

from panel.aws.ecr import find_image
from panel.aws.session import Account, Aws
from panel.deploys.revision import Revision
from panel.deploys.shipping import ServiceSource, pick_image, ship_from_source
from panel.errors import BuildError, ConfigurationError, NotFoundError

REPOSITORY = "todo/shipping"
INDEX = "application/vnd.oci.image.index.v1+json"


@pytest.fixture
def source(aws, tmp_path):
    aws.client("ecr").create_repository(repositoryName=REPOSITORY, imageTagMutability="IMMUTABLE")
    for name, text in (("backend/app.py", "print('one')\n"), ("requirements/backend.txt", "# nothing\n")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    yield ServiceSource(
        root=tmp_path, source="backend", requirements="requirements/backend.txt", port=5000, base="",
        revision=Revision(None, False, f"sha256:{'1' * 64}", "v1"), data_dir=tmp_path / "data",
        repository=REPOSITORY, runtime="process",
    )  # fmt: skip
    aws.client("ecr").delete_repository(repositoryName=REPOSITORY, force=True)


def test_without_an_engine_it_is_assembled_pushed_and_found_again(aws, source, lines):
    seen = []

    shipment = ship_from_source(aws, source, report=lines.append, parts=seen.append)

    assert shipment.image_ref.endswith(f"/{REPOSITORY}@{shipment.digest}")
    assert shipment.tag == "v1"
    assert not shipment.already_there
    assert set(shipment.durations) == {"build", "push"}
    assert {part.state for part in seen[-1]} == {"done"}

    again = ship_from_source(aws, source, report=lines.append)
    assert (again.digest, again.already_there, again.durations) == (shipment.digest, True, {})

    for named in ({"tag": "v1"}, {"digest": shipment.digest}):
        picked = pick_image(aws, REPOSITORY, **named)
        assert (picked.image_ref, picked.tag) == (shipment.image_ref, "v1")
        assert picked.already_there
        # The embedded AWS tells the size of the manifest; what counts is what it names.
        assert shipment.size - 1000 < picked.size <= shipment.size


@pytest.mark.parametrize("runtime", ["docker", "aws"])
def test_where_containers_run_an_engine_is_asked_for_and_missed(aws, source, lines, tmp_path, runtime):
    elsewhere = replace(source, runtime=runtime, docker_host=f"unix://{tmp_path}/none.sock")

    with pytest.raises(BuildError, match=r"no engine answers.*PANEL_LOCAL_RUNTIME=process"):
        ship_from_source(aws, elsewhere, report=lines.append)


@pytest.fixture
def real(monkeypatch):
    """An account as AWS has them, by moto."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        aws = Aws(Account("us-east-2", access_key="test", secret_key="test"))
        aws.client("ecr").create_repository(repositoryName=REPOSITORY)
        yield aws


def test_an_index_for_several_platforms_is_picked_by_its_own_digest(real):
    content = {"schemaVersion": 2, "mediaType": INDEX, "manifests": []}
    put = real.client("ecr").put_image(
        repositoryName=REPOSITORY, imageManifest=json.dumps(content), imageTag="v1"
    )
    digest = put["image"]["imageId"]["imageDigest"]

    picked = pick_image(real, REPOSITORY, digest=digest)

    assert picked.image_ref == f"{find_repository_uri(real)}@{digest}"
    assert picked.tag == "v1"


def find_repository_uri(aws):
    return aws.client("ecr").describe_repositories()["repositories"][0]["repositoryUri"]


def test_what_the_registry_does_not_have_cannot_be_picked(real):
    assert find_image(real, REPOSITORY, tag="v9") is None
    with pytest.raises(NotFoundError, match=r"no image with the tag v9 in todo/shipping\. 'panel images"):
        pick_image(real, REPOSITORY, tag="v9")
    with pytest.raises(NotFoundError, match="no image with the digest sha256:0000"):
        pick_image(real, REPOSITORY, digest=f"sha256:{'0' * 64}")
    with pytest.raises(NotFoundError, match="no image repository todo/nothing"):
        pick_image(real, "todo/nothing", tag="v1")


@pytest.mark.parametrize("named", [{}, {"tag": "v1", "digest": f"sha256:{'0' * 64}"}, {"tag": "--help"}])
def test_nobody_asks_aws_for_what_cannot_name_an_image(named):
    with pytest.raises(ConfigurationError):
        pick_image(None, REPOSITORY, **named)
