"""docs/health.md says what the code does: its tables are compared."""

from __future__ import annotations

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from panel.aws.session import Account, Aws
from panel.catalogue.health import HealthRules, health_for
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


def test_what_counts_as_trouble_is_documented_with_its_defaults(text: str) -> None:
    written = {cells[0].strip("`"): float(cells[1]) for cells in rows_below(text, "What counts as trouble")}

    assert written == {name: field.default for name, field in HealthRules.model_fields.items()}


def test_the_example_of_what_counts_as_trouble_can_be_loaded(text: str, catalogue: Catalogue) -> None:
    example = YAML(typ="safe").load(text.split("```yaml\n", 1)[1].split("```", 1)[0])
    document = catalogue.model_dump(mode="json", exclude_unset=True)
    document["health"] = example["health"]
    document["environments"]["staging"]["health"] = example["environments"]["staging"]["health"]

    loaded = Catalogue.model_validate(document)
    rules = health_for(loaded.health, loaded.environments["staging"].health)

    assert (rules.slow_ms, rules.tell_down_s, rules.tell_degraded_s) == (1500, 900, 3600)
    assert rules.tell_healthy_s == HealthRules().tell_healthy_s
