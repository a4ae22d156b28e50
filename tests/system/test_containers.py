"""The same environment where a container engine is at hand: its tasks are containers of the image that was pushed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.system.engine import Engine
from tests.system.installation import Application, Installation, wait_for

pytestmark = [
    pytest.mark.system,
    pytest.mark.containers,
    pytest.mark.timeout(900),
    pytest.mark.usefixtures("story"),
]


@pytest.fixture(scope="module")
def panel(debian_image: str, terraform_ready: None, install: Any) -> Installation:
    installation: Installation = install(PANEL_LOCAL_RUNTIME="docker", PANEL_BASE_IMAGE=debian_image)
    return installation


def containers(docker: Engine, image: str) -> list[dict[str, Any]]:
    """Containers that run an image, as ``docker ps`` lists them."""
    listed = [json.loads(line) for line in docker.lines("ps", "--no-trunc", "--format", "{{json .}}")]
    return [one for one in listed if one["Image"].endswith(image)]


def test_create_runs_the_services_as_containers(
    docker: Engine, panel: Installation, told: dict[str, Any]
) -> None:
    answer = panel.run("env", "create", "staging", "--yes", "--wait")
    assert answer.code == 0, answer.text
    assert panel.json("local", "status")["runtime"] == "docker"
    shown = panel.json("env", "show", "staging")
    backend = shown["services"]["backend"]
    assert (shown["state"], backend["running"]) == ("ready", 2)
    running = containers(docker, f"@{backend['digest']}")
    assert len(running) == 2, docker.run("ps", "--no-trunc")
    assert not [one for one in panel.processes() if "gunicorn" in " ".join(one.cmdline())]
    told.update(url=shown["url"], backend=backend)


def test_the_application_answers_through_cloudfront(panel: Installation, told: dict[str, Any]) -> None:
    application = Application(told["url"])
    assert application.get("/").status_code == 200
    assert application.get("/api/status").json()["version"] == told["backend"]["version"]
    application.save([{"id": 1, "title": "Buy bread", "completed": False}])
    assert [todo["title"] for todo in application.todos()] == ["Buy bread"]
    assert panel.json("health", "staging")["verdict"] == "healthy"


def test_destroy_takes_the_containers_away(docker: Engine, panel: Installation, told: dict[str, Any]) -> None:
    panel.run("env", "destroy", "staging", "--yes", "--confirm", "staging", "--wait", expect=0)
    image = f"@{told['backend']['digest']}"
    wait_for("the containers are gone", lambda: not containers(docker, image), limit_s=120)
    assert panel.environment_state("staging") == "not_created"
