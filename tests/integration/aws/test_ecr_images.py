"""Which images one can pick, and what scans say of them, against moto."""

import hashlib
import json
from types import SimpleNamespace

import pytest

from panel.aws.ecr import check_reference, describe_images, find_image, get_repository, registry_login
from panel.aws.ecr_images import image_scan, images_to_pick, measured
from panel.aws.session import Account
from panel.errors import AwsError, ConfigurationError

IMAGE = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
REPOSITORY = "todo/backend"


def manifest(number):
    return {
        "schemaVersion": 2,
        "mediaType": IMAGE,
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            "size": 100,
            "digest": "sha256:0",
        },
        "layers": [{"mediaType": "x", "size": number, "digest": f"sha256:{number:064x}"}],
    }


def index(*digests):
    parts = [{"mediaType": IMAGE, "size": 7, "digest": digest} for digest in digests]
    return {"schemaVersion": 2, "mediaType": INDEX, "manifests": parts}


@pytest.fixture
def put(aws):
    aws.client("ecr").create_repository(repositoryName=REPOSITORY)

    def put(content, **tag):
        text = json.dumps(content)
        answer = aws.client("ecr").put_image(
            repositoryName=REPOSITORY, imageManifest=text, imageManifestMediaType=content["mediaType"],
            imageDigest=f"sha256:{hashlib.sha256(text.encode()).hexdigest()}", **tag,
        )  # fmt: skip
        return answer["image"]["imageId"]["imageDigest"]

    return put


def refuse(aws, operation, code, message="no"):
    """Have AWS refuse one call."""
    answer = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": 400}}
    aws.client("ecr").meta.events.register(
        f"before-call.ecr.{operation}", lambda **_: (SimpleNamespace(status_code=400), answer)
    )


def tell(aws, operation, change):
    """Change what AWS answers to one call."""
    aws.client("ecr").meta.events.register(
        f"after-call.ecr.{operation}", lambda parsed, **_: change(parsed) and None
    )


def test_the_manifests_of_an_index_are_not_picked_unless_they_have_a_tag_of_their_own(aws, put):
    amd, arm = put(manifest(1)), put(manifest(2), imageTag="v1-arm64")
    both = put(index(amd, arm), imageTag="v1")
    alone = put(manifest(3))  # its tag went to a later image: it is one that may be wanted again

    picked = images_to_pick(aws, REPOSITORY, limit=200)

    assert {image.digest for image in picked} == {both, arm, alone}
    assert next(image for image in picked if image.digest == both).index
    assert find_image(aws, REPOSITORY, digest=both) is not None


def test_signatures_and_archived_images_are_not_picked(aws, put):
    image, signature, archived = (put(manifest(number)) for number in (1, 2, 3))

    def change(parsed):
        for detail in parsed["imageDetails"]:
            if detail["imageDigest"] == signature:
                detail["subjectManifestDigest"] = image
            if detail["imageDigest"] == archived:
                detail["imageStatus"] = "ARCHIVED"

    tell(aws, "DescribeImages", change)

    assert [found.digest for found in images_to_pick(aws, REPOSITORY, limit=200)] == [image]
    assert len(describe_images(aws, REPOSITORY)) == 3


def test_the_newest_of_a_thousand_images_are_listed(aws, put):
    digests = {put(manifest(number), imageTag=f"v{number}") for number in range(1050)}

    assert {image.digest for image in describe_images(aws, REPOSITORY)} == digests
    picked = images_to_pick(aws, REPOSITORY, limit=200)
    assert len(picked) == 200
    assert [image.pushed_at for image in picked] == sorted((i.pushed_at for i in picked), reverse=True)


