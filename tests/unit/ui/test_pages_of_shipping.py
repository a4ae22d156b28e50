"""The page of a run that ships: what it changes, what its stages are made of, what came of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from panel.deploys import Part
from panel.deploys.commits import Commit
from panel.deploys.comparison import ServiceChange, Setting, Side
from panel.store.tables import Run
from panel.ui.components import journey
from panel.ui.components.changes import change_markup
from panel.ui.components.parts import parts

Open = Callable[..., AppTest]

_DIGEST = "sha256:" + "ab" * 32
_CHANGE = ServiceChange(
    service="backend", kind="container",
    before=Side("production", "4f2a91c", digest=_DIGEST, release="r3"),
    after=Side("staging", "9c01d2e<i>", digest="sha256:" + "cd" * 32, release="r7"),
    direction="forward",
    commits=(Commit("9c01d2e0aa" + "0" * 30, "Lists <b>may be named", "Ana", "2026-11-20T10:00:00+00:00"),),
    commits_total=3, commits_known=True,
    settings=(Setting("LOG_LEVEL", "", "debug"),), note="Built with changes that are in no commit.",
)  # fmt: skip


def body(app: AppTest) -> str:
    """All markup of a page that was drawn without an error."""
    assert not app.exception, app.exception
    return "".join(str(element.proto.body) for element in app.get("html"))


def buttons(app: AppTest) -> dict[str, Any]:
    return {button.label: button for button in app.button}


def promotion(panel: Any, *path: str) -> Run:
    run = panel.run("production", "promote", *path, author="ben")
    panel.stores.runs.update(run.id, changes=[_CHANGE.to_dict()])
    return panel.stores.runs.get(run.id)


def test_a_promotion_shows_what_changes_and_is_approved_or_discarded(sample: Any, open_page: Open) -> None:
    run = promotion(sample, "preparing", "planned")
    app = open_page("run", run=str(run.id))
    text = body(app)
    for said in (
        "4f2a91c",
        "r7 of staging",
        "3 commits come",
        "and 2 more",
        "LOG_LEVEL",
        "not set",
        "in no commit",
    ):
        assert said in text, said
    assert "<i>" not in text.replace("<i style", "").replace("<i title", "")
    assert "Re-plan" not in buttons(app)
    buttons(app)["Approve and promote"].click().run()
    assert sample.stores.runs.get(run.id).state == "approved"


def test_a_discarded_promotion_says_that_nothing_was_changed(sample: Any, open_page: Open) -> None:
    run = promotion(sample, "preparing", "planned")
    app = open_page("run", run=str(run.id))
    buttons(app)["Discard"].click().run()
    assert "Nothing was changed." in body(open_page("run", run=str(run.id)))


def test_a_roll_out_under_way_shows_its_tasks_and_can_be_stopped(sample: Any, open_page: Open) -> None:
    run = sample.run("staging", "deploy", "preparing", "deploying")
    sample.stores.runs.set_stage(run.id, "rollout", "active")
    told = [Part("task 1f2e", "working", kind="task", detail="PENDING, us-east-2a").to_dict()]
    sample.stores.runs.update(run.id, stage="rollout", parts=told)
    app = open_page("run", run=str(run.id))
    assert "task 1f2e" in body(app)
    assert "PENDING, us-east-2a" in body(app)
    buttons(app)["Stop the roll-out"].click().run()
    assert sample.stores.runs.get(run.id).cancel_requested
    text = body(open_page("run", run=str(run.id)))
    assert "goes back to the release that served before" in text
    assert "Terraform" not in text


def test_what_failed_says_why_and_what_serves_now(sample: Any, open_page: Open) -> None:
    before = sample.run("staging", "deploy")
    live = sample.stores.releases.start("staging", "backend", "container", "4f2a91c", run_id=before.id)
    sample.stores.releases.finish(live.id, "live")
    sample.stores.runs.finish(before.id, "canceled", "ana")
    run = sample.run("staging", "deploy", "preparing", "deploying")
    broken = sample.stores.releases.start("staging", "backend", "container", "broken1", run_id=run.id)
    sample.stores.releases.finish(broken.id, "rolled_back", detail="its tasks <stop>")
    sample.stores.runs.finish(run.id, "errored", "worker", error="The roll-out did not succeed.")
    text = body(open_page("run", run=str(run.id)))
    assert "broken1" in text
    assert "its tasks &lt;stop&gt;" in text
    assert f"serves now: r{live.number} {live.version}" in text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (ServiceChange("site", "static", None, Side("staging", "r1")), "nothing runs yet"),
        (ServiceChange("api", "container", Side("e", "b"), Side("e", "a"), "back", (), 2, commits_known=True), "2 commits go away"),
        (ServiceChange("api", "container", Side("e", "b"), Side("e", "a")), "Git cannot tell"),
        (ServiceChange("api", "container", Side("e", "b"), Side("e", "b"), "same"), "The same"),
    ],
)  # fmt: skip
def test_every_kind_of_change_has_its_words(change: ServiceChange, said: str) -> None:
    assert said in change_markup(change, "e")


def test_parts_say_how_far_they_are() -> None:
    text = parts([
        Part("sha256:1", "working", 1_500_000, 3_000_000, "B", "layer").to_dict(),
        Part("sha256:2", "kept", 5_000_000, 5_000_000, "B", "layer").to_dict(),
        Part("<site>", "done", 12, 12, "files", "files").to_dict(),
    ])  # fmt: skip
    assert "1.5 of 3.0 MB" in text
    assert 'aria-valuenow="1500000"' in text
    assert "there already" in text
    assert "12 of 12 files" in text
    assert "&lt;site&gt;" in text
    assert parts([]) == ""


def test_what_may_follow_a_run_that_ships() -> None:
    def follows(kind: str, state: str) -> tuple[str, ...]:
        return journey.possible(Run(id=1, environment="x", kind=kind, author="a", state=state))[0]

    assert follows("promote", "preparing") == ("planned", "deploying", "blocked")
    assert follows("promote", "approved") == ("deploying", "stale")
    assert follows("update", "approved") == ("applying", "stale")
    assert "planned" not in follows("rollback", "preparing")
