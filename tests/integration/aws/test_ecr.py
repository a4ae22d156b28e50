"""Repositories and images against moto."""

import json

import pytest

from panel.aws.ecr import (
    describe_images,
    find_image,
    find_repository,
    get_repository,
    image_reference,
    registry_login,
)
from panel.aws.session import Account, Aws
from panel.errors import AwsError, NotFoundError


def put_image(aws, tag):
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            "size": 0,
            "digest": "sha256:0",
        },
        "layers": [],
    }
    answer = aws.client("ecr").put_image(
        repositoryName="todo/backend", imageManifest=json.dumps(manifest), imageTag=tag
    )
    return answer["image"]["imageId"]["imageDigest"]


@pytest.fixture
def repository(aws):
    aws.client("ecr").create_repository(repositoryName="todo/backend", imageTagMutability="IMMUTABLE")
    return get_repository(aws, "todo/backend")


def test_a_repository_is_described(repository):
    assert repository.name == "todo/backend"
    assert repository.immutable
    assert repository.uri.endswith("/todo/backend")


def test_a_missing_repository_is_none_or_said_with_what_to_do(aws):
    assert find_repository(aws, "todo/backend") is None
    with pytest.raises(NotFoundError, match="create or update an environment"):
        get_repository(aws, "todo/backend")
    with pytest.raises(AwsError, match="RepositoryNotFound"):
        describe_images(aws, "todo/backend")


def test_images_are_found_by_tag_and_digest(aws, repository):
    digest = put_image(aws, "v1")

    assert find_image(aws, "todo/backend", tag="v1").digest == digest
    assert find_image(aws, "todo/backend", digest=digest).tags == ("v1",)
    assert find_image(aws, "todo/backend", tag="v2") is None


def test_the_registrys_login_hides_its_password(aws):
    login = registry_login(aws)

    assert login.username == "AWS"
    assert login.password
    assert login.password not in repr(login)


def test_task_definitions_name_images_where_engines_find_them(aws, repository):
    here = Aws(Account("us-east-2", "http://127.0.0.1:4566", "test", "test"))

    assert image_reference(aws, repository, "sha256:1") == f"{repository.uri}@sha256:1"
    assert image_reference(here, repository, "sha256:1") == "localhost:4566/todo/backend@sha256:1"
