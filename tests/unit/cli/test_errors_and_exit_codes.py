"""Every class of error has its exit code and its words; nobody ever sees a traceback."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from panel import errors
from panel.cli import state
from panel.cli.main import app


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("env", "show", "nowhere"), 2, "environments.yaml has: production, staging"),
        (("env", "create", "nowhere", "--yes"), 2, "no environment named 'nowhere'"),
        (("env", "create", "../../etc", "--yes"), 2, "no environment named"),
        (("runs", "show", "99"), 2, "There is no run 99"),
        (("runs", "list", "--environment", "nowhere"), 2, "nowhere"),
        (("runs", "show", "minus"), 2, "for 'ID'"),
        (("cost", "estimate"), 2, "one of the two"),
        (("cost", "estimate", "staging", "--region", "us-east-1"), 2, "--region belongs to --plan-json"),
        (("cost", "estimate", "--plan-json", "/nowhere/plan.json"), 2, "cannot be read"),
        (("env", "destroy", "production", "--confirm", "production"), 3, "production is protected"),
        (("env", "destroy", "staging", "--yes"), 3, "Add --confirm staging"),
        (("env", "destroy", "staging", "--confirm", "stagin"), 3, "does not match"),
        (("env", "destroy", "staging", "--confirm", "staging"), 2, "does not exist"),
        (("deploy", "staging"), 2, "panel env create staging"),
        (("deploy", "staging", "calculator"), 2, "backend, frontend"),
        (("local", "reset"), 3, "Give --yes"),
        (("nonsense",), 2, "No such command"),
    ],
)
def test_refusals_say_what_to_do(terminal, words, code, told):
    answer = terminal(*words)
    assert answer.exit_code == code
    assert told in answer.stderr
    assert answer.stdout == ""


@pytest.mark.parametrize("kind", [
    errors.ConfigurationError, errors.NotFoundError, errors.RefusedError, errors.BusyError, errors.UnavailableError,
    errors.TerraformError, errors.TimeLimitError, errors.InterruptedRunError,
])  # fmt: skip
def test_each_error_has_its_own_exit_code(terminal, panel, kind):
    panel.report = kind("It went wrong.", hint="Mend it.", detail="line 7 of main.tf")
    answer = terminal("health", "staging")
    assert answer.exit_code == kind.exit_code
    assert "Error: It went wrong.\n  Mend it.\n" in answer.stderr
    shown = kind in {errors.TerraformError}
    assert ("line 7 of main.tf" in answer.stderr) is shown


def test_verbose_shows_the_detail(terminal, panel):
    panel.report = errors.UnavailableError("It is away.", detail="connection refused")
    assert "connection refused" in terminal("--verbose", "health", "staging").stderr


def test_a_bad_catalogue_is_told_with_its_lines(terminal, folder):
    (folder / "environments.yaml").write_text("project: todo\nregion: nowhere\nsurprise: 1\n")
    answer = terminal("env", "list")
    assert answer.exit_code == 2
    assert "environments.yaml:3" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_panel_that_cannot_be_opened_is_an_error_like_any_other():
    def refuse():
        raise errors.StorageError("The disk is full.", hint="Free some space.")

    state.use(refuse)
    answer = CliRunner().invoke(app, ["env", "list"])
    assert answer.exit_code == 1
    assert answer.stderr == "Error: The disk is full.\n  Free some space.\n"


def test_what_nobody_foresaw_is_one_line_and_a_log_with_the_traceback(terminal, panel):
    panel.report = ZeroDivisionError("division by zero")
    answer = terminal("health", "staging")
    log = panel.settings.data_path / "cli.log"
    assert answer.exit_code == 1
    assert "Traceback" not in answer.stderr
    assert str(log) in answer.stderr
    assert "ZeroDivisionError: division by zero" in log.read_text()


@pytest.mark.parametrize("content", ["", "not json", "[1, 2]", '{"a": 1}', "\x00"])
def test_a_file_that_is_no_plan_is_told(terminal, tmp_path, content):
    file = tmp_path / "plan.json"
    file.write_text(content)
    answer = terminal("cost", "estimate", "--plan-json", str(file))
    assert answer.exit_code == 2
    assert "Error: " in answer.stderr
