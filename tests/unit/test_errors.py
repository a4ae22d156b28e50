"""The tree of errors: what each one keeps, its exit code, and the drawing of it in the module's docstring."""

import pickle
import re
from collections.abc import Iterator

import pytest

from panel import errors
from panel.errors import PanelError

_EXIT_CODES = {
    "ConfigurationError": 2, "CatalogueError": 2, "NotFoundError": 2,
    "RefusedError": 3, "AccessDeniedError": 3, "ProtectedError": 3, "BusyError": 3, "StaleError": 3, "IllegalTransitionError": 3,
    "TimeLimitError": 4,
}  # fmt: skip


def _below(kind: type[PanelError]) -> Iterator[type[PanelError]]:
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            yield child
            yield from _below(child)


_ALL = [PanelError, *_below(PanelError)]


@pytest.mark.parametrize("kind", _ALL, ids=lambda kind: kind.__name__)
def test_exit_codes_are_the_documented_ones(kind: type[PanelError]) -> None:
    assert kind("no").exit_code == _EXIT_CODES.get(kind.__name__, 1)


@pytest.mark.parametrize("kind", _ALL, ids=lambda kind: kind.__name__)
def test_an_error_keeps_everything_on_its_way_through_a_pickle(kind: type[PanelError]) -> None:
    error = pickle.loads(pickle.dumps(kind("It broke.", hint="Mend it.", detail="line 3")))

    assert type(error) is kind
    assert (error.message, error.hint, error.detail) == ("It broke.", "Mend it.", "line 3")
    assert str(error) == "It broke. Mend it."


def test_without_a_hint_the_text_is_the_message_alone() -> None:
    assert str(PanelError("It broke.", detail="folded away")) == "It broke."


def _drawn() -> list[tuple[str, str | None]]:
    """Names in the docstring's tree with their parents, in order."""
    found: list[tuple[str, str | None]] = []
    path: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        match = re.match(r"^([│ ]*(?:[├└]── )?)(\w+Error)\b", line)
        if match:
            depth = len(match[1]) // 4
            path[depth:] = [match[2]]
            found.append((match[2], path[depth - 1] if depth else None))
    return found


def test_the_tree_in_the_docstring_is_the_tree_of_the_classes() -> None:
    real = {(kind.__name__, kind.__bases__[0].__name__ if kind is not PanelError else None) for kind in _ALL}

    assert set(_drawn()) == real
    assert len(_drawn()) == len(_ALL)


def test_the_exit_codes_in_the_docstring_are_true() -> None:
    written = dict(re.findall(r"(\w+Error)\b.*\(exit code (\d)\)", errors.__doc__ or ""))

    assert written
    assert {name: str(getattr(errors, name).exit_code) for name in written} == written
