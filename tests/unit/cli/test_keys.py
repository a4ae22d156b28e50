"""`panel keys`: what is printed of a key, and what never is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from panel.access.identity import Identity
from panel.errors import NotFoundError, RefusedError
from panel.lifecycle.keys import KeyFacts

_FACTS = KeyFacts(
    environment="staging", bucket="todo-keys-1", private_object="ssh/staging/id_ed25519",
    public_object="ssh/staging/id_ed25519.pub", fingerprint="SHA256:abc", public_key="ssh-ed25519 AAAA",
    region="us-east-2", instances=("i-1", "i-2"), emulated=False,
)  # fmt: skip


class Keys:
    """Keys of one environment."""

    def __init__(self, facts: KeyFacts = _FACTS, refusal: Exception | None = None) -> None:
        self.facts, self.refusal = facts, refusal
        self.saved: list[tuple[str, str, Path]] = []

    def show(self, _who: Identity, name: str) -> KeyFacts:
        if name != self.facts.environment:
            raise NotFoundError(f"{name} has no SSH key.", hint="Use Session Manager.")
        return self.facts

    def save(self, who: Identity, name: str, path: Path) -> str:
        if self.refusal is not None:
            raise self.refusal
        self.saved.append((who.name, name, path))
        return self.facts.fingerprint


@pytest.fixture
def keys(panel: Any) -> Keys:
    panel.keys = Keys()
    return panel.keys


def test_a_key_is_shown_with_the_better_way_beside_it(terminal: Any, keys: Keys) -> None:
    answer = terminal("keys", "show", "staging")

    assert answer.exit_code == 0
    for words in (
        "s3://todo-keys-1/ssh/staging/id_ed25519", "SHA256:abc", "ssh-ed25519 AAAA",
        "aws ssm start-session --region us-east-2 --target i-1", "i-1, i-2",
    ):  # fmt: skip
        assert words in answer.stdout
    document = terminal.json("keys", "show", "staging")
    assert (document["instances"], document["session_command"].split()[-1]) == (["i-1", "i-2"], "i-1")


def test_on_the_embedded_aws_nobody_is_sent_to_machines_that_are_none(terminal: Any, panel: Any) -> None:
    panel.keys = Keys(KeyFacts(**{**vars(_FACTS), "emulated": True}))

    answer = terminal("keys", "show", "staging")

    assert "nothing to sign in to" in answer.stdout
    assert "start-session" not in answer.stdout


def test_a_key_is_saved_where_one_says_and_only_named(terminal: Any, keys: Keys, tmp_path: Path) -> None:
    answer = terminal("keys", "save", "staging", "--output", str(tmp_path / "key"))

    assert answer.exit_code == 0
    assert keys.saved == [("ana", "staging", tmp_path / "key")]
    assert "SHA256:abc" in answer.stdout
    assert "remove it when you are done" in answer.stderr
    assert terminal.json("keys", "save", "staging", "-o", "k") == {
        "environment": "staging", "file": "k", "fingerprint": "SHA256:abc",
    }  # fmt: skip


def test_refusals_have_their_exit_codes(terminal: Any, keys: Keys) -> None:
    keys.refusal = RefusedError("key exists already and was not touched.", hint="Name another file.")

    refused = terminal("keys", "save", "staging", "--output", "key")
    assert (refused.exit_code, "Name another file" in refused.stderr) == (3, True)
    assert terminal("keys", "show", "production").exit_code == 2
    assert terminal("keys", "save", "staging").exit_code == 2
