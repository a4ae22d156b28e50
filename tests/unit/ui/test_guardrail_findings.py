"""Findings of guardrails as a person sees them: the worst first, long lists folded, and who may override."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from panel.access.identity import Identity, Role
from panel.runs.guardrails import Finding
from panel.store.tables import Run
from panel.ui.components import guardrails

_ADMIN, _OPERATOR = Identity("ana", Role.ADMIN), Identity("bo", Role.OPERATOR)
_WARN = Finding("tags", "warn", "has no tag Owner", "aws_lb.a").to_dict()
_OPEN = Finding("destroys", "block", "would destroy 11 resources", overridable=True).to_dict()
_FINAL = Finding("deletion protection", "block", "is protected", "aws_lb.b").to_dict()
_PASS = Finding("budget", "pass", "the cost stays within the budget").to_dict()


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.words: list[str] = []
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def read(markup: str) -> str:
    text = _Text()
    text.feed(markup)
    return " ".join("".join(text.words).split())


def run(**fields: Any) -> Run:
    return Run(
        **({"id": 7, "environment": "staging", "kind": "update", "author": "bo", "state": "blocked"} | fields)
    )


def test_the_worst_comes_first_and_what_passed_is_left_out() -> None:
    shown = read(guardrails.findings([_PASS, _WARN, _OPEN, _FINAL]))

    assert shown.index("destroys") < shown.index("deletion protection") < shown.index("has no tag Owner")
    assert "aws_lb.a" in shown
    assert "budget" not in shown
    assert guardrails.findings([_PASS]) == guardrails.findings([]) == ""


def test_each_block_says_whether_it_may_be_overridden() -> None:
    assert "may be overridden" in read(guardrails.findings([_OPEN]))
    assert "no reason can override it" in read(guardrails.findings([_FINAL]))
    assert "overrid" not in read(guardrails.findings([_WARN]))


@pytest.mark.parametrize(
    ("count", "folded"), [(10, None), (11, None), (12, "2 more findings"), (2000, "1990 more findings")]
)
def test_a_long_list_is_folded_and_counted(count: int, folded: str | None) -> None:
    markup = guardrails.findings([_WARN | {"address": f"aws_lb.n{number}"} for number in range(count)])

    assert ("<details" in markup) is (folded is not None)
    assert folded is None or folded in read(markup)
    assert markup.count("aws_lb.n") == min(count, 300)


@pytest.mark.parametrize(
    ("outcomes", "fields", "who", "words"),
    [
        ([_OPEN, _WARN], {}, _ADMIN, ["takes the role admin", "You have it"]),
        ([_OPEN, _WARN], {}, _OPERATOR, ["takes the role admin", "You do not have it"]),
        ([_OPEN, _FINAL], {}, _ADMIN, ["No reason can override it"]),
        ([_OPEN], {"active": False}, _ADMIN, ["This run is over"]),
        ([_OPEN | {"overridable": None}], {}, _ADMIN, ["No reason can override it"]),
        (
            [_OPEN], {"state": "planned", "overridden_by": "ana", "override_reason": "a rename, nothing is lost"}, _OPERATOR,
            ["Overridden by ana: a rename, nothing is lost"],
        ),
    ],
)  # fmt: skip
def test_a_stopped_run_says_who_may_let_it_through(
    outcomes: list[dict[str, Any]], fields: dict[str, Any], who: Identity, words: list[str]
) -> None:
    shown = read(guardrails.standing(run(**fields), outcomes, who))

    assert all(word in shown for word in words)


@pytest.mark.parametrize("state", ["planned", "applied", "errored"])
def test_a_run_that_nothing_stopped_says_nothing(state: str) -> None:
    assert guardrails.standing(run(state=state), [_WARN], _ADMIN) == ""
    assert guardrails.standing(run(), [_PASS], _ADMIN) == ""


@settings(deadline=None, max_examples=50)
@given(st.text())
def test_no_text_becomes_markup(text: str) -> None:
    outcome = {"rule": text, "severity": text, "reason": text, "address": text, "overridable": text}
    blocked = outcome | {"severity": "block"}
    body = guardrails.findings([outcome] * 15 + [blocked]) + guardrails.standing(
        run(overridden_by=text or "a", override_reason=text), [blocked], _ADMIN
    )
    seen = _Text()
    seen.feed(body)
    assert seen.tags <= {"p", "span", "strong", "details", "summary"}
    assert seen.attributes <= {"class", "aria-hidden"}
