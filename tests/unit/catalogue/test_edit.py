"""Edits keep everything they were not asked to change, and never leave a wrong or half-written file."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from panel.catalogue import splice
from panel.catalogue.edit import add_environment, diff, remove_environment, set_value
from panel.catalogue.load import load_catalogue, parse_catalogue
from panel.errors import CatalogueError, NotFoundError, StorageError

ROOT = Path(__file__).parents[3]

TEXT = """\
# Our world.
project: todo
region: us-east-2   # Ohio
domain: "todo.example.com"
target: local

terraform: { state_bucket: todo-terraform-state }

services:
  frontend: { kind: static, title: 'TODO', source: frontend, owner: { team: Web, contact: web@example.com } }

environments:
  # The one that earns the money.
  production:
    owner: { team: API, contact: api@example.com }
    subnet_slot: 0
    instance: { type: t3.micro, count: 2 }   # two zones
    desired_tasks: 2
    protected: true
    monthly_budget_usd: 80

  # Where we try things.
  # Break it as you like.
  staging:
    owner:
      team: API
      contact: api@example.com
    subnet_slot: 1
    instance: { type: t3.micro, count: 2 }
    desired_tasks: 2
    monthly_budget_usd: 80
    variables:
      log_retention_days: 7
# That is all.
"""
PREVIEW = {
    "owner": {"team": "Web: front", "contact": "+55 11 5555 0000"},
    "subnet_slot": 2,
    "instance": {"type": "t3.micro", "count": 1},
    "desired_tasks": 1,
    "monthly_budget_usd": 30.5,
    "ttl_hours": 48,
    "variables": {"price_class": "PriceClass_All", "zones": ["a", "yes", "1"]},
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A catalogue file with comments in every place."""
    file = tmp_path / "environments.yaml"
    file.write_text(TEXT)
    return file


def changes(text: str) -> list[str]:
    """The added and removed lines of a diff."""
    return [line for line in text.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]


def test_setting_a_value_changes_that_value_and_keeps_its_comment(path: Path) -> None:
    shown = set_value(path, ("environments", "production", "instance", "count"), 3)
    assert changes(shown) == [
        "-    instance: { type: t3.micro, count: 2 }   # two zones",
        "+    instance: { type: t3.micro, count: 3 }   # two zones",
    ]
    assert load_catalogue(path).environments["production"].instance.count == 3


@pytest.mark.parametrize(
    ("keys", "value", "line"),
    [
        (("region",), "sa-east-1", "+region: sa-east-1   # Ohio"),
        (("domain",), "done.example.com", "+domain: done.example.com"),
        (("environments", "staging", "protected"), True, "+    protected: true"),
        (("environments", "staging", "owner", "team"), "A & B: #1", '+      team: "A & B: #1"'),
        (("environments", "staging", "variables", "waf"), False, "+      waf: false"),
        (("environments", "production", "variables"), {"a": ["1", "x"]}, '+    variables: { a: ["1", x] }'),
        (("environments", "production", "ttl_hours"), None, "+    ttl_hours: null"),
        (("network",), {"nat_gateway": True}, "+network: { nat_gateway: true }"),
    ],
)
def test_values_of_every_kind_are_written_as_the_team_would(
    path: Path, keys: tuple[str, ...], value: object, line: str
) -> None:
    added = [one for one in changes(set_value(path, keys, value)) if one.startswith("+")]
    assert added == [line]
    found: object = load_catalogue(path).model_dump(exclude_unset=True)
    for key in keys:
        assert isinstance(found, dict)
        found = found[key]
    assert found == value


def test_setting_what_is_set_already_changes_nothing(path: Path) -> None:
    before = path.stat().st_mtime_ns
    assert set_value(path, ("environments", "staging", "desired_tasks"), 2) == ""
    assert path.stat().st_mtime_ns == before


def test_an_environment_is_added_after_the_last_one(path: Path) -> None:
    shown = add_environment(path, "preview-1", PREVIEW)
    assert changes(shown) == [
        "+  preview-1:",
        '+    owner: { team: "Web: front", contact: "+55 11 5555 0000" }',
        "+    subnet_slot: 2",
        "+    instance: { type: t3.micro, count: 1 }",
        "+    desired_tasks: 1",
        "+    monthly_budget_usd: 30.5",
        "+    ttl_hours: 48",
        '+    variables: { price_class: PriceClass_All, zones: [a, yes, "1"] }',
    ]
    assert path.read_text().endswith("# That is all.\n")
    added = load_catalogue(path).environments["preview-1"]
    assert added.model_dump(exclude_defaults=True) == PREVIEW


