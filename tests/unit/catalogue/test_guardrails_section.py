"""The guardrails of environments.yaml: what is wrong is named with its line, and edits leave the section as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from panel.catalogue import edit
from panel.catalogue.guardrails import Guardrails
from panel.catalogue.load import load_catalogue, parse_catalogue
from panel.errors import CatalogueError

_GOOD = """\
project: todo
region: us-east-2
domain: todo.example.com
target: local
terraform: { state_bucket: todo-terraform-state }
services:
  frontend:
    kind: static
    title: TODO list
    source: frontend
    owner: { team: Web team, contact: web@example.com }
# Rules over every plan.
guardrails:
  destroys: { severity: block, at_most: 3 }   # nobody needs more
  open_ingress:
    ports: [443]
environments:
  staging:
    owner: { team: API team, contact: api@example.com }
    subnet_slot: 1
    instance: { type: t3.micro, count: 2 }
    desired_tasks: 2
    monthly_budget_usd: 80.5
    guardrails:
      tags: { severity: off }
      # A page that is meant to be public.
      public_exposure: { ignore: ["module.page.*", 'module.x["a"].aws_lb.it[0]'] }
"""


def problems(text: str) -> list[str]:
    """The lines of the error that loading the text raises."""
    with pytest.raises(CatalogueError) as error:
        parse_catalogue(text)
    return error.value.detail.splitlines()


def test_both_sections_are_read() -> None:
    catalogue = parse_catalogue(_GOOD)

    assert catalogue.guardrails.destroys.at_most == 3
    assert catalogue.guardrails.open_ingress.ports == [443]
    assert catalogue.environments["staging"].guardrails.tags.severity == "off"
    assert catalogue.environments["staging"].guardrails.public_exposure.severity == "block"


def test_the_projects_own_catalogue_configures_nothing() -> None:
    catalogue = load_catalogue(Path(__file__).parents[3] / "environments.yaml")

    assert catalogue.guardrails == Guardrails()
    assert {name: one.guardrails for name, one in catalogue.environments.items()} == dict.fromkeys(
        catalogue.environments, Guardrails()
    )


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("destroys:", "destroy:", ":14: guardrails.destroy: unknown key 'destroy': did you mean 'destroys'?"),
        ("destroys:", "public_buckets:", ":14: guardrails.public_buckets: unknown key 'public_buckets'"),
        ("at_most: 3", "at_least: 3", ":14: guardrails.destroys.at_least: unknown key 'at_least'"),
        ("at_most: 3", "at_most: -1", ":14: guardrails.destroys.at_most: expected a whole number of 0 or more"),
        ("severity: block", "severity: stop", ":14: guardrails.destroys.severity: expected off, warn or block"),
        ("[443]", "[443, https]", ":16: guardrails.open_ingress.ports[1]: expected a port such as 443"),
        ("[443]", "[65536]", ":16: guardrails.open_ingress.ports[0]: expected a port such as 443"),
        ("severity: off }", "severity: false }", ":25: environments.staging.guardrails.tags.severity: expected off,"),
        ("tags: { severity: off }", "tag: { severity: off }", ":25: environments.staging.guardrails.tag: unknown key"),
        ("tags: { severity: off }", "tags: off", ":25: environments.staging.guardrails.tags: expected a section"),
        ('"module.page.*"', '"**"', ":27: environments.staging.guardrails.public_exposure.ignore[0]: expected"),
        (
            "tags: { severity: off }", "deletion_protection: { overridable: true }",
            ":25: environments.staging.guardrails.deletion_protection.overridable: unknown key",
        ),
        (
            "tags: { severity: off }", "budget: { growth_usd: -1 }",
            ":25: environments.staging.guardrails.budget.growth_usd: expected a number of 0 or more",
        ),
        (
            "tags: { severity: off }", "checkov: { skip: [everything] }",
            ":25: environments.staging.guardrails.checkov.skip[0]: expected one of Checkov's checks",
        ),
        (
            "tags: { severity: off }", "checkov: { program: 'checkov --fast' }",
            ":25: environments.staging.guardrails.checkov.program: expected the name of a program",
        ),
        (
            "tags: { severity: off }", "stateful_resources: { also: [bucket] }",
            ":25: environments.staging.guardrails.stateful_resources.also[0]: expected a resource type",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_line(old: str, new: str, wanted: str) -> None:
    assert _GOOD.count(old) == 1

    (problem,) = problems(_GOOD.replace(old, new))

    assert problem.startswith(f"environments.yaml{wanted}")


def test_edits_of_other_keys_leave_the_sections_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "environments.yaml"
    path.write_text(_GOOD)
    lines = set(_GOOD.splitlines())

    edit.set_value(path, ("environments", "staging", "desired_tasks"), 3)
    edit.add_environment(
        path,
        "preview",
        {
            "owner": {"team": "API team", "contact": "api@example.com"}, "subnet_slot": 1,
            "instance": {"type": "t3.micro", "count": 1}, "desired_tasks": 1, "monthly_budget_usd": 40,
            "guardrails": {"tags": {"severity": "off"}, "destroys": {"at_most": 0}},
        },
    )  # fmt: skip

    assert lines - set(path.read_text().splitlines()) == {"    desired_tasks: 2"}
    edited = load_catalogue(path)
    assert edited.guardrails == parse_catalogue(_GOOD).guardrails
    assert edited.environments["preview"].guardrails.tags.severity == "off"
    assert edited.environments["preview"].guardrails.destroys.at_most == 0


def test_a_rule_can_be_edited_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "environments.yaml"
    path.write_text(_GOOD)

    edit.set_value(path, ("guardrails", "destroys", "at_most"), 5)
    edit.set_value(path, ("environments", "staging", "guardrails", "tags", "severity"), "block")
    with pytest.raises(CatalogueError):
        edit.set_value(path, ("guardrails", "destroys", "severity"), "stop")

    edited = load_catalogue(path)
    assert edited.guardrails.destroys.at_most == 5
    assert edited.environments["staging"].guardrails.tags.severity == "block"
    assert "# nobody needs more" in path.read_text()
