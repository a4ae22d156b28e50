"""Edits of a catalogue's text that touch nothing but the edited lines. Pure: text in, text out.

Only the value's own characters, a new line, or the removed lines change, so comments, order, quotes and
spacing of everything else stay as the team wrote them. The text has to be a catalogue that loads. Every edit is read back: where the text does not mean
exactly what was asked (anchors shared with others, odd layouts), it is refused.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ruamel.yaml import YAML
from ruamel.yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode

from panel.catalogue.document import parse
from panel.catalogue.problems import dotted
from panel.errors import CatalogueError, NotFoundError

_BARE = re.compile(r"[A-Za-z/][\w ./@+-]*[\w/]|[A-Za-z]")
_INDENT = "  "


def with_value(text: str, keys: Sequence[str], value: object) -> str:
    """The text with one value set; the key is added at the end of its section where it is missing.

    Raises:
        NotFoundError: the section that the key belongs to is not there.
        CatalogueError: the text cannot be edited in place.
    """
    section = _section(text, keys[:-1])
    entry = _entry(section, keys[-1])
    if entry is not None:
        edited = _replaced(text, entry, _inline(value))
    elif section.flow_style or not section.value:
        edited = _in_flow(text, section, {keys[-1]: value}, ())
    else:
        edited = _added(text, section, f"{_inline(keys[-1])}: {_inline(value)}")
    return _checked(edited, keys, _set(text, keys, value))


def with_entry(text: str, keys: Sequence[str], values: Mapping[str, object]) -> str:
    """The text with a new section of its own lines at the end of the section that ``keys[:-1]`` names.

    Raises:
        NotFoundError: there is no such section to add to.
        CatalogueError: the key exists already, or the text cannot be edited in place.
    """
    section = _section(text, keys[:-1])
    if _entry(section, keys[-1]) is not None:
        raise CatalogueError(
            f"{dotted(tuple(keys))} exists already.", hint="Choose another name, or edit what is there."
        )
    if section.flow_style or not section.value:
        edited = _in_flow(text, section, {keys[-1]: values}, ())
    else:
        lines = [
            f"{_inline(keys[-1])}:",
            *(f"{_INDENT}{_inline(key)}: {_inline(value)}" for key, value in values.items()),
        ]
        edited = _added(text, section, *lines)
    return _checked(edited, keys, _set(text, keys, dict(values)))


def without_entry(text: str, keys: Sequence[str]) -> str:
    """The text without a key, its lines, and the comment lines right above it.

    Raises:
        NotFoundError: the key is not there.
        CatalogueError: the text cannot be edited in place.
    """
    section = _section(text, keys[:-1])
    entry = _entry(section, keys[-1])
    if entry is None:
        raise _missing(keys, section)
    if section.flow_style:
        edited = _in_flow(text, section, {}, (keys[-1],))
    else:
        first = section.value[0][0].value == keys[-1]
        begin = _line_begin(text, entry.key.start_mark.index)
        begin = begin if first else _above_comments(text, begin)
        end = _line_end(text, _last_character(text, entry.key, entry.value))
        alone = " " * entry.key.start_mark.column + "{}\n" if len(section.value) == 1 else ""
        edited = text[:begin] + alone + text[end:]
    return _checked(edited, keys, _set(text, keys, _ABSENT))


@dataclass(frozen=True)
class _Entry:
    key: Node
    value: Node


_ABSENT = object()


def _section(text: str, keys: Sequence[str]) -> MappingNode:
    """The mapping that the keys lead to."""
    node = YAML(typ="safe", pure=True).compose(text)
    for position, key in enumerate(keys):
        entry = _entry(node, key)
        if entry is None:
            raise _missing(keys[: position + 1], node)
        node = entry.value
    if not isinstance(node, MappingNode):
        raise CatalogueError(
            f"{dotted(tuple(keys)) or 'The catalogue'} is not a section of keys.",
            hint="Edit the file by hand.",
        )
    return node


def _entry(node: Node, key: str) -> _Entry | None:
    pairs = node.value if isinstance(node, MappingNode) else []
    return next((_Entry(k, v) for k, v in pairs if isinstance(k, ScalarNode) and k.value == key), None)


def _missing(keys: Sequence[str], section: Node) -> NotFoundError:
    known = [str(k.value) for k, _ in section.value] if isinstance(section, MappingNode) else []
    return NotFoundError(
        f"The catalogue has no {dotted(tuple(keys))}.", hint=f"It has: {', '.join(known) or 'nothing there'}."
    )


def _replaced(text: str, entry: _Entry, new: str) -> str:
    begin, end = entry.value.start_mark.index, entry.value.end_mark.index
    end = begin + len(text[begin:end].rstrip())
    if begin == end:  # an empty value: its place is right after the colon
        begin = end = text.index(":", entry.key.end_mark.index) + 1
        new = f" {new}"
    return text[:begin] + new + text[end:]


def _added(text: str, section: MappingNode, *lines: str) -> str:
    """The lines at the section's indentation, after its last line."""
    newline = "\r\n" if "\r\n" in text else "\n"
    indent = " " * section.value[0][0].start_mark.column
    last_key, last_value = section.value[-1]
    at = _line_end(text, _last_character(text, last_key, last_value))
    before = text[:at] if text[:at].endswith("\n") else text[:at] + newline
    return before + "".join(f"{indent}{line}{newline}" for line in lines) + text[at:]


