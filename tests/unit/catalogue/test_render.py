"""Terraform variables from the catalogue, against the variables that the stacks really declare."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from panel.catalogue.load import load_catalogue
from panel.catalogue.render import (
    environment_state_key,
    environment_variables,
    panel_variables,
    shared_state_key,
    shared_variables,
    tag_value,
)
from panel.catalogue.schema import Catalogue
from panel.catalogue.variables import check_variables, read_variables
from panel.errors import NotFoundError

ROOT = Path(__file__).parents[3]
STACKS = ROOT / "terraform" / "stacks"


@pytest.fixture
def catalogue() -> Catalogue:
    """The project's own catalogue."""
    return load_catalogue(ROOT / "environments.yaml")


def other(catalogue: Catalogue, **changes: object) -> Catalogue:
    """The catalogue with other values at the top."""
    return Catalogue.model_validate(catalogue.model_dump() | changes)


@pytest.mark.parametrize("target", ["local", "aws"])
def test_every_rendered_variable_is_declared_and_every_required_one_is_rendered(
    catalogue: Catalogue, target: str
) -> None:
    there = other(catalogue, target=target)
    for stack, rendered in (
        ("shared", shared_variables(there)),
        ("environment", environment_variables(there, "staging")),
    ):
        declared = {variable.name: variable for variable in read_variables(STACKS / stack)}
        assert set(rendered) <= set(declared)
        assert {name for name, variable in declared.items() if variable.required} <= set(rendered)


@pytest.mark.parametrize("target", ["local", "aws"])
def test_the_values_have_the_declared_types(catalogue: Catalogue, target: str) -> None:
    there = other(catalogue, target=target)
    python = {"string": str, "number": (int, float), "bool": bool, "set(string)": list, "set(number)": list}
    for stack, rendered in (
        ("shared", shared_variables(there)),
        ("environment", environment_variables(there, "staging")),
    ):
        types = {variable.name: variable.type for variable in read_variables(STACKS / stack)}
        for name, value in rendered.items():
            wanted = python.get(types[name], dict)
            assert isinstance(value, wanted), (name, types[name])  # type: ignore[arg-type]  # a mixed table


def test_a_services_fields_are_those_of_the_stack(catalogue: Catalogue) -> None:
    services = environment_variables(catalogue, "staging")["services"]
    assert isinstance(services, dict)
    declared = next(v for v in read_variables(STACKS / "environment") if v.name == "services")
    for field in services["backend"]:
        assert f"{field} = " in declared.type
    assert services == {
        "backend": {
            "port": 5000,
            "path_patterns": ["/api/*"],
            "health_path": "/status",
            "memory_soft_mb": 64,
            "memory_hard_mb": 128,
            "desired_count": 2,
            "environment": {},
        }
    }


def test_staging_is_production_but_for_names_place_and_protection(catalogue: Catalogue) -> None:
    production = environment_variables(catalogue, "production")
    staging = environment_variables(catalogue, "staging")
    different = {name for name in production if production[name] != staging[name]}
    protection = {"force_destroy", "deletion_protection"}
    assert different == {"environment_name", "domain_name", "subnet_slot", *protection}
    assert (production["force_destroy"], production["deletion_protection"]) == (False, True)
    assert (staging["force_destroy"], staging["deletion_protection"]) == (True, False)
    assert production["domain_name"] == "todo.example.com"
    assert staging["domain_name"] == "staging.todo.example.com"


def full(catalogue: Catalogue) -> Catalogue:
    """The catalogue with everything in it that may be left out, for AWS."""
    raw = catalogue.model_dump() | {"target": "aws"}
    raw["terraform"]["permissions_boundary"] = "arn:aws:iam::123456789012:policy/team-boundary"
    raw["services"]["backend"] |= {
        "path_pattern": None,
        "path_patterns": ["/api/*", "/hooks/*"],
        "secrets": {
            "DATABASE_URL": "arn:aws:ssm:us-east-2:123456789012:parameter/todo/{environment}/database-url"
        },
        "command": ["gunicorn", "backend"],
        "read_only_root_filesystem": False,
        "cpu_units": 256,
        "autoscaling": {"min_tasks": 2, "max_tasks": 6, "cpu_percent": 60},
    }
    raw["services"]["frontend"] |= {
        "content_security_policy": "default-src 'self'",
        "routing": {"single_page": True, "rules": [{"prefix": "/docs", "replace_with": "/manual"}]},
    }
    raw["environments"]["staging"]["ssh_key"] = True
    return Catalogue.model_validate(raw)


