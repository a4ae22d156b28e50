"""docs/health.md says what the code does: its tables are compared."""

from __future__ import annotations

from pathlib import Path

import pytest

from panel.aws.session import Account, Aws
from panel.catalogue.schema import Catalogue
from panel.health.environment_probes import probes_of
from panel.health.rules_document import rules_as_markdown
from panel.health.sweep import EXIT_CODES


@pytest.fixture
def text() -> str:
    return (Path(__file__).resolve().parents[3] / "docs" / "health.md").read_text(encoding="utf-8")


def rows_below(text: str, heading: str) -> list[list[str]]:
    """The cells of the first table below a heading, without its head."""
    lines = text.split(f"\n## {heading}\n", 1)[1].splitlines()
    table = [line for line in lines[: next_heading(lines)] if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table]


def next_heading(lines: list[str]) -> int:
    return next((number for number, line in enumerate(lines) if line.startswith("## ")), len(lines))


def test_the_rules_in_the_documentation_are_those_of_the_code(text: str) -> None:
    written = text.split("-->\n", 1)[1].split("\n<!-- end of rules", 1)[0]

    assert written == rules_as_markdown()


def test_the_exit_codes_in_the_documentation_are_those_of_the_code(text: str) -> None:
    written = {cells[0].replace(" ", "_"): int(cells[-1]) for cells in rows_below(text, "Verdicts")}

    assert written == dict(EXIT_CODES)


def test_every_probe_is_documented(text: str, catalogue: Catalogue) -> None:
    looks = probes_of(Aws(Account("us-east-2")), catalogue, {}, emulated_endpoint=None)

    assert [cells[0].strip("`") for cells in rows_below(text, "Probes")] == [look.name for look in looks]
