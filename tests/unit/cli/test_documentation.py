"""docs/cli.md is true: it lists every command, every exit code and every field that is promised."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields as fields_of
from pathlib import Path

import typer

from panel.cli import errors
from panel.cli.main import EXIT_CODES, app
from panel.deploys import Part
from panel.deploys.commits import Commit
from panel.deploys.comparison import ServiceChange, Setting, Side
from panel.health.sweep import EXIT_CODES as HEALTH_CODES
from panel.lifecycle.release_overview import ImageView, ReleaseView
from panel.store.runs import FINAL, TRANSITIONS

PAGE = Path(__file__).parents[3] / "docs" / "cli.md"


def commands() -> Iterator[str]:
    tree = typer.main.get_command(app)
    for name, command in tree.commands.items():
        inner = getattr(command, "commands", None)
        if inner is None or command.invoke_without_command:
            yield name
        yield from [f"{name} {one}" for one in inner or ()]


def test_every_command_is_listed_and_no_other():
    rows = re.findall(r"^\| `panel ([a-z]+(?: [a-z]+)?)", PAGE.read_text(), re.MULTILINE)
    assert sorted(rows) == sorted(commands())


def test_every_command_says_what_it_does():
    tree = typer.main.get_command(app)
    for name in commands():
        command = tree
        for word in name.split():
            command = command.commands[word]
        assert command.help, name


def test_exit_codes_are_listed_in_the_page_and_in_the_help():
    listed = re.findall(r"^\| ([0-9, ]+) \|", PAGE.read_text(), re.MULTILINE)
    told = {int(code) for cell in listed for code in cell.split(",")}
    used = {errors.DONE, errors.FAILED, errors.USAGE, errors.REFUSED, errors.TIMED_OUT, errors.INTERRUPTED}
    assert told == used | set(HEALTH_CODES.values())
    assert {int(code) for code in re.findall(r"\d+", EXIT_CODES)} == told


def test_every_state_of_a_run_is_named():
    text = PAGE.read_text()
    assert [name for name in {*TRANSITIONS, *FINAL} if f"`{name}`" not in text] == []


def test_every_field_is_named(terminal, order):
    number = str(order("create", "planned"))
    text = PAGE.read_text()
    documents = [
        terminal.json("env", "show", "staging"), terminal.json("runs", "show", number),
        terminal.json("cost", "estimate", "staging"), terminal.json("local", "status"),
        terminal.json("runs", "logs", number)[0], terminal.json("audit", "verify"), terminal.json("releases"),
        terminal.json("releases")["services"][0], terminal.json("releases")["services"][0]["environments"]["staging"],
        {field.name: "" for kind in (ReleaseView, ImageView) for field in fields_of(kind)},
        {field.name: "" for kind in (ServiceChange, Side, Setting, Commit, Part) for field in fields_of(kind)},
    ]  # fmt: skip
    fields = {field for document in documents for field in document} - {"scan_text", "scan_severity"}
    assert [field for field in fields if not re.search(rf"\b{field}\b", text)] == []