def test_what_may_be_left_out_is_rendered_where_it_is_said(catalogue: Catalogue) -> None:
    rendered = environment_variables(full(catalogue), "staging", ssh_public_key="ssh-ed25519 AAAA")
    services = rendered["services"]
    assert isinstance(services, dict)
    assert {
        name: services["backend"][name] for name in ("path_patterns", "secrets", "command", "cpu_units")
    } == {
        "path_patterns": ["/api/*", "/hooks/*"],
        "secrets": {"DATABASE_URL": "arn:aws:ssm:us-east-2:123456789012:parameter/todo/staging/database-url"},
        "command": ["gunicorn", "backend"],
        "cpu_units": 256,
    }
    assert services["backend"]["autoscaling"] == {
        "min_count": 2, "max_count": 6, "cpu_percent": 60, "requests_per_target": None,
    }  # fmt: skip
    assert rendered["site_routing"] == {
        "index_in_folders": False,
        "single_page": True,
        "rules": [{"prefix": "/docs", "replace_with": "/manual"}],
    }
    assert rendered["content_security_policy"] == "default-src 'self'"
    for stack in (rendered, shared_variables(full(catalogue))):
        assert stack["permissions_boundary_arn"] == "arn:aws:iam::123456789012:policy/team-boundary"
    assert rendered["ssh_public_key"] == "ssh-ed25519 AAAA"


def test_everything_that_can_be_rendered_is_declared_to_the_last_field(catalogue: Catalogue) -> None:
    declared = {variable.name: variable.type for variable in read_variables(STACKS / "environment")}
    rendered = environment_variables(full(catalogue), "staging", ssh_public_key="ssh-ed25519 AAAA")
    assert set(rendered) <= set(declared)
    services, routing = rendered["services"], rendered["site_routing"]
    assert isinstance(services, dict)
    assert isinstance(routing, dict)
    for field in [*services["backend"], *services["backend"]["autoscaling"]]:
        assert f"{field} = " in declared["services"], field
    for field in [*routing, *routing["rules"][0]]:
        assert f"{field} = " in declared["site_routing"], field


def test_the_emulator_is_not_asked_for_the_autoscaling_that_it_lacks(catalogue: Catalogue) -> None:
    services = environment_variables(other(full(catalogue), target="local"), "staging")["services"]
    assert isinstance(services, dict)
    assert "autoscaling" not in services["backend"]


def test_without_a_word_about_them_the_stacks_own_defaults_count(catalogue: Catalogue) -> None:
    rendered = environment_variables(catalogue, "staging")
    said = {"site_routing", "permissions_boundary_arn", "ssh_public_key"}
    assert said & set(rendered) == set()
    assert rendered["content_security_policy"] == catalogue.site[1].content_security_policy


def test_a_key_is_only_given_to_an_environment_that_asks_for_one(catalogue: Catalogue) -> None:
    assert "ssh_public_key" not in environment_variables(catalogue, "staging", ssh_public_key="ssh-ed25519 A")
    assert "ssh_public_key" not in environment_variables(full(catalogue), "production", ssh_public_key="x")


def test_only_the_local_target_loosens_anything(catalogue: Catalogue) -> None:
    local = environment_variables(catalogue, "staging")
    aws = environment_variables(other(catalogue, target="aws"), "staging")
    assert local["emulated"] is True
    assert aws["emulated"] is False
    loosened = {"origin_protocol_policy", "viewer_protocol_policy", "http_listener_forwards"}
    assert loosened <= set(local)
    assert not loosened & set(aws)
    assert "ecs_ami_ssm_parameter" not in aws


