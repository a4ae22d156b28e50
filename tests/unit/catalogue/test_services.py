"""What a service of environments.yaml may say beside the necessary: paths, secrets, command, scaling, routing."""

from __future__ import annotations

import pytest

from panel.catalogue.load import parse_catalogue
from panel.errors import CatalogueError

_SECRET = "arn:aws:secretsmanager:us-east-2:123456789012:secret:todo/database-AbCdEf:password::"
FULL = f"""\
project: todo
region: us-east-2
domain: todo.example.com
target: aws
terraform:
  state_bucket: todo-terraform-state
  permissions_boundary: arn:aws:iam::123456789012:policy/boundaries/team
services:
  backend:
    kind: container
    title: TODO list
    source: backend
    port: 5000
    path_patterns: [/api/*, /hooks/*]
    health_path: /status
    environment: {{ GREETING: hello }}
    cpu_units: 256
    secrets:
      DATABASE_PASSWORD: "{_SECRET}"
      API_KEY: arn:aws:ssm:us-east-2:123456789012:parameter/todo/{{environment}}/api-key
    command: [gunicorn, backend]
    autoscaling: {{ min_tasks: 2, max_tasks: 6, cpu_percent: 60, requests_per_target: 900 }}
    owner: {{ team: API team, contact: api@example.com }}
  frontend:
    kind: static
    title: TODO list
    source: frontend
    content_security_policy: default-src 'self'
    routing: {{ index_in_folders: true, rules: [{{ prefix: /docs, replace_with: /manual }}] }}
    owner: {{ team: Web team, contact: web@example.com }}
environments:
  staging:
    owner: {{ team: API team, contact: api@example.com }}
    subnet_slot: 1
    instance: {{ type: t3.micro, count: 2 }}
    desired_tasks: 2
    monthly_budget_usd: 80
    ssh_key: true
"""


def problems(old: str, new: str) -> list[str]:
    """The lines of the error that the text raises with one thing changed."""
    assert FULL.count(old) == 1
    with pytest.raises(CatalogueError) as error:
        parse_catalogue(FULL.replace(old, new))
    return error.value.detail.splitlines()


def test_all_of_it_loads() -> None:
    catalogue = parse_catalogue(FULL)
    backend, site = catalogue.containers["backend"], catalogue.site
    assert backend.patterns == ("/api/*", "/hooks/*")
    assert backend.secrets["DATABASE_PASSWORD"] == _SECRET
    assert backend.autoscaling is not None
    assert backend.autoscaling.requests_per_target == 900
    assert site is not None
    assert site[1].routing is not None
    assert site[1].routing.rules[0].replace_with == "/manual"
    assert catalogue.environments["staging"].ssh_key


def test_one_pattern_may_be_written_alone() -> None:
    text = FULL.replace("path_patterns: [/api/*, /hooks/*]", "path_pattern: /api/*")
    assert parse_catalogue(text).containers["backend"].patterns == ("/api/*",)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("path_patterns: [/api/*, /hooks/*]", "path_patterns: []", "9: services.backend: has no path: give path_pattern"),
        ("path_patterns: [/api/*, /hooks/*]", "path_patterns: [/api/*, api]", "14: services.backend.path_patterns[1]: expected a path"),
        ("path_patterns: [/api/*, /hooks/*]", "path_patterns: [/api/*, /api/*]", "14: services.backend.path_patterns: the path pattern '/api/*' belongs to 'backend' already"),
        ("    health_path: /status", "    path_pattern: /api/*\n    health_path: /status", "14: services.backend.path_patterns: says again what path_pattern says"),
        ("  frontend:\n    kind: static\n", "  frontend:\n    kind: container\n    port: 1\n    health_path: /\n    path_pattern: /hooks/*\n", "28: services.frontend.path_pattern: the path pattern '/hooks/*' belongs to 'backend'"),
        ("      API_KEY: ", "      GREETING: ", "20: services.backend.secrets.GREETING: is among the environment's variables as well"),
        ("      API_KEY: ", "      API-KEY: ", "20: services.backend.secrets.API-KEY: the name must be an environment variable's name"),
        ("{environment}", "{stage}", "20: services.backend.secrets.API_KEY: expected the ARN of a secret"),
        ("    cpu_units: 256\n", "", "21: services.backend.autoscaling.cpu_percent: needs cpu_units in the service"),
        ("cpu_units: 256", "cpu_units: 1", "17: services.backend.cpu_units: expected a whole number from 2 to"),
        ("min_tasks: 2,", "min_tasks: 7,", "22: services.backend.autoscaling: min_tasks must not be larger than max_tasks"),
        (", cpu_percent: 60, requests_per_target: 900", "", "22: services.backend.autoscaling: nothing to scale by"),
        ("cpu_percent: 60", "cpu_percent: 600", "22: services.backend.autoscaling.cpu_percent: expected a whole number from 1 to 100"),
        ("desired_tasks: 2", "desired_tasks: 9", "36: environments.staging.desired_tasks: backend scales between 2 and 6 tasks"),
        ("desired_tasks: 2", "desired_tasks: 1", "36: environments.staging.desired_tasks: backend scales between 2 and 6 tasks"),
        ("default-src 'self'", '"a\\nSet-Cookie: b"', "28: services.frontend.content_security_policy: expected one line of plain text"),
        ("prefix: /docs", "prefix: docs", "29: services.frontend.routing.rules[0].prefix: expected a path"),
        ("index_in_folders: true,", "index_in_folders: true, single_page: true,", "29: services.frontend.routing: index_in_folders and single_page both say"),
        ("[/api/*, /hooks/*]", f"[/api/*, /{'h' * 48}]", "14: services.backend.path_patterns[1]: expected a path"),
        ("index_in_folders", "index_folders", "29: services.frontend.routing.index_folders: unknown key 'index_folders': did you mean 'index_in_folders'?"),
        ("arn:aws:iam::123456789012:policy/boundaries/team", "team", "7: terraform.permissions_boundary: expected the ARN of an IAM policy"),
        ("ssh_key: true", "ssh_key: ssh-ed25519", "38: environments.staging.ssh_key: expected true or false"),
    ],
)  # fmt: skip
def test_a_mistake_names_its_line_and_what_was_expected(old: str, new: str, expected: str) -> None:
    found = problems(old, new)
    assert any(line.startswith(f"environments.yaml:{expected}") for line in found), found


def test_a_secret_written_where_its_arn_belongs_is_not_repeated() -> None:
    found = problems(_SECRET, "hunter2-hunter2")
    assert "expected the ARN of a secret" in found[0]
    assert "hunter2" not in "".join(found)
