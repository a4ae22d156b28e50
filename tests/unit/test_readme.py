"""The README promises commands, settings and words: each must be what the program has."""

import re
from pathlib import Path

import pytest
import typer.main

from panel.catalogue.load import parse_catalogue
from panel.cli.main import app
from panel.errors import CatalogueError
from panel.settings import Settings

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SHELL = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
COMMANDS = [line.strip() for block in SHELL for line in block.splitlines() if line.strip()]


def words_of(command: str) -> list[str]:
    return command.removeprefix(".venv/bin/").split()


@pytest.mark.parametrize("command", [c for c in COMMANDS if words_of(c)[0] == "panel"])
def test_each_panel_command_of_the_readme_exists_with_its_options(command: str) -> None:
    tree = typer.main.get_command(app)
    words = words_of(command)[1:]
    names: list[str] = []
    while words and getattr(tree, "commands", None):
        name = words.pop(0)
        assert name in tree.commands, command
        names.append(name)
        tree = tree.commands[name]
    known = {option for parameter in tree.params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= known, command
    assert names


def test_each_make_target_of_the_readme_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = {words_of(command)[1] for command in COMMANDS if words_of(command)[0] == "make"}
    assert targets >= {"run", "test", "check"}
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_ci_runs_exactly_the_test_command_of_the_readme() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "make test" in COMMANDS
    assert re.search(r"^make test$", script, re.MULTILINE)


def test_the_settings_table_names_settings_that_exist() -> None:
    rows = re.findall(r"^\| `PANEL_([A-Z_]+)` \|.*\| ([^|]*)\|$", README, re.MULTILINE)
    assert len(rows) >= 8
    for name, default in rows:
        field = Settings.model_fields[name.lower()]
        if default.strip().isdigit():
            assert field.default == int(default)


def test_the_sample_of_a_mistake_is_what_the_panel_says() -> None:
    sample = re.search(r"^environments\.yaml:(\d+): (.*)$", README, re.MULTILINE)
    assert sample
    text = (ROOT / "environments.yaml").read_text(encoding="utf-8")
    staging = text.index("  staging:")
    broken = text[:staging] + text[staging:].replace("desired_tasks: 2", "desired_tasks: two", 1)
    with pytest.raises(CatalogueError) as caught:
        parse_catalogue(broken)
    assert sample.group(0) in caught.value.detail


def test_files_that_the_documents_link_to_exist() -> None:
    for document in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8")):
            assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_the_example_of_an_environment_is_one() -> None:
    (example,) = re.findall(r"```yaml\n  preview:\n(.*?)```", README, re.DOTALL)
    catalogue = (ROOT / "environments.yaml").read_text(encoding="utf-8")
    staging = catalogue[catalogue.index("  staging:\n") : catalogue.index("\n\n# What else")]
    preview = staging.replace("staging:", "preview:", 1) + "\n" + example

    loaded = parse_catalogue(catalogue.replace(staging, staging + "\n" + preview)).environments["preview"]

    assert (loaded.approvals.count, loaded.ttl_hours, loaded.guardrails.destroys.at_most) == (2, 72, 5)
