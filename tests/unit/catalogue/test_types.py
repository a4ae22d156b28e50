"""Terraform's types, read from their text."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from panel.catalogue.types import Attribute, VariableType, parse_type
from panel.catalogue.variables import read_variables

ROOT = Path(__file__).parents[3]
_NESTED = """map(object({
  path_patterns = list(string)
  command       = optional(list(string))
  environment   = optional(map(string), {})
  autoscaling   = optional(object({ min_count = number, cpu_percent = optional(number, -1.5) }), { min_count = 1 })
  rules = optional(list(object({ prefix = string, replace_with = optional(string, "") })), [])
}))"""


def test_types_nest_with_optional_attributes_and_their_defaults() -> None:
    service = parse_type(_NESTED).element
    assert service is not None
    assert list(service.attributes) == ["path_patterns", "command", "environment", "autoscaling", "rules"]
    assert service.attributes["command"] == Attribute(
        VariableType("list", element=VariableType("string")), optional=True
    )
    assert (service.attributes["environment"].default, service.attributes["rules"].default) == ({}, [])
    autoscaling = service.attributes["autoscaling"]
    assert autoscaling.default == {"min_count": 1}
    assert autoscaling.type.attributes["cpu_percent"] == Attribute(VariableType("number"), True, -1.5)
    assert not service.attributes["path_patterns"].optional


@pytest.mark.parametrize(
    ("text", "json"),
    [
        ("string", "string"),
        ("any", "dynamic"),
        ("set(number)", ["set", "number"]),
        ("map(list(bool))", ["map", ["list", "bool"]]),
        ("tuple([string, number])", ["tuple", ["string", "number"]]),
        ("object({})", ["object", {}]),
        ("object({ a = optional(string), b : bool })", ["object", {"a": "string", "b": "bool"}]),
    ],
)
def test_a_type_in_terraforms_own_json(text: str, json: object) -> None:
    assert parse_type(text).to_json() == json


@pytest.mark.parametrize(
    ("text", "good", "bad"),
    [
        ("string", ["", "x", None], [1, True, ["x"]]),
        ("number", [1, 2.5, None], ["1", True]),
        ("bool", [True, None], [1, "true"]),
        ("any", [1, "x", [True], {}], []),
        ("list(number)", [[], [1]], [["1"], "1", {}, [True]]),
        ("map(string)", [{}, {"a": "b"}], [{"a": 1}, []]),
        ("tuple([string, bool])", [["a", True]], [["a"], ["a", 1]]),
        ("object({ a = string, b = optional(number, 3) })", [{"a": "x"}, {"a": "x", "b": 1}], [{}, {"a": "x", "c": 1}, {"a": 1}, []]),
    ],
)  # fmt: skip
def test_what_a_type_accepts(text: str, good: list[object], bad: list[object]) -> None:
    wanted = parse_type(text)
    assert [value for value in good if not wanted.accepts(value)] == []
    assert [value for value in bad if wanted.accepts(value)] == []


@pytest.mark.parametrize(
    "text",
    ["", "text", "list", "list(", "list(string", "list(string))", "object(string)", "object({ a })", "object({ a = })",
     "tuple(string)", "string string", "map(string;)", "object({ a = optional(string, ) })", "object({ a = optional(string, b) })"],
)  # fmt: skip
def test_what_is_no_type_is_said_to_be_none(text: str) -> None:
    with pytest.raises(ValueError, match="is no Terraform type"):
        parse_type(text)


@settings(deadline=None)
@given(st.text(alphabet='listrngmapobjec(){}[]=,": ', max_size=40))
def test_any_text_is_a_type_or_refused(text: str) -> None:
    try:
        parse_type(text).to_json()
    except ValueError as error:
        assert "is no Terraform type" in str(error)


def test_every_variable_of_the_project_has_a_type_that_its_default_fits() -> None:
    seen = 0
    for folder in sorted(path.parent for path in (ROOT / "terraform").glob("*/*/versions.tf")):
        for variable in read_variables(folder):
            assert variable.parsed_type.accepts(variable.default), (folder.name, variable.name)
            seen += 1
    assert seen > 150
