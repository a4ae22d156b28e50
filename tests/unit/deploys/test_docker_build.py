"""Building with a container engine: the ``docker`` program notes what it is asked, the engine's API is in memory."""

import json
import re
import shlex
import time
from types import SimpleNamespace

import pytest
from docker.errors import APIError, ImageNotFound
from requests.exceptions import ConnectionError as EngineGone

from panel.aws.session import Account
from panel.deploys import StoppedError
from panel.deploys.docker_build import ship_with_docker
from panel.deploys.docker_engine import Engine
from panel.deploys.revision import Revision
from panel.errors import BuildError, DeployError

LAYER, SHARED = "5f70bf18a086", "a3ed95caeb02"
PUSHED = (
    {"status": "The push refers to repository [x]"},
    {"status": "Preparing", "progressDetail": {}, "id": LAYER},
    {"status": "Preparing", "progressDetail": {}, "id": SHARED},
    {"status": "Layer already exists", "progressDetail": {}, "id": SHARED},
    {"status": "Pushing", "progressDetail": {"current": 512, "total": 2048}, "id": LAYER},
    {"status": "Pushed", "progressDetail": {}, "id": LAYER},
    {"progressDetail": {}, "aux": {"Tag": "4f2a91c", "Digest": "sha256:built", "Size": 740}},
)
EXPIRED = (
    {
        "errorDetail": {
            "message": "denied: Your authorization token has expired. Reauthenticate and try again."
        },
        "error": "denied",
    },
)

REVISION = Revision("4f2a91c" + "0" * 33, False, "sha256:" + "a" * 64, "4f2a91c")
BASE = "example.com/python:3.11"


class FakeApi:
    """The SDK's client of one engine, which holds the base image and whatever is built."""

    def __init__(self):
        self.asked, self.logins, self.images = [], [], {BASE}
        self.hooks = {"response": []}
        self.pushes = []  # what each push tells, the last for all that follow
        self.on_push = lambda: None
        self.removal = None
        self.closed = False

    def inspect_image(self, name):
        if name not in self.images:
            raise ImageNotFound("no such image")
        return {"Id": "sha256:1"}

    def pull(self, name, *, tag, stream, decode):
        self.asked.append(("pull", name, tag))
        yield {"status": "Pulling from x"}
        yield {"error": "manifest unknown", "errorDetail": {"message": "manifest for x not found"}}

    def push(self, reference, *, stream, decode, auth_config):
        self.asked.append(("push", reference))
        self.logins.append(auth_config)
        self.on_push()
        events = self.pushes.pop(0) if len(self.pushes) > 1 else (self.pushes or [PUSHED])[0]
        for event in events:
            if isinstance(event, BaseException):
                raise event
            yield event

    def remove_image(self, reference):
        self.asked.append(("remove", reference))
        if self.removal:
            raise self.removal

    def close(self):
        self.closed = True


class FakeEcr:
    """A repository; images that were pushed to the end appear in it."""

    def __init__(self, api):
        self.api, self.shows, self.theirs, self.mutability, self.tokens = api, True, False, "IMMUTABLE", 0

    def describe_repositories(self, repositoryNames):
        uri = f"123456789012.dkr.ecr.us-east-2.amazonaws.com/{repositoryNames[0]}"
        return {
            "repositories": [
                {
                    "repositoryName": repositoryNames[0],
                    "repositoryArn": "arn",
                    "repositoryUri": uri,
                    "registryId": "123456789012",
                    "imageTagMutability": self.mutability,
                }
            ]
        }

    def describe_images(self, repositoryName, imageIds):
        detail = {"imageDigest": "sha256:built", "imageTags": ["4f2a91c"], "imageSizeInBytes": 5}
        there = self.theirs or any(asked[0] == "push" for asked in self.api.asked)
        return {"imageDetails": [detail] if there and self.shows else []}

    def batch_get_image(self, repositoryName, imageIds, acceptedMediaTypes):
        manifest = {"layers": [{"size": 900}, {"size": 90}], "config": {"size": 9}}
        return {"images": [{"imageId": imageIds[0], "imageManifest": json.dumps(manifest)}]}

    def get_authorization_token(self):
        self.tokens += 1
        token = "QVdTOnNlY3JldA=="  # AWS:secret
        return {"authorizationData": [{"authorizationToken": token, "proxyEndpoint": "https://x"}]}


