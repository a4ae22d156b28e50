"""Loading environments.yaml: what is right loads, what is wrong is reported at once, with lines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from panel.catalogue.load import load_catalogue, parse_catalogue
from panel.catalogue.schema import Catalogue
from panel.errors import CatalogueError

GOOD = """\
project: todo
region: us-east-2
domain: todo.example.com
target: local
terraform: { state_bucket: todo-terraform-state }
services:
  backend:
    kind: container
    title: TODO list
    source: backend
    port: 5000
    path_pattern: /api/*
    health_path: /status
    environment: { GREETING: hello }
    owner: { team: API team, contact: api@example.com }
  frontend:
    kind: static
    title: TODO list
    source: frontend
    owner: { team: Web team, contact: web@example.com }
environments:
  production:
    owner: { team: API team, contact: api@example.com }
    subnet_slot: 0
    instance: { type: t3.micro, count: 2 }
    desired_tasks: 2
    protected: true
    monthly_budget_usd: 80
  staging:
    owner: { team: API team, contact: api@example.com }
    subnet_slot: 1
    instance: { type: t3.micro, count: 2 }
    desired_tasks: 2
    monthly_budget_usd: 80.5
    variables: { waf: true, zones: [a, b] }
"""


def problems(text: str) -> list[str]:
    """The lines of the error that loading the text raises."""
    with pytest.raises(CatalogueError) as error:
        parse_catalogue(text)
    assert error.value.hint
    return error.value.detail.splitlines()


def changed(old: str, new: str) -> str:
    """The good catalogue with its first ``old`` replaced."""
    assert old in GOOD
    return GOOD.replace(old, new, 1)


def test_a_good_catalogue_loads() -> None:
    catalogue = parse_catalogue(GOOD)
    assert catalogue.domain_of("production") == "todo.example.com"
    assert catalogue.domain_of("staging") == "staging.todo.example.com"
    assert list(catalogue.containers) == ["backend"]
    assert catalogue.site is not None
    assert catalogue.site[0] == "frontend"
    assert catalogue.environments["staging"].variables == {"waf": True, "zones": ["a", "b"]}


def test_the_projects_own_catalogue_loads() -> None:
    catalogue = load_catalogue(Path(__file__).parents[3] / "environments.yaml")
    assert {"production", "staging"} <= set(catalogue.environments)
    assert catalogue.environments["production"].protected


def test_a_byte_order_mark_and_windows_line_ends_are_no_problem(tmp_path: Path) -> None:
    path = tmp_path / "environments.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert load_catalogue(path) == parse_catalogue(GOOD)


def test_anchors_may_repeat_an_owner() -> None:
    text = changed("{ team: API team, contact: api@example.com }", "&api { team: T, contact: c@example.com }")
    text = text.replace("{ team: API team, contact: api@example.com }", "*api")
    assert parse_catalogue(text).environments["staging"].owner.team == "T"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("region: us-east-2\n", "", "1: region: is missing: expected an AWS region such as us-east-2"),
        ("region: us-east-2", "regoin: us-east-2", "2: regoin: unknown key 'regoin': did you mean 'region'?"),
        ("us-east-2", "ohio", "2: region: expected an AWS region such as us-east-2, found the text 'ohio'"),
        ("target: local", "target: cloud", "4: target: expected local or aws, found the text 'cloud'"),
        ("desired_tasks: 2", "desired_tasks: two", "26: environments.production.desired_tasks: expected a whole number from 1 to 100, found the text 'two'"),
        ("desired_tasks: 2", "desired_tasks: 2.5", "26: environments.production.desired_tasks: expected a whole number from 1 to 100, found the number 2.5"),
        ("protected: true", "protected: yes", "27: environments.production.protected: expected true or false, found the text 'yes'"),
        ("port: 5000", "port: 70000", "11: services.backend.port: expected a whole number from 1 to 65535, found the number 70000"),
        ("port: 5000", "port: true", "11: services.backend.port: expected a whole number from 1 to 65535, found true"),
        ("kind: static", "kind: lambda", "17: services.frontend.kind: expected container or static, found the text 'lambda'"),
        ("    kind: static\n", "", "16: services.frontend.kind: expected container or static, found nothing"),
        ("t3.micro", "micro", "25: environments.production.instance.type: expected an EC2 instance type such as t3.micro, found the text 'micro'"),
        ("monthly_budget_usd: 80", "monthly_budget_usd: .inf", "28: environments.production.monthly_budget_usd: expected a number above 0, found the number inf"),
        ("monthly_budget_usd: 80", "monthly_budget_usd: .nan", "28: environments.production.monthly_budget_usd: expected a number above 0, found the number nan"),
        ("{ state_bucket: todo-terraform-state }", "", "5: terraform: expected a section with state_bucket, found nothing"),
        ("source: backend", "source: ../etc", "10: services.backend.source: expected a folder inside the project, without '..', found the text '../etc'"),
        ("zones: [a, b]", "zones: { a: 1 }", "35: environments.staging.variables.zones: expected text, a number, true or false or a list of texts, found a section of keys"),
        ("zones: [a, b]", "zones: [a, 1]", "35: environments.staging.variables.zones: expected text, a number, true or false or a list of texts, found a list"),
        ("  staging:", "  Staging_1:", "29: environments.Staging_1: the name must be a DNS label: lower-case letters, digits and hyphens, starting with a letter, at most 20 characters"),
        ("  staging:", "  5:", "29: environments: the key '5' must be text: put it in quotes"),
    ],
)  # fmt: skip
def test_one_mistake_reads_as_one_line(old: str, new: str, expected: str) -> None:
    assert f"environments.yaml:{expected}" in problems(changed(old, new))


def test_every_problem_is_reported_at_once_in_the_order_of_the_file() -> None:
    text = GOOD.replace("project: todo", "project: Todo").replace("subnet_slot: 1", "subnet_slot: 0")
    text = text.replace("count: 2 }", "count: 0 }").replace("path_pattern: /api/*", "path_pattern: api")
    lines = problems(text)
    assert [line.split(":")[1] for line in lines] == ["1", "12", "25", "31", "32"]
    with pytest.raises(CatalogueError, match="has 5 problems"):
        parse_catalogue(text)


def test_rules_over_several_keys_are_reported_together_with_wrong_types() -> None:
    text = changed("  staging:", "  shared:").replace("port: 5000", "port: none")
    lines = problems(text)
    assert any(":11: services.backend.port:" in line for line in lines)
    assert any(":29: environments.shared: is the name of the network" in line for line in lines)


def test_nobody_shares_productions_slot_but_others_may_share_one() -> None:
    lines = problems(changed("subnet_slot: 1", "subnet_slot: 0"))
    assert len(lines) == 1
    assert "environments.staging.subnet_slot: slot 0 belongs to production" in lines[0]
    staging = GOOD[GOOD.index("  staging:") :]
    shared = parse_catalogue(GOOD + staging.replace("staging", "preview-1"))
    assert shared.environments["preview-1"].subnet_slot == shared.environments["staging"].subnet_slot == 1


def test_two_environments_cannot_have_one_host_name() -> None:
    lines = problems(GOOD + "    domain: todo.example.com\n")
    assert len(lines) == 1
    assert lines[0].startswith("environments.yaml:36: environments.staging.domain: ")
    assert "its host name todo.example.com belongs to 'production' already" in lines[0]


def test_one_site_and_one_path_pattern_each() -> None:
    second = GOOD[GOOD.index("  frontend:") : GOOD.index("environments:")].replace("frontend", "admin")
    lines = problems(changed("environments:\n", second + "environments:\n"))
    assert any("services.admin.kind: an environment serves one static site" in line for line in lines)
    backend = GOOD[GOOD.index("  backend:") : GOOD.index("  frontend:")].replace("backend", "worker")
    lines = problems(changed("environments:\n", backend + "environments:\n"))
    assert any("path pattern '/api/*' belongs to 'backend'" in line for line in lines)


def test_values_that_may_be_secret_are_not_repeated() -> None:
    for text in (changed("hello", "123456789"), changed("waf: true", "waf: { password: hunter2 }")):
        assert "123456789" not in "".join(problems(text))
        assert "hunter2" not in "".join(problems(text))


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "is empty"),
        ("# only a comment\n", 1, "is empty"),
        ("null\n", 1, "is empty"),
        ("- a\n- b\n", 1, "expected keys and values"),
        ("just text\n", 1, "expected keys and values"),
        ("project: todo\n\tregion: x\n", 2, "tab"),
        ("project: [a, b\n", 2, "cannot be read"),
        ("a: 1\n---\nb: 2\n", 2, "single document"),
        ("a: *missing\n", 1, "undefined alias"),
        ("project: !!python/object:os.system x\n", 1, "tag"),
        ("project: !!binary aGk=\n", 1, "tag"),
        ("project: !!int many\n", 1, "cannot be read as int"),
        ("a: &x\n  b: *x\n", 1, "refers to itself"),
        ("<<: { project: todo }\n", 1, "merge keys"),
        ("? [a, b]\n: 1\n", 1, "plain word"),
        ("project: a\nproject: b\n", 2, "written twice; the first time on line 1"),
        ("a: " + "[" * 200 + "]" * 200, 1, "cannot be read"),
        ("a: " + "9" * 5000 + "\n", 1, "cannot be read as int"),
        ("\x00", 1, "cannot be read"),
        ('"a\\nb": 1\n', 1, '"a\\nb"'),
    ],
)
def test_text_that_is_no_catalogue(text: str, line: int, words: str) -> None:
    matching = [found for found in problems(text) if words in found]
    assert matching, problems(text)
    assert matching[0].startswith(f"environments.yaml:{line}: ")


def test_an_alias_bomb_is_refused_quickly() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in range(1, 9):
        bomb += f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]\n"
    assert "expands to more than" in problems(bomb)[0]


def test_a_missing_file_says_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="no catalogue at") as error:
        load_catalogue(tmp_path / "environments.yaml")
    assert str(tmp_path) in error.value.message
    assert error.value.exit_code == 2


def test_a_folder_in_its_place_bad_encoding_and_a_huge_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="cannot be read"):
        load_catalogue(tmp_path)
    latin = tmp_path / "latin.yaml"
    latin.write_bytes("project: época".encode("latin-1"))
    with pytest.raises(CatalogueError, match="not UTF-8"):
        load_catalogue(latin)
    huge = tmp_path / "huge.yaml"
    huge.write_bytes(b"#" * 2_000_000)
    with pytest.raises(CatalogueError, match="larger than 1 MB"):
        load_catalogue(huge)


def test_an_edited_file_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "environments.yaml"
    path.write_text(GOOD)
    assert load_catalogue(path).project == "todo"
    path.write_text(GOOD.replace("project: todo", "project: done"))
    assert load_catalogue(path).project == "done"


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.text(max_size=300))
def test_any_text_loads_or_is_a_catalogue_error(text: str) -> None:
    try:
        assert isinstance(parse_catalogue(text), Catalogue)
    except CatalogueError as error:
        assert error.detail


@settings(deadline=None, max_examples=200)
@given(
    st.integers(0, len(GOOD) - 1),
    st.integers(0, 12),
    st.sampled_from(["", "x", "0", "-1", "~", "[]", "{}", ": ", "\n", "\t", "- ", "'", "&a ", "*a ", "!!set ", "#"]),
)  # fmt: skip
def test_a_damaged_catalogue_loads_or_is_a_catalogue_error(start: int, length: int, patch: str) -> None:
    text = GOOD[:start] + patch + GOOD[start + length :]
    try:
        parse_catalogue(text)
    except CatalogueError as error:
        for line in error.detail.splitlines():
            assert line.startswith("environments.yaml:")
            assert int(line.split(":")[1]) <= text.count("\n") + 1


JSONISH = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(deadline=None)
@given(st.sampled_from(["project", "services", "environments", "network", "terraform"]), JSONISH)
def test_any_value_in_any_section_is_reported_in_plain_words(section: str, value: object) -> None:
    head = "".join(block for block in _sections() if not block.startswith(f"{section}:"))
    try:
        parse_catalogue(f"{head}{section}: {json.dumps(value)}\n")
    except CatalogueError as error:
        for jargon in ("pydantic", "Input should", "validation error", "type=", "Traceback"):
            assert jargon not in error.detail


def _sections() -> list[str]:
    blocks: list[str] = []
    for line in GOOD.splitlines(keepends=True):
        if line.startswith(" "):
            blocks[-1] += line
        else:
            blocks.append(line)
    return blocks


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("  staging:", "  origin:", "environments.origin: is the name of what CloudFront calls"),
        ("subnet_slot: 1", "subnet_slot: 7", "expected a whole number from 0 to 6, found the number 7"),
        ("    monthly_budget_usd: 80.5\n", "    monthly_budget_usd: 80.5\n    domain: example.org\n", "below todo.example.com"),
    ],
)  # fmt: skip
def test_what_the_stacks_could_not_make_is_refused_here(old: str, new: str, words: str) -> None:
    assert words in "\n".join(problems(changed(old, new)))


STAGING_HOURS = (
    "    working_hours: { days: [mon, tue], from: 08:00, to: '19:00', timezone: America/Sao_Paulo }\n"
)


def test_schedules_and_whom_to_tell_load() -> None:
    text = (
        GOOD
        + STAGING_HOURS
        + "    drift_check: off\n    ttl_hours: 72\n    notify: [team@example.com]\n"
        + "    approvals: { count: 2, other_than_author: true }\n"
    )
    staging = parse_catalogue(text).environments["staging"]
    assert staging.working_hours is not None
    assert (staging.working_hours.begin, staging.working_hours.end) == ("08:00", "19:00")
    # YAML's older version would read "off" as false.
    assert (staging.drift_check, staging.ttl_hours, staging.notify) == ("off", 72, ["team@example.com"])
    assert (staging.approvals.count, staging.approvals.other_than_author) == (2, True)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("working_hours: { days: [tuesday], from: '08:00', to: '19:00', timezone: UTC }",
         "working_hours.days[0]: expected mon, tue, wed, thu, fri, sat or sun, found the text 'tuesday'"),
        ("working_hours: { days: [], from: '08:00', to: '19:00', timezone: UTC }",
         "working_hours.days: expected a list of at least one, each mon, tue, wed, thu, fri, sat or sun, found an empty list"),
        ("working_hours: { days: [mon], from: '24:00', to: '19:00', timezone: UTC }",
         "working_hours.from: expected a time of day in quotes such as \"08:00\", found the text '24:00'"),
        ("working_hours: { days: [mon], to: '19:00', timezone: UTC }",
         'working_hours.from: is missing: expected a time of day in quotes such as "08:00"'),
        ("working_hours: { days: [mon], from: '08:00', to: '19:00', timezone: Sao_Paulo }",
         "working_hours.timezone: expected a time zone's name such as America/Sao_Paulo, found the text 'Sao_Paulo'"),
        ("working_hours: { days: [mon], begin: '08:00', from: '08:00', to: '19:00', timezone: UTC }",
         "working_hours.begin: unknown key 'begin': known keys: days, from, timezone, to"),
        ("working_hours: { days: [mon], from: '08:00', to: '08:00', timezone: UTC }",
         "working_hours: from and to are the same time: leave working_hours out to never scale down"),
        ("drift_check: never", "drift_check: expected off, hourly, daily or weekly, found the text 'never'"),
        ("notify: [nobody]", "notify[0]: expected an e-mail address such as team@example.com, found the text 'nobody'"),
        ("notify: nobody",
         "notify: expected a list, each an e-mail address such as team@example.com, found the text 'nobody'"),
        ("approvals: { count: 9 }", "approvals.count: expected a whole number from 1 to 5, found the number 9"),
        ("ttl_hours: 90000", "ttl_hours: expected a whole number from 1 to 87600, found the number 90000"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_schedules_is_said_with_its_line(line: str, said: str) -> None:
    number = GOOD.count("\n") + 1
    assert problems(f"{GOOD}    {line}\n") == [f"environments.yaml:{number}: environments.staging.{said}"]


def test_a_protected_environment_is_not_retired() -> None:
    text = changed("    protected: true\n", "    protected: true\n    retired: true\n")
    said = "would destroy a protected environment: set protected to false and update it first"
    assert problems(text) == [f"environments.yaml:28: environments.production.retired: {said}"]


def test_an_environment_is_retired_when_it_says_so() -> None:
    environments = parse_catalogue(GOOD + "    retired: true\n").environments
    assert {name: entry.retired for name, entry in environments.items()} == {
        "production": False,
        "staging": True,
    }


def test_a_protected_environment_has_no_end() -> None:
    text = changed("    protected: true\n", "    protected: true\n    ttl_hours: 24\n")
    said = "would destroy a protected environment: leave it out, or set protected to false"
    assert problems(text) == [f"environments.yaml:28: environments.production.ttl_hours: {said}"]
