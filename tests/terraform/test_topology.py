"""The topology picture shows what is there: nothing without a place, no arrow without a reference, no text too long."""

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from tests.terraform import topology_sheet
from tests.terraform.call_tree import Resource, read_stacks
from tests.terraform.configuration import Block
from tests.terraform.drawing import Box, TooNarrowError, box, lines_of
from tests.terraform.topology import TERRAFORM, picture, unfounded, unplaced
from tests.terraform.topology_sheet import Arrow

FILES = {
    "stacks/shared/main.tf": """
module "network" {
  source = "../../modules/network"
}

output "network" {
  value = { vpc_id = module.network.vpc_id, other = module.network.other }
}
""",
    "stacks/environment/main.tf": """
data "terraform_remote_state" "shared" {
  backend = "s3"
}

locals {
  shared = data.terraform_remote_state.shared.outputs
}

module "one" {
  source = "../../modules/one"
  vpc_id = local.shared.network.vpc_id
}
""",
    "modules/network/main.tf": """
resource "aws_vpc" "this" {}

resource "aws_eip" "other" {
  count = 1
}

output "vpc_id" {
  value = aws_vpc.this.id
}

output "other" {
  value = one(aws_eip.other[*].id)
}
""",
    "modules/one/main.tf": """
variable "vpc_id" {}

locals {
  by_id = { (var.vpc_id) = "x" }
}

resource "aws_security_group" "this" {
  vpc_id = var.vpc_id
}

resource "aws_subnet" "each" {
  for_each = local.by_id
  name     = "aws.example and ${aws_security_group.this.id}"
}
""",
}


@pytest.fixture
def small(tmp_path: Path) -> dict[str, Resource]:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return read_stacks(tmp_path)


@pytest.fixture(scope="module")
def drawn() -> str:
    return picture()


def resource(address: str, *refers_to: str) -> Resource:
    kind, name = address.split(".")[-2:]
    return Resource(address, Block(kind, name, "", {}), frozenset(refers_to))


def test_references_are_followed_through_modules_and_into_the_other_stack(small: dict[str, Resource]) -> None:
    assert {address: set(one.refers_to) for address, one in small.items()} == {
        "shared.module.network.aws_vpc.this": set(),
        "shared.module.network.aws_eip.other": set(),
        # Of the shared stack's output, the one attribute that is asked for.
        "environment.module.one.aws_security_group.this": {"shared.module.network.aws_vpc.this"},
        "environment.module.one.aws_subnet.each": {
            "shared.module.network.aws_vpc.this",
            "environment.module.one.aws_security_group.this",
        },
    }


def test_how_often_a_resource_is_made_is_known(small: dict[str, Resource]) -> None:
    assert small["shared.module.network.aws_eip.other"].block.repeated == "count"
    assert small["environment.module.one.aws_subnet.each"].block.repeated == "for_each"


def test_a_resource_without_a_place_and_a_box_without_a_resource_are_told() -> None:
    resources = {one.address: one for one in (resource("x.aws_vpc.this"), resource("x.aws_sqs_queue.new"))}

    said = list(unplaced({"network": frozenset({"x.aws_vpc.this"}), "gone": frozenset()}, resources))

    assert len(said) == 2
    assert "x.aws_sqs_queue.new" in said[0]
    assert "'gone'" in said[1]


def test_an_arrow_without_a_reference_is_told() -> None:
    resources = {
        one.address: one
        for one in (resource("x.aws_lb.a"), resource("x.aws_vpc.b", "x.aws_lb.a"), resource("x.aws_eip.c"))
    }
    placed = {name: frozenset({address}) for name, address in zip("abc", resources, strict=True)}
    points = ((0.0, 0.0), (1.0, 0.0))

    def told(one: str, other: str) -> list[str]:
        return list(unfounded((Arrow((one, other), points),), placed, resources))

    assert told("a", "b") == told("b", "a") == []
    assert told("a", "c") == ["nothing in terraform/ connects 'a' and 'c'"]


def test_every_resource_of_the_stacks_is_named_in_the_picture(drawn: str) -> None:
    root = ElementTree.fromstring(drawn)
    told = {
        line
        for one in root.iter("{http://www.w3.org/2000/svg}title")
        for line in (one.text or "").split("\n")
    }

    assert told >= set(read_stacks(TERRAFORM))


def test_it_is_the_same_each_time(drawn: str) -> None:
    assert picture() == drawn


def test_its_colours_follow_the_reader(drawn: str) -> None:
    style, rest = drawn.split("</style>")

    assert "prefers-color-scheme: dark" in style
    assert re.findall(r"#[0-9a-f]{3,6}\b|\bfill=|\bstroke=", rest) == []
    light, dark = (set(re.findall(r"(--[a-z]+):", part)) for part in style.split("@media"))
    assert light == dark


def test_boxes_do_not_lie_on_each_other() -> None:
    """But for those that hold others: outlines, and the instances with their tasks."""
    sheet = {
        name: part.box
        for name, part in topology_sheet.parts(
            topology_sheet.Facts(read_stacks(TERRAFORM), TERRAFORM)
        ).items()
        if part.box.title
    }
    boxes = [*sheet.values(), topology_sheet.people()]

    meeting = [
        (one.title, other.title)
        for number, one in enumerate(boxes)
        for other in boxes[number + 1 :]
        if one.x < other.x + other.width and other.x < one.x + one.width
        and one.y < other.y + other.height and other.y < one.y + one.height
    ]  # fmt: skip

    assert meeting == []
    assert all(one.x + one.width <= topology_sheet.WIDTH and one.y >= 0 for one in boxes)


def test_a_text_is_broken_at_the_width_and_refused_where_it_cannot_be() -> None:
    assert lines_of("one two three", 60, 12) == ["one two", "three"]
    with pytest.raises(TooNarrowError, match="incomprehensibilities"):
        lines_of("incomprehensibilities", 60, 12)
    with pytest.raises(TooNarrowError, match="height"):
        box(Box(0, 0, 100, 30, "Title", ("a note under it",)))
