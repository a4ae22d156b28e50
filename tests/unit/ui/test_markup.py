"""Nothing that comes from outside becomes markup, and nothing leads where it must not."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from panel.store.tables import Run, RunLine, RunPlan, RunStage, now
from panel.ui.components import markup, plan, problems, stages, states, topology
from panel.ui.components.log import lines

HOSTILE = '<script>alert(1)</script><img src=x onerror="alert(1)">\'"&'


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.handlers: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.handlers += [name for name, _ in attrs if name.startswith("on")]


def _read(body: str) -> _Tags:
    tags = _Tags()
    tags.feed(body)
    return tags


def _hostile_change(text: str) -> dict[str, object]:
    attribute = {"path": text, "before": text, "after": [text], "known": True, "sensitive": False}
    return {"address": text, "action": "update", "attributes": [attribute], "replace_paths": [text]}


@settings(deadline=None)
@given(st.text())
def test_no_text_becomes_markup(text: str) -> None:
    body = "".join([
        markup.badge("ok", text), markup.mono(text), markup.link("https://example.com", text),
        markup.page_link("run", "run", text, text), markup.folded(text, ""),
        problems.problem_markup(text, text, text, text),
        lines([RunLine(run_id=1, stage=text, level=text, text=text, at=now())]),
        stages.strip([RunStage(run_id=1, name=text, position=0, state="active", detail=text)], now()),
        stages.progress(Run(id=1, environment="x", kind="create", author="a", waiting_for=text), [], now()),
        plan.page([_hostile_change(text)], 0, 1),
        plan.guardrails([{"severity": "warn", "reason": text, "address": text}]),
        states.release_badge(text),
    ])  # fmt: skip
    allowed = {"span", "a", "details", "summary", "div", "h3", "p", "strong", "pre", "ol", "li", "table", "thead",
               "tbody", "tr", "th", "td"}  # fmt: skip
    seen = _read(body)
    assert set(seen.tags) <= allowed
    assert seen.handlers == []


def test_a_hostile_version_stays_text_in_the_picture() -> None:
    from panel.catalogue.schema import Owner
    from panel.lifecycle.overview import EnvironmentView, ServiceView

    owner = Owner(team="a", contact="b")
    site = ServiceView("frontend", "static", "t", owner, version=HOSTILE)
    api = ServiceView(HOSTILE, "container", "t", owner, desired=2, running=1)
    view = EnvironmentView(
        name="x", state="ready", state_text="", url=None, domain="x", protected=False, owner=owner, size="",
        monthly_usd=None, budget_usd=1, verdict="healthy", causes=(), probes=(), checked_at=None, since=None,
        services={"frontend": site, "api": api}, last_run=None, active_run=None, exists=True,
    )  # fmt: skip
    seen = _read(topology.topology(view))
    assert not {"script", "img"} & set(seen.tags)
    assert "not running" in topology.topology(view)


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "https://", "http://[", ""]
)
def test_only_web_addresses_become_links(url: str) -> None:
    assert markup.safe_url(url) is None
    assert "<a" not in markup.link(url, "Open")


def test_a_link_out_opens_apart_and_names_its_address() -> None:
    assert 'href="http://a.localhost:4566/?x=1&amp;y=2"' in markup.link(
        "http://a.localhost:4566/?x=1&y=2", "Open"
    )


def test_a_relative_time_holds_the_exact_one() -> None:
    assert 'title="20' in markup.when(now())
    assert markup.when(None) == ""


def test_sensitive_and_unknown_values_are_not_shown() -> None:
    attributes = [
        {"path": "password", "before": "old-secret", "after": "new-secret", "known": True, "sensitive": True},
        {"path": "arn", "before": "a", "after": None, "known": False, "sensitive": False},
    ]
    body = plan.page([{"address": "a", "action": "update", "attributes": attributes}], 0, 1)
    assert "secret" not in body.replace("sensitive", "")
    assert "known after apply" in body


def test_only_what_changes_is_listed() -> None:
    attributes = [
        {"path": "same", "before": 1, "after": 1, "known": True, "sensitive": False},
        {"path": "count", "before": 2, "after": 3, "known": True, "sensitive": False},
    ]
    body = plan.page([{"address": "a", "action": "update", "attributes": attributes}], 0, 1)
    assert "count" in body
    assert "same" not in body


def test_risky_actions_come_first_and_numbers_in_a_person_s_order() -> None:
    changes = [{"address": f"a[{n}]", "action": "create"} for n in (10, 2)] + [
        {"address": "z", "action": "delete"}
    ]
    assert [change["address"] for change in plan.matching(changes, "")] == ["z", "a[2]", "a[10]"]


def test_a_filter_needs_every_word() -> None:
    changes = [
        {"address": "aws_s3_bucket.site", "action": "create"},
        {"address": "aws_s3_bucket.logs", "action": "update"},
    ]
    assert [change["address"] for change in plan.matching(changes, "BUCKET update")] == ["aws_s3_bucket.logs"]


def test_a_replacement_counts_as_added_and_destroyed() -> None:
    changes = [{"action": action} for action in ("create", "replace", "update", "delete", "no-op")]
    assert plan.plan_counts(changes) == "+2 ~1 −2"


def test_the_summary_says_counts_cost_and_guardrails() -> None:
    made = RunPlan(
        run_id=1, stack="environment", changes=[{"action": "create"}], estimate={"monthly_usd": 71.4, "delta_usd": -3},
        guardrails=[{"severity": "pass"}, {"severity": "pass"}, {"severity": "warn"}],
    )  # fmt: skip
    body = plan.summary(made)
    assert "+1 ~0 −0" in body
    assert "$ 71.40 / month (−$ 3.00)" in body
    assert "1 warning, 2 passed" in body
