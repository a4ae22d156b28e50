"""A plan as a comment: what it says, what it leaves out when it is long, and that nothing breaks out of it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from panel.runs.review import review_of
from panel.runs.review_markdown import LIMIT, markdown
from panel.store.tables import Run, RunPlan

ESTIMATE = {"monthly_usd": 1071.4, "delta_usd": -3.1}


def comment(
    changes: list[dict[str, Any]], *, limit: int = LIMIT, environment: str = "staging", **more: Any
) -> str:
    run = Run(id=12, environment=environment, kind="create", author="ana")
    plan = RunPlan(run_id=12, stack="environment", changes=changes, **more)
    return markdown(run, review_of(plan), limit=limit)


def change(address: str, action: str, *attributes: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "address": address,
        "type": "aws_a",
        "name": "b",
        "action": action,
        "attributes": list(attributes),
        **more,
    }


def test_title_cost_findings_and_a_folded_block_for_each_resource() -> None:
    findings = [
        {"rule": "tags", "severity": "pass", "reason": "fine", "address": ""},
        {"rule": "budget", "severity": "warn", "reason": "over it", "address": ""},
        {"rule": "data", "severity": "block", "reason": "would be lost", "address": "aws_a.gone"},
    ]
    size = {"path": "size", "before": 1, "after": 2}
    text = comment(
        [change("aws_a.new", "create"), change("aws_a.other", "replace", size, replace_paths=["size"])],
        estimate=ESTIMATE, guardrails=findings,
    )  # fmt: skip
    lines = text.splitlines()
    assert lines[0] == "### Plan of staging: +2 ~0 −1"
    assert lines[2] == (
        "Run 12 (create) · $ 1,071.40 / month (−$ 3.10) · guardrails: 1 blocked, 1 to look at, 1 passed"
    )
    assert lines[4] == r"- ⛔ blocked: data: <code>aws\_a\.gone</code>: would be lost"
    assert lines[5] == "- ⚠️ warning: budget: over it"
    assert text.index("#### Replace 1") < text.index("#### Create 1")
    assert "<details><summary>± <code>aws_a.other</code> · forced by <code>size</code></summary>" in lines
    assert '-/+ resource "aws_a" "b" {' in lines
    assert "!       size = 1 -> 2 # forces replacement" in lines
    assert "left out" not in text


def test_outputs_and_drift_have_their_places() -> None:
    output = {"name": "url", "action": "create", "after": "http://x"}
    text = comment([change("aws_a.new", "create")], outputs=[output], drift=[change("aws_a.moved", "update")])
    assert '+   url = "http://x"' in text
    assert text.index("Outputs 1") < text.index("#### Changed outside Terraform") < text.index("aws_a.moved")
    assert "1 changed outside Terraform" in text


def test_nothing_to_do_is_said() -> None:
    assert "Nothing changes." in comment([])


def test_the_most_important_stays_when_there_is_too_much() -> None:
    value = {"path": "x", "before": "a" * 300, "after": "b" * 300}
    actions = ["create"] * 300 + ["update"] * 20 + ["delete"] * 5 + ["replace"] * 5
    changes = [change(f"aws_a.{action}[{n}]", action, value) for n, action in enumerate(actions)]
    text = comment(changes)
    assert len(text) <= LIMIT
    assert len(text.encode()) <= 262_144
    shown = re.findall(r"^<details><summary>. <code>aws_a\.(\w+)\[", text, re.MULTILINE)
    assert shown[:30] == ["delete"] * 5 + ["replace"] * 5 + ["update"] * 20
    left = 330 - len(shown)
    assert 0 < left < 300
    assert f"**{left} left out, since a comment may not be longer:** {left} to create." in text
    assert "panel runs show 12 --format text" in text
    assert text.count("<details>") == text.count("</details>") == len(shown)


def test_one_that_is_too_long_is_left_out_whole_and_named_by_its_action() -> None:
    long = [{"path": f"p{n}", "before": None, "after": "x" * 390} for n in range(200)]
    text = comment([change("aws_a.long", "delete", *long), change("aws_a.short", "create")])
    assert len(text) <= LIMIT
    assert "aws_a.short" in text
    assert "aws_a.long" not in text
    assert "1 to destroy." in text


def test_many_findings_do_not_take_all_the_room() -> None:
    findings = [
        {"rule": "r" * 900, "severity": "warn", "reason": "`@" * 900, "address": "<" * 900}
        for _ in range(500)
    ]
    text = comment([change("aws_a.gone", "delete")], guardrails=findings, limit=20_000)
    assert len(text) <= 20_000
    assert "aws_a.gone" in text
    assert re.search(r"- and \d+ more findings", text)


def test_a_limit_without_room_for_what_must_be_said_is_refused() -> None:
    with pytest.raises(ValueError, match="20,000"):
        comment([], limit=100)


class Seen(HTMLParser):
    """What a browser makes of a comment: its elements, and the text that stands outside code."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.loose = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag == "code" or not attrs, (tag, attrs)
        self.tags.append(tag)
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "code" not in self.open:
            self.loose += data


