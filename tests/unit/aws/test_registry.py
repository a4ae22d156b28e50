"""The registry protocol, spoken to a registry in memory."""

import base64
import hashlib
import re

import httpx
import pytest

from panel.aws.registry import Registry
from panel.errors import AwsError, EndpointError, NotFoundError

TYPE = "application/vnd.oci.image.manifest.v1+json"


class FakeRegistry:
    """Enough of the distribution protocol, for one repository; redirects downloads elsewhere as ECR does."""

    def __init__(self):
        self.blobs, self.uploads, self.manifests, self.logins = {}, {}, {}, set()

    def __call__(self, request):
        self.logins.add(request.headers.get("Authorization", ""))
        if request.url.host == "storage.example.com":
            return httpx.Response(200, content=self.blobs[request.url.path[1:]])
        name, _, rest = request.url.path.removeprefix("/v2/").partition("/blobs/")
        if "/manifests/" in request.url.path:
            return self._manifest(request)
        if name != "todo/backend":
            return httpx.Response(404, text="NAME_UNKNOWN")
        if rest.startswith("uploads"):
            return self._upload(request, rest)
        if rest not in self.blobs:
            return httpx.Response(404)
        if request.method == "HEAD":
            return httpx.Response(200)
        return httpx.Response(307, headers={"Location": f"https://storage.example.com/{rest}"})

    def _upload(self, request, rest):
        if request.method == "POST":
            self.uploads["1"] = b""
            return httpx.Response(202, headers={"Location": "/v2/todo/backend/blobs/uploads/1?state=a"})
        content = request.read()
        if request.method == "PATCH":
            assert request.headers["Content-Length"] == str(len(content))
            self.uploads["1"] += content
            return httpx.Response(202, headers={"Location": "/v2/todo/backend/blobs/uploads/1?state=b"})
        assert request.url.params["state"] == "b"
        digest = request.url.params["digest"]
        if digest != f"sha256:{hashlib.sha256(self.uploads['1']).hexdigest()}":
            return httpx.Response(400, text="DIGEST_INVALID")
        self.blobs[digest] = self.uploads["1"]
        return httpx.Response(201)

    def _manifest(self, request):
        reference = request.url.path.rpartition("/")[2]
        if request.method == "PUT":
            self.manifests[reference] = request.read()
            return httpx.Response(201)
        found = self.manifests.get(reference)
        return httpx.Response(200, content=found) if found is not None else httpx.Response(404)


@pytest.fixture
def fake():
    return FakeRegistry()


@pytest.fixture
def registry(fake):
    with Registry("https://r.example.com", "AWS", "token", transport=httpx.MockTransport(fake)) as registry:
        yield registry


@pytest.fixture
def blob(tmp_path):
    content = bytes(range(256)) * 9000
    path = tmp_path / "blob"
    path.write_bytes(content)
    return path, f"sha256:{hashlib.sha256(content).hexdigest()}"


def test_a_blob_is_uploaded_with_progress_and_downloaded_again(registry, fake, blob, tmp_path):
    path, digest = blob
    sent = []

    assert not registry.has_blob("todo/backend", digest)
    registry.upload_blob("todo/backend", digest, path, sent.append)
    registry.download_blob("todo/backend", digest, tmp_path / "copy")

    assert registry.has_blob("todo/backend", digest)
    assert (tmp_path / "copy").read_bytes() == path.read_bytes()
    assert sent == sorted(sent)
    assert sent[-1] == path.stat().st_size


def test_the_login_goes_to_the_registry_and_not_to_where_it_redirects(registry, fake, blob, tmp_path):
    path, digest = blob
    registry.upload_blob("todo/backend", digest, path)
    assert all(re.match("Basic .+", login) for login in fake.logins)

    fake.logins.clear()
    registry.download_blob("todo/backend", digest, tmp_path / "copy")

    assert "" in fake.logins