def test_the_embedded_aws_port_is_given_to_the_local_target_alone(catalogue: Catalogue) -> None:
    assert environment_variables(catalogue, "staging", emulator_port=4566)["emulator_port"] == 4566
    assert "emulator_port" not in environment_variables(catalogue, "staging")
    there = other(catalogue, target="aws")
    assert "emulator_port" not in environment_variables(there, "staging", emulator_port=4566)


def test_an_environments_own_variables_come_last(catalogue: Catalogue) -> None:
    raw = catalogue.model_dump()
    raw["environments"]["staging"]["variables"] = {"log_retention_days": 7}
    changed = Catalogue.model_validate(raw)
    assert environment_variables(changed, "staging")["log_retention_days"] == 7
    assert "log_retention_days" not in panel_variables(changed, "staging")
    check_variables(changed, ROOT / "terraform")


def test_the_shared_stack_gets_every_slot_in_use_once_and_the_container_services(
    catalogue: Catalogue,
) -> None:
    raw = catalogue.model_dump()
    raw["environments"]["preview"] = raw["environments"]["staging"] | {"subnet_slot": 3}
    raw["environments"]["preview-2"] = raw["environments"]["staging"] | {"subnet_slot": 3}
    shared = shared_variables(Catalogue.model_validate(raw))
    assert shared["public_subnet_slots"] == [0, 1, 3]
    assert shared["repositories"] == ["backend"]
    assert shared["nat_gateway"] is False
    assert shared["zone_name"] == "todo.example.com"


def test_choices_about_the_network_reach_the_shared_stack(catalogue: Catalogue) -> None:
    chosen = {
        "vpc_cidr": "10.8.0.0/16",
        "availability_zones": ["us-east-2a", "us-east-2c"],
        "flow_log_days": 30,
    }
    shared = shared_variables(other(catalogue, network=chosen, target="aws"))
    assert shared["vpc_cidr"] == "10.8.0.0/16"
    assert shared["availability_zones"] == ["us-east-2a", "us-east-2c"]
    assert shared["flow_log_retention_days"] == 30
    assert set(shared) <= {variable.name for variable in read_variables(STACKS / "shared")}
    assert {"vpc_cidr", "flow_log_retention_days"} & set(shared_variables(catalogue)) == set()
    assert "flow_log_retention_days" not in shared_variables(other(catalogue, network=chosen))


def test_owners_become_values_that_a_tag_takes(catalogue: Catalogue) -> None:
    raw = catalogue.model_dump()
    raw["environments"]["production"]["owner"]["team"] = "R&D (Época), 1st\tfloor"
    changed = Catalogue.model_validate(raw)
    assert shared_variables(changed)["owner"] == "R-D -Época-- 1st-floor"
    assert environment_variables(changed, "production")["owner"] == "R-D -Época-- 1st-floor"
    assert tag_value("\n") == "-"


def test_rendered_variables_are_plain_json(catalogue: Catalogue) -> None:
    for rendered in (shared_variables(catalogue), environment_variables(catalogue, "production")):
        assert json.loads(json.dumps(rendered)) == rendered


def test_state_keys_keep_environments_apart(catalogue: Catalogue) -> None:
    assert shared_state_key() == "shared/terraform.tfstate"
    assert environment_state_key("staging") == "environments/staging/terraform.tfstate"
    assert environment_variables(catalogue, "staging")["remote_state"] == {
        "bucket": catalogue.terraform.state_bucket,
        "key": shared_state_key(),
        "region": catalogue.region,
    }


def test_an_unknown_environment_is_named_with_the_known_ones(catalogue: Catalogue) -> None:
    with pytest.raises(NotFoundError, match="'stagin'") as error:
        environment_variables(catalogue, "stagin")
    assert "production, staging" in error.value.hint


def test_an_environment_asleep_says_so_and_nothing_else_of_it_changes(catalogue: Catalogue) -> None:
    awake, asleep = (environment_variables(catalogue, "staging", asleep=state) for state in (False, True))
    assert asleep == {**awake, "asleep": True}
    declared = next(v for v in read_variables(STACKS / "environment") if v.name == "asleep")
    assert (declared.type, declared.default) == ("bool", False)
