"""The tables of Terraform's READMEs: what they say, what they leave alone, and that a stale one is noticed."""

from pathlib import Path

import pytest

from tests.terraform.readme_tables import BEGIN, END, folders, main, tables_of, wrapped

VARIABLES = """
variable "size" {
  description = "How large: small|large, <= 9, or /a/* and /b/*."
  type        = number
  default     = 3
}

variable "services" {
  description = <<-EOT
    Services by name,
    each with a port.
  EOT
  type = map(object({
    port  = number
    paths = optional(list(string), ["/a", "/b"])
    check = optional(object({ path = string, every_seconds = optional(number, 10), matcher = optional(string, "200") }))
  }))
}
"""
MAIN = """
resource "aws_vpc" "this" {
  cidr_block = "10.0.0.0/16"
}

module "bucket" {
  for_each = var.services
  source   = "../private_bucket"
}

output "vpc_id" {
  description = "The network."
  value       = aws_vpc.this.id
}
"""
VERSIONS = """
terraform {
  required_version = ">= 1.10"

  required_providers {
    aws = {
      source                = "hashicorp/aws"
      version               = ">= 5.100, < 7.0"
      configuration_aliases = [aws.edge]
    }
  }
}
"""


@pytest.fixture
def module(tmp_path: Path) -> Path:
    folder = tmp_path / "terraform" / "modules" / "thing"
    folder.mkdir(parents=True)
    for name, text in {"variables": VARIABLES, "main": MAIN, "versions": VERSIONS}.items():
        (folder / f"{name}.tf").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def root(module: Path) -> str:
    return str(module.parents[1])


def rows(tables: str) -> list[list[str]]:
    """The cells of each line of a table, split at the bars that are not escaped."""
    lines = [line for line in tables.splitlines() if line.startswith("|")]
    return [
        [cell.strip().replace("\0", r"\|") for cell in line.replace(r"\|", "\0").split("|")] for line in lines
    ]


def test_inputs_and_outputs_are_listed_the_required_ones_first(module: Path) -> None:
    listed = rows(tables_of(module))

    names = [cells[1] for cells in listed]
    assert names.index("`services`") < names.index("`size`") < names.index("`vpc_id`")
    assert ["", "`vpc_id`", "The network.", ""] in listed
    assert [
        "",
        "`services`",
        "Services by name, each with a port.",
        "[object](#type-of-services)",
        "required",
        "",
    ] in listed


def test_a_description_stays_in_its_cell(module: Path) -> None:
    said = next(cells for cells in rows(tables_of(module)) if cells[1] == "`size`")

    assert said == [
        "",
        "`size`",
        r"How large: small\|large, &lt;= 9, or /a/\* and /b/\*.",
        "`number`",
        "`3`",
        "",
    ]


def test_what_is_made_and_needed_is_listed(module: Path) -> None:
    listed = rows(tables_of(module))

    assert ["", "`aws_vpc.this`", "once", ""] in listed
    assert ["", "`module.bucket` from `../private_bucket`", "by `for_each`", ""] in listed
    assert ["", "Provider `hashicorp/aws`, passed as `aws.edge` too", "`>= 5.100, < 7.0`", ""] in listed


def test_a_long_type_is_written_as_terraform_formats_it(module: Path) -> None:
    assert """```hcl
map(object({
  port  = number
  paths = optional(list(string), ["/a", "/b"])
  check = optional(object({
    path          = string
    every_seconds = optional(number, 10)
    matcher       = optional(string, "200")
  }))
}))
```""" in tables_of(module)


def test_a_type_without_attributes_is_left_as_it_is() -> None:
    assert wrapped("map(list(string))") == "map(list(string))"


def test_a_stale_readme_is_told_and_mended(
    module: Path, root: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([root, "--write"]) == 0
    assert main([root]) == 0
    capsys.readouterr()

    (module / "main.tf").write_text(MAIN.replace("The network.", "The whole network."), encoding="utf-8")

    assert main([root]) == 3
    said = capsys.readouterr().out
    assert "terraform/modules/thing/README.md" in said
    assert "make docs" in said
    assert main([root, "--write"]) == 0
    assert main([root]) == 0
    assert "The whole network." in (module / "README.md").read_text(encoding="utf-8")


def test_what_people_wrote_is_left_alone(module: Path, root: str) -> None:
    above, below = "# thing\n\nProse with a | bar,\nand \\1 in it.\n\n", "\n\nMore prose.\n"
    readme = module / "README.md"
    readme.write_text(f"{above}{BEGIN}\nold{END}{below}", encoding="utf-8")

    main([root, "--write"])

    text = readme.read_text(encoding="utf-8")
    assert text.startswith(f"{above}{BEGIN}\n## Inputs")
    assert text.endswith(f"{END}{below}")
    assert "old" not in text.removeprefix(above)


def test_a_readme_without_marks_gets_them_at_its_end(module: Path, root: str) -> None:
    (module / "README.md").write_text("# thing\n\nProse.\n", encoding="utf-8")

    main([root, "--write"])

    text = (module / "README.md").read_text(encoding="utf-8")
    assert text.startswith(f"# thing\n\nProse.\n\n{BEGIN}\n")
    assert text.endswith(f"{END}\n")


def test_every_module_and_stack_is_looked_at() -> None:
    names = {folder.name for folder in folders()}

    assert {
        "network",
        "website_bucket",
        "acm_certificate",
        "ecs_definition",
        "load_balancer",
        "iam_role",
    } <= names
    assert {"key_pair", "environment", "shared"} <= names
