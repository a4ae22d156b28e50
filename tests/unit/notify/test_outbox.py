"""The outbox: written once, delivered by any worker, tried again with growing distance, given up with its error kept."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from panel.errors import ConfigurationError
from panel.notify.channels import Outcome, channels_of
from panel.notify.messages import notification
from panel.notify.outbox import MOST_ATTEMPTS, Outbox, retry_wait
from panel.settings import Settings
from panel.store.stores import Stores
from panel.store.tables import Notification, now

MINUTE = timedelta(minutes=1)
FAILED = Outcome(False, "mail.example.com answered 451")


@dataclass
class Ear:
    """A channel that answers as it is told; the last answer stays."""

    answers: list[Outcome] = field(default_factory=lambda: [Outcome(True)])
    heard: list[str] = field(default_factory=list)
    place: str = "an ear"

    def send(self, message: Notification) -> Outcome:
        self.heard.append(message.subject)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@dataclass
class Post:
    stores: Stores
    ear: Ear = field(default_factory=Ear)
    now: datetime = field(default_factory=now)

    def worker(self, stores: Stores | None = None) -> Outbox:
        store = (stores or self.stores).notifications
        return Outbox(store, {"webhook": self.ear}, clock=lambda: self.now, chance=lambda: 0.0)

    def tell(self, key: str = "k", worker: Outbox | None = None) -> None:
        (worker or self.worker()).tell(notification("drift_gone", key, {}, environment=key))

    @property
    def rows(self) -> list[Notification]:
        return self.stores.notifications.recent()


@pytest.fixture
def post(stores: Stores) -> Post:
    return Post(stores)


def test_a_message_is_delivered_once(post: Post) -> None:
    post.tell()
    assert post.worker().deliver() == 1
    assert post.worker().deliver() == 0
    assert post.ear.heard == ["k: the drift is gone"]
    assert [(row.state, row.attempts, row.sent_at) for row in post.rows] == [("sent", 1, post.now)]


def test_the_same_event_is_written_once_by_however_many_workers(
    post: Post, open_store: Callable[[], Stores]
) -> None:
    for worker in (post.worker(), post.worker(open_store())):
        post.tell(worker=worker)
    assert len(post.rows) == 1
    post.worker().deliver_all()
    post.tell()
    assert post.worker().deliver() == 0


def test_a_message_in_one_workers_hands_is_not_in_anothers(
    post: Post, open_store: Callable[[], Stores]
) -> None:
    for number in range(5):
        post.tell(str(number))
    lease = 5 * MINUTE
    one = post.stores.notifications.claim(["webhook"], post.now, lease, limit=3)
    other = open_store().notifications.claim(["webhook"], post.now, lease, limit=3)
    assert [[row.key[0] for row in taken] for taken in (one, other)] == [["0", "1", "2"], ["3", "4"]]


def test_a_message_of_a_worker_that_died_is_delivered_by_another_and_its_late_word_does_not_count(
    post: Post,
) -> None:
    post.tell()
    (held,) = post.stores.notifications.claim(["webhook"], post.now, 5 * MINUTE)
    post.now += 4 * MINUTE
    assert post.worker().deliver() == 0
    post.now += MINUTE
    assert post.worker().deliver() == 1
    post.stores.notifications.given_up(held, "late")
    assert [(row.state, row.error) for row in post.rows] == [("sent", "")]


def test_what_fails_is_tried_again_less_and_less_often_and_given_up_with_its_error(post: Post) -> None:
    post.ear.answers = [FAILED]
    post.tell()
    begun, tries = post.now, []
    for _ in range(60 * 8):
        if post.worker().deliver() == 0 and len(post.ear.heard) > len(tries):
            tries.append((post.now - begun) / MINUTE)
        post.now += MINUTE / 2
    assert tries == [0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5, 63.5, 123.5, 183.5]
    assert len(tries) == MOST_ATTEMPTS
    assert [(row.state, row.error) for row in post.rows] == [("failed", FAILED.note)]


def test_a_message_gets_through_when_the_trouble_is_over(post: Post) -> None:
    post.ear.answers = [FAILED, FAILED, Outcome(True, "refused for b@example.com")]
    post.tell()
    for _ in range(10):
        post.worker().deliver()
        post.now += MINUTE
    assert [(row.state, row.attempts, row.error) for row in post.rows] == [
        ("sent", 3, "refused for b@example.com")
    ]


def test_what_is_refused_for_good_is_given_up_at_once(post: Post) -> None:
    post.ear.answers = [Outcome(False, "hooks answered 404", final=True)]
    post.tell()
    post.worker().deliver()
    assert [(row.state, row.attempts) for row in post.rows] == [("failed", 1)]


def test_who_asks_for_patience_gets_it(post: Post) -> None:
    post.ear.answers = [Outcome(False, "hooks answered 429", retry_after_s=600), Outcome(True)]
    post.tell()
    post.worker().deliver()
    post.now += 9 * MINUTE
    assert post.worker().deliver() == 0
    post.now += MINUTE
    assert post.worker().deliver() == 1


def test_messages_of_a_channel_that_this_worker_does_not_have_wait_for_another(post: Post) -> None:
    post.tell()
    other = Outbox(post.stores.notifications, {"mail": Ear()}, clock=lambda: post.now)
    assert other.deliver() == 0
    assert post.worker().deliver() == 1


def test_mail_to_nobody_is_not_written(post: Post) -> None:
    outbox = Outbox(post.stores.notifications, {"mail": post.ear})
    outbox.tell(notification("drift_gone", "k", {}, environment="staging"))
    assert post.rows == []


def test_settled_messages_are_dropped_after_a_month(post: Post) -> None:
    post.tell("old")
    post.worker().deliver()
    post.now += timedelta(days=31)
    post.tell("new")
    post.worker().deliver()
    assert [row.environment for row in post.rows] == ["new"]


def test_waits_grow_to_an_hour_and_are_spread_by_a_quarter() -> None:
    assert [retry_wait(attempts, 0) / MINUTE for attempts in (1, 2, 7, 8, 100)] == [0.5, 1, 32, 60, 60]
    assert retry_wait(1, 1) == 1.25 * retry_wait(1, 0)


# Settings


def made(tmp_path: Path, **fields: object) -> Settings:
    return Settings(root=tmp_path, **fields)  # type: ignore[arg-type]  # whatever the test gives


@pytest.mark.parametrize(
    ("fields", "channels"),
    [
        ({}, []),
        ({"webhook_url": SecretStr("")}, []),
        ({"webhook_url": SecretStr("https://hooks.example.com/x")}, ["webhook"]),
        ({"smtp_url": SecretStr("smtp://mail.example.com"), "mail_from": "p@example.com"}, ["mail"]),
    ],
)
def test_channels_are_those_that_are_set_up(
    fields: dict[str, object], channels: list[str], tmp_path: Path
) -> None:
    assert list(channels_of(made(tmp_path, **fields))) == channels


def test_a_mail_server_without_a_sender_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="PANEL_MAIL_FROM"):
        channels_of(made(tmp_path, smtp_url=SecretStr("smtp://mail.example.com")))
