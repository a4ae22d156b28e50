"""Nothing that looks like a credential enters the database: texts and documents are masked on their way in."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Engine, event

from panel.masking import Masker
from panel.settings import own_environment

#: Knows the secrets among this process's own environment variables, and what credentials look like.
MASKER = Masker.for_environment(own_environment())
# Shorter texts are states, names and numbers.
_SHORTEST = 12


class _Document(str):
    """A JSON document whose texts were masked one by one: masking it as a whole could break its form."""

    __slots__ = ()


def serialize(value: Any) -> str:
    """A JSON column's value as text, masked."""
    return _Document(json.dumps(MASKER.value(value)))


def mask_what_is_written(engine: Engine) -> None:
    """Mask every text that a statement of this engine carries."""
    event.listen(engine, "before_cursor_execute", _mask, retval=True)


def _mask(
    _connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool
) -> tuple[str, Any]:
    return statement, _masked(parameters)


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) < _SHORTEST or isinstance(value, _Document) else MASKER.text(value)
    if isinstance(value, dict):
        return {name: _masked(item) for name, item in value.items()}
    if isinstance(value, tuple):
        return tuple(_masked(item) for item in value)
    if isinstance(value, list):
        return [_masked(item) for item in value]
    return value
