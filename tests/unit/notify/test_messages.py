"""The words of events: complete, in one line where a subject is, cut where a channel would cut them."""

import string

import pytest

from panel.notify.messages import EVENTS, notification


def fields(event: str) -> set[str]:
    words = EVENTS[event]
    return {
        name
        for text in (words.subject, *words.body)
        for _, name, _, _ in string.Formatter().parse(text)
        if name
    }


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_says_everything_it_was_told(event: str) -> None:
    facts = {name: f"<{name}>" for name in fields(event)}
    message = notification(event, "k", facts, environment="<environment>", call="API team <api@example.com>")
    said = message.subject + message.body
    assert all(f"<{name}>" in said for name in facts if name != "run")
    assert message.body.endswith("Whom to call: API team <api@example.com>")
    assert message.subject == message.subject.strip() and "\n" not in message.subject


@pytest.mark.parametrize("event", EVENTS)
def test_lines_without_content_are_left_out(event: str) -> None:
    message = notification(event, "k", dict.fromkeys(fields(event), ""), environment="staging")
    assert "\n\n" not in message.body
    assert "Whom to call" not in message.body


def test_what_is_told_is_not_taken_for_a_template() -> None:
    facts = {"kind_lower": "update", "author": "ana", "reason": "{environment.__class__} {0} %s", "hint": ""}
    assert "{environment.__class__} {0} %s" in notification("errored", "k", facts, environment="staging").body


def test_what_is_too_long_is_cut() -> None:
    facts = {"kind_lower": "update " * 100, "author": "ana", "reason": "x" * 10_000, "hint": ""}
    message = notification("errored", "k", facts, environment="staging")
    assert len(message.subject) == 150 and message.subject.endswith(" …")
    assert len(message.body) == 2800