def test_what_was_added_is_removed_again_without_a_trace(path: Path) -> None:
    add_environment(path, "preview-1", PREVIEW)
    remove_environment(path, "preview-1")
    assert path.read_text() == TEXT


def test_removing_takes_the_comments_that_belong_to_it(path: Path) -> None:
    remove_environment(path, "staging")
    text = path.read_text()
    assert "Where we try things" not in text
    assert "The one that earns the money" in text
    assert text.endswith("monthly_budget_usd: 80\n\n# That is all.\n")


def test_removing_the_first_keeps_the_others_comments(path: Path) -> None:
    remove_environment(path, "production")
    assert list(load_catalogue(path).environments) == ["staging"]
    assert "# Where we try things.\n  # Break it as you like.\n  staging:" in path.read_text()


def test_the_projects_own_catalogue_can_be_edited(tmp_path: Path) -> None:
    path = tmp_path / "environments.yaml"
    before = (ROOT / "environments.yaml").read_text()
    path.write_text(before)
    assert len(changes(add_environment(path, "preview-1", PREVIEW))) == 8
    assert len(changes(set_value(path, ("environments", "staging", "instance", "count"), 3))) == 2
    set_value(path, ("environments", "staging", "instance", "count"), 2)
    remove_environment(path, "preview-1")
    assert path.read_text() == before


@pytest.mark.parametrize(
    ("keys", "value", "words"),
    [
        (("environments", "staging", "desired_tasks"), 0, "expected a whole number from 1 to 100"),
        (("environments", "staging", "subnet_slot"), 0, "belongs to production"),
        (("environments", "staging", "desired_task"), 3, "did you mean 'desired_tasks'"),
        (("environments", "staging"), 5, "expected a section"),
        (("project",), "a: b\nc", "expected a DNS label"),
        (("environments", "staging", "monthly_budget_usd"), float("nan"), "monthly_budget_usd"),
        (("project",), object(), "cannot stand in the catalogue"),
        (("project", "name"), "x", "not a section"),
    ],
)
def test_an_edit_that_would_be_wrong_is_refused_and_nothing_is_written(
    path: Path, keys: tuple[str, ...], value: object, words: str
) -> None:
    with pytest.raises(CatalogueError) as error:
        set_value(path, keys, value)
    assert words in f"{error.value} {error.value.detail}"
    assert path.read_text() == TEXT
    assert list(path.parent.iterdir()) == [path]


def test_names_that_are_taken_missing_or_no_names_are_refused(path: Path) -> None:
    with pytest.raises(CatalogueError, match="exists already"):
        add_environment(path, "staging", PREVIEW)
    with pytest.raises(CatalogueError, match="must be a DNS label"):
        add_environment(path, "a: b", PREVIEW)
    with pytest.raises(CatalogueError, match="is missing"):
        add_environment(path, "preview-1", {"subnet_slot": 2})
    with pytest.raises(NotFoundError, match=r"environments\.nowhere") as error:
        remove_environment(path, "nowhere")
    assert "production, staging" in error.value.hint
    with pytest.raises(NotFoundError, match=r"environments\.nowhere"):
        set_value(path, ("environments", "nowhere", "desired_tasks"), 2)
    assert path.read_text() == TEXT


def test_the_last_environment_cannot_be_removed(path: Path) -> None:
    remove_environment(path, "production")
    with pytest.raises(CatalogueError, match="at least one name"):
        remove_environment(path, "staging")
    assert "staging" in load_catalogue(path).environments


def test_a_file_that_is_wrong_already_is_not_edited(path: Path) -> None:
    path.write_text(TEXT.replace("target: local", "target: moon"))
    with pytest.raises(CatalogueError, match="target"):
        set_value(path, ("environments", "staging", "desired_tasks"), 3)


