"""Rendering a workspace: faithful, repeatable, private where it must be."""

import json

import pytest

from panel.engine.workspace import Backend, render_workspace
from panel.errors import ConfigurationError, StorageError

BACKEND = Backend(bucket="states", key="demo/terraform.tfstate", region="us-east-2", emulated=False)


def render(source, target, *, stack="demo", variables=None, backend=BACKEND):
    return render_workspace(source, target, stack=stack, variables=variables or {}, backend=backend)


def names(target):
    return sorted(path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file())


def test_modules_and_the_stack_are_copied_with_their_layout(source, tmp_path):
    workspace = render(source, tmp_path / "w", variables={"name": "x", "sizes": [1, 2]})
    assert names(tmp_path / "w") == [
        "modules/queue/main.tf",
        "stacks/demo/main.tf",
        "stacks/demo/panel.auto.tfvars.json",
        "stacks/demo/panel.s3.tfbackend",
        "stacks/demo/panel_backend_override.tf.json",
    ]
    variables = workspace.stack_path / "panel.auto.tfvars.json"
    assert json.loads(variables.read_text()) == {"name": "x", "sizes": [1, 2]}
    assert variables.stat().st_mode & 0o777 == 0o600


def test_rendering_again_writes_nothing_that_is_the_same(source, tmp_path):
    first = render(source, tmp_path / "w")
    path = first.stack_path / "main.tf"
    before = path.stat().st_mtime_ns, path.stat().st_ino
    second = render(source, tmp_path / "w")
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == before
    assert second == first


def test_what_left_the_source_leaves_the_workspace_and_what_terraform_keeps_stays(source, tmp_path):
    (source / "stacks/demo/old.tf").write_text("# old\n")
    workspace = render(source, tmp_path / "w")
    kept = workspace.stack_path / ".terraform" / "providers" / "x"
    kept.parent.mkdir(parents=True)
    kept.write_text("provider")
    (workspace.stack_path / ".terraform.lock.hcl").write_text("lock")
    (source / "stacks/demo/old.tf").unlink()
    again = render(source, tmp_path / "w")
    assert not (again.stack_path / "old.tf").exists()
    assert kept.read_text() == "provider"
    assert (again.stack_path / ".terraform.lock.hcl").exists()
    assert again.source_revision != workspace.source_revision


def test_revisions_of_sources_and_variables_are_apart(source, tmp_path):
    first = render(source, tmp_path / "w", variables={"a": 1, "b": 2})
    reordered = render(source, tmp_path / "w", variables={"b": 2, "a": 1})
    other = render(source, tmp_path / "w", variables={"a": 2, "b": 2})
    (source / "stacks/demo/main.tf").write_text("# changed\n")
    changed = render(source, tmp_path / "w", variables={"a": 2, "b": 2})
    assert reordered == first
    assert other.source_revision == first.source_revision
    assert other.variables_revision != first.variables_revision
    assert changed.source_revision != first.source_revision
    assert changed.variables_revision == other.variables_revision


def test_another_stack_or_an_example_does_not_alter_the_revision(source, tmp_path):
    first = render(source, tmp_path / "w")
    (source / "stacks/other/main.tf").write_text("# changed\n")
    (source / "modules/queue/examples/basic/main.tf").write_text("# changed\n")
    assert render(source, tmp_path / "w").source_revision == first.source_revision


def test_the_backend_locks_with_a_file_and_is_encrypted():
    text = BACKEND.render()
    assert "use_lockfile = true\n" in text
    assert "encrypt = true\n" in text
    assert "skip_" not in text


def test_an_emulated_backend_is_addressed_by_path():
    text = Backend(bucket="b", key="k", region="r", emulated=True).render()
    assert "use_path_style = true\n" in text
    assert "skip_credentials_validation = true\n" in text


def test_values_of_the_backend_cannot_smuggle_expressions():
    text = Backend(bucket='b"\nx = 1', key="${path}%{if}", region="r", emulated=False).render()
    assert 'bucket = "b\\"\\nx = 1"\n' in text
    assert 'key = "$${path}%%{if}"\n' in text


@pytest.mark.parametrize("stack", ["absent", "../stacks/demo", "", "Demo"])
def test_a_stack_that_is_not_there_is_named(source, tmp_path, stack):
    with pytest.raises(ConfigurationError, match="no stack"):
        render(source, tmp_path / "w", stack=stack)


@pytest.mark.parametrize("value", [object(), float("nan")])
def test_a_variable_that_is_no_json_is_refused(source, tmp_path, value):
    with pytest.raises(ConfigurationError, match="cannot be written as JSON"):
        render(source, tmp_path / "w", variables={"a": value})


def test_a_place_that_cannot_be_written_is_named(source, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="file"):
        render(source, tmp_path / "file" / "w")
