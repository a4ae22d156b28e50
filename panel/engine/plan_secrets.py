"""Secrets that a plan marks in one place and repeats in another, where nothing marks them.

Terraform's marks end at the provider: what it computes from a sensitive value (``terraform_data.output``, a rendered
document, an address with a password) comes back without a mark, and Terraform itself prints it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from panel.masking import SENSITIVE

# A shorter one would blot out ordinary words of the plan.
_SHORTEST = 8


def declared(show_json: Mapping[str, Any]) -> frozenset[str]:
    """The texts of what the configuration itself calls sensitive: root variables and root outputs."""
    variables = ((show_json.get("configuration") or {}).get("root_module") or {}).get("variables") or {}
    given = show_json.get("variables") or {}
    found = {
        text
        for name, item in variables.items()
        if item.get("sensitive")
        for text in _texts([item.get("default"), (given.get(name) or {}).get("value")])
    }
    for change in (show_json.get("output_changes") or {}).values():
        found.update(marked(change))
    return frozenset(found)


def marked(change: Mapping[str, Any]) -> frozenset[str]:
    """The texts that one change marks as sensitive, before and after.

    A structure that is marked as a whole is not looked into: names and regions in it are no secrets elsewhere.
    """
    return frozenset(
        text
        for side in ("before", "after")
        for text in _marked(change.get(side), change.get(f"{side}_sensitive"))
    )


def hidden(value: Any, secrets: Iterable[str]) -> Any:
    """A copy of a JSON value in which each of these texts reads ``(sensitive)``, also inside of others."""
    known = sorted(
        secrets, key=lambda secret: (-len(secret), secret)
    )  # the longest first: one may begin with another
    return _hidden(value, known) if known else value


def _hidden(value: Any, known: list[str]) -> Any:
    if isinstance(value, str):
        for secret in known:
            if secret in value:
                value = value.replace(secret, SENSITIVE)
        return value
    if isinstance(value, Mapping):
        return {key: _hidden(item, known) for key, item in value.items()}
    if isinstance(value, list):
        return [_hidden(item, known) for item in value]
    return value


def _marked(value: Any, marks: Any) -> Iterator[str]:
    if isinstance(value, str):
        if marks is True:
            yield from _texts(value)
    elif isinstance(value, Mapping) and isinstance(marks, Mapping):
        for key, mark in marks.items():
            yield from _marked(value.get(key), mark)
    elif isinstance(value, list) and isinstance(marks, list):
        for item, mark in zip(value, marks, strict=False):
            yield from _marked(item, mark)


def _texts(value: Any) -> Iterator[str]:
    """Every text in a value that is long enough, as it is and as it stands inside of JSON."""
    if isinstance(value, str):
        if len(value) >= _SHORTEST and value not in SENSITIVE:
            yield value
            yield json.dumps(value)[1:-1]
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
