"""Terraform's types as values: what forms draw, and what values are checked against.

Source of the grammar: https://developer.hashicorp.com/terraform/language/expressions/type-constraints
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?|[A-Za-z_][\w-]*|[{}()\[\],=:])')
_PRIMITIVES = frozenset({"string", "number", "bool", "any"})
_COLLECTIONS = frozenset({"list", "set", "map"})


@dataclass(frozen=True)
class VariableType:
    """A type.

    Attributes:
        kind: ``string``, ``number``, ``bool``, ``any``, ``list``, ``set``, ``map``, ``object`` or ``tuple``.
        element: what a list, set or map holds; None for the others.
        attributes: those of an object, in the order they are written.
        elements: those of a tuple.
    """

    kind: str
    element: VariableType | None = None
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    elements: tuple[VariableType, ...] = ()

    def to_json(self) -> Any:
        """The type as Terraform writes it in JSON, such as ``["list", "string"]``; optional attributes are not told apart."""
        if self.element is not None:
            return [self.kind, self.element.to_json()]
        if self.kind == "object":
            return ["object", {name: one.type.to_json() for name, one in self.attributes.items()}]
        if self.kind == "tuple":
            return ["tuple", [one.to_json() for one in self.elements]]
        return "dynamic" if self.kind == "any" else self.kind

    def accepts(self, value: object) -> bool:
        """Whether a plain value is of this type. Terraform would also turn text into numbers and back; this does not."""
        if value is None or self.kind == "any":
            return True
        if self.kind == "object":
            return isinstance(value, Mapping) and self._accepts_attributes(value)
        if self.kind == "tuple":
            return (
                isinstance(value, list)
                and len(value) == len(self.elements)
                and all(one.accepts(item) for one, item in zip(self.elements, value, strict=True))
            )
        if self.element is not None:
            return self._accepts_elements(self.element, value)
        if self.kind == "bool":
            return isinstance(value, bool)
        wanted: tuple[type, ...] = (str,) if self.kind == "string" else (int, float)
        return isinstance(value, wanted) and not isinstance(value, bool)

    def _accepts_elements(self, element: VariableType, value: object) -> bool:
        if self.kind == "map":
            return isinstance(value, Mapping) and all(element.accepts(item) for item in value.values())
        return isinstance(value, list) and all(element.accepts(item) for item in value)

    def _accepts_attributes(self, value: Mapping[str, object]) -> bool:
        given = all(name in self.attributes for name in value)
        there = all(one.optional or name in value for name, one in self.attributes.items())
        return (
            given and there and all(self.attributes[name].type.accepts(item) for name, item in value.items())
        )


@dataclass(frozen=True)
class Attribute:
    """An attribute of an object type. ``default`` has a meaning where it is ``optional`` and is None without one."""

    type: VariableType
    optional: bool = False
    default: Any = None


def parse_type(text: str) -> VariableType:
    """A type constraint as a value.

    Raises:
        ValueError: it is none, or says something that Terraform would refuse.
    """
    reader = _Reader(text)
    found = reader.type()
    if reader.rest():
        raise ValueError(f"{text!r} is no Terraform type: {reader.rest()[0]!r} comes after its end")
    return found


class _Reader:
    """Reads tokens from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = self._split(text)
        self._at = 0

    @staticmethod
    def _split(text: str) -> Sequence[str]:
        tokens, position = [], 0
        while text[position:].strip():
            match = _TOKEN.match(text, position)
            if match is None:
                raise ValueError(f"{text!r} is no Terraform type: {text[position:].strip()[:20]!r}")
            tokens.append(match[1])
            position = match.end()
        return tokens

    def rest(self) -> Sequence[str]:
        return self._tokens[self._at :]

    def type(self) -> VariableType:
        kind = self._next()
        if kind in _PRIMITIVES:
            return VariableType(kind)
        if kind in _COLLECTIONS:
            self._expect("(")
            element = self.type()
            self._expect(")")
            return VariableType(kind, element=element)
        if kind == "object":
            return VariableType(kind, attributes=self._attributes())
        if kind == "tuple":
            self._expect("(", "[")
            elements = self._until("]", self.type)
            self._expect(")")
            return VariableType(kind, elements=tuple(elements))
        raise self._wrong(kind)

    def _attributes(self) -> Mapping[str, Attribute]:
        self._expect("(", "{")
        pairs = self._until("}", self._attribute)
        self._expect(")")
        return dict(pairs)

    def _attribute(self) -> tuple[str, Attribute]:
        name = self._next().strip('"')
        self._separator()
        if self._peek() != "optional":
            return name, Attribute(self.type())
        self._expect("optional", "(")
        wanted = self.type()
        default = None
        if self._peek() == ",":
            self._expect(",")
            default = self._literal()
        self._expect(")")
        return name, Attribute(wanted, optional=True, default=default)

    def _literal(self) -> Any:
        word = self._next()
        if word == "[":
            return self._until("]", self._literal)
        if word == "{":
            return dict(self._until("}", self._entry))
        try:
            return json.loads(word)  # text, numbers, true, false and null are written alike
        except ValueError:
            raise self._wrong(word) from None

    def _entry(self) -> tuple[str, Any]:
        name = self._next().strip('"')
        self._separator()
        return name, self._literal()

    def _until(self, end: str, one: Any) -> list[Any]:
        """What ``one`` reads, with or without commas in between, up to ``end``."""
        found = []
        while self._peek() != end:
            found.append(one())
            if self._peek() == ",":
                self._expect(",")
        self._expect(end)
        return found

    def _separator(self) -> None:
        if self._next() not in {"=", ":"}:
            raise self._wrong(self._tokens[self._at - 1])

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _next(self) -> str:
        token = self._peek()
        if not token:
            raise ValueError(f"{self._text!r} is no Terraform type: it ends too early")
        self._at += 1
        return token

    def _expect(self, *wanted: str) -> None:
        for token in wanted:
            if self._next() != token:
                raise self._wrong(self._tokens[self._at - 1])

    def _wrong(self, token: str) -> ValueError:
        return ValueError(f"{self._text!r} is no Terraform type: {token!r} does not belong there")
