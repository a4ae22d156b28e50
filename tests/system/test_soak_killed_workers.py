"""The worker is killed again and again while an environment comes up: nothing twice, nothing lost, no run left hanging.

``make soak`` runs it; PANEL_SOAK_ROUNDS says how often the environment is made and destroyed.
"""

from __future__ import annotations

import os
import random
import time
from contextlib import suppress

import psutil
import pytest

from tests.system.account import Account, difference
from tests.system.installation import Application, Installation

pytestmark = [pytest.mark.soak, pytest.mark.system, pytest.mark.timeout(3600)]

_ROUNDS = int(os.environ.get("PANEL_SOAK_ROUNDS", "2"))
_LIVES_S = (2.0, 15.0)


def _killing(panel: Installation, seed: int, *words: str) -> int:
    """Run a command that waits for its run, and kill the worker at random moments until it has ended."""
    moments = random.Random(seed)
    command = panel.start(*words)
    kills = 0
    while command.process.poll() is None:
        time.sleep(moments.uniform(*_LIVES_S))
        for worker in _workers(panel):
            worker.kill()
            kills += 1
        panel.start("worker")
    answer = command.answer()
    assert answer.code == 0, answer.text
    return kills


def _workers(panel: Installation) -> list[psutil.Process]:
    found = []
    for process in panel.processes():
        with suppress(psutil.Error):
            if process.cmdline()[-1:] == ["worker"]:
                found.append(process)
    return found


def test_an_environment_comes_up_and_goes_under_killed_workers(panel: Installation) -> None:
    panel.run("local", "start", expect=0)
    account = Account(panel.endpoint)
    for number in range(_ROUNDS):
        kills = _killing(panel, number, "env", "create", "staging", "--yes", "--wait")
        assert kills >= 3
        shown = panel.json("env", "show", "staging")
        application = Application(shown["url"])
        assert application.get("/api/status").json()["version"] == shown["services"]["backend"]["version"]
        planned = panel.json("runs", "list", "--environment", "staging", "--limit", "1")[0]["summary"]["add"]
        resources = account.terraform_state("staging")["resources"]
        instances = [one for item in resources if item["mode"] == "managed" for one in item["instances"]]
        assert len(instances) == planned
        before = account.inventory()
        _killing(panel, 100 + number, "env", "destroy", "staging", "--confirm", "staging", "--yes", "--wait")
        gone = difference(account.inventory(), before)
        assert gone, "destroying took nothing away"
        assert all(run["state"] == "applied" for run in panel.json("runs", "list"))
