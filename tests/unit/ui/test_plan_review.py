"""A plan on the page of its run: what is drawn, what is searched, and that a large one is sent in parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from panel.runs.review import Review, review_of
from panel.store.tables import RunPlan
from panel.ui import session
from panel.ui.components import plan, plan_lines, plan_values
from panel.ui.components.plan_browser import matching

Open = Callable[..., AppTest]


def stored(changes: list[dict[str, Any]], **more: Any) -> Review:
    return review_of(RunPlan(run_id=1, stack="environment", changes=changes, **more))


def change(address: str, action: str = "update", *attributes: dict[str, Any], **more: Any) -> dict[str, Any]:
    kind, name = address.rsplit(".", 2)[-2:]
    return {
        "address": address,
        "type": kind,
        "name": name,
        "action": action,
        "attributes": list(attributes),
        **more,
    }


def test_sensitive_unknown_and_absent_values_are_words() -> None:
    (resource,) = stored([
        change("aws_a.b", "update",
               {"path": "password", "before": "old-secret", "after": "new-secret", "sensitive": True},
               {"path": "arn", "before": "a", "known": False}, {"path": "gone", "before": "x"})
    ]).resources  # fmt: skip
    body = plan_values.details(resource)
    assert "secret" not in body
    assert "(sensitive, not shown)" in body
    assert "known after apply" in body
    assert "—" in body


def test_what_forces_a_replacement_is_said_where_it_stands() -> None:
    (resource,) = stored([
        change("aws_a.b", "replace", {"path": "subnet", "before": "a", "after": "b"}, {"path": "n", "before": 1, "after": 2},
               replace_paths=["subnet"], reason="replace_because_cannot_update", previous_address="aws_a.old")
    ]).resources  # fmt: skip
    body = plan_values.details(resource)
    assert body.count("forces replacement") == 1
    assert body.index("subnet") < body.index("forces replacement") < body.index(">n<")
    assert "Because an attribute cannot be changed in place." in body
    assert "moved from aws_a.old" in body


def test_long_values_are_compared_line_by_line() -> None:
    (resource,) = stored(
        [change("aws_a.b", "update", {"path": "s", "before": "a\nb", "after": "a\nc"})]
    ).resources
    body = plan_values.details(resource)
    assert '<span class="p-bad">- b</span>' in body
    assert '<span class="p-ok">+ c</span>' in body


def test_very_many_attributes_are_cut_and_counted() -> None:
    many = [{"path": f"p{n}", "after": n} for n in range(500)]
    body = plan_values.details(stored([change("aws_a.b", "create", *many)]).resources[0])
    assert "p119" in body
    assert "p120" not in body
    assert "and 380 more attributes" in body


RESOURCES = stored(
    [
        change("aws_s3_bucket.site", "create", {"path": "tags.Owner", "after": "x"}),
        change("aws_s3_bucket.logs", "update", {"path": "policy", "before": "a", "after": "secret-value"}),
        change("module.net.aws_vpc.main", "create", module="module.net"),
    ]
).resources


@pytest.mark.parametrize(
    ("needle", "actions", "module", "found"),
    [
        ("", (), None, ["logs", "site", "main"]),
        ("BUCKET site", (), None, ["site"]),
        ("owner", (), None, ["site"]),
        ("aws_vpc", (), None, ["main"]),
        ("secret-value", (), None, []),
        ("", ("update",), None, ["logs"]),
        ("", ("update", "create"), "", ["logs", "site"]),
        ("", (), "module.net", ["main"]),
        ("bucket", ("create",), "module.net", []),
    ],
)
def test_search_looks_at_address_type_and_attributes_and_filters_narrow_it(
    needle: str, actions: tuple[str, ...], module: str | None, found: list[str]
) -> None:
    assert [one.name for one in matching(RESOURCES, needle, actions, module)] == found


def test_the_summary_says_counts_cost_and_guardrails() -> None:
    made = stored(
        [change("aws_a.b", "create"), change("aws_a.c", "move", previous_address="aws_a.d")],
        estimate={"monthly_usd": 71.4, "delta_usd": -3},
        guardrails=[{"severity": "pass"}, {"severity": "pass"}, {"severity": "warn"}],
    )
    body = plan.summary(made)
    assert "+1 ~0 −0 · 1 moved" in body
    assert "$ 71.40 / month (−$ 3.00)" in body
    assert "1 warning, 2 passed" in body


def test_a_page_of_text_is_cut_before_it_is_too_long_for_a_browser() -> None:
    value = {"path": "x", "after": "y" * 1900}
    made = stored([change(f"aws_a.b[{n}]", "create", value) for n in range(300)])
    body = plan_lines.text_page(made, made.resources, first=True, last=True)
    assert len(body) < 300_000
    assert "This page is cut here" in body
    short = plan_lines.text_page(made, made.resources[:2], first=False, last=True)
    assert "Plan: 300 to add" in short
    assert "cut here" not in short


def body_of(app: AppTest) -> str:
    assert not app.exception, app.exception
    return "".join(str(element.proto.body) for element in app.get("html"))


def rows(app: AppTest) -> list[str]:
    return [box.label.replace("\\", "") for box in app.expander if box.label.startswith("**")]


@pytest.fixture
def number(sample: Any) -> int:
    """A run that waits for review, with a plan of 5,000 resources."""
    run = sample.stores.runs.active("review")
    attributes = [{"path": f"setting.{n}", "after": f"value {n}"} for n in range(18)]
    found = [
        change(f"module.m.aws_lb.app[{n}]", "create", *attributes, module="module.m") for n in range(4_998)
    ]
    risky = {"path": "key", "before": "s3cr3t", "after": "s3cr3t", "sensitive": True}
    found += [
        change("aws_vpc.main", "delete", risky),
        change("aws_db.main", "replace", risky, replace_paths=["key"]),
    ]
    output = {
        "name": "password",
        "action": "update",
        "before": "s3cr3t",
        "after": "s3cr3t",
        "sensitive": True,
    }
    sample.stores.runs.save_plan(
        RunPlan(
            run_id=run.id,
            stack="environment",
            changes=found,
            outputs=[output],
            drift=[change("aws_a.drifted")],
        )
    )
    return int(run.id)


def test_five_thousand_resources_are_sent_page_by_page(number: int, open_page: Open) -> None:
    app = open_page("run", run=str(number))
    shown = rows(app)
    assert len(shown) == 50
    assert shown[0] == "**−** aws_vpc.main"
    assert shown[1] == "**±** aws_db.main *forced by key*"
    assert shown[2] == "**+** aws_lb.app[0]"
    text = body_of(app)
    assert "1 to 50 of 5,000 resources" in text
    assert "value 3" not in text, "attributes come when a resource is opened"
    assert "Create 4,998" in text

    app.session_state[
        session.of(session.PLAN_ROW, f"{number}-environment-create-module.m.aws_lb.app[0]-")
    ] = True
    assert "value 3" in body_of(app.run())

    app.session_state[session.of(session.PLAN_PAGE, f"{number}-environment--None-")] = 100
    app.run()
    assert rows(app)[-1] == "**+** aws_lb.app[4997]"
    assert "4,951 to 5,000 of 5,000 resources" in body_of(app)

    app.text_input(key=session.of(session.PLAN_FILTER, f"{number}-environment")).set_value("app[77]").run()
    assert rows(app) == ["**+** aws_lb.app[77]"]
    app.text_input(key=session.of(session.PLAN_FILTER, f"{number}-environment")).set_value("nowhere").run()
    assert "No resource matches" in body_of(app)


def test_outputs_drift_and_text_are_one_click_away_without_secrets(number: int, open_page: Open) -> None:
    app = open_page("run", run=str(number))
    text = body_of(app)
    assert "1 resource was changed outside Terraform" in text
    view = session.of(session.PLAN_VIEW, f"{number}-environment")
    app.session_state[view] = "outputs"
    text += (outputs := body_of(app.run()))
    assert "password" in outputs
    app.session_state[view] = "drift"
    app.run()
    assert rows(app) == ["**~** aws_a.drifted"]
    app.session_state[view] = "text"
    text += (written := body_of(app.run()))
    assert "aws_a.drifted was changed" in written
    assert "-/+ resource &quot;aws_db&quot; &quot;main&quot; {" in written
    assert "app[97]" in written
    assert "app[98]" not in written
    assert "s3cr3t" not in text
