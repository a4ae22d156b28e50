"""Which arguments the blocks under a folder write and which results they read, checked against a provider's schema."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hcl2

from tests.terraform.provider_schema import Block, Schema, flat

# What Terraform itself reads in a block, whatever the provider.
_OF_TERRAFORM = {
    "count",
    "for_each",
    "provider",
    "depends_on",
    "lifecycle",
    "provisioner",
    "connection",
    "dynamic",
}
_OF_PROVIDERS = {"alias", "version"}
_COMMENT = re.compile(r"(^|\s)(#|//).*$", re.MULTILINE)
_READ = re.compile(r"(?P<data>\bdata\.)?\b(?P<type>aws_\w+)\.\w+(?:\[[^\]]*\])?\.(?P<name>[a-z]\w*)")

Deprecated = Mapping[str, Collection[str]]


@dataclass(frozen=True)
class Use:
    """A block of a provider in a file: kind (resource, data or provider), type, label, and what it says."""

    file: str
    kind: str
    type: str
    label: str
    body: Mapping[str, Any]


@dataclass(frozen=True)
class Read:
    """A result that an expression reads."""

    file: str
    kind: str
    type: str
    name: str


def uses(folder: Path) -> list[Use]:
    """The resources, data sources and provider settings of AWS in all .tf files under the folder."""
    return [use for path in _files(folder) for use in _uses_of(path, path.relative_to(folder).as_posix())]


def reads(folder: Path) -> list[Read]:
    """What the expressions in all .tf files under the folder read of AWS resources and data sources."""
    found = []
    for path in _files(folder):
        text = _COMMENT.sub("", path.read_text(encoding="utf-8"))
        name = path.relative_to(folder).as_posix()
        for match in _READ.finditer(text):
            found.append(Read(name, "data" if match["data"] else "resource", match["type"], match["name"]))
    return found


def wrong_arguments(used: Sequence[Use], schema: Schema, deprecated: Deprecated | None = None) -> list[str]:
    """One line for each argument that the provider does not know, misses, or has deprecated.

    Args:
        used: the blocks.
        schema: what the provider takes.
        deprecated: more deprecated arguments: type, then dotted names below it.
    """
    lines = []
    for use in used:
        block = _block_of(use.kind, use.type, schema)
        where = f"{use.file}: {use.kind} {use.type}.{use.label}"
        if block is None:
            lines.append(f"{where}: provider {schema.version} has no such type")
            continue
        free = _OF_PROVIDERS if use.kind == "provider" else _OF_TERRAFORM
        named = (deprecated or {}).get(_key(use.kind, use.type), ())
        problems = _wrong_in(use.body, block, free, "", frozenset(named))
        lines += [f"{where}: {problem} in provider {schema.version}" for problem in problems]
    return lines


def wrong_reads(read: Sequence[Read], schema: Schema, deprecated: Deprecated | None = None) -> list[str]:
    """One line for each result that is read and that the provider does not have, or has deprecated."""
    lines = []
    for each in read:
        block = _block_of(each.kind, each.type, schema)
        if block is None:
            continue
        where = f"{each.file}: {each.type}.{each.name}"
        if flat(each.name) not in block.readable:
            lines.append(f"{where}: not known in provider {schema.version}")
        elif flat(each.name) in block.deprecated_results or each.name in (deprecated or {}).get(
            _key(each.kind, each.type), ()
        ):
            lines.append(f"{where}: deprecated in provider {schema.version}")
    return lines


def _key(kind: str, type_: str) -> str:
    return f"data.{type_}" if kind == "data" else type_


def _files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*.tf")) if ".terraform" not in path.parts]


def _block_of(kind: str, type_: str, schema: Schema) -> Block | None:
    if kind == "provider":
        return schema.provider
    return (schema.data_sources if kind == "data" else schema.resources).get(type_)


def _uses_of(path: Path, name: str) -> Iterator[Use]:
    read = hcl2.loads(path.read_text(encoding="utf-8"))
    for kind in ("resource", "data"):
        for types in read.get(kind, []):
            for type_, labelled in _labelled(types):
                if type_.startswith("aws_"):
                    for label, body in _labelled(labelled):
                        yield Use(name, kind, type_, label, body)
    for providers in read.get("provider", []):
        for provider, body in _labelled(providers):
            if provider == "aws":
                yield Use(name, "provider", "aws", str(body.get("alias", "default")).strip('"'), body)


def _labelled(blocks: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [(label.strip('"'), body) for label, body in blocks.items() if not label.startswith("__")]


def _wrong_in(
    body: Mapping[str, Any], block: Block, free: Collection[str], above: str, deprecated: frozenset[str]
) -> Iterator[str]:
    nested = {name: value for name, value in body.items() if _is_blocks(value) and name not in free}
    for dynamic in body.get("dynamic", []):
        for name, said in _labelled(dynamic):
            nested[name] = [*nested.get(name, []), *said["content"]]
    written = {name for name in {*body, *nested} if not name.startswith("__") and name not in free}
    for name in sorted(written):
        argument = block.arguments.get(name)
        if argument is None:
            yield f"{above}{name} is not known"
            continue
        if argument.deprecated or f"{above}{name}" in deprecated:
            yield f"{above}{name} is deprecated"
        if argument.block is not None:
            for inner in nested.get(name, []):
                yield from _wrong_in(inner, argument.block, {"dynamic"}, f"{above}{name}.", deprecated)
    missing = {name for name, argument in block.arguments.items() if argument.required} - written
    for name in sorted(missing):
        yield f"{above}{name} is missing and required"


def _is_blocks(value: Any) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(v, dict) and "__is_block__" in v for v in value)
    )