HOSTILE = [
    "```\n</details>\n# free", "````", "`", "``` diff", "</details>", "</summary></details>", "@team", "me@example.com",
    "#1", "| a | b |\n|---|---|", "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "a\n\n# title",
    "\r\n~~~\r\n", "\u2028<b>", "[x](http://evil.example)", "https://evil.example", "www.evil.example", "&lt;b&gt;",
    "<!--", "]]>", "\\", "\\`", "*a*", "- [ ] x", "    code", "\t```", "<details>", "\x00", "🌈" * 50, "-->",
]  # fmt: skip
pieces = st.lists(st.sampled_from(HOSTILE) | st.text(max_size=12), max_size=4).map("".join)


def check(text: str, folded: int) -> None:
    """The comment has the elements that it is made of and no others, each closed where it was opened."""
    assert len(text) <= LIMIT
    page = MarkdownIt("commonmark").render(text)
    seen = Seen(page)
    assert not seen.open
    assert set(seen.tags) <= {"h3", "h4", "p", "ul", "li", "details", "summary", "code", "pre", "strong"}
    assert seen.tags.count("details") == seen.tags.count("summary") == seen.tags.count("pre") == folded
    assert seen.tags.count("h3") == 1
    assert not re.search(r"(?<![\w`])@\w|#\d|://|www\.", seen.loose)


@settings(max_examples=40, deadline=None)
@given(pieces, pieces, pieces)
def test_nothing_in_a_plan_breaks_out_of_its_comment(first: str, second: str, third: str) -> None:
    attributes = [
        {"path": first, "before": second, "after": third},
        {"path": "b", "before": [second, {first: third}], "after": {third: [first] * 9}},
        {"path": "c", "before": f"{first}\n{second}", "after": f"{first}\n{third}", "known": False},
        {"path": "d", "before": f"{second}\n{first}", "after": f"{third}\n{first}"},
    ]
    item = change(
        second, "replace", *attributes, type=first, name=third, reason=first, previous_address=third,
        import_id=first, deposed=second, replace_paths=[first, third],
    )  # fmt: skip
    text = comment(
        [item, change(first, "delete", reason=second)],
        environment=third,
        outputs=[{"name": first, "action": "update", "before": second, "after": third}],
        drift=[change(third, "update", *attributes)],
        guardrails=[{"rule": first, "severity": "warn", "reason": second, "address": third}],
    )
    check(text, folded=4)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_each_known_trick_stays_text(hostile: str) -> None:
    item = change(hostile, "update", {"path": hostile, "before": hostile, "after": f"{hostile}\n{hostile}"})
    findings = [{"rule": hostile, "severity": hostile, "reason": hostile, "address": hostile}]
    check(comment([item], guardrails=findings, environment=hostile), folded=1)