def test_findings_come_with_the_list_or_are_asked_for(aws, put):
    digest = put(manifest(1), imageTag="v1")
    assert image_scan(aws, REPOSITORY, digest) is None
    assert find_image(aws, REPOSITORY, digest=digest).scan is None

    aws.client("ecr").start_image_scan(repositoryName=REPOSITORY, imageId={"imageDigest": digest})

    scan = image_scan(aws, REPOSITORY, digest)
    assert (scan.status, scan.counts) == ("COMPLETE", {"HIGH": 1})
    assert scan.completed_at is not None

    def change(parsed):
        (detail,) = parsed["imageDetails"]
        detail["imageScanStatus"] = {"status": "COMPLETE"}
        detail["imageScanFindingsSummary"] = {"findingSeverityCounts": {"CRITICAL": 2, "LOW": 1}}

    tell(aws, "DescribeImages", change)
    assert find_image(aws, REPOSITORY, digest=digest).scan.counts == {"CRITICAL": 2, "LOW": 1}


@pytest.mark.parametrize("code", ["UnknownOperationException", "InvalidAction", "ScanNotFoundException"])
def test_who_cannot_scan_has_found_nothing_that_one_could_call_clean(aws, put, code):
    digest = put(manifest(1))
    refuse(aws, "DescribeImageScanFindings", code)

    assert image_scan(aws, REPOSITORY, digest) is None


def test_sizes_on_the_embedded_aws_are_those_of_the_parts(aws, put):
    put(manifest(5000), imageTag="v1")
    (image,) = describe_images(aws, REPOSITORY)

    assert measured(aws, REPOSITORY, [image]) == (image,)
    here = SimpleNamespace(account=Account("us-east-2", "http://127.0.0.1:4566"), client=aws.client)
    assert measured(here, REPOSITORY, [image])[0].size == 5100


@pytest.mark.parametrize(
    ("operation", "code", "ask"),
    [
        ("DescribeImages", "ThrottlingException", lambda aws: describe_images(aws, REPOSITORY)),
        ("DescribeImages", "AccessDeniedException", lambda aws: find_image(aws, REPOSITORY, tag="v1")),
        ("DescribeImages", "RepositoryNotFoundException", lambda aws: find_image(aws, REPOSITORY, tag="v1")),
        (
            "DescribeImageScanFindings",
            "AccessDeniedException",
            lambda aws: image_scan(aws, REPOSITORY, "sha256:1"),
        ),
        ("GetAuthorizationToken", "ExpiredTokenException", registry_login),
        ("DescribeRepositories", "AccessDeniedException", lambda aws: get_repository(aws, REPOSITORY)),
    ],
)
def test_a_refusal_of_aws_is_an_error_and_not_an_empty_answer(aws, put, operation, code, ask):
    refuse(aws, operation, code, "some reason")

    with pytest.raises(AwsError, match=f"{code}.*some reason"):
        ask(aws)


def test_an_image_that_is_not_there_is_none(aws, put):
    assert find_image(aws, REPOSITORY, tag="v1") is None
    assert find_image(aws, REPOSITORY, digest=f"sha256:{'0' * 64}") is None


@pytest.mark.parametrize("named", [{"tag": "v1.2_x-3"}, {"tag": "_"}, {"digest": f"sha256:{'0a' * 32}"}])
def test_tags_and_digests_are_taken_as_registries_know_them(named):
    check_reference(**named)


@pytest.mark.parametrize(
    ("named", "says"),
    [
        ({}, "either a tag or a digest"),
        ({"tag": "v1", "digest": f"sha256:{'0' * 64}"}, "either a tag or a digest"),
        ({"tag": "-v1"}, "cannot be the tag"),
        ({"tag": "v1\n"}, "cannot be the tag"),
        ({"tag": "a/b"}, "cannot be the tag"),
        ({"tag": "x" * 129}, "cannot be the tag"),
        ({"digest": "sha256:12"}, "is no digest"),
        ({"digest": f"sha256:{'0A' * 32}"}, "is no digest"),
        ({"digest": f"md5:{'0' * 64}"}, "is no digest"),
    ],
)
def test_what_cannot_name_an_image_is_refused_at_the_door(named, says):
    with pytest.raises(ConfigurationError, match=says):
        check_reference(**named)
