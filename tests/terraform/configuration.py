"""What one folder of Terraform declares beside its variables: outputs, resources, module calls, requirements.

Read with python-hcl2, for the scripts that write tables and pictures from it. The variables are read by
panel/catalogue/variables.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import hcl2
from hcl2 import SerializationOptions

_PLAIN = SerializationOptions(with_comments=False, explicit_blocks=False, strip_string_quotes=True)


@dataclass(frozen=True)
class Output:
    """A declared output. `value` is as python-hcl2 reads it, expressions in `${ }`."""

    name: str
    description: str
    value: Any


@dataclass(frozen=True)
class Block:
    """A resource, a data source or a call of a module.

    `type` is the resource's type, or the `source` of a module. `repeated` is `count`, `for_each` or nothing.
    `body` holds the arguments as python-hcl2 reads them, expressions in `${ }`.
    """

    type: str
    name: str
    repeated: str
    body: Mapping[str, Any]

    @property
    def address(self) -> str:
        """The address within its folder, such as `aws_vpc.this`."""
        return f"{self.type}.{self.name}"


@dataclass(frozen=True)
class Requirement:
    """A provider that has to be there. `configurations` are further ones that the caller passes, such as aws.edge."""

    name: str
    source: str
    version: str
    configurations: tuple[str, ...]


@dataclass(frozen=True)
class Configuration:
    """What the .tf files of a folder declare, in the order of files and lines."""

    outputs: tuple[Output, ...]
    resources: tuple[Block, ...]
    data: tuple[Block, ...]
    modules: tuple[Block, ...]
    locals: Mapping[str, Any]
    terraform_version: str
    providers: tuple[Requirement, ...]


def read_configuration(folder: Path) -> Configuration:
    """Read the .tf files of a folder.

    Raises:
        FileNotFoundError: there are none.
        lark.exceptions.LarkError: one is not HCL.
    """
    paths = sorted(folder.glob("*.tf"))
    if not paths:
        raise FileNotFoundError(f"There are no .tf files in {folder}.")
    files = [_parsed(path.read_text(encoding="utf-8")) for path in paths]
    settings = [block for file in files for block in file.get("terraform", [])]
    return Configuration(
        outputs=tuple(
            Output(name, body.get("description", ""), body.get("value"))
            for name, body in _named(files, "output", depth=1)
        ),
        resources=tuple(_typed(files, "resource")),
        data=tuple(_typed(files, "data")),
        modules=tuple(
            Block(body["source"], name, _repeated(body), body)
            for name, body in _named(files, "module", depth=1)
        ),
        locals={
            name: value for file in files for block in file.get("locals", []) for name, value in block.items()
        },
        terraform_version=next(
            (one["required_version"] for one in settings if "required_version" in one), ""
        ),
        providers=tuple(_requirements(settings)),
    )


def plain(expression: object) -> str:
    """An expression without the `${ }` that python-hcl2 puts around it."""
    text = str(expression)
    return text[2:-1] if text.startswith("${") and text.endswith("}") else text


@lru_cache(maxsize=256)
def _parsed(text: str) -> dict[str, Any]:
    """A file's blocks; a module that is called from several places is parsed once."""
    return hcl2.loads(text, serialization_options=_PLAIN)


def _named(files: list[dict[str, Any]], kind: str, depth: int) -> Iterator[tuple[Any, ...]]:
    """Labels and body of each block of a kind, which has `depth` labels."""
    for file in files:
        for block in file.get(kind, []):
            labels, body = [], block
            for _ in range(depth):
                ((label, body),) = body.items()
                labels.append(label)
            yield *labels, body


def _typed(files: list[dict[str, Any]], kind: str) -> Iterator[Block]:
    for type_, name, body in _named(files, kind, depth=2):
        yield Block(type_, name, _repeated(body), body)


def _repeated(body: Mapping[str, Any]) -> str:
    return next((word for word in ("count", "for_each") if word in body), "")


def _requirements(settings: list[dict[str, Any]]) -> Iterator[Requirement]:
    for one in settings:
        for block in one.get("required_providers", []):
            for name, wanted in block.items():
                aliases = tuple(plain(alias) for alias in wanted.get("configuration_aliases", []))
                yield Requirement(name, wanted["source"], wanted["version"], aliases)
