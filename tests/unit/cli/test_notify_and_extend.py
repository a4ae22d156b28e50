"""``panel notify`` and ``panel env extend``: what they say, in words, in JSON and by exit code."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from panel.notify.channels import Outcome
from panel.notify.messages import notification
from panel.notify.outbox import Outbox


class Ear:
    def __init__(self, outcome):
        self.outcome = outcome
        self.place = "an ear"
        self.heard = []

    def send(self, message):
        self.heard.append(message)
        return self.outcome


def test_without_a_channel_a_test_says_what_to_set(terminal):
    answer = terminal("notify", "test")
    assert answer.exit_code == 2
    assert "PANEL_WEBHOOK_URL" in answer.stderr


@pytest.mark.parametrize("works", [True, False])
def test_a_test_tries_every_channel(works, terminal, panel, monkeypatch):
    channels = {
        "webhook": Ear(Outcome(works, "" if works else "it answered 404")),
        "mail": Ear(Outcome(True)),
    }
    monkeypatch.setattr(panel, "channels", lambda: channels)
    answer = terminal("notify", "test", "--to", "bob@example.com")
    assert answer.exit_code == (0 if works else 1)
    assert answer.stdout.splitlines() == [
        "webhook: delivered to an ear" if works else "webhook: NOT delivered to an ear: it answered 404",
        "mail: delivered to an ear",
    ]
    assert [message.recipients for message in channels["mail"].heard] == [["bob@example.com"]]
    rows = {row["channel"]: row["delivered"] for row in terminal.json("notify", "test")} if works else {}
    assert rows == ({"webhook": True, "mail": True} if works else {})


def test_what_was_told_is_listed_with_what_went_wrong(terminal, panel):
    outbox = Outbox(
        panel.stores.notifications, {"webhook": Ear(Outcome(False, "it answered 404", final=True))}
    )
    outbox.tell(notification("drift_gone", "one", {}, environment="staging", run_id=4))
    outbox.deliver()
    outbox.tell(notification("drift_gone", "two", {}, environment="production"))
    listed = terminal("notify", "list").stdout
    assert "failed" in listed and "it answered 404" in listed and "waiting" in listed
    (row,) = terminal.json("notify", "list", "--environment", "staging")
    assert (row["event"], row["run"], row["state"], row["attempts"]) == ("drift_gone", 4, "failed", 1)


def test_a_life_is_extended(terminal, panel, folder):
    path = folder / "environments.yaml"
    path.write_text(path.read_text().replace("protected: false,", "protected: false, ttl_hours: 48,"))
    begun = datetime.now(UTC)
    panel.stores.environments.save(
        "staging", exists=True, created_at=begun, expires_at=begun + timedelta(hours=48)
    )
    assert terminal("env", "extend", "staging", "--hours", "24").exit_code == 0
    told = terminal.json("env", "extend", "staging", "--hours", "24")
    assert datetime.fromisoformat(told["expires_at"]) == begun + timedelta(hours=96)
    assert panel.trail.recent()[0].action == "extend"


def test_what_does_not_end_is_not_extended(terminal, panel):
    panel.stores.environments.save("staging", exists=True, created_at=datetime.now(UTC))
    answer = terminal("env", "extend", "staging")
    assert answer.exit_code == 3
    assert "ttl_hours" in answer.stderr
