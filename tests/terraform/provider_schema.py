"""Which arguments the AWS provider takes, from the two places that tell: the provider itself, and a package of bindings.

The provider found here (5.x) tells its schema to Terraform. Of 6.x there is the PyPI package cdktn-provider-aws, whose
archive declares every resource's arguments in TypeScript; it is read as text, never imported or run.
"""

from __future__ import annotations

import re
import tarfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Argument:
    """An argument or nested block that may be written. ``block`` is what may stand in it, where that is known."""

    required: bool
    deprecated: bool = False
    block: Block | None = None


@dataclass(frozen=True)
class Block:
    """What may be written in a block, and what may be read of it: :func:`flat` names of arguments and results."""

    arguments: Mapping[str, Argument]
    readable: frozenset[str] = frozenset()
    deprecated_results: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Schema:
    """Arguments of the provider itself, and of its resources and data sources by type."""

    version: str
    provider: Block
    resources: Mapping[str, Block] = field(default_factory=dict)
    data_sources: Mapping[str, Block] = field(default_factory=dict)


def from_terraform(told: Mapping[str, Any], version: str) -> Schema:
    """The schema as `terraform` itself tells it, in JSON."""
    return Schema(
        version,
        _told_block(told["provider"]["block"]),
        {kind: _told_block(schema["block"]) for kind, schema in told["resource_schemas"].items()},
        {kind: _told_block(schema["block"]) for kind, schema in told["data_source_schemas"].items()},
    )


def _told_block(block: Mapping[str, Any]) -> Block:
    attributes = block.get("attributes", {})
    arguments = {
        name: Argument(told.get("required", False), told.get("deprecated", False))
        for name, told in attributes.items()
        if told.get("required") or told.get("optional")
    }
    arguments |= {
        name: Argument(
            told.get("min_items", 0) > 0, told["block"].get("deprecated", False), _told_block(told["block"])
        )
        for name, told in block.get("block_types", {}).items()
    }
    deprecated = {flat(name) for name, told in attributes.items() if told.get("deprecated")}
    return Block(arguments, frozenset(map(flat, {*attributes, *arguments})), frozenset(deprecated))


def flat(name: str) -> str:
    """A name without its underscores: the bindings write dnsName for dns_name, and which letters they raise is theirs."""
    return name.replace("_", "").lower()


def archive(environment: Path) -> Path | None:
    """The bindings' archive in a virtual environment, or None where they are not installed."""
    found = sorted(environment.glob("lib/python*/site-packages/cdktn_provider_aws/_jsii/*.jsii.tgz"))
    return found[-1] if found else None


def from_bindings(package: Path, resources: Collection[str], data_sources: Collection[str]) -> Schema:
    """The provider's own arguments and those of the named types, from the archive of the bindings.

    A type that is missing from the result is none that the bindings know.
    """
    folders = {
        "provider": "provider",
        **{kind.removeprefix("aws_").replace("_", "-"): kind for kind in resources},
        **{
            f"data-aws-{kind.removeprefix('aws_').replace('_', '-')}": f"data.{kind}" for kind in data_sources
        },
    }
    declared: dict[str, list[str]] = {}
    for folder, text in _declarations(package, folders):
        declared.setdefault(folders[folder], []).append(text)
    blocks = {kind: _declared_block("\n".join(texts)) for kind, texts in declared.items()}
    version = re.search(r"providers/hashicorp/aws/([0-9.]+)/", declared["provider"][0])
    assert version, f"{package.name} does not say which version of the provider it is for."
    return Schema(
        version[1],
        blocks["provider"],
        {kind: blocks[kind] for kind in resources if kind in blocks},
        {kind: blocks[f"data.{kind}"] for kind in data_sources if f"data.{kind}" in blocks},
    )


def _declarations(package: Path, folders: Collection[str]) -> Iterator[tuple[str, str]]:
    """The declarations in the folders of the archive: folder, then text."""
    with tarfile.open(package, mode="r|gz") as contents:
        for member in contents:
            parts = member.name.split("/")
            if len(parts) > 3 and parts[2] in folders and member.name.endswith(".d.ts"):
                file = contents.extractfile(member)
                assert file is not None
                yield parts[2], file.read().decode("utf-8")


_INTERFACE = re.compile(r"^export interface (\w+)[^{]*\{$(.*?)^\}$", re.MULTILINE | re.DOTALL)
_PROPERTY = re.compile(
    r"#(?P<name>\w+) [^}]*\}(?:(?!\*/).)*\*/\s*readonly \w+(?P<optional>\??): (?P<type>[^;]+);", re.DOTALL
)
_CONSTRUCT = re.compile(
    r"^export declare class \w+ extends cdktn\.Terraform(?:Resource|DataSource|Provider) \{$(.*?)^\}$",
    re.MULTILINE | re.DOTALL,
)
_RESULT = re.compile(r"^    get (\w+)\(\)", re.MULTILINE)


def _declared_block(text: str) -> Block:
    interfaces = dict(_INTERFACE.findall(text))
    # A folder declares one construct, and the interface of its arguments ends in Config.
    (top,) = [name for name, body in interfaces.items() if name.endswith("Config") and "Docs at" in body][:1]
    (construct,) = _CONSTRUCT.findall(text)
    arguments = _properties(top, interfaces, ())
    return Block(arguments, frozenset(map(flat, _RESULT.findall(construct))))


def _properties(interface: str, interfaces: Mapping[str, str], above: tuple[str, ...]) -> dict[str, Argument]:
    found = {}
    for match in _PROPERTY.finditer(interfaces[interface]):
        inner = match["type"].split("[")[0].split(" ")[0]
        block = (
            Block(_properties(inner, interfaces, (*above, interface)))
            if inner in interfaces and inner not in above
            else None
        )
        found[match["name"]] = Argument(not match["optional"], block=block)
    return found
