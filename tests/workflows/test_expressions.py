"""Expressions mean here what they mean to GitHub, and what is not understood is an error."""

from typing import Any

import pytest

from tests.workflows.expressions import UnknownExpressionError, evaluate, fill, holds

CONTEXTS = {
    "inputs": {"yes": True, "no": False, "name": "staging"},
    "vars": {"A": "1"},
    "github": {"ref": "Main"},
}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("'it''s'", "it's"),
        ("3600", 3600),
        ("inputs.name", "staging"),
        ("vars.MISSING || 'default'", "default"),
        ("vars.MISSING", ""),
        ("inputs.yes && 'yes' || ''", "yes"),
        ("inputs.no && 'yes' || ''", ""),
        ("!inputs.no", True),
        ("github.ref == 'main'", True),
        ("github.ref != 'main'", False),
        ("always() && (inputs.no || inputs.yes)", True),
        ("inputs.yes || inputs.no && inputs.no", True),
        ("endsWith('dependabot[bot]', '[bot]')", True),
    ],
)
def test_values(expression: str, value: Any) -> None:
    assert evaluate(expression, CONTEXTS) == value


@pytest.mark.parametrize(
    "expression",
    [
        "github.sha",
        "runner.os",
        "inputs.nam",
        "contains('a', 'b')",
        "'open",
        "1 < 2",
        "inputs.name inputs.name",
        "(1",
        "",
    ],
)
def test_what_is_not_understood_is_an_error(expression: str) -> None:
    with pytest.raises(UnknownExpressionError):
        evaluate(expression, CONTEXTS)


def test_texts_are_filled() -> None:
    assert fill("to ${{ inputs.name }}: ${{ inputs.yes }}${{ vars.MISSING }}", CONTEXTS) == "to staging: true"


@pytest.mark.parametrize(
    ("condition", "result"), [(True, True), ("inputs.no", False), ("${{ !inputs.no }}", True)]
)
def test_conditions(condition: object, result: bool) -> None:
    assert holds(condition, CONTEXTS) is result
