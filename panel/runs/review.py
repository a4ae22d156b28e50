"""A plan as stored and reviewed: written from a plan's summary, read back light, printed as a document.

Belongs here: the shape of a plan in the store and in JSON, its order and its counts. How it is written for people is
in :mod:`panel.runs.review_text` and :mod:`panel.runs.review_markdown`.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any

from panel.engine.attributes import AttributeChange, holds_masked
from panel.engine.plan import OutputChange, ResourceChange
from panel.masking import SENSITIVE
from panel.store.tables import RunPlan

#: Actions in the order a reviewer reads them: what is lost first.
ORDER = ("delete", "replace", "update", "create", "forget", "import", "move", "read")
# What an attribute is unless its stored form says otherwise: half of a large plan would be these.
_ATTRIBUTE = {"before": None, "after": None, "known": True, "sensitive": False, "forces_replacement": False}
_fold = json.JSONEncoder(separators=(",", ":")).encode
_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of a stored plan. Its attributes stay folded, as JSON, until somebody looks at them.

    Attributes:
        address, module, type, name, action, reason, previous_address, import_id, deposed, replace_paths: as in
            `panel.engine.plan.ResourceChange`.
        count: how many attributes differ.
        folded: the attributes that differ, as JSON, what is usual left out; nothing sensitive is in it.
        words: what a search looks at, in lower case: address, type and the attributes' paths.
    """

    address: str
    module: str
    type: str
    name: str
    action: str
    reason: str
    previous_address: str
    import_id: str
    deposed: str
    replace_paths: tuple[str, ...]
    count: int
    folded: str
    words: str

    @property
    def attributes(self) -> tuple[AttributeChange, ...]:
        """What differs, attribute by attribute."""
        return tuple(AttributeChange(**{**_ATTRIBUTE, **item}) for item in json.loads(self.folded))

    @property
    def local_address(self) -> str:
        """The address within its module."""
        return self.address.removeprefix(f"{self.module}.") if self.module else self.address


@dataclass(frozen=True)
class Counts:
    """How many resources a plan adds, changes, destroys (a replacement is one added and one destroyed), imports,
    moves and stops managing. An import or a move that also changes the resource is counted in both."""

    add: int = 0
    change: int = 0
    destroy: int = 0
    imported: int = 0
    moved: int = 0
    forgotten: int = 0

    def __str__(self) -> str:
        rest = ((self.imported, "imported"), (self.moved, "moved"), (self.forgotten, "forgotten"))
        words = [f"{count} {word}" for count, word in rest if count]
        return " · ".join([f"+{self.add} ~{self.change} −{self.destroy}", *words])


@dataclass(frozen=True)
class Review:
    """A stored plan.

    Attributes:
        stack: ``environment`` or ``shared``.
        resources: what changes, in `ORDER`, then by module and address as a person counts.
        outputs: the root outputs that change.
        drift: what changed outside Terraform since the last apply, in the same order.
        counts: of ``resources``.
        estimate, guardrails: as stored.
        created_at: when the plan was made.
    """

    stack: str
    resources: tuple[Resource, ...]
    outputs: tuple[OutputChange, ...]
    drift: tuple[Resource, ...]
    counts: Counts
    estimate: Mapping[str, Any]
    guardrails: tuple[Mapping[str, Any], ...]
    created_at: datetime | None


def change_to_dict(change: ResourceChange) -> dict[str, Any]:
    """A change as the store keeps it: the attributes that differ, not the whole resource; what is usual left out."""
    stored = {
        "address": change.address,
        "module": change.module,
        "type": change.type,
        "name": change.name,
        "action": change.action,
        "replace_paths": list(change.replace_paths),
        "attributes": [_attribute_to_dict(attribute) for attribute in change.attributes],
    }
    rest = {
        "reason": change.reason,
        "previous_address": change.previous_address,
        "import_id": change.import_id,
        "deposed": change.deposed,
    }
    return stored | {key: value for key, value in rest.items() if value}


def output_to_dict(output: OutputChange) -> dict[str, Any]:
    """An output as the store keeps it."""
    return asdict(_quiet_output(output))


def review_of(plan: RunPlan) -> Review:
    """The stored plan, in a reviewer's order."""
    resources = _resources(plan.changes)
    return Review(
        stack=plan.stack,
        resources=resources,
        outputs=tuple(_output(item) for item in plan.outputs),
        drift=_resources(plan.drift),
        counts=count(resources),
        estimate=plan.estimate,
        guardrails=tuple(plan.guardrails),
        created_at=plan.created_at,
    )


def document(review: Review) -> dict[str, Any]:
    """A plan as JSON, every field written out. The names are a promise to scripts (docs/cli.md)."""
    return {
        "stack": review.stack,
        "created_at": _iso(review.created_at),
        "counts": asdict(review.counts),
        "changes": [_resource_document(resource) for resource in review.resources],
        "outputs": [asdict(output) for output in review.outputs],
        "drift": [_resource_document(resource) for resource in review.drift],
        "estimate": dict(review.estimate),
        "guardrails": [dict(outcome) for outcome in review.guardrails],
    }


