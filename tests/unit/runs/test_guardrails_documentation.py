"""docs/guardrails.md, the rules in code and the schema of environments.yaml say the same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from ruamel.yaml import YAML

from panel.catalogue.guardrails import Guardrails, guardrails_for
from panel.catalogue.load import load_catalogue
from panel.catalogue.schema import Catalogue
from panel.runs import checkov
from panel.runs.guardrails import RULES

_ROOT = Path(__file__).resolve().parents[3]
_TEXT = (_ROOT / "docs" / "guardrails.md").read_text(encoding="utf-8")
_SECTIONS = dict(re.findall(r"^### `(\w+)`\n(.*?)(?=^##)", _TEXT, re.MULTILINE | re.DOTALL))
_SHARED = {"severity", "overridable", "ignore"}


def rows(text: str) -> dict[str, str]:
    """Keys and defaults of the tables of keys in a piece of the page."""
    tables = re.findall(r"\| Key \| Default \| Meaning \|\n\| --- \| --- \| --- \|\n((?:\|.*\n)+)", text)
    found = (line.split("|") for table in tables for line in table.splitlines())
    return {cells[1].strip().strip("`"): cells[2].strip().strip("`") for cells in found}


def plain(value: str) -> Any:
    return None if value == "none" else YAML(typ="safe", pure=True).load(value)


def model(key: str) -> type[BaseModel]:
    found = Guardrails.model_fields[key].annotation
    assert found is not None
    assert issubclass(found, BaseModel)
    return found


def test_code_schema_and_page_have_the_same_rules() -> None:
    in_code = [rule.key for rule in RULES] + [checkov.NAME]

    assert list(Guardrails.model_fields) == in_code
    assert list(_SECTIONS) == in_code


@pytest.mark.parametrize("key", list(Guardrails.model_fields))
def test_the_page_has_each_rules_severity_keys_and_defaults(key: str) -> None:
    section, fields = _SECTIONS[key], model(key).model_fields
    default = getattr(Guardrails(), key)

    assert f"Default: **{default.severity}**" in section
    assert "Example:" in section
    written = {name: plain(value) for name, value in rows(section).items()}
    assert written == {name: getattr(default, name) for name in fields if name not in _SHARED}


def test_the_page_has_the_keys_that_most_rules_have() -> None:
    table = rows(_TEXT.split("## Configure", 1)[1].split("## Rules", 1)[0])

    assert set(table) == _SHARED
    for key in Guardrails.model_fields:
        rule = getattr(Guardrails(), key)
        for name in _SHARED & set(model(key).model_fields) - {"severity"}:
            assert getattr(rule, name) == plain(table[name])


def test_the_example_of_the_page_means_what_the_page_says() -> None:
    example = re.search(r"<!-- example -->\n```yaml\n(.*?)```", _TEXT, re.DOTALL)
    assert example is not None
    said = YAML(typ="safe", pure=True).load(example[1])
    raw = load_catalogue(_ROOT / "environments.yaml").model_dump() | {"guardrails": said["guardrails"]}
    for name, entry in said["environments"].items():
        raw["environments"][name] |= entry

    catalogue = Catalogue.model_validate(raw)

    staging, production = (
        guardrails_for(catalogue.guardrails, catalogue.environments[name].guardrails)
        for name in ("staging", "production")
    )
    assert (staging.destroys.severity, staging.destroys.at_most) == ("block", 3)
    assert (production.destroys.severity, production.destroys.at_most) == ("block", 0)
    assert (staging.tags.severity, production.tags.severity) == ("off", "warn")
