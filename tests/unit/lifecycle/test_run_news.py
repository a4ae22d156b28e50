"""What of runs, drift and locks is told: once, to whom it concerns, in words that say what to do."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import select

from panel.catalogue.schema import Catalogue
from panel.lifecycle.run_news import RunNews
from panel.lifecycle.telling import Teller, span_words
from panel.notify.channels import Outcome
from panel.notify.outbox import Outbox
from panel.store.stores import Stores
from panel.store.tables import Notification, RunPlan, RunTransition, StateLock, now

HOUR = timedelta(hours=1)
_WAY = {
    "planned": ["preparing", "planning", "planned"],
    "applied": ["preparing", "planning", "planned", "approved", "applying"],
    "blocked": ["preparing", "planning"],
    "no_changes": ["preparing", "planning"],
    "stale": ["preparing", "planning", "planned"],
}


class Ear:
    """A channel that hears nothing yet: these tests read the outbox."""

    place = "an ear"

    def send(self, message: Notification) -> Outcome:
        raise AssertionError(message.subject)


@dataclass
class Newsroom:
    """Workers that look for news in one store."""

    stores: Stores
    catalogue: Catalogue
    channels: dict[str, Ear] = field(default_factory=lambda: {"webhook": Ear()})
    later: timedelta = timedelta()

    def clock(self) -> datetime:
        return now() + self.later

    def worker(self) -> RunNews:
        outbox = Outbox(
            self.stores.notifications, self.channels, mail_to=["all@example.com"], clock=self.clock
        )
        teller = Teller(lambda: self.catalogue, outbox, "https://panel.example.com/")
        return RunNews(self.stores, teller, approval_timeout_s=7 * 86_400, clock=self.clock)

    def run(self, kind: str, author: str = "ana", **options: Any) -> int:
        number = self.stores.runs.create("staging", kind, author, ["plan"], **options).id
        assert number is not None
        return number

    def ends(self, kind: str, state: str, author: str = "ana", finished: Any = None, **options: Any) -> int:
        number = self.run(kind, author, **options)
        for step in _WAY.get(state, []):
            self.stores.runs.transition(number, step, "worker")
        if state != "planned" or kind in {"drift", "plan"}:
            self.stores.runs.finish(number, state, "worker", **(finished or {}))
        return number

    def told(self) -> list[Notification]:
        return self.stores.notifications.recent()[::-1]


@pytest.fixture
def room(stores: Stores, catalogue: Catalogue) -> Newsroom:
    return Newsroom(stores, catalogue)


def test_a_plan_that_waits_is_told_with_what_a_reviewer_needs(room: Newsroom) -> None:
    number = room.run("update")
    for step in _WAY["planned"]:
        room.stores.runs.transition(number, step, "worker")
    room.stores.runs.update(number, add=3, change=1, destroy=0, monthly_usd=71.4)
    room.worker().look()
    (message,) = room.told()
    assert (message.event, message.environment, message.run_id) == ("review_needed", "staging", number)
    assert message.subject == "staging: a plan waits for your review"
    assert message.link == f"https://panel.example.com/run?run={number}"
    for words in (
        "Update by ana: 3 to add, 1 to change, 0 to destroy.",
        "It would cost about $ 71.40 a month.",
        f"Approve or discard run {number}. It is discarded by itself in 7 days.",
        "Whom to call: API team <api-team@example.com>",
    ):
        assert words in message.body.splitlines()


@pytest.mark.parametrize(
    ("kind", "state", "author", "options", "events"),
    [
        ("update", "planned", "ana", {"auto_approve": True}, []),
        ("plan", "planned", "ana", {}, []),
        ("plan", "errored", "ana", {}, []),
        ("update", "errored", "ana", {}, ["errored"]),
        ("update", "interrupted", "ana", {}, ["interrupted"]),
        ("update", "blocked", "ana", {"auto_approve": True}, ["blocked"]),
        ("update", "stale", "ana", {"auto_approve": True}, ["stale"]),
        ("update", "canceled", "ana", {}, []),
        ("update", "applied", "ana", {"auto_approve": True}, ["applied"]),
        ("destroy", "applied", "ana", {"auto_approve": True}, ["applied"]),
        ("destroy", "applied", "system", {"auto_approve": True}, ["expired"]),
        ("destroy", "errored", "system", {"auto_approve": True}, ["expiry_postponed"]),
        ("sleep", "applied", "system", {"auto_approve": True}, []),
        ("sleep", "blocked", "system", {"auto_approve": True}, ["sleep_failed"]),
        ("wake", "errored", "system", {"auto_approve": True}, ["wake_failed"]),
    ],
)
def test_how_a_run_went_is_told_where_somebody_should_know(
    kind: str, state: str, author: str, options: dict[str, Any], events: list[str], room: Newsroom
) -> None:
    room.ends(
        kind, state, author, {"error": "The disk is full.", "error_hint": "Free some space."}, **options
    )
    room.worker().look()
    assert [message.event for message in room.told()] == events
    for message in room.told():
        if message.event not in {"applied", "expired"}:
            assert "The disk is full." in message.body
        assert "{" not in message.subject + message.body


def test_a_failed_destruction_at_the_end_says_when_it_is_tried_again(room: Newsroom) -> None:
    room.ends("destroy", "errored", "system", {"error": "Access was denied."}, auto_approve=True)
    room.worker().look()
    assert "It is tried again in 15 minutes, and costs money until then." in room.told()[0].body


def test_a_plan_nobody_decided_on_is_told(room: Newsroom) -> None:
    number = room.ends("update", "planned")
    room.worker().look()
    room.stores.runs.transition(number, "discarded", "worker", comment="nobody decided in time")
    room.worker().look()
    assert [message.event for message in room.told()] == ["review_needed", "review_expired"]


def test_a_plan_that_was_decided_on_meanwhile_asks_nobody(room: Newsroom) -> None:
    room.stores.runs.transition(room.ends("update", "planned"), "discarded", "ana", comment="no")
    room.worker().look()
    assert room.told() == []


def test_everything_is_told_once_by_however_many_workers(room: Newsroom) -> None:
    room.ends("update", "errored")
    one, other = room.worker(), room.worker()
    for worker in (one, other, one, room.worker()):
        worker.look()
    assert [message.key.partition("#")[2] for message in room.told()] == ["webhook"]


def test_what_a_guardrail_says_is_told_while_it_may_be_overridden(room: Newsroom) -> None:
    number = room.run("update")
    for step in ("preparing", "planning", "blocked"):
        room.stores.runs.transition(number, step, "worker")
    findings = [
        {"severity": "block", "reason": "The bucket todo-state would be destroyed."},
        {"severity": "warn", "reason": "It gets dearer."},
    ]
    room.stores.runs.save_plan(RunPlan(run_id=number, stack="environment", guardrails=findings))
    room.worker().look()
    (message,) = room.told()
    assert "- The bucket todo-state would be destroyed." in message.body
    assert "dearer" not in message.body


# Drift


def check(room: Newsroom, *addresses: str, state: str = "") -> None:
    """A drift check that found these resources."""
    end = state or ("planned" if addresses else "no_changes")
    number = room.run("drift", "system")
    for step in ("preparing", "planning"):
        room.stores.runs.transition(number, step, "worker")
    drift = [{"address": address, "attributes": [{"path": "tags"}]} for address in addresses]
    room.stores.runs.save_plan(RunPlan(run_id=number, stack="environment", drift=drift))
    room.stores.runs.finish(number, end, "worker", drifted=None if state else len(addresses))


@pytest.mark.parametrize(
    ("checks", "events"),
    [
        ([[], []], []),
        ([["aws_vpc.a"], ["aws_vpc.a"], ["aws_vpc.a"]], ["drift_found"]),
        ([["aws_vpc.a"], ["aws_vpc.a", "aws_vpc.b"]], ["drift_found", "drift_found"]),
        ([["aws_vpc.a"], []], ["drift_found", "drift_gone"]),
        ([["aws_vpc.a"], [], []], ["drift_found", "drift_gone"]),
        ([["aws_vpc.a"], "errored", ["aws_vpc.a"]], ["drift_found", "drift_failed"]),
        ([["aws_vpc.a"], "canceled", []], ["drift_found", "drift_gone"]),
        (["errored", "errored", [], "interrupted"], ["drift_failed", "drift_failed"]),
    ],
)
@pytest.mark.parametrize("at_once", [True, False], ids=["looked at in the end", "looked at each time"])
def test_drift_is_told_when_it_changes(
    checks: list[Any], events: list[str], at_once: bool, room: Newsroom
) -> None:
    worker = room.worker()
    for found in checks:
        check(room, *([] if isinstance(found, str) else found), state=found if isinstance(found, str) else "")
        if not at_once:
            worker.look()
    worker.look()
    assert [message.event for message in room.told()] == events


def test_drift_is_told_with_what_drifted(room: Newsroom) -> None:
    check(room, *(f"aws_vpc.v{number:02}" for number in range(13)))
    room.worker().look()
    (message,) = room.told()
    assert message.subject == "staging: 13 resources drifted from what was applied"
    assert "- aws_vpc.v09" in message.body and "- and 3 more" in message.body
    assert "aws_vpc.v10" not in message.body


# Locks and signs of life


def test_an_orphaned_lock_is_told_once_and_others_are_not(room: Newsroom) -> None:
    for subject, holder in (("staging", "orphaned"), ("production", "alive"), ("shared", "unknown")):
        room.stores.locks.save(
            StateLock(
                subject=subject,
                lock_id="l1",
                who="ana@laptop",
                holder=holder,
                evidence="Its process is gone.",
            )
        )
    room.worker().look()
    room.worker().look()
    (message,) = room.told()
    assert (message.event, message.environment) == ("orphaned_lock", "staging")
    assert "panel env unlock staging" in message.body and "Its process is gone." in message.body


def test_a_run_without_a_sign_of_life_is_told_once_for_each_silence(room: Newsroom) -> None:
    number = room.run("update")
    room.stores.runs.transition(number, "preparing", "worker", heartbeat_at=now())
    room.later = timedelta(minutes=4)
    room.worker().look()
    assert room.told() == []
    room.later = timedelta(minutes=6)
    room.worker().look()
    room.worker().look()
    assert [message.event for message in room.told()] == ["stuck"]
    room.stores.runs.update(number, heartbeat_at=now() + room.later)
    room.later += timedelta(minutes=10)
    room.worker().look()
    assert [message.event for message in room.told()] == ["stuck", "stuck"]


# From when on


def age(room: Newsroom, by: timedelta) -> None:
    with room.stores.database.write() as session:
        for step in session.exec(select(RunTransition)):
            step.at -= by
            session.add(step)


def test_the_past_is_not_told_when_the_first_channel_is_set_up(room: Newsroom) -> None:
    room.ends("update", "errored")
    age(room, HOUR)
    room.worker().look()
    assert room.told() == []


def test_what_happened_while_no_worker_was_alive_is_told_by_the_next_one(room: Newsroom) -> None:
    room.ends("update", "errored")
    room.worker().look()
    room.ends("update", "interrupted")
    room.later = 30 * HOUR
    room.worker().look()
    assert [message.event for message in room.told()] == ["errored", "interrupted"]


def test_without_a_channel_nothing_is_written(room: Newsroom) -> None:
    room.channels = {}
    room.ends("update", "errored")
    room.worker().look()
    assert room.told() == []


def test_many_steps_are_all_looked_at(room: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("panel.lifecycle.run_news._BATCH", 3)
    for _ in range(5):
        room.ends("update", "errored")
    room.worker().look()
    assert len(room.told()) == 5


# Whom


def test_mail_goes_to_those_who_hear_of_everything_and_to_the_environments_own(
    room: Newsroom, catalogue: Catalogue
) -> None:
    raw = catalogue.model_dump(by_alias=True)
    raw["environments"]["staging"]["notify"] = ["team@example.com", "all@example.com"]
    room.catalogue = Catalogue.model_validate(raw)
    room.channels = {"webhook": Ear(), "mail": Ear()}
    room.ends("update", "errored")
    room.worker().look()
    assert {message.channel: message.recipients for message in room.told()} == {
        "webhook": [],
        "mail": ["all@example.com", "team@example.com"],
    }


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (5, "a moment"),
        (90, "2 minutes"),
        (60, "1 minute"),
        (7200, "2 hours"),
        (5400, "90 minutes"),
        (200_000, "2 days"),
        (604_800, "7 days"),
    ],
)
def test_spans_of_time_are_said_as_people_do(seconds: float, words: str) -> None:
    assert span_words(seconds) == words


def _shipped(room: Newsroom, kind: str, state: str, status: str, **finished: Any) -> int:
    """A run that shipped one service, over a release that served before."""
    earlier = room.run("deploy")
    before = room.stores.releases.start("staging", "backend", "container", "v1", run_id=earlier)
    room.stores.releases.finish(before.id or 0, "live")
    room.stores.runs.finish(earlier, "canceled", "ana")
    number = room.run(kind, options={"from": "testing"})
    for step in ("preparing", "deploying"):
        room.stores.runs.transition(number, step, "worker")
    release = room.stores.releases.start("staging", "backend", "container", "v2", run_id=number)
    room.stores.releases.finish(release.id or 0, status)
    room.stores.runs.finish(number, state, "worker", **finished)
    return number


@pytest.mark.parametrize(
    ("kind", "event", "subject"),
    [
        ("deploy", "deployed", "staging: backend v2 (r2) deployed"),
        ("promote", "promoted", "staging: backend v2 (r2) promoted from testing"),
        ("rollback", "returned", "staging: backend v2 (r2) serves again"),
    ],
)
def test_what_was_released_is_told(kind: str, event: str, subject: str, room: Newsroom) -> None:
    _shipped(room, kind, "applied", "live")
    room.worker().look()
    assert [(message.event, message.subject) for message in room.told()] == [(event, subject)]


@pytest.mark.parametrize("kind", ["deploy", "update"])
def test_what_went_back_by_itself_is_told_with_what_serves(kind: str, room: Newsroom) -> None:
    number = _shipped(room, kind, "errored", "rolled_back", error="2 of its tasks stopped again.")
    room.worker().look()
    (message,) = room.told()
    assert (message.event, message.subject) == (
        "rolled_back", "staging: backend failed and was rolled back by itself",
    )  # fmt: skip
    assert f"Run {number} by ana: backend v2 (r2) failed, v1 (r1) serves again." in message.body
    assert "2 of its tasks stopped again." in message.body


def test_a_promotion_that_waits_is_told_with_what_it_changes(room: Newsroom) -> None:
    number = room.run("promote", options={"from": "testing"})
    change = {
        "service": "backend", "kind": "container", "before": {"environment": "staging", "version": "v1"},
        "after": {"environment": "testing", "version": "v2"}, "commits_known": True, "commits_total": 3,
        "settings": [{"name": "LOG", "before": "1", "after": "2"}],
    }  # fmt: skip
    room.stores.runs.update(number, changes=[change])
    for step in ("preparing", "planned"):
        room.stores.runs.transition(number, step, "worker")
    room.worker().look()
    (message,) = room.told()
    assert (message.event, message.subject) == (
        "release_review_needed", "staging: a release waits for your review",
    )  # fmt: skip
    assert "- backend: v1 → v2, 3 commits, 1 setting" in message.body.splitlines()