def _in_flow(text: str, section: MappingNode, new: Mapping[str, object], gone: Sequence[str]) -> str:
    """The section written anew on one line: only for sections that are on one line already."""
    kept = [
        f"{text[k.start_mark.index : k.end_mark.index]}: {text[v.start_mark.index : v.end_mark.index]}"
        for k, v in section.value
        if k.value not in gone and k.value not in new
    ]
    entries = kept + [f"{_inline(key)}: {_inline(value)}" for key, value in new.items()]
    begin, end = section.start_mark.index, section.end_mark.index
    return text[:begin] + ("{ " + ", ".join(entries) + " }" if entries else "{}") + text[end:]


def _inline(value: object) -> str:
    """A value on one line, as the catalogue's authors write it."""
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_inline(str(key))}: {_inline(item)}" for key, item in value.items())
        return "{ " + inner + " }" if inner else "{}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_inline(item) for item in value) + "]"
    if isinstance(value, str) and _BARE.fullmatch(value) and parse(f"[{value}]").data == [value]:
        return value
    if isinstance(value, str | int | float | bool) or value is None:
        return json.dumps(value, ensure_ascii=False)  # JSON's scalars are YAML's too
    raise CatalogueError(
        f"A {type(value).__name__} cannot stand in the catalogue.", hint="Give a plain value."
    )


def _last_character(text: str, key: Node, value: Node) -> int:
    """Index after the last character that belongs to the entry, comments and empty lines behind it left out."""
    if isinstance(value, CollectionNode) and not value.flow_style and value.value:
        last = value.value[-1]
        inner_key, inner = last if isinstance(last, tuple) else (last, last)
        return _last_character(text, inner_key, inner)
    begin, end = value.start_mark.index, value.end_mark.index
    return begin + len(text[begin:end].rstrip()) if begin < end else int(key.end_mark.index)


def _line_begin(text: str, index: int) -> int:
    return text.rfind("\n", 0, index) + 1


def _line_end(text: str, index: int) -> int:
    """Index after the newline of the line that ``index`` is on (or right behind)."""
    end = text.find("\n", index)
    return len(text) if end < 0 else end + 1


def _above_comments(text: str, begin: int) -> int:
    while begin > 0:
        above = _line_begin(text, begin - 1)
        if not text[above:begin].lstrip().startswith("#"):
            break
        begin = above
    return begin


def _set(text: str, keys: Sequence[str], value: object) -> object:
    """The plain data with the change made: what the edited text has to mean."""
    data = copy.deepcopy(parse(text).data)
    section = data
    for key in keys[:-1]:
        section = section[key] if isinstance(section, dict) else None
    if isinstance(section, dict):
        if value is _ABSENT:
            section.pop(keys[-1], None)
        else:
            section[keys[-1]] = json.loads(json.dumps(value))
    return data


def _checked(new: str, keys: Sequence[str], wanted: object) -> str:
    document = parse(new)
    if document.problems or document.data != wanted:
        raise CatalogueError(
            f"{dotted(tuple(keys))} cannot be edited without changing something else: "
            "the file shares values by anchors there, or is laid out in an unusual way.",
            hint="Edit the file by hand.",
        )
    return new
