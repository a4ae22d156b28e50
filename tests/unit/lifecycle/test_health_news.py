"""News of health out of a real store: said once, in whose words, and not again by the next worker."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from panel.catalogue.schema import Catalogue
from panel.lifecycle.health_news import HealthNews
from panel.lifecycle.telling import Teller
from panel.notify.channels import Outcome
from panel.notify.outbox import Outbox
from panel.store.stores import Stores
from panel.store.tables import Notification, now

API = {"team": "API team", "contact": "+55 11 1234"}
WEB = {"team": "Web team", "contact": "web@example.com"}
NO_TASKS = {"text": "TODO list: people cannot load or save anything. None of 2 tasks is running.",
            "service": "backend", "owner": API, "evidence": "", "rule": "C1"}  # fmt: skip
NO_SITE = {
    "text": "People cannot open the site.",
    "service": "frontend",
    "owner": WEB,
    "evidence": "",
    "rule": "S1",
}


class Ear:
    """A channel that hears nothing yet: these tests read the outbox."""

    place = "an ear"

    def send(self, message: Notification) -> Outcome:
        raise AssertionError(message.subject)


@dataclass
class Newsroom:
    """Looks at an environment, and workers that tell of it, minute by minute."""

    stores: Stores
    catalogue: Catalogue
    moment: datetime = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
    address: str = "https://panel.example.com/"
    channels: dict[str, Ear] = field(default_factory=lambda: {"webhook": Ear()})

    def __post_init__(self) -> None:
        self.stores.environments.save("staging", exists=True)

    def worker(self) -> HealthNews:
        outbox = Outbox(self.stores.notifications, self.channels, clock=lambda: self.moment)
        teller = Teller(lambda: self.catalogue, outbox, self.address)
        return HealthNews(lambda: self.catalogue, self.stores, teller, clock=lambda: self.moment)

    def look(self, verdict: str, *causes: dict[str, Any], minutes: float = 0, **services: str) -> None:
        """The environment is so, for so many minutes; a new worker looks for news each time."""
        verdicts = {"backend": "healthy", "frontend": "healthy"} | services
        report = {
            "causes": list(causes),
            "services": {name: {"verdict": one} for name, one in verdicts.items()},
        }
        end = self.moment + timedelta(minutes=minutes)
        while True:
            self.stores.health.record("staging", verdict, report, at=self.moment)
            self.worker().look()
            if self.moment >= end:
                break
            self.moment += timedelta(minutes=1)
        self.moment += timedelta(minutes=1)

    def told(self) -> list[Notification]:
        return self.stores.notifications.recent()[::-1]

    def subjects(self) -> list[str]:
        return [message.subject for message in self.told()]


@pytest.fixture
def room(stores: Stores, catalogue: Catalogue) -> Newsroom:
    return Newsroom(stores, catalogue)


def test_trouble_is_told_with_application_cause_time_and_whom_to_call(room: Newsroom) -> None:
    room.look("healthy")
    room.look("down", NO_TASKS, backend="down", minutes=2)
    (message,) = room.told()
    assert (message.event, message.environment) == ("health_down", "staging")
    assert message.subject == "staging: TODO list does not work"
    assert message.link == "https://panel.example.com/environment?environment=staging&tab=Health"
    assert message.body.splitlines() == [
        "TODO list: people cannot load or save anything. None of 2 tasks is running.",
        "Since 2026-01-02 12:01 UTC, for 1 minute now.",
        "Status page: https://panel.example.com/status",
        "Whom to call: API team <+55 11 1234>",
    ]


def test_the_end_of_trouble_says_how_long_it_lasted(room: Newsroom) -> None:
    room.look("healthy")
    room.look("down", NO_TASKS, backend="down", minutes=13)
    room.look("healthy", minutes=5)
    assert room.subjects() == ["staging: TODO list does not work", "staging: TODO list works again"]
    body = room.told()[-1].body
    assert "It did not work for 14 minutes, from 2026-01-02 12:01 UTC to 2026-01-02 12:15 UTC." in body
    assert "Whom to call: API team <api-team@example.com>" in body


def test_several_causes_name_whom_to_call_about_each(room: Newsroom) -> None:
    room.address = ""
    room.look("healthy")
    room.look("down", NO_SITE, NO_TASKS, backend="down", frontend="down", minutes=2)
    (message,) = room.told()
    assert message.body.splitlines()[:2] == [
        "- People cannot open the site. Call: Web team <web@example.com>",
        f"- {NO_TASKS['text']} Call: API team <+55 11 1234>",
    ]
    assert "Status page" not in message.body and not message.link


def test_a_moment_of_trouble_is_told_to_nobody(room: Newsroom) -> None:
    room.look("healthy")
    room.look("degraded", minutes=1)
    room.look("healthy", minutes=10)
    assert not room.told()


def test_what_comes_and_goes_is_told_once_until_it_has_settled(room: Newsroom) -> None:
    room.look("healthy")
    for _ in range(5):
        room.look("down", NO_TASKS, backend="down", minutes=2)
        room.look("healthy", minutes=3)
    room.look("healthy", minutes=16)
    assert room.subjects() == [
        "staging: TODO list does not work",
        "staging: TODO list works again",
        "staging: TODO list does not work",
        "staging: TODO list comes and goes",
        "staging: TODO list works again",
    ]
    unsteady, settled = room.told()[-2:]
    assert "It changed 4 times within half an hour; at present it works." in unsteady.body
    assert "Before that it came and went." in settled.body


def test_a_message_is_not_told_again_where_a_worker_died_before_it_noted_it(room: Newsroom) -> None:
    room.look("healthy")
    room.look("down", NO_TASKS, backend="down", minutes=2)
    room.stores.health.told("staging", "healthy", None)
    room.look("down", NO_TASKS, backend="down", minutes=2)
    assert len(room.told()) == 1


def test_a_run_that_changes_it_is_left_alone_and_so_are_two_minutes_after_it(room: Newsroom) -> None:
    room.moment = now() - timedelta(minutes=7)  # the store writes down itself when a run ends
    room.look("healthy")
    number = room.stores.runs.create("staging", "deploy", "ana", ["image"]).id or 0
    for state in ("preparing", "deploying"):
        room.stores.runs.transition(number, state, "worker")
    room.look("down", NO_TASKS, backend="down", minutes=5)
    room.stores.runs.finish(number, "applied", "worker")
    room.look("down", NO_TASKS, backend="down", minutes=1)
    assert not room.told()
    room.look("down", NO_TASKS, backend="down", minutes=1)
    assert room.subjects() == ["staging: TODO list does not work"]


@pytest.mark.parametrize("fields", [{"exists": False}, {"asleep": True}])
def test_what_is_gone_or_asleep_is_not_told(room: Newsroom, fields: dict[str, bool]) -> None:
    room.look("healthy")
    room.stores.environments.save("staging", **fields)
    room.look("down", NO_TASKS, backend="down", minutes=5)
    assert not room.told()


def test_what_was_told_of_an_environment_of_the_same_name_that_is_gone_does_not_count(room: Newsroom) -> None:
    room.look("down", NO_TASKS, backend="down", minutes=2)
    room.stores.environments.save("staging", created_at=room.moment)
    room.look("healthy", minutes=5)
    assert room.subjects() == ["staging: TODO list does not work"]


def test_an_old_look_says_nothing_of_the_present(room: Newsroom) -> None:
    room.look("healthy")
    room.look("down", NO_TASKS, backend="down")
    room.moment += timedelta(hours=8)
    room.worker().look()
    assert not room.told()


def test_what_nobody_could_be_told_is_not_told_later(room: Newsroom) -> None:
    ears, room.channels = room.channels, {}
    room.look("healthy")
    room.look("down", NO_TASKS, backend="down", minutes=2)
    room.channels = ears
    room.look("down", NO_TASKS, backend="down", minutes=10)
    assert not room.told()
