"""A registry that refuses in the middle of a push: what another deployment has done meanwhile counts."""

import hashlib
import json

import httpx
import pytest

from panel.aws.registry import Registry
from panel.aws.session import Account
from panel.deploys.image import read_layout
from panel.deploys.push import push_image
from panel.errors import AwsError

REPOSITORY = "todo/backend"


class FakeWorld:
    """ECR and its registry, which refuse what the test says."""

    def __init__(self, mutability="IMMUTABLE"):
        self.account = Account("us-east-2")
        self.mutability, self.blobs, self.manifests, self.tags = mutability, set(), {}, {}
        self.on_put_blob = self.on_put_manifest = lambda reference: None

    def client(self, service):
        return self

    def describe_repositories(self, repositoryNames):
        found = {"repositoryName": REPOSITORY, "repositoryArn": "arn", "registryId": "1"}
        uri = f"1.dkr.ecr.us-east-2.amazonaws.com/{REPOSITORY}"
        return {"repositories": [{**found, "repositoryUri": uri, "imageTagMutability": self.mutability}]}

    def describe_images(self, repositoryName, imageIds):
        digest = self.tags.get(imageIds[0].get("imageTag"), imageIds[0].get("imageDigest"))
        return {"imageDetails": [{"imageDigest": digest}] if digest in self.manifests else []}

    def open(self, aws, repository):
        return Registry("https://r.example.com", "AWS", "x", transport=httpx.MockTransport(self.answer))

    def answer(self, request):
        kind, _, reference = request.url.path.removeprefix(f"/v2/{REPOSITORY}/").partition("/")
        if kind == "manifests":
            return self._manifest(request, reference)
        if request.method == "HEAD":
            return httpx.Response(200 if reference in self.blobs else 404)
        if request.method != "PUT":
            request.read()
            return httpx.Response(202, headers={"Location": f"/v2/{REPOSITORY}/blobs/uploads/1"})
        digest = request.url.params["digest"]
        if refusal := self.on_put_blob(digest):
            return refusal
        self.blobs.add(digest)
        return httpx.Response(201)

    def _manifest(self, request, reference):
        if request.method == "GET":
            content = self.manifests.get(self.tags.get(reference, reference))
            return httpx.Response(200, content=content) if content else httpx.Response(404)
        if refusal := self.on_put_manifest(reference):
            return refusal
        self.keep(request.read(), reference)
        return httpx.Response(201)

    def keep(self, manifest, reference):
        digest = f"sha256:{hashlib.sha256(manifest).hexdigest()}"
        self.manifests[digest] = manifest
        if not reference.startswith("sha256:"):
            self.tags[reference] = digest


@pytest.fixture
def world():
    return FakeWorld()


@pytest.fixture
def image(tmp_path, world):
    """An image of one layer; its config is in the registry already."""
    (tmp_path / "blobs" / "sha256").mkdir(parents=True)

    def keep(content):
        encoded = hashlib.sha256(content).hexdigest()
        (tmp_path / "blobs" / "sha256" / encoded).write_bytes(content)
        return {"digest": f"sha256:{encoded}", "size": len(content)}

    config = keep(b"{}")
    manifest = keep(json.dumps({"schemaVersion": 2, "layers": [keep(b"layer")], "config": config}).encode())
    (tmp_path / "index.json").write_text(json.dumps({"manifests": [manifest]}))
    world.blobs.add(config["digest"])
    return read_layout(tmp_path)


@pytest.fixture
def push(world, image, lines):
    def push(**options):
        return push_image(world, image, REPOSITORY, "v1", lines.append, registry=world.open, **options)

    return push


def test_a_layer_that_another_deployment_uploads_at_the_same_time_is_there(world, push):
    seen = []

    def refuse(digest):
        world.blobs.add(digest)
        return httpx.Response(400, text="LayerAlreadyExistsException")

    world.on_put_blob = refuse

    assert push(parts=seen.append).tag == "v1"
    assert [part.state for part in seen[-1]] == ["kept", "kept"]


def test_a_layer_that_is_refused_and_not_there_fails_and_shows_it(world, push):
    seen = []
    world.on_put_blob = lambda digest: httpx.Response(500, text="InternalError")

    with pytest.raises(AwsError, match="status 500"):
        push(parts=seen.append)

    assert [part.state for part in seen[-1]] == ["failed", "waiting"]
    assert world.manifests == {}


def test_the_same_image_tagged_by_another_meanwhile_is_ours(world, push, image):
    def refuse(reference):
        world.keep(image.manifest, "v1")
        return httpx.Response(400, text="ImageAlreadyExistsException")

    world.on_put_manifest = refuse

    assert push().tag == "v1"


def test_another_image_under_the_tag_meanwhile_keeps_it(world, push, image, lines):
    def refuse(reference):
        if reference == "v1":
            world.keep(b'{"other": 1}', "v1")
            return httpx.Response(400, text="TAG_INVALID: immutable")
        return None

    world.on_put_manifest = refuse

    pushed = push()

    assert (pushed.tag, pushed.digest) == ("", image.digest)
    assert image.digest in world.manifests
    assert any("may not be moved" in line for line in lines)


def test_a_manifest_that_is_refused_for_another_reason_is_an_error(world, push):
    world.on_put_manifest = lambda reference: httpx.Response(403, text="denied: ecr:PutImage")

    with pytest.raises(AwsError, match="status 403"):
        push()
