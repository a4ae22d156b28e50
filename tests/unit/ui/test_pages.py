"""Every page from the entry point, in every state of the sample; what clicks do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from panel.access.identity import Identity, Role
from panel.catalogue.edit import set_value
from panel.catalogue.schema import SHARED
from panel.ui import session

Open = Callable[..., AppTest]

ENVIRONMENTS = (
    "production", "staging", "review", "applying", "ready", "degraded", "down", "failed", "lost", "queued",
    "a-very-long-name-20",
)  # fmt: skip


def body(app: AppTest) -> str:
    """All markup of a page that was drawn without an error."""
    assert not app.exception, app.exception
    return "".join(str(element.proto.body) for element in app.get("html"))


def labels(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


def button(app: AppTest, label: str) -> Any:
    return next(found for found in app.button if found.label == label)


def test_home_shows_every_state_in_words(open_page: Open) -> None:
    app = open_page()
    text = body(app)
    for word in ("Ready", "Not created", "Working", "Needs you", "Down", "Failed", "Degraded", "Lost"):
        assert f"</span> {word}" in text
    assert "Create staging environment" in labels(app)
    assert 'href="http://ready.cloudfront.localhost:4566"' in text
    assert "Open app ↗" in text
    assert "The plan of review waits for review" in text


def test_home_without_an_answering_endpoint_says_unknown(sample: Any, open_page: Open) -> None:
    sample.world = None
    assert "</span> Unknown" in body(open_page())


def test_home_starts_what_is_missing_once(sample: Any, open_page: Open) -> None:
    open_page()
    open_page()
    assert sample.started == 1


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_an_environment_has_its_page(open_page: Open, name: str) -> None:
    assert f"<h1>{name}</h1>" in body(open_page("environment", environment=name))


@pytest.mark.parametrize(
    ("tab", "full", "empty"),
    [("Overview", "Load balancer", "Nothing is created yet"), ("Runs", "Update", "No runs yet"),
     ("Deployments", "4f2a91c07be5", "was not deployed to staging yet"), ("Health", "No check found anything wrong", "so nothing of it can be broken"),
     ("Cost", "over budget", "if it were created now"), ("Activity", "&lt;script&gt;", "Nobody has done anything")],
)  # fmt: skip
def test_every_tab_has_something_to_say(open_page: Open, tab: str, full: str, empty: str) -> None:
    assert full in body(open_page("environment", environment="ready", tab=tab))
    assert empty in body(open_page("environment", environment="staging", tab=tab))


def test_the_way_to_instances_is_told_only_where_there_is_a_key(sample: Any, open_page: Open) -> None:
    sample.stores.environments.save(SHARED, outputs={"keys_bucket": "todo-keys-1"})
    set_value(sample.settings.catalogue_path, ("environments", "ready", "ssh_key"), True)

    assert "Session Manager" not in body(open_page("environment", environment="degraded"))
    page = body(open_page("environment", environment="ready"))
    assert "Session Manager" in page
    assert "s3://todo-keys-1/ssh/ready/id_ed25519" in page


def test_an_environment_that_is_not_there_says_which_are(open_page: Open) -> None:
    text = body(open_page("environment", environment="<b>nope"))
    assert "There is no environment named" in text
    assert "<b>nope" not in text
    assert "staging" in text


@pytest.mark.parametrize("name", ENVIRONMENTS[2:])
def test_a_run_has_its_page(sample: Any, open_page: Open, name: str) -> None:
    run = sample.stores.runs.recent(name, limit=1)[0]
    assert f"Run {run.id} · " in body(open_page("run", run=str(run.id)))


@pytest.mark.parametrize("asked", ["", "99999", "x", "-1", "9" * 40, "<script>"])
def test_a_run_that_is_not_there_is_said_so(open_page: Open, asked: str) -> None:
    text = body(open_page("run", run=asked))
    assert 'role="alert"' in text
    assert "<script>" not in text


@pytest.mark.parametrize("name", ["runs", "settings"])
def test_the_other_pages_draw(open_page: Open, name: str) -> None:
    assert f"<h1>{name.capitalize()}</h1>" in body(open_page(name))


def test_older_runs_are_a_click_away(sample: Any, open_page: Open) -> None:
    app = open_page("runs")
    first = body(app)
    newest = sample.stores.runs.recent(limit=1)[0].id
    assert f">Run {newest}</a>" in first
    button(app, "Older runs").click().run()
    assert f">Run {newest}</a>" not in body(app)
    assert f">Run {newest - 25}</a>" in body(app)


def test_hostile_text_is_shown_as_text(sample: Any, open_page: Open) -> None:
    applying, failed = (sample.stores.runs.recent(name, limit=1)[0] for name in ("applying", "failed"))
    app = open_page("run", run=str(applying.id))
    app.session_state[session.of(session.LOG_OPEN, applying.id)] = True
    texts = body(app.run()) + body(open_page("run", run=str(failed.id)))
    assert "<script>" not in texts
    assert texts.count("&lt;script&gt;") >= 2


def test_create_begins_one_run_however_often_it_is_clicked(sample: Any, open_page: Open) -> None:
    first, second = open_page(), open_page()
    button(first, "Create staging environment").click().run()
    button(second, "Create staging environment").click().run()
    runs = sample.stores.runs.recent("staging")
    assert [run.kind for run in runs] == ["create"]
    assert "Somebody was faster" not in body(second)


def test_the_second_of_two_people_is_told_whose_run_is_under_way(sample: Any, open_page: Open) -> None:
    app = open_page()
    sample.run("staging", "create", author="ben")
    button(app, "Create staging environment").click().run()
    text = body(app)
    assert "Somebody was faster" in text
    assert "already under way (create, by ben)" in text
    assert len(sample.stores.runs.recent("staging")) == 1


def test_a_viewer_cannot_click_what_would_be_refused(sample: Any, open_page: Open) -> None:
    sample.identity = Identity("eve", Role.VIEWER)
    assert button(open_page(), "Create staging environment").disabled


def test_a_plan_is_reviewed_and_approved_with_a_comment(sample: Any, open_page: Open) -> None:
    run = sample.stores.runs.active("review")
    app = open_page("run", run=str(run.id))
    text = body(app)
    assert "Create 42" in text
    assert "1 warning, 9 passed" in text
    assert "s3cr3t" not in text
    next(field for field in app.text_input if field.label.startswith("Comment")).set_value("looks right")
    button(app, "Approve and apply").click().run()
    approved = sample.stores.runs.get(run.id)
    assert (approved.state, approved.comment, approved.decided_by) == ("approved", "looks right", "ana")
    assert "Approve and apply" not in labels(app)


def test_approving_twice_is_no_error_and_approving_what_was_discarded_is(
    sample: Any, open_page: Open
) -> None:
    run = sample.stores.runs.active("review")
    first, second, third = (open_page("run", run=str(run.id)) for _ in range(3))
    button(first, "Approve and apply").click().run()
    button(second, "Approve and apply").click().run()
    assert "Not done" not in body(second)
    button(third, "Discard").click().run()
    assert "Not done" in body(third)
    assert sample.stores.runs.get(run.id).state == "approved"


def test_cancelling_is_asked_for_and_said(sample: Any, open_page: Open) -> None:
    run = sample.stores.runs.active("applying")
    app = open_page("run", run=str(run.id))
    assert "31 / 42" in body(app)
    button(app, "Cancel run").click().run()
    assert sample.stores.runs.get(run.id).cancel_requested
    assert "Canceling" in body(app)
    assert "Cancel run" not in labels(app)
    assert "Force…" in labels(app)


def test_a_failed_run_says_why_what_next_and_can_be_tried_again(sample: Any, open_page: Open) -> None:
    run = sample.stores.runs.recent("failed", limit=1)[0]
    app = open_page("run", run=str(run.id))
    text = body(app)
    assert "VpcLimitExceeded" in text
    assert "ask AWS for a higher limit" in text
    assert "main.tf line 12" in text
    button(app, "Retry").click().run()
    assert sample.stores.runs.active("failed").kind == "create"


def test_destroying_takes_the_name(sample: Any, open_page: Open) -> None:
    app = open_page("environment", environment="ready")
    button(app, "Destroy ready…").click().run()
    assert "todo-ready-state" in body(app)
    button(app, "Destroy ready").click().run()
    assert sample.stores.runs.active("ready") is None


def test_destroying_with_the_name_begins_a_run(sample: Any, open_page: Open) -> None:
    app = open_page("environment", environment="ready")
    button(app, "Destroy ready…").click().run()
    app.text_input(key=session.of(session.CONFIRM, "ready")).set_value("ready")
    button(app, "Destroy ready").click().run()
    assert sample.stores.runs.active("ready").kind == "destroy"


def test_a_protected_environment_refuses_and_says_why(sample: Any, open_page: Open) -> None:
    sample.stores.environments.save("production", exists=True, ready=True, world="w1")
    app = open_page("environment", environment="production")
    button(app, "Destroy production…").click().run()
    text = body(app)
    assert "production is protected: it cannot be destroyed." in text
    assert "protected: false" in text
    assert "Destroy production" not in labels(app)


def test_acts_wait_while_a_run_is_under_way(open_page: Open) -> None:
    app = open_page("environment", environment="applying")
    assert button(app, "Create applying environment").disabled


def test_a_wrong_catalogue_is_shown_line_by_line_and_mended_without_a_restart(
    sample: Any, open_page: Open
) -> None:
    path = sample.settings.catalogue_path
    right = path.read_text()
    path.write_text(right.replace("region:", "regoin:"))
    app = open_page()
    assert "environments.yaml:2" in body(app)
    path.write_text(right)
    button(app, "Try again").click().run()
    assert "</span> Ready" in body(app)


def test_no_worker_alive_offers_a_way_out(sample: Any, open_page: Open) -> None:
    sample.ensure_running = lambda: None
    app = open_page()
    assert "No worker is alive" in body(app)
    assert "Start what is missing" in labels(app)


def test_a_broken_audit_chain_is_said_so(sample: Any, open_page: Open) -> None:
    assert "Whole" in body(open_page("settings"))
    entry = sample.trail.recent(limit=1)[0]
    with sample.stores.database.write() as database:
        entry.actor = "somebody else"
        database.merge(entry)
    from panel.ui import readers

    readers._first_broken.clear()
    assert f"Broken at entry {entry.id}" in body(open_page("settings"))
