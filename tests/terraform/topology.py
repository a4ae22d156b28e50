"""The topology picture of docs/terraform.md, from the HCL: `python -m tests.terraform.topology [--write]`.

What stands where on the sheet is written in topology_sheet.py; that it exists, what it is called and what it refers
to is read from terraform/. A resource without a place, a box without a resource and an arrow without a reference
behind it are errors. Without `--write` nothing is written: exit code 3 when the kept picture is not of today.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

from tests.terraform import drawing, topology_sheet
from tests.terraform.call_tree import Resource, read_stacks
from tests.terraform.drawing import Box
from tests.terraform.topology_sheet import Arrow, Facts, Part

REPOSITORY = Path(__file__).resolve().parents[2]
TERRAFORM = REPOSITORY / "terraform"
PICTURE = REPOSITORY / "docs" / "images" / "terraform.svg"


class SheetError(Exception):
    """The sheet and the HCL disagree; the message says where, one line each."""


def picture(root: Path = TERRAFORM) -> str:
    """The picture of the stacks under a folder, as SVG.

    Raises:
        SheetError: the HCL has something that the sheet has no place for, or the other way round.
    """
    resources = read_stacks(root)
    facts = Facts(resources, root)
    try:
        parts = topology_sheet.parts(facts)
    except KeyError as error:
        raise SheetError(f"the HCL no longer has {error}, which the sheet tells of") from error
    placed = {name: _resources_of(part, resources) for name, part in parts.items()}
    boxes = {name: _told(part, placed[name], resources) for name, part in parts.items()}
    arrows = topology_sheet.arrows(boxes)
    if wrong := [*unplaced(placed, resources), *unfounded(arrows, placed, resources)]:
        raise SheetError("\n".join(wrong))
    return drawing.picture(
        topology_sheet.WIDTH,
        topology_sheet.HEIGHT,
        "What Terraform makes",
        "People reach CloudFront, which takes files from a site bucket and sends service paths to a load balancer "
        "and on to tasks on instances in two zones. Each environment has a state of its own; the network, the zone, "
        "the image repositories and the keys bucket are shared.",
        _drawn(boxes, arrows, facts),
    )


def unplaced(placed: Mapping[str, frozenset[str]], resources: Mapping[str, Resource]) -> Iterator[str]:
    """Resources that no box is for, and boxes that are for no resource."""
    seen = frozenset().union(*placed.values())
    for address in sorted(resources.keys() - seen):
        yield f"{address} has no place in tests/terraform/topology_sheet.py"
    for name, addresses in placed.items():
        if not addresses:
            yield f"the box {name!r} stands for nothing in terraform/"


def unfounded(
    arrows: tuple[Arrow, ...], placed: Mapping[str, frozenset[str]], resources: Mapping[str, Resource]
) -> Iterator[str]:
    """Arrows between boxes whose resources do not refer to each other, in either direction."""
    for arrow in arrows:
        if arrow.parts is None:
            continue
        one, other = (placed[name] for name in arrow.parts)
        if not (_refers(one, other, resources) or _refers(other, one, resources)):
            yield f"nothing in terraform/ connects {arrow.parts[0]!r} and {arrow.parts[1]!r}"


def main(arguments: list[str]) -> int:
    """Compare the kept picture with today's, or write it."""
    parser = argparse.ArgumentParser(prog="python -m tests.terraform.topology")
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args(arguments)
    try:
        new = picture()
    except (SheetError, drawing.TooNarrowError) as error:
        print(error)
        return 3
    old = PICTURE.read_text(encoding="utf-8") if PICTURE.exists() else ""
    if new == old:
        return 0
    if asked.write:
        PICTURE.write_text(new, encoding="utf-8")
        print(f"{PICTURE.relative_to(REPOSITORY)}: written")
        return 0
    print(f"{PICTURE.relative_to(REPOSITORY)} does not show what the .tf files say.")
    print("Run make docs, and look at what it changes.")
    return 3


def _resources_of(part: Part, resources: Mapping[str, Resource]) -> frozenset[str]:
    return frozenset(
        address for address in resources if any(fnmatchcase(address, pattern) for pattern in part.patterns)
    )


def _refers(from_: frozenset[str], to: frozenset[str], resources: Mapping[str, Resource]) -> bool:
    return any(resources[address].refers_to & to for address in from_)


def _told(part: Part, addresses: frozenset[str], resources: Mapping[str, Resource]) -> Box:
    """The box with its resources' addresses, and as optional where its first one is made by `count`."""
    first = [one for address, one in resources.items() if fnmatchcase(address, part.patterns[0])]
    optional = bool(first) and all(one.block.repeated == "count" for one in first)
    return replace(part.box, optional=optional or part.box.optional, tells=tuple(sorted(addresses)))


def _drawn(boxes: Mapping[str, Box], arrows: tuple[Arrow, ...], facts: Facts) -> Iterator[str]:
    for name, band in topology_sheet.bands():
        yield drawing.rectangle(band, "band", radius=8)
        yield drawing.text(band.x + band.width / 2, band.y + 20, name, "note", "middle")
    for frame, beside in topology_sheet.frames():
        yield drawing.rectangle(frame, f"frame {frame.look}", radius=12)
        yield drawing.text(frame.x + 32, frame.y + 28, frame.title, "heading")
        yield drawing.text(frame.x + 148, frame.y + 28, beside, "note")
    network = boxes["network"]
    addresses = facts.default("modules/network", "vpc_cidr")
    yield drawing.text(network.x + 14, network.y + 24, f"Network {addresses}", "title")
    for box in (*boxes.values(), topology_sheet.people(), *topology_sheet.tasks()):
        yield drawing.box(box)
    for arrow in arrows:
        yield drawing.arrow(arrow.points, arrow.request, arrow.label, arrow.at)
    yield from topology_sheet.legend()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
