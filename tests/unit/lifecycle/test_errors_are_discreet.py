"""Errors are masked before they are kept: a build or a provider may have printed anything."""

import pytest

from panel.errors import BuildError, NotFoundError, OperationError
from panel.lifecycle.discretion import discreetly, mask_error


def _fails(error: Exception) -> None:
    raise error


def test_an_error_keeps_its_kind_and_loses_its_secrets() -> None:
    with pytest.raises(BuildError) as caught:
        discreetly(_fails)(BuildError("It failed.", hint="Try again.", detail="token=hunter2222"))
    assert (caught.value.message, caught.value.hint) == ("It failed.", "Try again.")
    assert caught.value.detail == "token=(sensitive)"
    assert caught.value.__suppress_context__


def test_an_error_without_any_is_the_same_one() -> None:
    error = NotFoundError("There is no run 7.")
    assert mask_error(error) is error
    with pytest.raises(NotFoundError) as caught:
        discreetly(_fails)(error)
    assert caught.value is error


def test_what_nobody_foresaw_is_masked_too() -> None:
    with pytest.raises(OperationError, match="ValueError") as caught:
        discreetly(_fails)(ValueError("password: hunter2222"))
    assert caught.value.detail == "password: (sensitive)"
    with pytest.raises(ValueError, match="plain"):
        discreetly(_fails)(ValueError("plain"))


def test_what_succeeds_is_left_alone() -> None:
    assert discreetly(lambda a, *, b: a + b)(1, b=2) == 3
