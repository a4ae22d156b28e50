"""From an event in the store to real receivers on this machine: by HTTP, by SMTP, and by ``panel notify test``."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from panel.lifecycle.run_news import RunNews
from panel.lifecycle.telling import Teller
from panel.notify.channels import Channel
from panel.notify.mail import Mail
from panel.notify.outbox import Outbox
from panel.notify.webhook import Webhook
from panel.settings import own_environment
from panel.store.database import Database
from panel.store.stores import Stores
from panel.store.tables import now

_ROOT = Path(__file__).parents[3]


class House:
    """A store with a failed run in it, a worker that tells of it, and its clock."""

    def __init__(self, folder: Path, channels: dict[str, Channel]) -> None:
        database = Database(f"sqlite:///{folder / 'panel.db'}")
        database.upgrade()
        self.stores = Stores(database)
        self.later = timedelta()
        outbox = Outbox(
            self.stores.notifications,
            channels,
            mail_to=["ana@example.com", "bob@example.com"],
            clock=self.clock,
        )
        catalogue: Any = type("Nothing", (), {"environments": {}})
        teller = Teller(lambda: catalogue, outbox, "https://panel.example.com")
        self.news = RunNews(self.stores, teller, approval_timeout_s=60, clock=self.clock)
        self.outbox = outbox

    def clock(self) -> datetime:
        return now() + self.later

    def work(self, after: timedelta = timedelta()) -> None:
        self.later += after
        self.news.look()
        self.outbox.deliver_all()

    def fail_a_run(self) -> int:
        number = self.stores.runs.create("staging", "update", "ana", ["plan"]).id
        assert number is not None
        self.stores.runs.finish(
            number, "errored", "worker", error="The disk is full.", error_hint="Free some space."
        )
        return number

    def states(self) -> list[str]:
        return [row.state for row in self.stores.notifications.recent()]


def test_a_failed_run_reaches_a_webhook_once_through_its_bad_moments(hook: Any, tmp_path: Path) -> None:
    hook.answers = [(500, {}), (429, {"Retry-After": "120"}), (200, {})]
    house = House(tmp_path, {"webhook": Webhook(hook.url)})
    number = house.fail_a_run()

    house.work()
    house.work(timedelta(minutes=1))
    house.work(timedelta(minutes=1))
    assert len(hook.got) == 2  # it asked for two minutes
    house.work(timedelta(minutes=1))
    house.work(timedelta(minutes=5))

    assert len(hook.got) == 3
    assert hook.got[-1]["text"].splitlines() == [
        "staging: update failed", f"Run {number} by ana.", "The disk is full.", "Free some space.",
        f"https://panel.example.com/run?run={number}",
    ]  # fmt: skip
    assert house.states() == ["sent"]


def test_a_redirect_is_not_followed(hook: Any, tmp_path: Path) -> None:
    hook.answers = [(307, {"Location": hook.url})]
    house = House(tmp_path, {"webhook": Webhook(hook.url)})
    house.fail_a_run()
    house.work()
    house.work(timedelta(hours=5))
    assert (len(hook.got), house.states()) == (1, ["failed"])


def test_a_failed_run_reaches_a_mailbox_encrypted_and_signed_in(encrypting: Any, tmp_path: Path) -> None:
    encrypting.busy = 1
    house = House(tmp_path, {"mail": Mail(f"smtp://panel:p%40ss@{encrypting.host}", "panel@example.com")})
    number = house.fail_a_run()

    house.work()
    assert (encrypting.letters, house.states()) == ([], ["waiting"])
    house.work(timedelta(minutes=1))

    (letter,) = encrypting.letters
    assert (letter.recipients, letter.encrypted, letter.user) == (
        ["ana@example.com", "bob@example.com"],
        True,
        "panel",
    )
    assert letter.content["Subject"] == "staging: update failed"
    plain = letter.content.get_body(("plain",)).get_content()
    assert "The disk is full." in plain and f"/run?run={number}" in plain
    assert house.states() == ["sent"]


def test_who_is_refused_keeps_nobody_else_from_the_message(mailbox: Any, tmp_path: Path) -> None:
    mailbox.refuses = {"bob@example.com"}
    house = House(tmp_path, {"mail": Mail(f"smtp://{mailbox.host}", "panel@example.com")})
    house.fail_a_run()
    house.work()
    assert [letter.recipients for letter in mailbox.letters] == [["ana@example.com"]]
    (row,) = house.stores.notifications.recent()
    assert (row.state, row.error) == ("sent", "refused for bob@example.com")


def test_a_wrong_password_is_noted_and_tried_again(encrypting: Any, tmp_path: Path) -> None:
    house = House(tmp_path, {"mail": Mail(f"smtp://panel:wrong@{encrypting.host}", "panel@example.com")})
    house.fail_a_run()
    house.work()
    (row,) = house.stores.notifications.recent()
    assert (row.state, row.attempts) == ("waiting", 1)
    assert "535 to our sign-in" in row.error and "wrong" not in row.error


def test_nobody_at_home_is_noted_and_tried_again(hook: Any, tmp_path: Path) -> None:
    house = House(tmp_path, {"webhook": Webhook("http://127.0.0.1:9/verysecret")})
    house.fail_a_run()
    house.work()
    (row,) = house.stores.notifications.recent()
    assert row.state == "waiting" and "verysecret" not in row.error


def notify_test(folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = own_environment() | {f"PANEL_{name.upper()}": value for name, value in settings.items()}
    environment |= {"PANEL_ROOT": str(_ROOT), "PANEL_DATA_DIR": str(folder), "PANEL_USER": "ana"}
    return subprocess.run(
        [sys.executable, "-m", "panel.cli.main", "notify", "test", "--json"],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_terminal_tries_every_channel_and_says_what_became_of_it(
    hook: Any, mailbox: Any, tmp_path: Path
) -> None:
    hook.answers = [(404, {})]
    done = notify_test(
        tmp_path, webhook_url=hook.url, smtp_url=f"smtp://{mailbox.host}",
        mail_from="panel@example.com", mail_to="ana@example.com",
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert {row["channel"]: row["delivered"] for row in json.loads(done.stdout)} == {
        "webhook": False,
        "mail": True,
    }
    assert "test message that ana asked for" in hook.got[0]["text"]
    assert mailbox.letters[0].content["Subject"] == "The panel can reach you here"
    assert "verysecret" not in done.stdout + done.stderr
