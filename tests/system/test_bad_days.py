"""Bad input and bad days: what a person is told, what to do next, and that nothing is left half done."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.system.account import Account
from tests.system.installation import PANEL, REPOSITORY, Command, Installation, wait_for
from tests.system.pictures import HEIGHT, WIDE, Pictures

pytestmark = [pytest.mark.system, pytest.mark.timeout(900)]

FAILED, USAGE = 1, 2
CATALOGUE = (REPOSITORY / "environments.yaml").read_text(encoding="utf-8")
#: What the panel's root holds; the rest of the repository is no business of an installation.
PROJECT = ("environments.yaml", "terraform", "backend", "frontend", "requirements")


#: In the place of the stacks: enough for an apply to be caught in the middle of it, the zone takes half a minute.
SMALL = {
    "shared": """
locals {
  tags = {}
}

resource "aws_s3_bucket" "quick" {
  bucket = "${var.project_name}-shared-thing"
}
""",
    "environment": """
resource "aws_s3_bucket" "quick" {
  count  = 6
  bucket = "${var.project_name}-${var.environment_name}-thing-${count.index}"
}

resource "aws_route53_zone" "slow" {
  name = var.domain_name
}
""",
}


@contextmanager
def held(port: int) -> Iterator[None]:
    """Somebody else's program listens on a port."""
    with socket.create_server(("127.0.0.1", port)):
        yield


def line_of(text: str, words: str) -> int:
    """Number of the first line that holds some words."""
    return next(number for number, line in enumerate(text.splitlines(), 1) if words in line)


def copied(folder: Path) -> Path:
    """A copy of the project, to be changed."""
    (folder / "project").mkdir()
    for name in PROJECT:
        source, target = REPOSITORY / name, folder / "project" / name
        if source.is_dir():
            skipped = shutil.ignore_patterns("node_modules", "dist", "__pycache__", ".terraform")
            shutil.copytree(source, target, ignore=skipped)
        else:
            shutil.copy(source, target)
    return folder / "project"


def small(project: Path) -> Path:
    """The same copy with small stacks: what is tried here is no matter of how much there is."""
    for name, content in SMALL.items():
        stack = project / "terraform" / "stacks" / name
        (stack / "outputs.tf").unlink()
        (stack / "main.tf").write_text(content, encoding="utf-8")
    return project


@pytest.fixture(scope="module")
def panel(install: Any, terraform_ready: None, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    made: Installation = install(PANEL_ROOT=str(small(copied(tmp_path_factory.mktemp("small")))))
    return made


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("region: us-east-2", "regoin: us-east-2", "regoin: unknown key"),
        ("subnet_slot: 1", "subnet_slot: one", "environments.staging.subnet_slot: "),
        ("  staging:\n", "  Staging_1:\n", "environments.Staging_1: the name must be a DNS label"),
        ("project: todo", "project: todo: again", "the YAML cannot be read"),
    ],
    ids=["unknown-key", "wrong-type", "no-dns-label", "no-yaml"],
)
def test_a_malformed_catalogue_is_told_with_its_line(
    panel: Installation, tmp_path: Path, before: str, after: str, said: str
) -> None:
    path = tmp_path / "environments.yaml"
    broken = CATALOGUE.replace(before, after, 1)
    path.write_text(broken, encoding="utf-8")
    answer = panel.run("env", "list", expect=USAGE, PANEL_CATALOGUE=str(path))
    assert f"environments.yaml:{line_of(broken, after.strip())}: {said}" in answer.err
    assert "Traceback" not in answer.text


def test_a_panel_does_not_come_up_over_a_malformed_catalogue(panel: Installation, tmp_path: Path) -> None:
    path = tmp_path / "environments.yaml"
    path.write_text(CATALOGUE.replace("project:", "projekt:"), encoding="utf-8")
    answer = panel.run("up", expect=USAGE, PANEL_CATALOGUE=str(path))
    assert "environments.yaml:" in answer.err
    assert panel.processes() == []


