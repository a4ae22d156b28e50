"""GitHub's expressions, as far as the workflows here use them: names, texts, numbers, ``! == != && ||`` and two functions.

Whatever else appears is an error, so that a workflow can use nothing that its tests do not understand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>\d+)|(?P<name>[A-Za-z_][\w.-]*)|(?P<sign>==|!=|&&|\|\||[!(),]))"
)
_FILLED = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
#: Contexts in which a name that is not there is empty; a name that is missing elsewhere is a mistake.
_OPEN = frozenset({"vars", "secrets"})


class UnknownExpressionError(Exception):
    """An expression that is not understood here."""


def fill(text: str, contexts: Mapping[str, Any]) -> str:
    """The text with every ``${{ … }}`` replaced by its value."""
    return _FILLED.sub(lambda found: _text(evaluate(found.group(1), contexts)), text)


def holds(condition: object, contexts: Mapping[str, Any]) -> bool:
    """Whether an ``if:`` is true; it may be written with ``${{ … }}`` around it, or be a plain value."""
    if not isinstance(condition, str):
        return bool(condition)
    inner = _FILLED.fullmatch(condition.strip())
    return bool(evaluate(inner.group(1) if inner else condition, contexts))


def evaluate(expression: str, contexts: Mapping[str, Any]) -> Any:
    """The value of one expression.

    Raises:
        UnknownExpressionError: it uses something that is not understood here.
    """
    return _Reader(expression, contexts).whole()


class _Reader:
    """Reads an expression from left to right, the loosest operator first."""

    def __init__(self, expression: str, contexts: Mapping[str, Any]) -> None:
        self._expression = expression
        self._contexts = contexts
        self._tokens = self._split(expression.strip())

    def _split(self, text: str) -> list[tuple[str, str]]:
        tokens, place = [], 0
        while place < len(text):
            found = _TOKEN.match(text, place)
            if found is None or found.lastgroup is None:
                raise UnknownExpressionError(f"{text!r}: {text[place:]!r} is not understood")
            tokens.append((found.lastgroup, found.group(found.lastgroup)))
            place = found.end()
        return tokens

    def whole(self) -> Any:
        value = self._either()
        if self._tokens:
            raise UnknownExpressionError(f"{self._expression!r}: {self._tokens[0][1]!r} is not understood")
        return value

    def _either(self) -> Any:
        value = self._both()
        while self._take("||"):
            other = self._both()
            value = value or other
        return value

    def _both(self) -> Any:
        value = self._compared()
        while self._take("&&"):
            other = self._compared()
            value = value and other
        return value

    def _compared(self) -> Any:
        value = self._single()
        if self._take("=="):
            return _plain(value) == _plain(self._single())
        if self._take("!="):
            return _plain(value) != _plain(self._single())
        return value

    def _single(self) -> Any:
        if self._take("!"):
            return not self._single()
        if self._take("("):
            value = self._either()
            self._expect(")")
            return value
        kind, text = self._tokens.pop(0) if self._tokens else ("nothing", "its end")
        if kind == "text":
            return text[1:-1].replace("''", "'")
        if kind == "number":
            return int(text)
        if kind == "name":
            return self._call(text) if self._take("(") else self._named(text)
        raise UnknownExpressionError(f"{self._expression!r}: {text!r} is not understood")

    def _call(self, name: str) -> Any:
        given = []
        while not self._take(")"):
            given.append(self._either())
            self._take(",")
        if name == "always" and not given:
            return True
        if name == "endsWith" and len(given) == 2:
            return str(given[0]).casefold().endswith(str(given[1]).casefold())
        raise UnknownExpressionError(f"{self._expression!r}: {name}() is not understood")

    def _named(self, name: str) -> Any:
        value: Any = self._contexts
        context, *_ = name.split(".")
        for part in name.split("."):
            if not isinstance(value, Mapping) or (part not in value and context not in _OPEN):
                raise UnknownExpressionError(f"{self._expression!r}: nobody knows {name}")
            value = value.get(part, "")
        return value

    def _take(self, sign: str) -> bool:
        if self._tokens[:1] == [("sign", sign)]:
            del self._tokens[0]
            return True
        return False

    def _expect(self, sign: str) -> None:
        if not self._take(sign):
            raise UnknownExpressionError(f"{self._expression!r}: {sign} is missing")


def _plain(value: Any) -> Any:
    # GitHub compares texts without regard to case.
    return value.casefold() if isinstance(value, str) else value


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
