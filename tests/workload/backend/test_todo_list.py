"""What counts as a list of to-dos, and how mistakes in one are told."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend import todo_list

todos = st.fixed_dictionaries(
    {
        "id": st.integers(-todo_list.MAX_ID, todo_list.MAX_ID),
        "title": st.text(st.characters(codec="utf-8")),
        "completed": st.booleans(),
    }
)


@given(st.lists(todos))
def test_a_valid_list_comes_back_as_it_was(todos: list[todo_list.Todo]) -> None:
    assert todo_list.parse(todo_list.render(todos)) == todos


def test_equal_lists_are_stored_as_equal_bytes_whatever_the_order_of_their_fields() -> None:
    first = todo_list.parse(b'[{"id": 1, "title": "x", "completed": false}]')
    second = todo_list.parse(b'[{"completed":false,"title":"\\u0078","id":1}]')
    assert todo_list.render(first) == todo_list.render(second)


VALID = {"id": 1, "title": "x", "completed": False}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({}, "$: expected a list, got an object"),
        (None, "$: expected a list, got null"),
        ([VALID, 7], "$[1]: expected an object, got a number"),
        ([{"id": 1, "title": "x"}], "$[0].completed: missing"),
        ([VALID, {**VALID, "id": "1"}], "$[1].id: expected a whole number, got text"),
        ([{**VALID, "id": True}], "$[0].id: expected a whole number, got true or false"),
        ([{**VALID, "id": 1.5}], "$[0].id: expected a whole number, got a number"),
        ([{**VALID, "id": 2**53}], f"$[0].id: must be between -{2**53 - 1} and {2**53 - 1}"),
        ([{**VALID, "title": None}], "$[0].title: expected text, got null"),
        ([{**VALID, "completed": 0}], "$[0].completed: expected true or false, got a number"),
        ([{**VALID, "order": 1}], '$[0]: unknown field "order"'),
    ],
)
def test_a_mistake_is_told_with_its_path(value: object, message: str) -> None:
    with pytest.raises(todo_list.InvalidTodoListError) as caught:
        todo_list.parse(json.dumps(value).encode())
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "beginning"),
    [
        (b"", "$: not JSON"),
        (b"[1,", "$: not JSON"),
        (b"\xff[]", "$: not UTF-8 text (byte 0)"),
        (b"[" * 100_000, "$: not JSON"),
        (b"[" + b"9" * 5000 + b"]", "$: not JSON"),
        (b'[{"id": 1, "title": "\\ud800", "completed": false}]', "$[0].title: holds half of a surrogate"),
        (b'[{"id": NaN, "title": "x", "completed": false}]', "$[0].id: expected a whole number"),
    ],
    ids=["empty", "cut", "not UTF-8", "brackets without end", "number without end", "surrogate", "NaN"],
)
def test_hostile_text_is_refused(text: bytes, beginning: str) -> None:
    with pytest.raises(todo_list.InvalidTodoListError) as caught:
        todo_list.parse(text)
    assert str(caught.value).startswith(beginning)


@pytest.mark.parametrize("name", ["default", "a", "A-b_9", "9", "x" * 64])
def test_names_of_lists(name: str) -> None:
    assert todo_list.is_list_name(name)


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../x", "a/b", "a.json", "-a", "_a", "a b", "a\n", "é", "٣", "a\x00", "x" * 65]
)
def test_names_that_could_lead_elsewhere_are_refused(name: str) -> None:
    assert not todo_list.is_list_name(name)
