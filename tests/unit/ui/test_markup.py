"""Nothing that comes from outside becomes markup, and nothing leads where it must not."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from panel.lifecycle.vitality import Vitality
from panel.runs.review import Review, review_of
from panel.store.tables import Run, RunApproval, RunLine, RunPlan, RunStage, RunTransition, StateLock, now
from panel.ui.components import (
    aftermath,
    journey,
    locks,
    markup,
    plan,
    plan_lines,
    plan_values,
    problems,
    signs,
    stages,
    states,
    topology,
)
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


def _hostile_plan(text: str) -> Review:
    attributes = [
        {"path": text, "before": text, "after": [text]},
        {"path": "b", "before": [text], "after": [text * 80]},
    ]
    change = {"address": text, "module": text, "type": text, "name": text, "action": "update", "reason": text,
              "import_id": text, "previous_address": text, "attributes": attributes, "replace_paths": [text]}  # fmt: skip
    outputs = [{"name": text, "before": text, "after": f"{text}\n{text}"}]
    return review_of(
        RunPlan(run_id=1, stack="environment", changes=[change], drift=[change], outputs=outputs)
    )


def _way_of(text: str) -> str:
    """A run that was overridden and approved by people with such names, for such reasons."""
    run = Run(
        id=1,
        environment="x",
        kind="update",
        author=text,
        state="planned",
        overridden_by=text,
        override_reason=text,
    )
    steps = [RunTransition(run_id=1, before="", after="blocked", actor=text, comment=text),
             RunTransition(run_id=1, before="blocked", after="planned", actor=text, comment=text)]  # fmt: skip
    told = journey.remarks(run, [RunApproval(run_id=1, actor=text, comment=text)] * 2, [])
    return journey.journey(run, steps, told, now())


@settings(deadline=None)
@given(st.text())
def test_no_text_becomes_markup(text: str) -> None:
    hostile = _hostile_plan(text)
    body = "".join([
        markup.badge("ok", text), markup.mono(text), markup.link("https://example.com", text),
        markup.page_link("run", "run", text, text), markup.folded(text, ""),
        problems.problem_markup(text, text, text, text),
        lines([RunLine(run_id=1, stage=text, level=text, text=text, at=now())]),
        stages.strip([RunStage(run_id=1, name=text, position=0, state="active", detail=text)], now()),
        stages.progress(Run(id=1, environment="x", kind="create", author="a", waiting_for=text), [], now()),
        plan_values.details(hostile.resources[0]), plan_values.outputs(hostile.outputs), plan.summary(hostile),
        plan_lines.text_page(hostile, hostile.resources, first=True, last=True),
        states.release_badge(text), _way_of(text),
        aftermath.drifted([{"address": text, "attributes": [text, {"path": text}]}]),
        locks.lock_facts(StateLock(subject=text, lock_id=text, who=text, operation=text, evidence=text, run_id=1)),
        signs.signs(Run(id=1, environment=text, kind="create", author="a", waiting_for=text),
                    Vitality("stuck", text, None)),
    ])  # fmt: skip
    allowed = {"span", "a", "details", "summary", "div", "h3", "p", "strong", "pre", "ol", "li", "table", "thead",
               "tbody", "tr", "th", "td", "time", "q", "ul", "dl", "dt", "dd"}  # fmt: skip
    seen = _read(body)
    assert set(seen.tags) <= allowed
    assert seen.handlers == []


def test_hostile_words_of_aws_stay_text_in_the_picture() -> None:
    from panel.catalogue.schema import Owner
    from panel.lifecycle.health_overview import HealthNow
    from panel.lifecycle.health_report import ProbeNow, Seen, ServiceNow, TaskNow
    from panel.lifecycle.overview import EnvironmentView

    owner = Owner(team="a", contact="b")
    tasks = (
        TaskNow("api", HOSTILE, zone=HOSTILE, state="RUNNING", health=HOSTILE, version=HOSTILE),
        TaskNow("api", HOSTILE, zone=HOSTILE, state="STOPPED", reason=HOSTILE, stopped_at=now()),
    )
    services = {
        "site": ServiceNow("site", "static", "t", owner, version=HOSTILE),
        "api": ServiceNow("api", "container", "t", owner, desired=2, running=1, tasks=tasks),
    }
    probes = (ProbeNow("load_balancer", verdict="down", detail=HOSTILE),)
    health = HealthNow(
        "x", True, "down", now(), now(), stale=False, seen=Seen(services=services, probes=probes)
    )
    view = EnvironmentView(
        name="x", state="ready", state_text="", url=None, domain="x", protected=False, owner=owner, size="",
        monthly_usd=None, budget_usd=1, verdict="healthy", causes=(), probes=(), checked_at=None, since=None,
        services={}, last_run=None, active_run=None, exists=True,
    )  # fmt: skip
    seen = _read(topology.topology(view, health))
    assert not {"script", "img"} & set(seen.tags)
    assert seen.handlers == []
    assert "Missing" in topology.topology(view, health)


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


def test_the_way_of_a_run_shows_what_may_follow_and_nothing_that_cannot() -> None:
    planning = Run(id=1, environment="x", kind="update", author="a", state="planning")
    ways, ends = journey.possible(planning)
    assert ways == ("planned", "no_changes", "blocked")
    assert ends == ("canceled", "errored", "interrupted")
    drift = Run(id=1, environment="x", kind="drift", author="a", state="preparing")
    assert journey.possible(drift)[0] == ("planning", "blocked")
    assert journey.possible(
        Run(id=1, environment="x", kind="update", author="a", state="applied", active=False)
    ) == (
        (),
        (),
    )


def test_a_relative_time_holds_the_exact_one() -> None:
    assert 'title="20' in markup.when(now())
    assert markup.when(None) == ""