def test_a_missing_catalogue_is_told_with_its_setting(panel: Installation, tmp_path: Path) -> None:
    path = tmp_path / "nowhere.yaml"
    answer = panel.run("env", "list", expect=USAGE, PANEL_CATALOGUE=str(path))
    assert str(path) in answer.err
    assert "PANEL_CATALOGUE" in answer.err


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (("env", "show"), "nosuch"),
        (("env", "create"), "Not_A-Label!"),
        (("health",), "-"),
        (("deploy",), "nosuch"),
    ],
    ids=["env-show", "env-create", "health", "deploy"],
)
def test_an_unknown_environment_is_told_with_those_there_are(
    panel: Installation, words: tuple[str, ...], name: str
) -> None:
    answer = panel.run(*words, "--", name, expect=USAGE)
    assert repr(name) in answer.err
    assert "production, staging" in answer.err
    assert panel.processes() == []


def test_a_setting_that_cannot_be_is_named(panel: Installation) -> None:
    answer = panel.run("env", "list", expect=USAGE, PANEL_LOCAL_PORT="many")
    assert "PANEL_LOCAL_PORT" in answer.err


def test_a_taken_port_of_the_embedded_aws_is_told_with_its_setting(panel: Installation) -> None:
    with held(panel.local_port):
        answer = panel.run("local", "start", expect=FAILED)
    assert str(panel.local_port) in answer.err
    assert "PANEL_LOCAL_PORT" in answer.err


def test_a_taken_port_of_the_page_is_told_with_its_setting(panel: Installation) -> None:
    with held(panel.port):
        answer = panel.run("up", expect=FAILED)
    assert str(panel.port) in answer.err
    assert re.search(r"\bPANEL_PORT\b", answer.err), answer.text
    assert panel.processes() == []


def test_an_embedded_aws_killed_in_the_middle_of_an_apply_ends_the_run(
    panel: Installation, told: dict[str, Any]
) -> None:
    told["up"] = panel.up()
    create = panel.start("env", "create", "staging", "--yes", "--wait")
    await_apply(create)
    emulator = next(one for one in panel.processes() if "panel.localaws.serving" in one.cmdline())
    emulator.send_signal(signal.SIGKILL)
    answer = create.answer()
    assert answer.code == FAILED, answer.text
    assert "embedded AWS" in answer.err
    assert "lost" in answer.err
    assert "Traceback" not in answer.text
    assert panel.json("local", "status")["state"] == "lost"
    assert panel.environment_state("staging") in {"lost", "failed"}
    told["run"] = panel.active_run("staging")
    assert (told["run"]["state"], told["run"]["active"]) == ("errored", False)


def await_apply(create: Command) -> None:
    """Wait until some resources of the environment itself are there."""

    def look() -> bool:
        assert create.process.poll() is None, create.answer().text
        return re.search(r"Apply, ([5-9]|\d\d+) of \d+", create.err) is not None

    wait_for("the apply is under way", look)


@pytest.mark.browser
def test_pages_tell_that_the_world_was_lost(
    panel: Installation, chromium: Browser, pictures: Pictures, told: dict[str, Any]
) -> None:
    context = chromium.new_context(viewport={"width": WIDE, "height": HEIGHT}, color_scheme="light")
    page = context.new_page()
    page.goto(panel.address)
    card = page.locator(".st-key-card-staging")
    expect(card).to_contain_text(re.compile("Lost|Failed"), timeout=60_000)
    expect(card.get_by_role("button", name="Create staging environment")).to_be_enabled()
    pictures.take(page, "home-lost")
    page.goto(f"{panel.address}/run?run={told['run']['id']}")
    expect(page.get_by_role("alert")).to_contain_text("embedded AWS", timeout=60_000)
    pictures.take_every_way(page, "run-lost")
    context.close()


