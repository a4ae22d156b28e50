"""What a plan was made from: the same twice is no difference, everything else is told in plain words."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from moto import mock_aws

from panel.aws.s3 import ensure_bucket, put_object
from panel.aws.session import Account, Aws
from panel.engine.workspace import Backend, render_workspace
from panel.runs.mark import ReviewMark, differences, rendered_variables, take_mark

_BACKEND = Backend("todo-states", "environments/staging/terraform.tfstate", "us-east-2", emulated=True)
_THEN = ReviewMark(
    lineage="l1",
    serial=12,
    sources={"stacks/environment/main.tf": "1", "modules/site/main.tf": "2"},
    variables={"count": 2, "services": {"backend": {"memory": 64, "paths": ["/api/*"]}}},
    terraform_version="1.15.5",
)
_MOVED = {"services": {"backend": {"memory": 128, "paths": ["/api/*"]}}}


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        account = Aws(Account("us-east-2", access_key="test", secret_key="test"))
        ensure_bucket(account, "todo-states")
        yield account


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("stacks/environment/main.tf", "modules/site/main.tf", "stacks/shared/main.tf"):
        (tmp_path / "terraform" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "terraform" / name).write_text(f"# {name}\n")
    return tmp_path / "terraform"


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (_THEN, ()),
        (replace(_THEN, serial=14), ("the state was written by somebody since: serial 12 → 14",)),
        (
            replace(_THEN, lineage="l2"),
            ("the state is another one: somebody put it in the place of the reviewed one",),
        ),
        (replace(_THEN, lineage="", serial=0), ("the state is gone: its serial was 12",)),
        (replace(_THEN, terraform_version="1.16.0"), ("Terraform was 1.15.5 and is 1.16.0",)),
        (
            replace(_THEN, sources={**_THEN.sources, "modules/site/main.tf": "3"}),
            ("a source file was changed: modules/site/main.tf",),
        ),
        (
            replace(_THEN, sources={"stacks/environment/main.tf": "1", "modules/a.tf": "x", "modules/b.tf": "x"}),
            ("source files were added: modules/a.tf, modules/b.tf", "a source file was removed: modules/site/main.tf"),
        ),
        (
            replace(_THEN, variables={**_THEN.variables, **_MOVED}),
            ("the variable services.backend.memory was 64 and is 128",),
        ),
        (
            replace(_THEN, variables={"services": _THEN.variables["services"], "key": "ssh-ed25519 AAAA"}),
            ("the variable count was 2 and is not set", 'the variable key was not set and is "ssh-ed25519 AAAA"'),
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) and value else "",
)  # fmt: skip
def test_what_changed_is_told_in_plain_words(now: ReviewMark, words: tuple[str, ...]) -> None:
    assert differences(_THEN, now) == words


def test_a_state_that_came_to_be_meanwhile_is_somebody_elses() -> None:
    (told,) = differences(replace(_THEN, lineage="", serial=0), _THEN)
    assert told == "the state was written by somebody since: there was none, now its serial is 12"


def test_many_files_and_long_values_are_cut() -> None:
    many = {f"modules/{number}.tf": "x" for number in range(9)}
    now = replace(_THEN, sources={**_THEN.sources, **many}, variables={**_THEN.variables, "text": "x" * 500})

    files, variable = differences(_THEN, now)

    assert files.endswith("modules/4.tf and 4 more")
    assert len(variable) < 150


def test_a_mark_comes_back_from_the_store_as_it_was() -> None:
    assert ReviewMark.from_dict(json.loads(json.dumps(_THEN.to_dict()))) == _THEN
    assert ReviewMark.from_dict({}) is None


def test_a_workspace_and_the_project_it_was_rendered_from_are_the_same(
    aws: Aws, tree: Path, tmp_path: Path
) -> None:
    variables = {"names": ("a", "b"), "count": 2, "off": None}
    render_workspace(tree, tmp_path / "w", stack="environment", variables=variables, backend=_BACKEND)
    (tmp_path / "w" / "stacks" / "environment" / ".terraform.lock.hcl").write_text("made by init")

    rendered = rendered_variables(tmp_path / "w", "environment")
    then = take_mark(
        aws, _BACKEND, tmp_path / "w", "environment", variables=rendered, terraform_version="1.15.5"
    )
    now = take_mark(aws, _BACKEND, tree, "environment", variables=variables, terraform_version="1.15.5")

    assert (then.lineage, then.serial) == ("", 0)
    assert sorted(then.sources) == ["modules/site/main.tf", "stacks/environment/main.tf"]
    assert differences(then, now) == ()
    (tree / "modules" / "site" / "main.tf").write_text("# edited\n")
    (tree / "stacks" / "shared" / "main.tf").write_text("# not this stack's\n")
    later = take_mark(aws, _BACKEND, tree, "environment", variables=variables, terraform_version="1.15.5")
    assert differences(then, later) == ("a source file was changed: modules/site/main.tf",)


def test_the_states_identity_and_version_are_read_from_the_bucket(aws: Aws, tree: Path) -> None:
    state = {"lineage": "l7", "serial": 4, "resources": []}
    put_object(aws, "todo-states", _BACKEND.key, json.dumps(state).encode())

    mark = take_mark(aws, _BACKEND, tree, "environment", variables={}, terraform_version="")

    assert (mark.lineage, mark.serial) == ("l7", 4)


def test_credentials_are_not_kept_and_still_told_apart(aws: Aws, tree: Path) -> None:
    def mark(password: str) -> ReviewMark:
        variables = {
            "environment": {"DB_PASSWORD": password, "LOG": "info"},
            "keys": [f"AKIA{password:A<16}"],
        }
        return take_mark(aws, _BACKEND, tree, "environment", variables=variables, terraform_version="")

    first, second = mark("HUNTER22"), mark("HUNTER23")

    assert "HUNTER22" not in json.dumps(first.to_dict())
    assert first.variables["environment"]["LOG"] == "info"
    told = differences(first, second)
    assert len(told) == 2
    assert not any("HUNTER" in text for text in told)
