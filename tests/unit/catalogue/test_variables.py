"""Variables read from .tf files, and the check of environments' own variables against them."""

from __future__ import annotations

from pathlib import Path

import pytest

from panel.catalogue.load import load_catalogue
from panel.catalogue.variables import Validation, check_variables, read_variables
from panel.errors import CatalogueError, ConfigurationError

ROOT = Path(__file__).parents[3]

DECLARED = r"""
# What the module takes.
variable "name" {
  description = "Name, \"quoted\", with $${literal}."
  type        = string

  validation {
    condition     = can(regex("^[a-z]+\\.x$", var.name))
    error_message = "name must be lower case."
  }
  validation {
    condition     = length(var.name) < 9
    error_message = "name is too long."
  }
}

variable "sizes" {
  description = <<-EOT
    Sizes,
      indented.
  EOT
  type = map(object({
    count = number # how many
    tags  = optional(list(string), [])
  }))
  default  = { "small" = { count = 1, tags = ["a", null] } }
  nullable = false
}

variable "password" {
  type      = string
  default   = null
  sensitive = true
}

variable "ratio" { default = -0.5 }
"""


def folder(tmp_path: Path, **files: str) -> Path:
    """A folder with these .tf files."""
    for name, text in files.items():
        (tmp_path / f"{name}.tf").write_text(text, encoding="utf-8")
    return tmp_path


def test_names_types_defaults_descriptions_and_rules_are_read(tmp_path: Path) -> None:
    name, sizes, password, ratio = read_variables(folder(tmp_path, variables=DECLARED))
    assert (name.name, name.type, name.required, name.nullable) == ("name", "string", True, True)
    assert name.description == 'Name, "quoted", with ${literal}.'
    assert [rule.error_message for rule in name.validations] == [
        "name must be lower case.",
        "name is too long.",
    ]
    assert name.validations[1] == Validation("length(var.name) < 9", "name is too long.")
    assert sizes.description == "Sizes,\n  indented.\n"
    assert sizes.type == "map(object({count = number, tags = optional(list(string), [])}))"
    assert sizes.default == {"small": {"count": 1, "tags": ["a", None]}}
    assert not sizes.nullable
    assert (password.required, password.default, password.sensitive) == (False, None, True)
    assert (ratio.default, ratio.type, ratio.description) == (-0.5, "any", "")


def test_all_files_of_a_folder_are_read_and_nothing_else(tmp_path: Path) -> None:
    folder(
        tmp_path, a='variable "one" {}\n', b='variable "two" {}\n', c='output "x" { value = 1 }\n', empty=""
    )
    (tmp_path / "notes.md").write_text('variable "three" {}')
    assert [variable.name for variable in read_variables(tmp_path)] == ["one", "two"]


def test_every_variable_of_the_project_is_described_and_typed() -> None:
    for path in sorted(versions.parent for versions in (ROOT / "terraform").glob("*/*/versions.tf")):
        for variable in read_variables(path):
            assert variable.description, (path.name, variable.name)
            assert variable.type != "any", (path.name, variable.name)


def test_a_missing_folder_and_broken_hcl_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no Terraform folder"):
        read_variables(tmp_path / "nowhere")
    with pytest.raises(ConfigurationError, match=r"broken\.tf is not HCL"):
        read_variables(folder(tmp_path, broken='variable "x" {{{'))


def with_variables(tmp_path: Path, written: str) -> Path:
    """The project's catalogue with variables for staging, its last environment."""
    path = tmp_path / "environments.yaml"
    path.write_text((ROOT / "environments.yaml").read_text() + f"    variables: {written}\n")
    return path


def check(path: Path) -> None:
    check_variables(load_catalogue(path), ROOT / "terraform", source=path)


def test_declared_variables_of_the_right_type_pass(tmp_path: Path) -> None:
    check(
        with_variables(
            tmp_path, "{ log_retention_days: 7, container_insights: enabled, price_class: PriceClass_All }"
        )
    )


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("{ log_retention_day: 7 }", "did you mean 'log_retention_days'?"),
        ("{ instance_type: t3.large }", "is set by the panel, from the rest of the catalogue"),
        ("{ emulator_port: 4566 }", "is set by the panel"),
        ("{ log_retention_days: '7' }", "expects number here"),
        ("{ log_retention_days: true }", "expects number here"),
        ("{ deletion_protection: true }", "is set by the panel"),
        ("{ container_insights: [a] }", "expects string here"),
        ("{ noncurrent_version_days: [a] }", "expects number here"),
    ],
)
def test_other_variables_are_refused_with_their_line(tmp_path: Path, written: str, words: str) -> None:
    path = with_variables(tmp_path, written)
    last = path.read_text().count("\n")
    with pytest.raises(CatalogueError, match=r"1 problem") as error:
        check(path)
    assert error.value.detail.startswith(f"environments.yaml:{last}: environments.staging.variables.")
    assert words in error.value.detail


def test_all_refused_variables_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError) as error:
        check(with_variables(tmp_path, "{ owner: me, nothing: 1 }"))
    assert len(error.value.detail.splitlines()) == 2
