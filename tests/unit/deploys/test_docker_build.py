"""Building with a container engine, the ``docker`` program being one that notes what it is asked."""

import json
from types import SimpleNamespace

import pytest

from panel.aws.session import Account
from panel.deploys.docker_build import ship_with_docker
from panel.deploys.revision import Revision
from panel.errors import BuildError, DeployError

REVISION = Revision("4f2a91c" + "0" * 33, False, "sha256:" + "a" * 64, "4f2a91c")
BASE = "example.com/python:3.11"


class FakeEcr:
    """A repository; images that docker pushed appear in it."""

    def __init__(self, calls):
        self.calls, self.shows = calls, True

    def describe_repositories(self, repositoryNames):
        uri = f"123456789012.dkr.ecr.us-east-2.amazonaws.com/{repositoryNames[0]}"
        return {
            "repositories": [
                {
                    "repositoryName": repositoryNames[0],
                    "repositoryArn": "arn",
                    "repositoryUri": uri,
                    "registryId": "123456789012",
                }
            ]
        }

    def describe_images(self, repositoryName, imageIds):
        pushed = any("push" in call["arguments"] for call in self.calls())
        detail = {"imageDigest": "sha256:built", "imageTags": ["4f2a91c"], "imageSizeInBytes": 5}
        return {"imageDetails": [detail] if pushed and self.shows else []}

    def get_authorization_token(self):
        token = "QVdTOnNlY3JldA=="  # AWS:secret
        return {"authorizationData": [{"authorizationToken": token, "proxyEndpoint": "https://x"}]}


@pytest.fixture
def calls(tmp_path, monkeypatch):
    """Makes the docker program and reads what it was asked: arguments, standard input, files in its folder."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "docker"
    program.write_text(
        "#!/usr/bin/env python3\n"
        "import json, os, pathlib, sys\n"
        f"home = pathlib.Path({str(tmp_path)!r})\n"
        "arguments = sys.argv[1:]\n"
        "files = sorted(str(p) for p in pathlib.Path('.').rglob('*') if p.is_file()) if 'build' in arguments else []\n"
        "entry = {'arguments': arguments, 'stdin': sys.stdin.read(), 'files': files}\n"
        "(home / 'calls').open('a').write(json.dumps(entry) + chr(10))\n"
        "failing = (home / 'failing').read_text().split() if (home / 'failing').exists() else []\n"
        "if set(failing) & set(arguments):\n"
        "    print('Error: the registry cannot be reached')\n"
        "    sys.exit(1)\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/local/bin:/usr/bin:/bin")

    def read():
        path = tmp_path / "calls"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    read.fail = lambda *words: (tmp_path / "failing").write_text(" ".join(words))
    return read


@pytest.fixture
def ecr(calls):
    return FakeEcr(calls)


@pytest.fixture
def ship(tmp_path, ecr, lines, monkeypatch):
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
        "panel.deploys.docker_build.install_dependencies",
        lambda requirements, data_dir, report: root / "deps",
    )

    def ship(account=None, **options):
        aws = SimpleNamespace(account=account or Account("us-east-2"), client=lambda service: ecr)
        return ship_with_docker(
            aws, root, "backend", REVISION, "todo/backend",
            data_dir=tmp_path / "data", report=lines.append, base=BASE, **options,
        )  # fmt: skip

    return ship


def commands(calls):
    words = {"version", "inspect", "pull", "build", "login", "push", "rm"}
    return [next(word for word in call["arguments"] if word in words) for call in calls()]


def test_it_is_built_pushed_and_removed_and_named_by_the_registrys_digest(ship, calls):
    pushed = ship()

    assert commands(calls) == ["version", "inspect", "build", "login", "push", "rm"]
    assert pushed.image_ref == "123456789012.dkr.ecr.us-east-2.amazonaws.com/todo/backend@sha256:built"
    assert (pushed.tag, pushed.already_there) == ("4f2a91c", False)


def test_the_engine_gets_the_source_and_nothing_else(ship, calls):
    ship()

    build = calls()[2]
    assert build["files"] == [
        "backend/Dockerfile",
        "backend/app.py",
        "deps/falcon.py",
        "requirements/backend.txt",
    ]
    assert f"BASE_IMAGE={BASE}" in build["arguments"]
    assert "APP_VERSION=4f2a91c" in build["arguments"]


def test_the_login_is_no_argument_and_does_not_stay(ship, calls):
    ship()

    assert not any("secret" in word for call in calls() for word in call["arguments"])
    login, push = calls()[3], calls()[4]
    assert login["stdin"] == "secret"
    own = login["arguments"][login["arguments"].index("--config") + 1]
    assert own in push["arguments"]


def test_the_embedded_aws_needs_no_login(ship, calls):
    pushed = ship(Account("us-east-2", "http://127.0.0.1:4566", "test", "test"))

    assert "login" not in commands(calls)
    assert pushed.image_ref == "localhost:4566/todo/backend@sha256:built"


def test_a_revision_that_the_registry_has_is_not_built_again(ship, calls):
    ship()
    before = len(calls())

    again = ship()

    assert again.already_there
    assert len(calls()) == before


def test_a_base_image_that_cannot_be_had_names_the_build_argument(ship, calls):
    calls.fail("inspect", "pull")

    with pytest.raises(
        BuildError, match=r"example\.com/python:3\.11 cannot be pulled.*build argument BASE_IMAGE"
    ) as e:
        ship()

    assert "cannot be reached" in e.value.detail
    assert "build" not in commands(calls)


def test_without_an_engine_it_says_how_to_do_without(ship, calls):
    calls.fail("version")

    with pytest.raises(BuildError, match=r"no engine answers.*PANEL_LOCAL_RUNTIME"):
        ship()


def test_the_local_image_goes_also_when_the_push_fails(ship, calls):
    calls.fail("push")

    with pytest.raises(BuildError, match="could not push"):
        ship()

    assert commands(calls)[-1] == "rm"


def test_a_push_that_the_registry_does_not_show_is_no_success(ship, ecr):
    ecr.shows = False

    with pytest.raises(DeployError, match="does not show"):
        ship()


def test_an_engine_elsewhere_is_spoken_to(ship, calls):
    ship(docker_host="unix:///run/other.sock", keep_local=True)

    assert all(call["arguments"][:2] == ["--host", "unix:///run/other.sock"] for call in calls())
    assert "rm" not in commands(calls)
