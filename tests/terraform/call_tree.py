"""A stack with all that it calls, as Terraform would make it: every resource's address and what it refers to.

Arguments are followed through variables, locals and outputs, from module to module, and into another stack's
outputs where its state is read. Nothing is evaluated: of a condition's two branches, both count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.terraform.configuration import Block, Configuration, read_configuration

_REFERENCE = re.compile(
    r"(?<![\w.])(?:"
    r"module\.(?P<module>\w+)|var\.(?P<variable>\w+)|local\.(?P<local>\w+)"
    r"|data\.terraform_remote_state\.(?P<state>\w+)\.outputs|(?P<resource>aws_\w+\.\w+)"
    r")(?:\[[^\]]*\])*(?P<attributes>(?:\.\w+(?:\[[^\]]*\])*)*)"
)
_INDEX = re.compile(r"\[[^\]]*\]")


@dataclass(frozen=True)
class Resource:
    """A resource of the tree. `address` has the calls that lead to it before it, and no index."""

    address: str
    block: Block
    refers_to: frozenset[str]


@dataclass
class _Place:
    """One folder as it is called from one place."""

    folder: Path
    prefix: str
    parent: _Place | None
    given: Mapping[str, Any]
    states: Mapping[str, _Place]
    _open: set[tuple[str, str]] = field(default_factory=set)

    @cached_property
    def configuration(self) -> Configuration:
        return read_configuration(self.folder)

    @cached_property
    def children(self) -> dict[str, _Place]:
        return {
            call.name: _Place(
                (self.folder / call.type).resolve(), f"{self.prefix}module.{call.name}.", self, call.body, {}
            )
            for call in self.configuration.modules
        }

    def resources(self) -> Iterator[Resource]:
        """The resources here and in all that is called from here."""
        for block in self.configuration.resources:
            found = frozenset(self.resolved(block.body))
            yield Resource(f"{self.prefix}{block.address}", block, found - {f"{self.prefix}{block.address}"})
        for child in self.children.values():
            yield from child.resources()

    def resolved(self, value: Any, attributes: tuple[str, ...] = ()) -> set[str]:
        """Addresses of the resources that a value, or one attribute of it, is made from."""
        if isinstance(value, Mapping):
            if attributes and attributes[0] in value:
                return self.resolved(value[attributes[0]], attributes[1:])
            # A key may be an expression too.
            return {one for item in [*value, *value.values()] for one in self.resolved(item)}
        if isinstance(value, list):
            return {one for item in value for one in self.resolved(item, attributes)}
        return {one for match in _REFERENCE.finditer(str(value)) for one in self._followed(match, attributes)}

    def _followed(self, match: re.Match[str], beyond: tuple[str, ...]) -> set[str]:
        own = tuple(_INDEX.sub("", match["attributes"]).strip(".").split(".")) if match["attributes"] else ()
        attributes = (*own, *beyond)
        if match["resource"]:
            return {f"{self.prefix}{match['resource']}"}
        if match["state"]:
            state = self.states.get(match["state"])
            return state._output(attributes) if state else set()
        if match["module"]:
            return self.children[match["module"]]._output(attributes)
        # A local may name itself through another one's expression: each is followed once at a time.
        key = (match.group(0), "".join(attributes))
        if key in self._open:
            return set()
        self._open.add(key)
        try:
            if match["local"]:
                return self.resolved(self.configuration.locals.get(match["local"], ""), attributes)
            return (
                self.parent.resolved(self.given.get(match["variable"], ""), attributes)
                if self.parent
                else set()
            )
        finally:
            self._open.discard(key)

    def _output(self, attributes: tuple[str, ...]) -> set[str]:
        """What an output is made from; all outputs where the expression takes the module whole."""
        outputs = {output.name: output.value for output in self.configuration.outputs}
        if attributes and attributes[0] in outputs:
            return self.resolved(outputs[attributes[0]], attributes[1:])
        return {one for value in outputs.values() for one in self.resolved(value)}


def read_stacks(root: Path) -> dict[str, Resource]:
    """All resources of the stacks `shared` and `environment` by address, which begins with the stack's name."""
    shared = _Place(root / "stacks" / "shared", "shared.", None, {}, {})
    environment = _Place(root / "stacks" / "environment", "environment.", None, {}, {"shared": shared})
    return {one.address: one for place in (shared, environment) for one in place.resources()}
