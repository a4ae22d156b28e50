"""Pushing what a container engine has built: logins, layers, and every way in which it can end."""

import json
import time
from types import SimpleNamespace

import pytest
from docker.errors import APIError
from requests.exceptions import ConnectionError as EngineGone

from panel.deploys import StoppedError
from panel.errors import BuildError, DeployError
from tests.unit.deploys.docker.world import EXPIRED, HERE, LAYER, PUSHED, SHARED


def test_layers_show_as_parts_with_their_bytes(ship):
    seen = []

    ship(parts=lambda parts: seen.append({part.name: (part.state, part.done, part.total) for part in parts}))

    assert {LAYER: ("working", 512, 2048), SHARED: ("kept", 0, 0)} in seen
    assert seen[-1] == {LAYER: ("done", 2048, 2048), SHARED: ("kept", 0, 0)}


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