def test_other_content_than_promised_is_noticed(registry, fake, blob, tmp_path):
    path, digest = blob
    registry.upload_blob("todo/backend", digest, path)
    fake.blobs[digest] = b"other"

    with pytest.raises(AwsError, match="other content"):
        registry.download_blob("todo/backend", digest, tmp_path / "copy")


def test_a_wrong_digest_is_refused_with_the_registrys_answer(registry, blob):
    path, _ = blob

    with pytest.raises(AwsError, match="status 400") as refusal:
        registry.upload_blob("todo/backend", "sha256:" + "0" * 64, path)

    assert "DIGEST_INVALID" in refusal.value.detail


def test_a_missing_repository_is_said_with_what_to_do(registry, blob):
    path, digest = blob

    with pytest.raises(NotFoundError, match="create or update an environment"):
        registry.upload_blob("todo/other", digest, path)


def test_manifests_come_back_as_they_were_put(registry):
    assert registry.manifest("todo/backend", "v1", TYPE) is None
    registry.put_manifest("todo/backend", "v1", b'{"a": 1}', TYPE)

    assert registry.manifest("todo/backend", "v1", TYPE) == b'{"a": 1}'


def test_a_registry_out_of_reach_is_said():
    def refuse(request):
        raise httpx.ConnectError("connection refused")

    with (
        Registry("https://r.example.com", "AWS", "token", transport=httpx.MockTransport(refuse)) as registry,
        pytest.raises(EndpointError, match=r"r\.example\.com"),
    ):
        registry.has_blob("todo/backend", "sha256:00")


def test_an_expired_login_says_so():
    def expired(request):
        return httpx.Response(403, text="Your authorization token has expired.")

    with (
        Registry("https://r.example.com", "AWS", "token", transport=httpx.MockTransport(expired)) as registry,
        pytest.raises(AwsError, match="login may have run out"),
    ):
        registry.has_blob("todo/backend", "sha256:00")


def test_a_login_that_ran_out_in_the_middle_is_made_anew_and_the_blob_arrives_whole(blob, fake):
    path, digest = blob
    taken = []

    def refuse_the_old(request):
        user = base64.b64decode(request.headers["Authorization"].removeprefix("Basic ")).decode()
        if user != "AWS:fresh":
            if request.method == "PATCH":
                return httpx.Response(403, text="Your authorization token has expired. Reauthenticate.")
            return fake(request)
        taken.append(request.method)
        return fake(request)

    with Registry(
        "https://r.example.com",
        "AWS",
        "old",
        renew=lambda: "fresh",
        transport=httpx.MockTransport(refuse_the_old),
    ) as registry:
        registry.upload_blob("todo/backend", digest, path)

    assert fake.blobs[digest] == path.read_bytes()
    assert taken == ["PATCH", "PUT"]


@pytest.mark.parametrize(("status", "renewals"), [(401, 1), (403, 0)])
def test_a_fresh_login_is_asked_for_once_and_not_for_a_missing_permission(status, renewals):
    made = []

    def renew():
        made.append("fresh")
        return "fresh"

    def refuse(request):
        return httpx.Response(status, text="User is not authorized to perform ecr:InitiateLayerUpload")

    transport = httpx.MockTransport(refuse)
    with (
        Registry("https://r.example.com", "AWS", "old", renew=renew, transport=transport) as registry,
        pytest.raises(AwsError, match=f"status {status}") as error,
    ):
        registry.has_blob("todo/backend", "sha256:00")

    assert len(made) == renewals
    assert "fresh" not in str(error.value) + error.value.detail


def test_a_registry_that_is_asked_too_often_says_to_wait():
    transport = httpx.MockTransport(lambda request: httpx.Response(429, text="TOOMANYREQUESTS"))
    with (
        Registry("https://r.example.com", "AWS", "token", transport=transport) as registry,
        pytest.raises(AwsError, match="try again in a minute"),
    ):
        registry.has_blob("todo/backend", "sha256:00")
