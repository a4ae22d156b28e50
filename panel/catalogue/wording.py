"""What a catalogue should have said, in plain words: from the schema and pydantic's findings to problems.

No sentence here repeats a value that may be a secret (service environments and Terraform variables).
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from pydantic import ValidationError

from panel.catalogue.document import Document
from panel.catalogue.problems import KeyPath, Problem
from panel.catalogue.schema import Catalogue

_Schema = Mapping[str, Any]
_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "null": "nothing",
}


def problems_of(error: ValidationError, document: Document) -> list[Problem]:
    """Pydantic's findings as problems with line numbers; rules over several keys are not among them."""
    found: dict[tuple[KeyPath, str], Problem] = {}
    for item in error.errors(include_url=False):
        if not item["loc"] and item["type"] == "value_error":
            continue  # what panel.catalogue.rules says, with its own paths
        path, schema = _resolve(item["loc"])
        problem = _problem(item["type"], item.get("ctx", {}), path, schema, document)
        found.setdefault((problem.path, "extra" if item["type"] == "extra_forbidden" else ""), problem)
    return list(found.values())


def _problem(
    kind: str, context: Mapping[str, Any], path: KeyPath, schema: _Schema, document: Document
) -> Problem:
    line = document.line_of(path)
    if kind == "extra_forbidden":
        return Problem(line, path, _unknown_key(str(path[-1]), schema))
    if kind in {"union_tag_not_found", "union_tag_invalid"}:
        path = (*path, "kind")
        text = f"expected {_either(list(_variants(schema)))}, found {found(_at(document.data, path))}"
        return Problem(document.line_of(path), path, text)
    if kind == "missing":
        return Problem(line, path, f"is missing: expected {expected(schema)}")
    wanted = expected(schema)
    if kind == "value_error":
        reason = str(context.get("error", ""))
        if not reason.startswith("must be "):
            return Problem(line, path, reason)
        wanted = reason.removeprefix("must be ")
    if path and path[-1] == "[key]":
        return Problem(line, path[:-1], f"the name must be {wanted}")
    value = _at(document.data, path)
    return Problem(line, path, f"expected {wanted}, found {found(value, secret=_may_be_secret(path))}")


def expected(schema: _Schema) -> str:
    """What a piece of the JSON schema asks for, as words that follow 'expected'."""
    schema = _follow(schema)
    if "anyOf" in schema:
        options = [option for option in schema["anyOf"] if option.get("type") != "null"]
        numbers = any(option.get("type") == "number" for option in options)
        return _either([expected(o) for o in options if not (numbers and o.get("type") == "integer")])
    if "const" in schema or "enum" in schema:
        return _either([str(value) for value in schema.get("enum", [schema.get("const")])])
    if schema.get("type") == "object" or "oneOf" in schema:
        return _section(schema)
    if "description" in schema:
        return str(schema["description"])
    if schema.get("type") == "array":
        return _list(schema)
    return _TYPES.get(str(schema.get("type")), "a value") + _bounds(schema)


def found(value: object, *, secret: bool = False) -> str:
    """A value as words that follow 'found'; ``secret`` names its type alone."""
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return "a section of keys" if value else "an empty section"
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    kind = "" if isinstance(value, bool) else "the text " if isinstance(value, str) else "the number "
    if secret:
        return (kind or "a true/false value ").replace("the ", "a ").strip()
    if isinstance(value, bool):
        return str(value).lower()
    shown = repr(value)
    return kind + (shown if len(shown) <= 60 else f"{shown[:56]}…{shown[-1]}")


def did_you_mean(name: str, known: Sequence[str]) -> str:
    """A question with the nearest known name, or the known names where none is near."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(sorted(known))}"


def _unknown_key(name: str, section: _Schema) -> str:
    return f"unknown key {name!r}: {did_you_mean(name, list(section.get('properties', {})))}"


def _section(schema: _Schema) -> str:
    required = schema.get("required")
    if required:
        *first, last = required
        return "a section with " + (f"{', '.join(first)} and {last}" if first else last)
    return (
        "a section with at least one name" if schema.get("minProperties") else "a section of keys and values"
    )


def _list(schema: _Schema) -> str:
    items = _follow(schema["items"])
    if "description" in items or "enum" in items:
        some = "a list of at least one" if schema.get("minItems") else "a list"
        return f"{some}, each {expected(items)}"
    return f"a list of {expected(items).removeprefix('a ')}s"


def _bounds(schema: _Schema) -> str:
    if schema.get("type") == "string":
        longest = schema.get("maxLength")
        return f" of 1 to {longest} characters" if longest else ""
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        return f" from {low} to {high}"
    if low is not None:
        return f" of {low} or more"
    above = schema.get("exclusiveMinimum")
    return f" above {above}" if above is not None else ""


def _either(words: Sequence[str]) -> str:
    *first, last = list(dict.fromkeys(words)) or ["a value"]
    return f"{', '.join(first)} or {last}" if first else last


def _may_be_secret(path: KeyPath) -> bool:
    return (
        len(path) > 3
        and path[0] in {"services", "environments"}
        and path[2] in {"environment", "secrets", "variables"}
    )


def _at(data: object, path: KeyPath) -> object:
    for part in path:
        if isinstance(data, Mapping):
            data = data.get(part)
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            data = data[part]
        else:
            return None
    return data


@lru_cache(maxsize=1)
def _json_schema() -> _Schema:
    return Catalogue.model_json_schema()


def _follow(schema: _Schema) -> _Schema:
    while "$ref" in schema:
        schema = _json_schema()["$defs"][str(schema["$ref"]).rsplit("/", 1)[-1]]
    return schema


def _variants(schema: _Schema) -> Mapping[str, str]:
    mapping: Mapping[str, str] = schema.get("discriminator", {}).get("mapping", {})
    return mapping


def _resolve(location: Sequence[str | int]) -> tuple[KeyPath, _Schema]:
    """The document's path of a pydantic location, and the piece of the schema that speaks about it.

    A location also holds what no document does: tags of discriminated unions, names of union members.
    For an unknown key the schema is that of the section it stands in.
    """
    schema = _follow(_json_schema())
    path: list[str | int] = []
    for part in location:
        if part == "[key]":
            return (*path, part), schema.get("propertyNames", {})
        if part in _variants(schema):
            schema = _follow({"$ref": _variants(schema)[str(part)]})
            continue
        schema = _unless_nothing(schema)
        if "anyOf" in schema:
            break
        inner = _inner(schema, part)
        path.append(part)
        if inner is None:
            break
        schema = _follow(inner)
    return tuple(path), schema


def _unless_nothing(schema: _Schema) -> _Schema:
    """The section behind ``section or nothing``; other choices stay as they are."""
    options = [option for option in schema.get("anyOf", ()) if option.get("type") != "null"]
    return _follow(options[0]) if len(options) == 1 and "$ref" in options[0] else schema


def _inner(schema: _Schema, part: str | int) -> _Schema | None:
    if isinstance(part, int):
        items = schema.get("items")
        return items if isinstance(items, Mapping) else None
    if "properties" in schema:
        inner: _Schema | None = schema["properties"].get(part)
        return inner
    other = schema.get("additionalProperties")
    return other if isinstance(other, Mapping) else None