# A shell starts in a hundredth of the time of Python.
PROGRAM = """#!/bin/sh
case "$*" in *"buildx version") kind=buildx code=1 ;; *) kind=build code=0 ;; esac
here={home}/calls/$(date +%s%N)-$kind
mkdir -p "$here"
printf '%s\\n' "$@" > "$here/arguments"
env > "$here/environment"
[ $kind = buildx ] || find . -type f > "$here/files"
if [ -f {home}/$kind.text ]; then read -r code < {home}/$kind.code; cat {home}/$kind.text; fi
[ ! -f {home}/$kind.text ] || ! grep -q forever {home}/$kind.text || sleep 60
exit $code
"""


@pytest.fixture
def calls(tmp_path, monkeypatch):
    """Makes the docker program and reads what it was asked: arguments, environment, files in its folder."""
    program = tmp_path / "bin" / "docker"
    program.parent.mkdir()
    program.write_text(PROGRAM.replace("{home}", shlex.quote(str(tmp_path))))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/local/bin:/usr/bin:/bin")

    def one(folder):
        files = (folder / "files").read_text().split() if (folder / "files").exists() else []
        pairs = (line.partition("=") for line in (folder / "environment").read_text().splitlines())
        return {
            "arguments": (folder / "arguments").read_text().splitlines(),
            "environment": {name: value for name, _, value in pairs},
            "files": sorted(name.removeprefix("./") for name in files),
        }

    def read():
        return [one(folder) for folder in sorted((tmp_path / "calls").glob("*"))]

    def tell(**answers):
        for kind, (code, text) in answers.items():
            (tmp_path / f"{kind}.code").write_text(f"{code}\n")
            (tmp_path / f"{kind}.text").write_text(f"{text}\n")

    read.tell = tell
    return read


@pytest.fixture
def api():
    return FakeApi()


@pytest.fixture
def ecr(api):
    return FakeEcr(api)


