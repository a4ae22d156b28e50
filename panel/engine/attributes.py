"""Comparing two JSON values of a resource, attribute by attribute, under Terraform's marks.

Marks come as Terraform writes them: ``true`` for a whole value, or an object or list of the same shape as
the value with ``true`` at the marked leaves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from panel.masking import SENSITIVE


@dataclass(frozen=True)
class AttributeChange:
    """One attribute that differs.

    Attributes:
        path: as ``tags.Name`` or ``ingress[0].from_port``.
        before, after: the values; masked when sensitive; ``after`` is None while unknown.
        known: False when the new value is known only after the apply.
        sensitive: whether either value is sensitive.
        forces_replacement: whether this attribute is why the resource is replaced.
    """

    path: str
    before: Any
    after: Any
    known: bool
    sensitive: bool
    forces_replacement: bool = False


def masked(value: Any, marks: Any) -> Any:
    """A copy of ``value`` in which everything marked sensitive reads ``(sensitive)``; nulls stay null."""
    if value is None or not marks:
        return value
    if marks is True:
        return SENSITIVE
    if isinstance(value, Mapping) and isinstance(marks, Mapping):
        return {key: masked(item, marks.get(key)) for key, item in value.items()}
    if isinstance(value, list) and isinstance(marks, list):
        return [masked(item, _item(marks, index)) for index, item in enumerate(value)]
    # Marks of another shape than the value: rather too much hidden than too little.
    return SENSITIVE if any_mark(marks) else value


def masked_pair(before: Any, after: Any, before_marks: Any, after_marks: Any) -> tuple[Any, Any]:
    """Both values with everything masked that is marked on either side: the other holds the same secret."""

    def hidden(value: Any) -> Any:
        return masked(masked(value, before_marks), after_marks)

    return hidden(before), hidden(after)


def holds_masked(value: Any) -> bool:
    """Whether anything in a value was masked."""
    if isinstance(value, Mapping):
        return any(holds_masked(item) for item in value.values())
    if isinstance(value, list):
        return any(holds_masked(item) for item in value)
    return isinstance(value, str) and SENSITIVE in value


@dataclass(frozen=True)
class _Side:
    """The five parallel trees that are compared, at one place."""

    before: Any
    after: Any
    unknown: Any = None
    before_marks: Any = None
    after_marks: Any = None

    def child(self, key: str | int) -> _Side:
        return _Side(
            _item(self.before, key),
            _item(self.after, key),
            _item(self.unknown, key),
            _item(self.before_marks, key),
            _item(self.after_marks, key),
        )

    @property
    def sensitive(self) -> bool:
        return self.before_marks is True or self.after_marks is True


@dataclass(frozen=True)
class _Comparison:
    changed_sensitive: frozenset[str]
    forcing: frozenset[str]
    found: list[AttributeChange] = field(default_factory=list)

    def walk(self, side: _Side, path: str) -> None:
        if side.sensitive or side.unknown is True:
            self._leaf(side, path)
        elif _is_object(side.before, side.after, side.unknown):
            for key in sorted(_keys(side.before) | _keys(side.after) | _keys(side.unknown)):
                if self._differs(side, key):
                    self.walk(side.child(key), f"{path}.{key}" if path else key)
        elif _is_block_list(side.before, side.after, side.unknown):
            length = max(_length(side.before), _length(side.after), _length(side.unknown))
            for index in range(length):
                self.walk(side.child(index), f"{path}[{index}]")
        else:
            self._leaf(side, path)

    def _differs(self, side: _Side, key: str) -> bool:
        """A quick look, since in a large plan nearly everything is the same before and after."""
        same = _item(side.before, key) == _item(side.after, key) and not _item(side.unknown, key)
        return not same or bool(self.changed_sensitive)

    def _leaf(self, side: _Side, path: str) -> None:
        unknown = any_mark(side.unknown)
        if side.before == side.after and not unknown and path not in self.changed_sensitive:
            return
        before, after = masked_pair(side.before, side.after, side.before_marks, side.after_marks)
        after = None if unknown else after
        self.found.append(
            AttributeChange(path, before, after, not unknown, side.sensitive, self._forces(path))
        )

    def _forces(self, path: str) -> bool:
        return any(
            path == forcing or path.startswith((f"{forcing}.", f"{forcing}[")) for forcing in self.forcing
        )


def compare(
    before: Any,
    after: Any,
    *,
    unknown: Any = None,
    before_marks: Any = None,
    after_marks: Any = None,
    changed_sensitive: frozenset[str] = frozenset(),
    forcing: frozenset[str] = frozenset(),
) -> tuple[AttributeChange, ...]:
    """What differs between two values, the unchanged left out.

    Args:
        before, after: the JSON values.
        unknown: marks of what is known only after the apply.
        before_marks, after_marks: marks of what is sensitive.
        changed_sensitive: paths of sensitive values that differ although both are already masked.
        forcing: paths that force a replacement.
    """
    comparison = _Comparison(changed_sensitive=changed_sensitive, forcing=forcing)
    comparison.walk(_Side(before, after, unknown, before_marks, after_marks), "")
    return tuple(comparison.found)


def _item(value: Any, key: str | int) -> Any:
    if value is True:
        return True
    if isinstance(value, Mapping):
        return value.get(key)
    if isinstance(value, list) and isinstance(key, int):
        return value[key] if key < len(value) else None
    return None


def _is_object(*values: Any) -> bool:
    present = [value for value in values if value is not None and value is not False]
    return bool(present) and all(isinstance(value, Mapping) for value in present)


def _is_block_list(*values: Any) -> bool:
    """Whether these are lists of objects, which are compared item by item rather than as a whole."""
    present = [value for value in values if value is not None and value is not False]
    items = [item for value in present if isinstance(value, list) for item in value]
    return (
        bool(items)
        and all(isinstance(value, list) for value in present)
        and all(isinstance(item, Mapping) for item in items)
    )


def _keys(value: Any) -> set[str]:
    return set(value) if isinstance(value, Mapping) else set()


def _length(value: Any) -> int:
    return len(value) if isinstance(value, list) else 0


def any_mark(marks: Any) -> bool:
    """Whether anything at all is marked."""
    if isinstance(marks, Mapping):
        return any(any_mark(item) for item in marks.values())
    if isinstance(marks, list):
        return any(any_mark(item) for item in marks)
    return marks is True
