"""`panel doctor`: every check says what it found and how to mend it, and none of them raises."""

from __future__ import annotations

import json

import pytest
import typer

from panel.cli import checks, doctor
from panel.errors import ConfigurationError, EndpointError
from panel.localaws import runtime
from panel.settings import Settings


def test_a_bad_catalogue_fails_with_its_lines(folder):
    (folder / "environments.yaml").write_text("project: todo\n")
    finding, catalogue = checks.read_catalogue(Settings(root=folder))
    assert (finding.status, catalogue) == ("fail", None)
    assert "environments.yaml" in finding.found


def test_a_good_catalogue_is_told(folder):
    finding, catalogue = checks.read_catalogue(Settings(root=folder))
    assert (finding.status, finding.found) == ("ok", "environments.yaml: production, staging; target local")
    assert catalogue is not None


def test_a_data_directory_that_cannot_be_written(folder):
    (folder / "taken").write_text("a file")
    finding = checks.data_directory(Settings(root=folder, data_dir=folder / "taken"))
    assert finding.status == "fail"
    assert "PANEL_DATA_DIR" in finding.mend


def test_a_data_directory_tells_its_room(folder):
    assert "GB free" in checks.data_directory(Settings(root=folder)).found


def test_a_mirror_that_holds_nothing_is_a_wrong_setting(folder):
    finding = checks.providers(Settings(root=folder, provider_mirror=folder))
    assert finding.status == "fail"
    assert "PANEL_PROVIDER_MIRROR" in finding.found


def test_a_check_that_raises_is_a_finding(folder):
    settings = Settings(root=folder, terraform="no-such-terraform")
    finding = checks.guarded("terraform", lambda: checks.terraform(settings))
    assert finding.status == "fail"
    assert "no-such-terraform" in finding.found
    assert "unset it" in finding.mend
    assert checks.guarded("git", lambda: (_ for _ in ()).throw(PermissionError("no"))).status == "fail"


@pytest.mark.parametrize(
    ("state", "status"), [("running", "ok"), ("stopped", "warn"), ("lost", "warn"), ("foreign", "fail")]
)
def test_the_embedded_aws(panel, state, status):
    panel.local.state = state
    assert checks.embedded_aws(panel).status == status


@pytest.mark.parametrize(("changes", "status"), [(True, "warn"), (False, "ok")])
def test_a_bridge_that_changes_its_address_is_told(changes, status, monkeypatch):
    monkeypatch.setattr(runtime, "docker_answers", lambda: True)
    monkeypatch.setattr(
        runtime, "find_bridge", lambda: runtime.Bridge("172.17.0.1", "172.17.0.0/16", "docker0")
    )
    monkeypatch.setattr(runtime.Bridge, "changes_its_address", lambda self: changes)

    finding = checks.container_engine()

    assert finding.status == status
    assert ("ip link set docker0" in finding.mend) is changes


def test_ways_to_people_that_cannot_be_used_are_told(panel, monkeypatch):
    assert checks.notifications(panel).status == "ok"
    wrong = ConfigurationError("PANEL_WEBHOOK_URL cannot be used.", hint="Give an https address.")

    def refuse():
        raise wrong

    monkeypatch.setattr(panel, "channels", refuse)
    finding = checks.guarded("notifications", lambda: checks.notifications(panel))
    assert (finding.status, finding.found) == ("fail", wrong.message)


def test_the_worker(panel):
    assert checks.worker(panel).status == "ok"
    panel.worker_process.dead = True
    finding = checks.worker(panel)
    assert (finding.status, finding.mend) == ("warn", "Start everything with: panel up")


class Aws:
    """An account whose identity is known, or that does not answer."""

    def __init__(self, answer):
        self._answer = answer

    def client(self, _service):
        return self

    def get_caller_identity(self):
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def test_the_identity_on_aws(panel):
    panel.aws = lambda: Aws({"Account": "123456789012", "Arn": "arn:aws:iam::123456789012:user/ana"})
    finding = checks.aws_identity(panel)
    assert finding.status == "ok"
    assert "user/ana" in finding.found
    assert "us-east-2" in finding.found


def test_an_account_that_does_not_answer(panel):
    panel.aws = lambda: Aws(EndpointError("There are no credentials.", hint="Sign in."))
    finding = checks.guarded("AWS identity", lambda: checks.aws_identity(panel))
    assert (finding.status, finding.mend) == ("fail", "Sign in.")


def test_a_failing_check_makes_the_exit_code(capsys):
    findings = [
        checks.Finding("git", "ok", "git 2"),
        checks.Finding("port", "fail", "It is taken.", "Set PANEL_PORT."),
    ]
    with pytest.raises(typer.Exit) as ended:
        doctor.tell(findings, as_json=False)
    assert ended.value.exit_code == 1
    told = capsys.readouterr()
    assert "✗ port: It is taken.\n    Set PANEL_PORT.\n" in told.out
    assert "1 of 2 checks failed" in told.err


def test_warnings_are_no_failure(capsys):
    doctor.tell([checks.Finding("worker", "warn", "none", "Start one.")], as_json=True)
    assert json.loads(capsys.readouterr().out) == [
        {"name": "worker", "status": "warn", "found": "none", "mend": "Start one."}
    ]
