"""YAML text to plain values with the line of every key.

Belongs here: what YAML 1.2 itself allows, and what the panel refuses of it (duplicate keys, merge keys, own
tags, documents that alias themselves into something enormous). What the keys mean is in
:mod:`panel.catalogue.schema`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from panel.catalogue.problems import KeyPath, Problem

_MOST_VALUES = 50_000
_DEEPEST = 30
_TAG = "tag:yaml.org,2002:"
_PLAIN_TAGS = {"str", "int", "float", "bool", "null", "timestamp", "map", "seq"}


@dataclass(frozen=True)
class Document:
    """A parsed document: plain values, the line of every key, and what is wrong with the YAML itself."""

    data: object
    lines: Mapping[KeyPath, int]
    problems: tuple[Problem, ...]

    def line_of(self, path: KeyPath) -> int:
        """Line of the key, or of its nearest parent where the key is missing; 1 for the document."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.lines:
                return self.lines[path[:length]]
        return 1


class TooLargeError(Exception):
    """The document expands to more values than any catalogue has."""


def parse(text: str) -> Document:
    """Parse YAML 1.2 text. Problems come back as values, never as an exception.

    Where the text cannot be parsed at all there is one problem and ``data`` is None.
    """
    yaml = YAML(typ="safe", pure=True)
    yaml.max_depth = _DEEPEST
    yaml.composer.warn_double_anchors = False
    try:
        root = yaml.compose(text)
    except YAMLError as error:
        return _unparsed(error)
    except Exception as error:  # the parser's own slips on odd text; the text is at fault, and we say so
        return Document(None, {}, (Problem(1, (), f"is not YAML that can be read ({type(error).__name__})"),))
    if root is None:
        return Document(None, {}, ())
    reader = _Reader(yaml)
    try:
        data = reader.value(root, ())
    except TooLargeError:
        text = f"expands to more than {_MOST_VALUES} values or refers to itself: write the repeated parts out"
        return Document(None, {}, (Problem(1, (), text),))
    return Document(data, reader.lines, tuple(reader.problems))


def _unparsed(error: YAMLError) -> Document:
    line, reason = 1, "is not YAML"
    if isinstance(error, MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark is not None else 1
        reason = " ".join(str(part) for part in (error.context, error.problem) if part) or reason
    if "\\t" in reason:
        reason = "indented with a tab; YAML takes spaces only"
    return Document(None, {}, (Problem(line, (), f"the YAML cannot be read: {reason}"),))


@dataclass
class _Reader:
    """Walks the composed nodes once, counting what aliases expand to."""

    yaml: YAML
    lines: dict[KeyPath, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    count: int = 0

    def value(self, node: Node, path: KeyPath) -> object:
        self.count += 1
        # Depth is checked again here because an alias may point at one of its own parents.
        if self.count > _MOST_VALUES or len(path) > _DEEPEST:
            raise TooLargeError
        kind = str(node.tag).removeprefix(_TAG)
        if kind not in _PLAIN_TAGS:
            self._report(node, path, f"the tag {str(node.tag)!r} is not allowed: write a plain value")
            return None
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return self._sequence(node, path)
        return self._scalar(node, kind, path)

    def _mapping(self, node: MappingNode, path: KeyPath) -> dict[str, object]:
        values: dict[str, object] = {}
        first: dict[str, int] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node, path)
            if key is None:
                continue
            line = _line(key_node)
            if key in first:
                self._report(key_node, (*path, key), f"is written twice; the first time on line {first[key]}")
                continue
            first[key] = line
            self.lines[(*path, key)] = line
            values[key] = self.value(value_node, (*path, key))
        return values

    def _key(self, node: Node, path: KeyPath) -> str | None:
        tag = str(node.tag).removeprefix(_TAG)
        if not isinstance(node, ScalarNode):
            self._report(node, path, "a key must be a plain word, found a list or a section")
            return None
        if tag == "merge":
            self._report(node, path, "merge keys (<<) are not part of YAML 1.2: write the values out")
            return None
        if tag not in {"str", "timestamp"}:
            self._report(node, path, f"the key {node.value!r} must be text: put it in quotes")
            return None
        return str(node.value)

    def _sequence(self, node: SequenceNode, path: KeyPath) -> list[object]:
        values = []
        for index, item in enumerate(node.value):
            self.lines[(*path, index)] = _line(item)
            values.append(self.value(item, (*path, index)))
        return values

    def _scalar(self, node: Node, kind: str, path: KeyPath) -> object:
        # YAML 1.2's core schema has no dates: 2026-01-31 is text.
        if kind in {"str", "timestamp"}:
            return str(node.value)
        try:
            return self.yaml.constructor.construct_object(node)
        except Exception:  # an explicit tag on a value it does not fit, or a number beyond Python's limit
            self._report(node, path, f"the value cannot be read as {kind}")
            return None

    def _report(self, node: Node, path: KeyPath, text: str) -> None:
        self.problems.append(Problem(_line(node), path, text))


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1
