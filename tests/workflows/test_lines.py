"""What the lines of a job do, with a stand-in for the panel: which commands come, and what colour the job gets."""

import json
import os
import sys
from pathlib import Path

import pytest
import typer

from panel.cli.main import app
from tests.workflows.steps import Done, Event, jobs, run_steps

# Notes how it was called and ends as it was told to; what it prints for scripts is what `panel runs list` does.
_PANEL = """#!/bin/sh
echo "$*" >> "$FOLDER/calls"
case "$1 $2" in
  "runs list") echo "$RUNS" ;;
  "runs show") echo "### Plan of staging" ;;
  releases*) echo "r3 backend" ;;
esac
case "$*" in
  "source "*"--in staging") exit "$STAGING" ;;
  "source "*"--in production") exit "$PRODUCTION" ;;
  "deploy "*|"promote "*|"env "*) exit "$CODE" ;;
esac
"""
SAME, OTHER = "0", "1"


class Scene:
    """A checkout with stand-ins where the programs would be."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.root = folder, folder / "checkout"
        self.variables = {
            "PATH": f"{folder / 'programs'}:{os.environ['PATH']}", "FOLDER": str(folder), "RUNS": '[{"id": 7}]',
            "STAGING": OTHER, "PRODUCTION": OTHER, "CODE": "0", "MAKE": "0",
        }  # fmt: skip
        self._program(self.root / ".venv" / "bin" / "panel", _PANEL)
        self._program(
            folder / "programs" / "make", '#!/bin/sh\necho "make $*" >> "$FOLDER/calls"\nexit "$MAKE"\n'
        )
        (self.root / ".venv" / "bin" / "python").symlink_to(sys.executable)

    def _program(self, path: Path, text: str) -> None:
        path.parent.mkdir(parents=True)
        path.write_text(text)
        path.chmod(0o755)

    def run(self, workflow: str, event: Event, **variables: str) -> tuple[list[Done], list[str]]:
        """What became of the steps of the job, and how the panel was called."""
        (job,) = jobs(workflow, event)
        done = run_steps(job, {**self.variables, **variables}, self.folder, root=self.root)
        return done, (self.folder / "calls").read_text().splitlines()

    @property
    def summary(self) -> str:
        return (self.folder / "summary.md").read_text()


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def colour(done: list[Done]) -> str:
    return "red" if any(step.outcome == "failure" for step in done) else "green"


def test_develop_is_built_here_and_released_to_staging(scene: Scene) -> None:
    done, calls = scene.run("backend.yml", Event())

    assert colour(done) == "green", [step.text for step in done]
    assert calls == [
        "make install",
        "deploy staging backend --build --here --yes --wait --timeout 3300",
        "releases staging --service backend --limit 5",
        "down",
    ]
    assert scene.summary == "```\nr3 backend\n```\n"


@pytest.mark.parametrize(
    ("staging", "production", "last"),
    [
        (SAME, OTHER, "promote staging production backend --wait --timeout 3300"),
        (OTHER, OTHER, "deploy production backend --build --here --wait --timeout 3300"),
        (SAME, SAME, "source backend --in production"),
    ],
)
def test_main_promotes_what_staging_runs_builds_what_it_does_not_and_leaves_what_is_there(
    staging: str, production: str, last: str, scene: Scene
) -> None:
    done, calls = scene.run("backend.yml", Event("push", "main"), STAGING=staging, PRODUCTION=production)

    assert colour(done) == "green"
    assert calls[-3] == last
    assert not [call for call in calls if "--yes" in call]


@pytest.mark.parametrize("code", ["1", "2", "3", "4"])
@pytest.mark.parametrize(
    ("workflow", "last"), [("backend.yml", "releases"), ("environments.yml", "runs show")]
)
def test_what_was_refused_failed_or_took_too_long_is_red_and_still_told(
    code: str, workflow: str, last: str, scene: Scene
) -> None:
    done, calls = scene.run(workflow, Event(), CODE=code)

    assert [step.code for step in done if step.outcome == "failure"] == [int(code)]
    assert calls[-2].startswith(last)
    assert calls[-1] == "down"


def test_where_the_panel_could_not_be_installed_nothing_else_is_tried(scene: Scene) -> None:
    done, calls = scene.run("backend.yml", Event(), MAKE="2")

    assert (colour(done), calls) == ("red", ["make install"])


def test_an_environment_is_brought_to_what_the_catalogue_says(scene: Scene) -> None:
    _, calls = scene.run("environments.yml", Event())

    assert calls == [
        "make install",
        "env sync staging --confirm staging --here --yes --wait --timeout 3300",
        "runs list --environment staging --limit 1 --json",
        "runs show 7 --format markdown",
        "down",
    ]
    assert scene.summary == "### Plan of staging\n"


def test_production_waits_for_its_review(scene: Scene) -> None:
    _, calls = scene.run("environments.yml", Event("push", "main"))

    assert calls[1] == "env sync production --confirm production --here --wait --timeout 3300"


def test_a_pull_request_is_planned_and_nothing_else(scene: Scene) -> None:
    done, calls = scene.run("environments.yml", Event("pull_request", "main"))

    assert colour(done) == "green"
    assert calls[1] == "env plan production --here --wait --timeout 3300"
    assert not [call for call in calls if call.startswith("env sync")]
    assert scene.summary == "### Plan of staging\n"


def test_where_there_was_never_a_run_there_is_no_plan_to_tell(scene: Scene) -> None:
    done, _ = scene.run("environments.yml", Event(), RUNS=json.dumps([]))

    assert (colour(done), scene.summary) == ("green", "")


def test_the_panel_has_every_command_and_option_of_the_lines(scene: Scene) -> None:
    called = [
        *scene.run("backend.yml", Event())[1], *scene.run("backend.yml", Event("push", "main"), STAGING=SAME)[1],
        *scene.run("environments.yml", Event())[1], *scene.run("environments.yml", Event("pull_request", "main"))[1],
    ]  # fmt: skip
    for call in {call for call in called if not call.startswith("make ")}:
        command, words = typer.main.get_command(app), call.split()
        while getattr(command, "commands", None):
            command = command.commands[words.pop(0)]
        known = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= known, call
