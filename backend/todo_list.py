"""The list of to-dos itself: what a valid one is, and its one stored spelling."""

from __future__ import annotations

import json
import re
from typing import TypedDict

# The largest whole number that JavaScript clients can hold without rounding it.
MAX_ID = 2**53 - 1
FIELDS = ("id", "title", "completed")
LIST_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


class Todo(TypedDict):
    """One to-do, as clients send and receive it."""

    id: int
    title: str
    completed: bool


class InvalidTodoListError(ValueError):
    """The text is not a list of to-dos; the message names the path of the first mistake, from ``$``."""


def is_list_name(name: str) -> bool:
    """Whether ``name`` may name a list: 1 to 64 letters, digits, ``_`` and ``-``, starting with no sign."""
    return LIST_NAME.fullmatch(name) is not None


def parse(text: bytes) -> list[Todo]:
    """Turn JSON text into a list of to-dos.

    Raises InvalidTodoListError for text that is not UTF-8 JSON, or not a list of objects with exactly
    ``id`` (whole number), ``title`` (text) and ``completed`` (true or false).
    """
    try:
        value = json.loads(text.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise InvalidTodoListError(f"$: not UTF-8 text (byte {error.start})") from error
    except json.JSONDecodeError as error:
        raise InvalidTodoListError(
            f"$: not JSON: {error.msg} (line {error.lineno}, column {error.colno})"
        ) from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits; brackets without end
        raise InvalidTodoListError("$: not JSON that a list of to-dos could be made of") from error
    if not isinstance(value, list):
        raise InvalidTodoListError(f"$: expected a list, got {_kind(value)}")
    return [_todo(item, f"$[{index}]") for index, item in enumerate(value)]


def render(todos: list[Todo]) -> bytes:
    """Write the list as compact UTF-8 JSON, fields in a fixed order: equal lists give equal bytes."""
    ordered = [{"id": todo["id"], "title": todo["title"], "completed": todo["completed"]} for todo in todos]
    return json.dumps(ordered, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def _todo(item: object, path: str) -> Todo:
    if not isinstance(item, dict):
        raise InvalidTodoListError(f"{path}: expected an object, got {_kind(item)}")
    for field in FIELDS:
        if field not in item:
            raise InvalidTodoListError(f"{path}.{field}: missing")
    for field in item:
        if field not in FIELDS:
            shown = json.dumps(field)[:80]
            raise InvalidTodoListError(f"{path}: unknown field {shown}")
    return Todo(
        id=_whole_number(item["id"], f"{path}.id"),
        title=_text(item["title"], f"{path}.title"),
        completed=_flag(item["completed"], f"{path}.completed"),
    )


def _whole_number(value: object, path: str) -> int:
    # JSON knows no difference between 1 and 1.0.
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    # In Python True is an int too; in JSON it is not a number.
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidTodoListError(f"{path}: expected a whole number, got {_kind(value)}")
    if abs(value) > MAX_ID:
        raise InvalidTodoListError(f"{path}: must be between -{MAX_ID} and {MAX_ID}")
    return value


def _text(value: object, path: str) -> str:
    if not isinstance(value, str):
        raise InvalidTodoListError(f"{path}: expected text, got {_kind(value)}")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise InvalidTodoListError(f"{path}: holds half of a surrogate pair, which no UTF-8 text can hold")
    return value


def _flag(value: object, path: str) -> bool:
    if not isinstance(value, bool):
        raise InvalidTodoListError(f"{path}: expected true or false, got {_kind(value)}")
    return value


def _kind(value: object) -> str:
    kinds = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "null"}
    return kinds.get(type(value), "a number")