def test_values_shared_by_an_anchor_are_not_changed_for_everybody(path: Path) -> None:
    text = TEXT.replace(
        "owner: { team: API, contact: api@example.com }", "owner: &api { team: API, contact: c }"
    )
    text = text.replace("owner:\n      team: API\n      contact: api@example.com", "owner: *api")
    path.write_text(text)
    with pytest.raises(CatalogueError, match="anchors"):
        set_value(path, ("environments", "staging", "owner", "team"), "Other")
    assert path.read_text() == text


def test_sections_on_one_line_grow_and_shrink_on_that_line(path: Path) -> None:
    one_line = TEXT[: TEXT.index("environments:")] + (
        "environments: { staging: { owner: { team: A, contact: b }, subnet_slot: 1, "
        "instance: { type: t3.micro, count: 1 }, desired_tasks: 1, monthly_budget_usd: 5 } }  # one\n"
    )
    path.write_text(one_line)
    add_environment(path, "preview", PREVIEW)
    assert list(load_catalogue(path).environments) == ["staging", "preview"]
    set_value(path, ("environments", "staging", "protected"), True)
    remove_environment(path, "preview")
    assert path.read_text() == one_line.replace(
        "monthly_budget_usd: 5 }", "monthly_budget_usd: 5, protected: true }"
    )


def test_line_ends_a_byte_order_mark_and_the_files_mode_stay(path: Path) -> None:
    path.write_bytes(b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode())
    path.chmod(0o640)
    add_environment(path, "preview", PREVIEW)
    raw = path.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf#")
    assert raw.count(b"\n") == raw.count(b"\r\n")
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_file_without_a_last_line_end_is_no_problem(path: Path) -> None:
    path.write_text(TEXT.removesuffix("# That is all.\n").rstrip())
    add_environment(path, "preview", PREVIEW)
    assert "preview" in load_catalogue(path).environments


def test_a_link_to_the_catalogue_stays_a_link(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.yaml"
    link.symlink_to(path)
    set_value(link, ("environments", "staging", "desired_tasks"), 3)
    assert link.is_symlink()
    assert load_catalogue(path).environments["staging"].desired_tasks == 3


def test_many_writers_lose_nothing(path: Path) -> None:
    failures: list[Exception] = []

    def add(name: str) -> None:
        try:
            add_environment(path, name, PREVIEW)
        except Exception as error:  # reported by the test below
            failures.append(error)

    writers = [threading.Thread(target=add, args=(f"preview-{number}",)) for number in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert failures == []
    assert len(load_catalogue(path).environments) == 10
    assert list(path.parent.iterdir()) == [path]


def test_a_disk_that_refuses_is_reported_and_leaves_the_file(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="No space left"):
        set_value(path, ("environments", "staging", "desired_tasks"), 3)
    assert path.read_text() == TEXT
    assert list(path.parent.iterdir()) == [path]


def test_a_diff_is_unified_and_empty_without_a_change() -> None:
    assert diff(TEXT, TEXT) == ""
    shown = diff("a: 1\nb: 2\n", "a: 1\nb: 3\n")
    assert shown.splitlines()[:2] == ["--- environments.yaml", "+++ environments.yaml"]
    assert changes(shown) == ["-b: 2", "+b: 3"]
    assert "No newline at end of file" in diff("a: 1\n", "a: 2")


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(["production", "staging"]),
    st.sampled_from(["team", "contact"]),
    st.text(min_size=1, max_size=40),
)
def test_any_text_survives_being_written(name: str, key: str, value: str) -> None:
    try:
        edited = splice.with_value(TEXT, ("environments", name, "owner", key), value)
    except CatalogueError as error:  # characters that YAML cannot hold
        assert error.hint
        return
    owner = parse_catalogue(edited).environments[name].owner
    assert getattr(owner, key) == value
    assert edited.count("\n") == TEXT.count("\n")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("drift_check", "off"),
        ("ttl_hours", 48),
        ("notify", ["team@example.com"]),
        ("approvals", {"count": 2, "other_than_author": True}),
        (
            "working_hours",
            {"days": ["mon", "fri"], "from": "08:00", "to": "19:00", "timezone": "Europe/Berlin"},
        ),
    ],
)
def test_schedules_are_set_and_read_back_as_they_were_given(path: Path, key: str, value: object) -> None:
    set_value(path, ("environments", "staging", key), value)
    read = load_catalogue(path).environments["staging"].model_dump(mode="json", by_alias=True)
    assert read[key] == value
