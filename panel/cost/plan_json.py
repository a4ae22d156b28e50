"""``terraform show -json`` of a plan or a state, read into resources before and after.

The shape is Terraform's documented JSON output format. Only what pricing needs is read, and what is not as
documented is refused with the place where it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from panel.cost.resources import Resource
from panel.errors import ConfigurationError

_References = Mapping[tuple[str, str], Mapping[str, tuple[str, ...]]]


@dataclass(frozen=True)
class PlannedWorld:
    """The managed resources before the plan and after it."""

    before: tuple[Resource, ...]
    after: tuple[Resource, ...]


def read_plan(document: object) -> PlannedWorld:
    """The resources of a plan, or of a state (which is before and after alike).

    Raises:
        ConfigurationError: the document is not the JSON of a plan or state, with the place that is wrong.
    """
    top = _mapping(document, "the document")
    if "planned_values" in top:
        references = dict(_references(top.get("configuration")))
        after = tuple(_resources(top["planned_values"], "planned_values", references))
        return PlannedWorld(before=_before(top), after=after)
    if "values" in top:
        standing = tuple(_resources(top["values"], "values", {}))
        return PlannedWorld(before=standing, after=standing)
    if "format_version" in top:  # an empty state has nothing but its version
        return PlannedWorld((), ())
    raise _wrong(
        "the document", "the key planned_values", f"the keys {', '.join(sorted(top))[:200] or 'none'}"
    )


def _before(top: Mapping[str, Any]) -> tuple[Resource, ...]:
    prior = top.get("prior_state")
    if prior is not None:
        values = _mapping(prior, "prior_state").get("values")
        return tuple(_resources(values, "prior_state.values", {}))
    return tuple(_changed(top.get("resource_changes")))


def _changed(changes: object) -> Iterator[Resource]:
    """What stood before, from the list of changes, where the plan carries no prior state."""
    for position, entry in enumerate(_list(changes, "resource_changes")):
        place = f"resource_changes[{position}]"
        change = _mapping(entry, place)
        before = _mapping(change.get("change"), f"{place}.change").get("before")
        if before is not None and change.get("mode") == "managed":
            yield _resource(
                change, _mapping(before, f"{place}.change.before"), change.get("module_address"), place
            )


def _resources(values: object, place: str, references: _References) -> Iterator[Resource]:
    """Every managed resource below a ``root_module``, module by module (a stack of them, not recursion)."""
    if values is None:
        return
    root = _mapping(values, place).get("root_module")
    modules = [(root, f"{place}.root_module")] if root is not None else []
    while modules:
        current, where = modules.pop()
        module = _mapping(current, where)
        for position, entry in enumerate(_list(module.get("resources"), f"{where}.resources")):
            inner = f"{where}.resources[{position}]"
            found = _mapping(entry, inner)
            if found.get("mode") == "managed":
                values_of = _mapping(found.get("values") or {}, f"{inner}.values")
                yield _resource(found, values_of, module.get("address"), inner, references)
        children = _list(module.get("child_modules"), f"{where}.child_modules")
        modules += [(child, f"{where}.child_modules[{number}]") for number, child in enumerate(children)]


def _resource(
    entry: Mapping[str, Any],
    values: Mapping[str, Any],
    module: object,
    place: str,
    references: _References | None = None,
) -> Resource:
    address, kind, name = entry.get("address"), entry.get("type"), entry.get("name")
    if not isinstance(address, str) or not isinstance(kind, str):
        raise _wrong(place, "an address and a type", "none")
    module_address = module if isinstance(module, str) else ""
    path = _without_indexes(module_address)
    named = (references or {}).get((path, f"{kind}.{name}"), {})
    return Resource(address, kind, values, module_address, named)


def _references(configuration: object) -> Iterator[tuple[tuple[str, str], Mapping[str, tuple[str, ...]]]]:
    """By module path and local address: what each argument of a resource refers to."""
    if configuration is None:
        return
    modules: list[tuple[str, object]] = [
        ("", _mapping(configuration, "configuration").get("root_module") or {})
    ]
    while modules:
        path, current = modules.pop()
        module = _mapping(current, "configuration")
        for entry in _list(module.get("resources"), "configuration.resources"):
            resource = _mapping(entry, "configuration.resources")
            expressions = _mapping(resource.get("expressions") or {}, "configuration.expressions")
            named = {argument: tuple(_named(expression)) for argument, expression in expressions.items()}
            yield (path, str(resource.get("address"))), named
        for name, call in _mapping(module.get("module_calls") or {}, "configuration.module_calls").items():
            below = f"{path}.module.{name}" if path else f"module.{name}"
            modules.append((below, _mapping(call, "configuration.module_calls").get("module") or {}))


def _named(expression: object) -> Iterator[str]:
    waiting = [expression]
    while waiting:
        current = waiting.pop()
        if isinstance(current, list):
            waiting += current
        elif isinstance(current, Mapping):
            names = current.get("references")
            if isinstance(names, list):
                yield from (name for name in names if isinstance(name, str))
            else:
                waiting += current.values()


@lru_cache(maxsize=4096)  # a module's address comes with each of its resources
def _without_indexes(module_address: str) -> str:
    """``module.a["x.y"].module.b[0]`` as the configuration writes it: ``module.a.module.b``."""
    plain, depth, quoted = "", 0, False
    for character in module_address:
        if character == '"':
            quoted = not quoted
        elif character == "[" and not quoted:
            depth += 1
        elif character == "]" and not quoted:
            depth -= 1
        elif depth == 0 and not quoted:
            plain += character
    return plain


def _mapping(value: object, place: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise _wrong(place, "an object", _kind(value))
    return value


def _list(value: object, place: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise _wrong(place, "a list", _kind(value))
    return value


def _kind(value: object) -> str:
    names = {
        type(None): "nothing",
        str: "text",
        bool: "true or false",
        int: "a number",
        float: "a number",
        list: "a list",
    }
    return names.get(type(value), "an object")


def _wrong(place: str, wanted: str, found: str) -> ConfigurationError:
    return ConfigurationError(
        f"This is not the JSON of a Terraform plan: {place} should hold {wanted}, and holds {found}.",
        hint="Make it with: terraform show -json PLANFILE.",
    )
