"""What the registry has comes into the store, a look at a time; what cannot be read leaves what was known."""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from panel.aws.session import Account
from panel.catalogue.schema import SHARED
from panel.lifecycle.registry import look_at_images

REPOSITORY = "todo/backend"
START = datetime(2026, 11, 1, tzinfo=UTC)


def digest(number):
    return f"sha256:{number:064x}"


class FakeEcr:
    """One repository; ``scans`` are the answers for single images, by digest."""

    def __init__(self):
        self.details, self.scans, self.asked, self.refused, self.there = [], {}, [], {}, True

    def add(self, number, **more):
        detail = {"imageDigest": digest(number), "imageTags": [f"v{number}"], "imageSizeInBytes": number}
        self.details.append({**detail, "imagePushedAt": START + timedelta(minutes=number), **more})

    def _call(self, operation):
        if code := self.refused.get(operation):
            raise ClientError({"Error": {"Code": code, "Message": "no"}}, operation)

    def describe_repositories(self, repositoryNames):
        self._call("DescribeRepositories")
        if not self.there:
            raise ClientError({"Error": {"Code": "RepositoryNotFoundException"}}, "DescribeRepositories")
        uri = f"1.dkr.ecr.us-east-2.amazonaws.com/{REPOSITORY}"
        found = {
            "repositoryName": REPOSITORY,
            "repositoryArn": "arn",
            "repositoryUri": uri,
            "registryId": "1",
        }
        return {"repositories": [found]}

    def get_paginator(self, operation):
        self._call("DescribeImages")
        return SimpleNamespace(paginate=lambda **_: [{"imageDetails": self.details}])

    def batch_get_image(self, repositoryName, imageIds, acceptedMediaTypes):
        manifest = json.dumps({"layers": [{"size": 4000}], "config": {"size": 1}})
        return {"images": [{"imageId": wanted, "imageManifest": manifest} for wanted in imageIds]}

    def describe_image_scan_findings(self, repositoryName, imageId, maxResults):
        self.asked.append(imageId["imageDigest"])
        self._call("DescribeImageScanFindings")
        if imageId["imageDigest"] not in self.scans:
            raise ClientError({"Error": {"Code": "ScanNotFoundException"}}, "DescribeImageScanFindings")
        return self.scans[imageId["imageDigest"]]


@pytest.fixture
def ecr():
    return FakeEcr()


@pytest.fixture
def context(stores, catalogue, ecr):
    stores.environments.save(SHARED, outputs={"repositories": {"backend": {"name": REPOSITORY}}})
    aws = SimpleNamespace(account=Account("us-east-2"), client=lambda service: ecr)
    return SimpleNamespace(stores=stores, catalogue=lambda: catalogue, aws=lambda: aws)


@pytest.fixture
def look(context):
    def look(*, world="aws", account=None):
        context.world = lambda: world
        if account:
            context.aws().account = account
        look_at_images(context)
        return context.stores.images.of("backend", limit=1000)

    return look


def test_the_store_has_what_the_registry_has(look, ecr):
    ecr.add(1, imageManifestMediaType="application/vnd.oci.image.manifest.v1+json")
    ecr.add(2)

    newest, oldest = look()

    assert (newest.digest, oldest.digest) == (digest(2), digest(1))
    assert (oldest.tags, oldest.size, oldest.repository) == (["v1"], 1, REPOSITORY)
    assert oldest.media_type == "application/vnd.oci.image.manifest.v1+json"

    ecr.details.pop(0)
    assert [image.digest for image in look()] == [digest(2)]


def test_only_the_newest_are_kept(look, ecr):
    for number in range(250):
        ecr.add(number)

    images = look()

    assert len(images) == 200
    assert images[0].digest == digest(249)


def test_findings_that_come_with_the_list_are_kept_and_nobody_asks_again(look, ecr):
    ecr.add(
        1,
        imageScanStatus={"status": "COMPLETE"},
        imageScanFindingsSummary={"findingSeverityCounts": {"CRITICAL": 2}, "imageScanCompletedAt": START},
    )

    (image,) = look()

    assert image.scan == {
        "status": "COMPLETE", "counts": {"CRITICAL": 2}, "completed_at": "2026-11-01T00:00:00+00:00",
    }  # fmt: skip
    assert ecr.asked == []


def test_findings_that_do_not_are_asked_for_a_few_at_a_time_and_not_often(look, ecr):
    for number in range(15):
        ecr.add(number)
        ecr.scans[digest(number)] = {
            "imageScanStatus": {"status": "COMPLETE"},
            "imageScanFindings": {"findingSeverityCounts": {"LOW": number}},
        }

    look()
    assert ecr.asked == [digest(number) for number in range(14, 4, -1)]  # the newest first

    look()
    assert len(ecr.asked) == 15
    assert {image.digest: image.scan["counts"]["LOW"] for image in look()} == {
        digest(number): number for number in range(15)
    }
    assert len(ecr.asked) == 15


def test_a_scan_under_way_is_asked_for_again_sooner(look, ecr, stores):
    ecr.add(1)
    ecr.scans[digest(1)] = {"imageScanStatus": {"status": "IN_PROGRESS"}}
    (image,) = look()
    assert image.scan["status"] == "IN_PROGRESS"

    image.scan = {**image.scan, "asked_at": (datetime.now(UTC) - timedelta(minutes=2)).isoformat()}
    stores.images.replace("backend", [image])
    ecr.scans[digest(1)] = {"imageScanStatus": {"status": "COMPLETE"}}

    assert look()[0].scan["status"] == "COMPLETE"


def test_an_image_that_was_never_scanned_is_not_called_clean(look, ecr):
    ecr.add(1)

    assert look()[0].scan.get("status", "") == ""


def test_the_embedded_aws_is_not_asked_for_findings_and_sizes_are_true(look, ecr):
    ecr.add(1)

    (image,) = look(account=Account("us-east-2", "http://127.0.0.1:4566"))

    assert (image.scan, image.size, ecr.asked) == ({}, 4001, [])


@pytest.mark.parametrize("world", [None, ""])
def test_nothing_is_asked_while_the_endpoint_is_stopped_or_lost(look, ecr, world):
    ecr.add(1)
    look()
    ecr.details.clear()

    assert len(look(world=world)) == 1


@pytest.mark.parametrize("code", ["ThrottlingException", "AccessDeniedException", "ExpiredTokenException"])
@pytest.mark.parametrize("operation", ["DescribeRepositories", "DescribeImages"])
def test_a_refusal_is_logged_and_what_was_known_stays(look, ecr, caplog, operation, code):
    ecr.add(1)
    look()
    ecr.refused[operation] = code

    assert [image.digest for image in look()] == [digest(1)]
    assert code in caplog.text


def test_findings_that_may_not_be_read_do_not_hide_the_images(look, ecr, caplog):
    ecr.add(1)
    ecr.refused["DescribeImageScanFindings"] = "AccessDeniedException"

    assert [image.digest for image in look()] == [digest(1)]
    assert "AccessDeniedException" in caplog.text


def test_a_repository_that_is_gone_has_no_images(look, ecr):
    ecr.add(1)
    look()
    ecr.there = False

    assert look() == []


def test_before_the_shared_stack_there_is_nothing_to_look_at(look, ecr, stores):
    stores.environments.save(SHARED, outputs={})
    ecr.refused["DescribeRepositories"] = "MustNotBeAsked"

    assert look() == []