def test_a_lost_world_can_be_created_again(panel: Installation, told: dict[str, Any]) -> None:
    panel.run("env", "create", "staging", expect=0)
    again = wait_for("the plan waits for review", lambda: settled(panel))
    assert again["state"] == "planned"
    assert again["id"] != told["run"]["id"]
    assert again["summary"] == told["run"]["summary"]
    assert {stage["name"]: stage["detail"] for stage in again["stages"]}["shared"].startswith("+")
    panel.run("runs", "discard", str(again["id"]), expect=0)
    wait_for("the run ends", lambda: not panel.active_run("staging")["active"])
    assert panel.environment_state("staging") in {"lost", "not_created"}
    # Of the shared stack alone: the review has not let the environment begin.
    things = {name for name in Account(panel.endpoint).inventory()["bucket"] if "thing" in name}
    assert things == {"todo-shared-thing"}
    assert told["up"].end(signal.SIGTERM).code == 0


def settled(panel: Installation) -> dict[str, Any] | None:
    """The newest run, once it waits for a person or has ended."""
    run = panel.active_run("staging")
    return run if run["state"] == "planned" or not run["active"] else None


def test_what_terraform_refuses_is_told_with_file_and_line(
    install: Any, terraform_ready: None, tmp_path: Path
) -> None:
    project = small(copied(tmp_path))
    broken = project / "terraform" / "stacks" / "shared" / "broken.tf"
    broken.write_text('\n\nresource "aws_s3_bucket" "broken" {\n  nonsense = 1\n}\n', encoding="utf-8")
    panel: Installation = install(PANEL_ROOT=str(project))
    answer = panel.run("env", "create", "staging", "--yes", "--wait", expect=FAILED)
    assert re.search(r"broken\.tf[:, ]+(line )?4", answer.err), answer.text
    assert "nonsense" in answer.err
    assert "Traceback" not in answer.text
    run = panel.active_run("staging")
    assert run["state"] == "errored"
    assert "nonsense" in run["error"]["message"] + run["error"]["detail"]
    assert panel.environment_state("staging") == "failed"
    broken.unlink()
    # Nothing of the failure stands in the way of the next try.
    assert "aws_s3_bucket.quick" in panel.run("env", "plan", "shared", "--wait", expect=0).out


def test_without_any_provider_the_run_says_where_it_looked(install: Any, tmp_path: Path) -> None:
    """Mirrors below /opt can only be hidden in a mount namespace of our own, and that takes root."""
    hidden = hide_opt()
    home = tmp_path / "home"
    home.mkdir()
    nowhere = tmp_path / "no-mirror"
    panel: Installation = install(
        HOME=str(home),
        PANEL_PROVIDER_MIRROR=str(nowhere),
        # The registry is out of reach, wherever this test runs.
        HTTPS_PROXY="http://127.0.0.1:9",
        https_proxy="http://127.0.0.1:9",
    )
    panel.wrap(hidden)
    answer = panel.run("env", "create", "staging", "--yes", "--wait", expect=FAILED)
    assert "registry.terraform.io" in answer.err
    assert "PANEL_PROVIDER_MIRROR" in answer.err
    assert "Traceback" not in answer.text


def hide_opt() -> list[str]:
    """Words to put before a command so that it sees an empty /opt; skips where that is not to be had."""
    words = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /opt && exec "$@"', "sh"]
    if any(Path(place).resolve().is_relative_to("/opt") for place in (PANEL, shutil.which("python3") or "/")):
        pytest.skip("Python or this repository is below /opt, which this test has to hide")
    try:
        tried = subprocess.run([*words, "true"], capture_output=True, text=True, timeout=30, check=False)
    except OSError as problem:
        pytest.skip(f"folders cannot be hidden here: {problem}")
    if tried.returncode:
        pytest.skip(f"folders cannot be hidden here: {tried.stderr.strip()}")
    return words
