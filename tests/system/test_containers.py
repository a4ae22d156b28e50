"""The same environment where a container engine is at hand: its tasks are containers of the image that was pushed.

Version 1, 2, a broken 3 that is taken back, and back to 1, while somebody uses the application; and Terraform, which
leaves what deployments have put there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from tests.integration.deploys.hand_made_checkout import Checkout
from tests.integration.deploys.hand_made_world_visitor import Seen, Visitor
from tests.system.account import Account
from tests.system.engine import Engine
from tests.system.installation import Application, Installation, wait_for

pytestmark = [
    pytest.mark.system,
    pytest.mark.containers,
    pytest.mark.timeout(900),
    pytest.mark.usefixtures("story"),
]

_HEAD = "from __future__ import annotations\n"
_DIES = f"{_HEAD}raise RuntimeError('cannot find the database')\n"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    return Checkout(tmp_path_factory.mktemp("checkout") / "project")


@pytest.fixture(scope="module")
def panel(debian_image: str, terraform_ready: None, install: Any, checkout: Checkout) -> Installation:
    installation: Installation = install(
        PANEL_LOCAL_RUNTIME="docker",
        PANEL_BASE_IMAGE=debian_image,
        PANEL_ROOT=str(checkout.root),
        PANEL_ROLLOUT_TIMEOUT_S="120",
    )
    return installation


def containers(docker: Engine, image: str) -> list[dict[str, Any]]:
    """Containers that run an image, as ``docker ps`` lists them."""
    listed = [json.loads(line) for line in docker.lines("ps", "--no-trunc", "--format", "{{json .}}")]
    return [one for one in listed if one["Image"].endswith(image)]


@contextmanager
def visited(url: str) -> Iterator[Seen]:
    """Somebody uses the application all along; no request of theirs may fail."""
    address = httpx.URL(url)
    with Visitor(address.port or 0, f"{address.host}:{address.port}") as visitor:
        visitor.wait_for_turns()
        yield visitor.seen
        visitor.wait_for_turns()
    assert visitor.seen.failures == []


def backend(panel: Installation) -> dict[str, Any]:
    return dict(panel.json("env", "show", "staging")["services"]["backend"])


def running_definition(panel: Installation) -> dict[str, Any]:
    """The task definition that ECS runs the service by."""
    ecs = Account(panel.endpoint).client("ecs")
    service = ecs.describe_services(cluster="todo-staging", services=["backend"])["services"][0]
    answer = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])
    return dict(answer["taskDefinition"])


def test_create_runs_the_services_as_containers(
    docker: Engine, panel: Installation, told: dict[str, Any]
) -> None:
    answer = panel.run("env", "create", "staging", "--yes", "--wait")
    assert answer.code == 0, answer.text
    assert panel.json("local", "status")["runtime"] == "docker"
    shown = panel.json("env", "show", "staging")
    first = shown["services"]["backend"]
    assert (shown["state"], first["running"]) == ("ready", 2)
    running = containers(docker, f"@{first['digest']}")
    assert len(running) == 2, docker.run("ps", "--no-trunc")
    assert not [one for one in panel.processes() if "gunicorn" in " ".join(one.cmdline())]
    told.update(url=shown["url"], first=first)


def test_the_application_answers_through_cloudfront(panel: Installation, told: dict[str, Any]) -> None:
    application = Application(told["url"])
    assert application.get("/").status_code == 200
    assert application.get("/api/status").json()["version"] == told["first"]["version"]
    application.save([{"id": 1, "title": "Buy bread", "completed": False}])
    assert [todo["title"] for todo in application.todos()] == ["Buy bread"]
    assert panel.json("health", "staging")["verdict"] == "healthy"


def test_a_new_version_fails_no_request(
    docker: Engine, panel: Installation, checkout: Checkout, told: dict[str, Any]
) -> None:
    second = checkout.commit_backend(2)

    with visited(told["url"]) as seen:
        panel.run("deploy", "staging", "backend", "--wait", expect=0)

    assert (seen.versions[0], seen.versions[-1]) == (told["first"]["version"], second)
    told["second"] = backend(panel)
    assert told["second"]["version"] == second
    assert len(containers(docker, f"@{told['second']['digest']}")) == 2


def test_a_version_that_dies_is_taken_back_and_fails_no_request(
    panel: Installation, checkout: Checkout, told: dict[str, Any]
) -> None:
    checkout.write("backend/app.py", lambda text: text.replace(_HEAD, _DIES))
    checkout.commit("A backend that dies")

    with visited(told["url"]) as seen:
        answer = panel.run("deploy", "staging", "backend", "--wait", expect=1)

    assert "cannot find the database" in answer.text or "exit" in answer.text, answer.text
    assert seen.versions == [told["second"]["version"]]
    assert backend(panel)["version"] == told["second"]["version"]


def test_back_to_the_first_release_fails_no_request(
    docker: Engine, panel: Installation, told: dict[str, Any]
) -> None:
    with visited(told["url"]) as seen:
        panel.run("rollback", "staging", "backend", "--to", "1", "--wait", expect=0)

    assert seen.versions[-1] == told["first"]["version"]
    assert backend(panel)["digest"] == told["first"]["digest"]
    assert len(containers(docker, f"@{told['first']['digest']}")) == 2


def test_terraform_and_deployments_do_not_fight(panel: Installation) -> None:
    deployed = running_definition(panel)

    panel.run("env", "plan", "staging", "--wait", expect=0)

    planned = panel.active_run("staging")
    assert (planned["kind"], planned["state"]) == ("plan", "no_changes"), planned
    assert running_definition(panel) == deployed


def test_destroy_takes_the_containers_away(docker: Engine, panel: Installation, told: dict[str, Any]) -> None:
    panel.run("env", "destroy", "staging", "--yes", "--confirm", "staging", "--wait", expect=0)
    image = f"@{told['first']['digest']}"
    wait_for("the containers are gone", lambda: not containers(docker, image), limit_s=120)
    assert panel.environment_state("staging") == "not_created"
