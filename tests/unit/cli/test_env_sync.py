"""``panel env sync``: what it comes to, the name that a destruction takes, and an exit code for CI."""

from __future__ import annotations

import json

import pytest

from panel.lifecycle.instance import instance_id


@pytest.fixture
def retired(folder):
    path = folder / "environments.yaml"
    path.write_text(path.read_text().replace("protected: false,", "protected: false, retired: true,"))


def test_what_does_not_exist_is_created_and_then_updated(terminal, panel):
    created = terminal("env", "sync", "staging", "--yes", "--wait")
    assert created.exit_code == 0, created.stderr
    panel.stores.environments.save("staging", exists=True)
    assert terminal.json("env", "sync", "staging", "--yes", "--wait")["kind"] == "update"
    assert [run.kind for run in panel.stores.runs.recent()] == ["update", "create"]


def test_a_run_may_be_for_the_worker_of_this_data_directory_alone(terminal, panel):
    assert terminal("env", "sync", "staging", "--here", "--yes", "--wait").exit_code == 0
    assert terminal("env", "plan", "staging", "--here", "--wait").exit_code == 0
    own = instance_id(panel.settings.data_path)
    assert [run.pinned_instance for run in panel.stores.runs.recent()] == [own, own]


@pytest.mark.usefixtures("retired")
def test_what_is_retired_is_destroyed_once_it_was_named(terminal, panel):
    panel.stores.environments.save("staging", exists=True)
    unnamed = terminal("env", "sync", "staging", "--yes", "--wait")
    assert unnamed.exit_code == 3
    assert "Add --confirm staging." in unnamed.stderr
    assert terminal("env", "sync", "staging", "--confirm", "stagin", "--yes").exit_code == 3
    assert panel.stores.runs.recent() == []
    done = terminal("env", "sync", "staging", "--confirm", "staging", "--yes", "--wait")
    assert done.exit_code == 0, done.stderr
    assert panel.stores.runs.get(1).kind == "destroy"


@pytest.mark.usefixtures("retired")
def test_what_is_retired_is_called_so(terminal):
    first = [terminal("env", "show", name).stdout.splitlines()[0] for name in ("staging", "production")]
    assert [line.endswith(", retired") for line in first] == [True, False]


@pytest.mark.usefixtures("retired")
def test_what_is_retired_and_gone_is_done(terminal, panel):
    answer = terminal("env", "sync", "staging", "--yes", "--wait")
    assert answer.exit_code == 0
    assert "there is nothing to do" in answer.stdout
    assert json.loads(terminal("env", "sync", "staging", "--json").stdout) is None
    assert panel.stores.runs.recent() == []


@pytest.mark.usefixtures("retired")
def test_at_a_terminal_the_name_of_what_is_retired_is_typed(terminal, panel):
    panel.stores.environments.save("staging", exists=True)
    assert terminal("env", "sync", "staging", typed="production\n").exit_code == 3
    assert terminal("env", "sync", "staging", typed="staging\n").exit_code == 0


@pytest.mark.usefixtures("retired")
def test_nothing_is_created_in_what_is_retired(terminal, panel):
    answer = terminal("env", "create", "staging", "--yes", "--wait")
    assert answer.exit_code == 3
    assert "retired" in answer.stderr
    assert panel.stores.runs.recent() == []