@pytest.fixture
def ship(tmp_path, ecr, api, calls, lines, monkeypatch):
    root = tmp_path / "project"
    for name in (
        "backend/Dockerfile",
        "backend/app.py",
        "requirements/backend.txt",
        "secret.env",
        "deps/falcon.py",
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("")
    monkeypatch.setattr(
        "panel.deploys.dockerfile.install_dependencies",
        lambda requirements, data_dir, report, stopped: root / "deps",
    )

    def ship(account=None, **options):
        aws = SimpleNamespace(account=account or Account("us-east-2"), client=lambda service: ecr)
        return ship_with_docker(
            aws, root, "backend", REVISION, "todo/backend",
            data_dir=tmp_path / "data", report=lines.append, **{"base": BASE, "engine": lambda host: Engine(api)} | options,
        )  # fmt: skip

    return ship


HERE = Account("us-east-2", "http://127.0.0.1:4566", "test", "test")


def build_of(calls):
    return next(call for call in calls() if "build" in call["arguments"])


def test_it_is_built_pushed_and_removed_and_named_by_the_registrys_digest(ship, calls, api):
    pushed = ship()

    reference = "123456789012.dkr.ecr.us-east-2.amazonaws.com/todo/backend:4f2a91c"
    assert reference in build_of(calls)["arguments"]
    assert api.asked == [("push", reference), ("remove", reference)]
    assert pushed.image_ref == "123456789012.dkr.ecr.us-east-2.amazonaws.com/todo/backend@sha256:built"
    assert (pushed.tag, pushed.already_there) == ("4f2a91c", False)
    assert set(pushed.durations) == {"build", "push"}
    assert api.closed


def test_layers_show_as_parts_with_their_bytes(ship):
    seen = []

    ship(parts=lambda parts: seen.append({part.name: (part.state, part.done, part.total) for part in parts}))

    assert {LAYER: ("working", 512, 2048), SHARED: ("kept", 0, 0)} in seen
    assert seen[-1] == {LAYER: ("done", 2048, 2048), SHARED: ("kept", 0, 0)}


def test_the_engine_gets_the_source_and_nothing_else(ship, calls):
    ship()

    build = build_of(calls)
    assert build["files"] == [
        "backend/Dockerfile",
        "backend/app.py",
        "deps/falcon.py",
        "requirements/backend.txt",
    ]
    assert f"BASE_IMAGE={BASE}" in build["arguments"]
    assert "APP_VERSION=4f2a91c" in build["arguments"]


def test_the_image_says_where_it_comes_from_and_when_it_was_made(ship, calls):
    ship()

    labels = dict(
        word.split("=", 1) for word in build_of(calls)["arguments"] if word.startswith("org.opencontainers")
    )
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", labels.pop("org.opencontainers.image.created"))
    assert labels == {
        "org.opencontainers.image.revision": REVISION.commit,
        "org.opencontainers.image.source": "backend",
        "org.opencontainers.image.version": "4f2a91c",
    }


def test_buildkit_is_used_where_it_is(ship, calls):
    calls.tell(buildx=[0, "github.com/docker/buildx v0.20"])

    ship()

    build = build_of(calls)
    assert build["arguments"][:4] == ["buildx", "build", "--load", "--progress=plain"]
    assert "DOCKER_BUILDKIT" not in build["environment"]
    # Attestations would make an index of a plain image.
    assert build["environment"]["BUILDX_NO_DEFAULT_ATTESTATIONS"] == "1"


def test_the_builder_before_it_is_used_otherwise_and_does_not_tell_how_old_it_is(ship, calls, lines):
    calls.tell(
        build=[
            0,
            (
                "DEPRECATED: The legacy builder is deprecated and will be removed in a future release.\n"
                "            BuildKit is currently disabled; enable it by removing the DOCKER_BUILDKIT=0\n"
                "            environment-variable.\n\nStep 1/2 : FROM x"
            ),
        ]
    )

    ship()

    assert build_of(calls)["environment"]["DOCKER_BUILDKIT"] == "0"
    assert build_of(calls)["arguments"][:2] == ["build", "--force-rm"]
    assert "Step 1/2 : FROM x" in lines
    assert not [line for line in lines if "DEPRECATED" in line or "environment" in line]


def test_the_login_goes_with_the_request_and_nowhere_else(ship, calls, api, lines):
    ship()

    assert api.logins == [{"username": "AWS", "password": "secret"}]
    assert "secret" not in json.dumps([calls(), lines])


def test_the_embedded_aws_needs_no_login(ship, api, ecr):
    pushed = ship(HERE)

    # Empty, not None: the SDK would look for one in the person's configuration.
    assert (api.logins, ecr.tokens) == ([{}], 0)
    assert pushed.size == 999  # it tells the manifest's own size only
    assert pushed.image_ref == "localhost:4566/todo/backend@sha256:built"


def test_a_login_that_ran_out_is_made_anew_once(ship, api, ecr):
    api.pushes = [EXPIRED, PUSHED]

    assert ship().digest == "sha256:built"
    assert ecr.tokens == 2


def test_a_fresh_login_that_is_refused_too_is_said(ship, api, ecr):
    api.pushes = [EXPIRED]
    ecr.mutability = "MUTABLE"

    with pytest.raises(BuildError, match="refuses a fresh login too"):
        ship()

    assert ecr.tokens == 2


def test_a_missing_permission_is_no_login_that_ran_out(ship, api, ecr):
    reason = "denied: User: arn:aws:sts::1:x is not authorized to perform: ecr:InitiateLayerUpload"
    api.pushes = [({"error": reason, "errorDetail": {"message": reason}},)]
    ecr.shows = False

    with pytest.raises(BuildError, match="ecr:InitiateLayerUpload"):
        ship()

    assert ecr.tokens == 1


def test_a_revision_that_the_registry_has_is_not_built_again(ship, calls, api):
    ship()
    before = len(calls()), len(api.asked)

    again = ship()

    assert again.already_there
    assert not again.durations
    assert (len(calls()), len(api.asked)) == before


def test_a_base_image_that_cannot_be_had_names_the_build_argument(ship, calls, api):
    api.images.clear()

    with pytest.raises(
        BuildError, match=r"example\.com/python:3\.11 cannot be pulled.*build argument BASE_IMAGE"
    ) as e:
        ship()

    assert "not found" in e.value.detail
    assert api.asked == [("pull", "example.com/python", "3.11")]
    assert not [call for call in calls() if "build" in call["arguments"]]


def test_a_full_disk_is_said_in_the_build_and_in_the_push(ship, calls, api, ecr):
    calls.tell(build=[1, "failed to register layer: write /app/x: no space left on device"])
    with pytest.raises(BuildError, match="cannot be built: the disk is full"):
        ship()

    calls.tell(build=[0, ""])
    ecr.shows = False
    api.pushes = [({"error": "write /var/lib/docker/tmp/x: no space left on device"},)]
    with pytest.raises(BuildError, match=r"could not push.*disk is full"):
        ship()


def test_a_build_that_fails_has_its_last_lines(ship, calls, api):
    calls.tell(build=[1, "COPY failed: file not found in build context"])

    with pytest.raises(BuildError, match="could not build the image of backend") as failure:
        ship()

    assert "COPY failed" in failure.value.detail
    assert api.asked == []


@pytest.mark.parametrize(
    "last", [EngineGone("connection reset by peer"), APIError("server error", explanation="shutting down")]
)
def test_an_engine_that_dies_in_mid_push_is_said_and_the_layer_on_its_way_has_failed(ship, api, ecr, last):
    seen = []
    api.pushes = [(*PUSHED[:5], last)]
    ecr.shows = False

    with pytest.raises(BuildError, match=r"could not push.*(does not answer any more|shutting down)"):
        ship(parts=seen.append)

    assert {part.name: part.state for part in seen[-1]} == {LAYER: "failed", SHARED: "kept"}


def test_a_push_that_just_ends_is_no_success(ship, api, ecr):
    api.pushes = [PUSHED[:5]]
    ecr.shows = False

    with pytest.raises(BuildError, match="ended it before it was complete"):
        ship()


def test_the_local_image_goes_also_when_the_push_fails(ship, api, ecr):
    api.pushes = [({"error": "unknown: try later"},)]
    ecr.shows = False

    with pytest.raises(BuildError, match="try later"):
        ship()

    assert api.asked[-1][0] == "remove"


def test_a_local_image_that_cannot_be_removed_fails_nothing(ship, api, lines):
    api.removal = APIError("conflict", explanation="a container uses it")

    assert ship().digest == "sha256:built"
    assert any("a container uses it" in line for line in lines)


def test_the_same_revision_pushed_by_another_meanwhile_serves(ship, api, ecr, lines):
    reason = "tag invalid: The image tag '4f2a91c' already exists and cannot be overwritten"
    api.pushes = [({"error": reason},)]

    assert ship().digest == "sha256:built"
    assert any("Another deployment has pushed 4f2a91c" in line for line in lines)


def test_a_push_that_the_registry_does_not_show_is_no_success(ship, ecr):
    ecr.shows = False

    with pytest.raises(DeployError, match="does not show"):
        ship()


def test_an_engine_elsewhere_is_spoken_to_and_the_image_kept(ship, calls, api):
    asked = []

    def engine(host):
        asked.append(host)
        return Engine(api)

    ship(docker_host="unix:///run/other.sock", keep_local=True, engine=engine)

    assert asked == ["unix:///run/other.sock"]
    assert all(call["arguments"][:2] == ["--host", "unix:///run/other.sock"] for call in calls())
    assert [what for what, *_ in api.asked] == ["push"]


def test_a_build_can_be_stopped(ship, calls, api, lines):
    calls.tell(build=[0, "forever"])

    with pytest.raises(StoppedError):
        ship(stopped=lambda: "forever" in lines)

    assert api.asked == []


def test_a_push_can_be_stopped_while_the_engine_says_nothing(ship, api):
    silent, asked = [], []
    api.pushes = [(PUSHED[4] for _ in iter(lambda: time.sleep(0.05) or not silent, False))]
    answer = SimpleNamespace(
        raw=SimpleNamespace(shutdown=lambda: silent.append(True)), close=lambda: asked.append("closed")
    )
    api.on_push = lambda: [hook(answer) for hook in api.hooks["response"]]

    with pytest.raises(StoppedError):
        ship(stopped=lambda: bool(api.logins))

    assert silent
    assert api.asked[-1][0] == "remove"
