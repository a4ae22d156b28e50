"""Reading a plan honestly: what a value is, what it was, and whether that can be told before the apply.

A plan comes from Terraform and its providers; nothing here trusts its shape. What is not of the shape that a rule
understands is treated as unknown where it is there, and as absent where it is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from panel.engine.attributes import any_mark
from panel.engine.plan import ResourceChange
from panel.masking import SENSITIVE

#: Actions that leave a resource as ``after`` says.
MAKING = frozenset({"create", "update", "replace"})
#: Actions that take away what is there.
TAKING = frozenset({"delete", "replace"})
#: How a reason ends when the plan does not hold the answer.
CANNOT_TELL = "cannot be told before the apply"


def fields(value: object) -> Mapping[str, Any]:
    """The value as fields; none where it is something else."""
    return value if isinstance(value, Mapping) else {}


def after(change: ResourceChange) -> Mapping[str, Any]:
    """What is known of the resource after the apply."""
    return fields(change.after)


def before(change: ResourceChange) -> Mapping[str, Any]:
    """What the resource is now."""
    return fields(change.before)


def unknown(change: ResourceChange, name: str) -> bool:
    """Whether an attribute, or a part of it, is known only after the apply, or hidden because it is sensitive."""
    return any_mark(fields(change.after_unknown).get(name)) or after(change).get(name) == SENSITIVE


def blocks(value: object) -> list[Mapping[str, Any]]:
    """The blocks of an attribute: those of a list, or the one that is no list."""
    found = value if isinstance(value, list) else [value]
    return [item for item in found if isinstance(item, Mapping)]


def texts(value: object) -> list[str]:
    """The texts of an attribute: those of a list, or the one that is no list."""
    found = value if isinstance(value, list) else [value]
    return [item for item in found if isinstance(item, str)]


def matcher(patterns: Sequence[str]) -> re.Pattern[str] | None:
    """One expression for addresses in which ``*`` stands for anything; None for no patterns.

    A pattern without an instance is about all instances: ``aws_lb.it`` is also ``aws_lb.it[0]``.
    """
    if not patterns:
        return None
    parts = (".*".join(re.escape(part) for part in pattern.split("*")) for pattern in patterns)
    return re.compile("|".join(rf"(?:{part})(?:\[[^\[]*\])?" for part in parts), re.DOTALL)


def left(changes: Iterable[ResourceChange], ignored: Sequence[str]) -> Iterator[ResourceChange]:
    """The changes of resources (not of data sources) whose addresses are not to be passed over."""
    expression = matcher(ignored)
    for change in changes:
        if not change.data and (expression is None or expression.fullmatch(str(change.address)) is None):
            yield change
