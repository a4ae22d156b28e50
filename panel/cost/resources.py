"""The resources of a plan or of a catalogue as values, and how they refer to each other."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

_INDEX = re.compile(r"\[[^\]]*\]")


@dataclass(frozen=True)
class Resource:
    """A managed resource: ``values`` are its arguments as far as they are known.

    ``module`` is the address of its module, empty for the root. ``references`` are, by argument, the
    addresses inside the module that the configuration names there.
    """

    address: str
    type: str
    values: Mapping[str, Any]
    module: str = ""
    references: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def local_address(self) -> str:
        """The address inside its module, such as ``aws_lb.this[0]``."""
        return self.address.removeprefix(f"{self.module}.") if self.module else self.address

    def block(self, name: str) -> Mapping[str, Any]:
        """The first block of that name; empty where there is none."""
        blocks = self.values.get(name)
        if isinstance(blocks, list) and blocks and isinstance(blocks[0], Mapping):
            return blocks[0]
        return {}

    def blocks(self, name: str) -> tuple[Mapping[str, Any], ...]:
        """All blocks of that name."""
        found = self.values.get(name)
        return (
            tuple(block for block in found if isinstance(block, Mapping)) if isinstance(found, list) else ()
        )

    def text(self, name: str) -> str:
        """An argument as text; empty where it is not known or not text."""
        value = self.values.get(name)
        return value if isinstance(value, str) else ""


class World:
    """All resources of one state of things, so that one can be found from another."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        self.resources = tuple(resources)
        self._neighbours: dict[tuple[str, str], list[Resource]] = defaultdict(list)
        # By their names without indexes, and by these and their indexes.
        self._named: dict[tuple[str, str, str], list[Resource]] = defaultdict(list)
        self._indexed: dict[tuple[str, str, str, tuple[str, ...]], Resource] = {}
        self._identified: dict[tuple[str, str], Resource] = {}
        for resource in self.resources:
            self._neighbours[resource.type, resource.module].append(resource)
            name, indexes = _split(resource.local_address)
            self._named[resource.type, resource.module, name].append(resource)
            self._indexed.setdefault((resource.type, resource.module, name, indexes), resource)
            for key in ("id", "arn", "name", "family"):
                if resource.text(key):
                    self._identified.setdefault((resource.type, resource.text(key)), resource)

    def referenced(self, resource: Resource, argument: str, wanted_type: str) -> Resource | None:
        """The resource of ``wanted_type`` that ``argument`` of ``resource`` points at; None where it is not clear.

        Before something exists its identifier is not known, so the configuration's references come first;
        without a configuration (a state) the identifiers do.
        """
        names = dict.fromkeys(_split(name)[0] for name in resource.references.get(argument, ()))
        matching = [
            found for name in names if (found := self._named.get((wanted_type, resource.module, name)))
        ]
        if matching:
            if sum(map(len, matching)) == 1:
                return matching[0][0]
            indexes = _split(resource.local_address)[1]
            for name in names:  # of several, the one with the same index
                if same := self._indexed.get((wanted_type, resource.module, name, indexes)):
                    return same
            return matching[0][0]
        neighbours = self._neighbours.get((wanted_type, resource.module), [])
        for written in _texts(resource.values.get(argument)):
            if (wanted_type, written) in self._identified:
                return self._identified[wanted_type, written]
        return neighbours[0] if len(neighbours) == 1 else None


def _split(address: str) -> tuple[str, tuple[str, ...]]:
    """An address without its indexes, and these."""
    if "[" not in address:
        return address, ()
    return _INDEX.sub("", address), tuple(_INDEX.findall(address))


def _texts(value: object) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