def count(resources: Iterable[Resource]) -> Counts:
    """Counts of these resources."""
    found = list(resources)
    tally = Counter(resource.action for resource in found)
    return Counts(
        add=tally["create"] + tally["replace"],
        change=tally["update"],
        destroy=tally["delete"] + tally["replace"],
        imported=sum(resource.action == "import" or bool(resource.import_id) for resource in found),
        moved=sum(resource.action == "move" or bool(resource.previous_address) for resource in found),
        forgotten=tally["forget"],
    )


def _natural(address: str) -> str:
    """A key that sorts addresses as a person counts: item 2 before item 10."""
    return _DIGITS.sub(lambda number: number.group().zfill(12), address)


def _resources(stored: Sequence[Mapping[str, Any]]) -> tuple[Resource, ...]:
    place = {action: number for number, action in enumerate(ORDER)}

    def key(one: Resource) -> tuple[int, str, str]:
        return place.get(one.action, len(ORDER)), _natural(one.module), _natural(one.address)

    return tuple(sorted((_resource(item) for item in stored if item.get("action") != "no-op"), key=key))


def _resource(stored: Mapping[str, Any]) -> Resource:
    forcing = tuple(_path(path) for path in stored.get("replace_paths") or ())
    # A large plan has a hundred thousand attributes: most are as they should be, and are taken as they are.
    attributes = [
        item
        if type(item.get("path")) is str and not forcing and not item.get("sensitive")
        else _attribute(item, forcing)
        for item in stored.get("attributes") or ()
        if _differs(item)
    ]
    address, kind = str(stored.get("address", "")), str(stored.get("type", ""))
    return Resource(
        address=address,
        module=str(stored.get("module", "")),
        type=kind,
        name=str(stored.get("name", "")),
        action=str(stored.get("action", "")),
        reason=str(stored.get("reason", "")),
        previous_address=str(stored.get("previous_address", "")),
        import_id=str(stored.get("import_id", "")),
        deposed=str(stored.get("deposed", "")),
        replace_paths=forcing,
        count=len(attributes),
        folded=_fold(attributes),
        words=" ".join([address, kind, *(item["path"] for item in attributes)]).lower(),
    )


def _attribute(stored: Mapping[str, Any], forcing: Sequence[str]) -> Mapping[str, Any]:
    path = _path(stored.get("path", ""))
    item = {"path": path, **_ATTRIBUTE, **{key: stored[key] for key in _ATTRIBUTE if key in stored}}
    item["forces_replacement"] = bool(item["forces_replacement"]) or any(
        path == one or path.startswith((f"{one}.", f"{one}[")) for one in forcing
    )
    if item["sensitive"]:
        # The engine masked them; what an older version or a hand stored is not trusted to be.
        item["before"] = None if item["before"] is None else SENSITIVE
        item["after"] = None if item["after"] is None else SENSITIVE
    return item


def _differs(item: Mapping[str, Any]) -> bool:
    """Whether there is anything to see: a value that is masked in part may differ in what is not shown."""
    before = item.get("before")
    if before != item.get("after") or not item.get("known", True):
        return True
    return bool(item.get("sensitive")) or holds_masked(before)


def _attribute_to_dict(attribute: AttributeChange) -> dict[str, Any]:
    stored = {field.name: getattr(attribute, field.name) for field in fields(attribute)}
    return {key: value for key, value in stored.items() if key not in _ATTRIBUTE or value != _ATTRIBUTE[key]}


def _output(stored: Mapping[str, Any]) -> OutputChange:
    return _quiet_output(
        OutputChange(
            name=str(stored.get("name", "")),
            action=str(stored.get("action", "update")),
            before=stored.get("before"),
            after=stored.get("after"),
            known=bool(stored.get("known", True)),
            sensitive=bool(stored.get("sensitive", False)),
        )
    )


def _quiet_output(output: OutputChange) -> OutputChange:
    if not output.sensitive:
        return output
    before = None if output.before is None else SENSITIVE
    after = None if output.after is None else SENSITIVE
    return OutputChange(output.name, output.action, before, after, output.known, True)


def _resource_document(resource: Resource) -> dict[str, Any]:
    return {
        "address": resource.address,
        "module": resource.module,
        "type": resource.type,
        "name": resource.name,
        "action": resource.action,
        "reason": resource.reason,
        "previous_address": resource.previous_address,
        "import_id": resource.import_id,
        "deposed": resource.deposed,
        "replace_paths": list(resource.replace_paths),
        "attributes": [asdict(attribute) for attribute in resource.attributes],
    }


def _path(path: object) -> str:
    return ".".join(str(part) for part in path) if isinstance(path, list | tuple) else str(path)


def _iso(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
