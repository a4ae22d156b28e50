"""Ctrl-C in the middle of an apply: everything ends, nothing that was made is forgotten, and the work goes on later.

``make soak`` runs it: an environment more, five minutes of a process. ``make test`` ends and starts the panel between runs.
"""

from __future__ import annotations

import signal

import pytest

from tests.system.account import Account
from tests.system.installation import Application, Installation, wait_for

pytestmark = [
    pytest.mark.soak,
    pytest.mark.system,
    pytest.mark.timeout(900),
    pytest.mark.usefixtures("story"),
]


def test_ctrl_c_ends_everything_once_the_apply_is_done(
    panel: Installation,
) -> None:
    up = panel.up()
    panel.run("env", "create", "staging", "--yes", expect=0)
    wait_for("the apply is under way", lambda: applying(panel))
    answer = up.end(signal.SIGINT)
    assert answer.code in (0, 130), answer.text
    assert "Traceback" not in answer.text
    assert panel.processes() == []
    assert panel.environment_state("staging") == "working"


def applying(panel: Installation) -> bool:
    """Whether some of the environment itself is there already, and some is not."""
    run = panel.active_run("staging")
    assert run["active"], run
    return run["stage"] == "apply" and 0 < run["progress"]["done"] < run["progress"]["total"]


def test_started_again_the_run_goes_on_to_its_end(panel: Installation, account: Account) -> None:
    panel.up()
    wait_for("the run ends", lambda: not panel.active_run("staging")["active"])
    run = panel.active_run("staging")
    assert (run["state"], run["error"]) == ("applied", None)
    kept = account.terraform_state("staging")["resources"]
    made = sum(len(one["instances"]) for one in kept if one["mode"] == "managed")
    assert made == run["summary"]["add"]
    shown = panel.json("env", "show", "staging")
    assert shown["state"] == "ready"
    assert Application(shown["url"]).get("/api/status").status_code == 200


def test_nothing_is_left_to_be_done(panel: Installation) -> None:
    panel.run("env", "plan", "staging", "--wait", expect=0)
    plan = panel.active_run("staging")
    assert plan["kind"] == "plan"
    assert plan["summary"] == {"add": 0, "change": 0, "destroy": 0}
