"""A stored plan in Terraform's own notation: the one rendering behind the page's text, the terminal and Markdown.

Attributes are named by their full path (``ingress[0].from_port``), so that every line says all it needs to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from panel.engine.attributes import AttributeChange
from panel.engine.plan import OutputChange
from panel.runs.review import Counts, Resource, Review
from panel.runs.review_values import WHOLE, Limits, block, compared, inline, one_line

#: The mark Terraform puts before a resource, by action.
MARKS: Mapping[str, str] = {
    "create": "+", "update": "~", "delete": "-", "replace": "-/+", "read": "<=", "forget": ".",
}  # fmt: skip
SENSITIVE = "(sensitive value)"
UNKNOWN = "(known after apply)"
_WILL: Mapping[str, str] = {
    "create": "is created",
    "update": "is updated in place",
    "delete": "is destroyed",
    "replace": "is replaced: destroyed and created anew",
    "read": "is read during the apply",
    "forget": "is no longer managed, and stays as it is",
    "import": "is imported",
    "move": "has moved",
}
_HAS: Mapping[str, str] = {"update": "was changed", "delete": "was deleted", "create": "was created"}
_REASONS: Mapping[str, str] = {
    "replace_because_tainted": "it is tainted: an earlier apply did not finish it",
    "replace_because_cannot_update": "an attribute cannot be changed in place",
    "replace_by_request": "it was asked for",
    "replace_by_triggers": "something that it is tied to changes",
    "delete_because_no_resource_config": "the configuration does not have it any more",
    "delete_because_no_module": "the configuration does not have its module any more",
    "delete_because_no_move_target": "it was moved to what the configuration does not have",
    "delete_because_wrong_repetition": "the configuration repeats it in another way",
    "delete_because_count_index": "its number is beyond the count",
    "delete_because_each_key": "its key is not there any more",
    "read_because_config_unknown": "what it reads is known only then",
    "read_because_dependency_pending": "what it depends on changes first",
}
_WIDEST = 40


@dataclass(frozen=True, slots=True)
class Line:
    """One line: how deep it stands, the mark before it (``+ ~ - -/+ # .`` or nothing), and its text."""

    depth: int
    mark: str
    text: str

    def plain(self) -> str:
        """As a terminal shows it: the mark stands right before the text."""
        return f"{'    ' * self.depth}{self.mark:>3} {self.text}".rstrip()

    def diff(self) -> str:
        """As a ``diff`` block shows it: the mark stands first, so that it gives the line its colour."""
        mark = {"~": "!", ".": "#", "<=": "#"}.get(self.mark, self.mark)
        return f"{mark:<3} {'    ' * self.depth}{self.text}".rstrip()


def reason_text(resource: Resource) -> str:
    """Why a resource is destroyed, replaced or read, in plain words; empty where there is nothing to say."""
    return _REASONS.get(resource.reason, one_line(resource.reason.replace("_", " ")))


def render(review: Review, limits: Limits = WHOLE) -> Iterator[str]:
    """The whole plan, line by line: what drifted, the resources, the outputs, the sum."""
    if review.drift:
        yield "Changed outside Terraform since the last apply:"
        yield ""
        yield from _written(review.drift, lambda one: resource_lines(one, limits, drift=True))
    yield from _written(review.resources, lambda one: resource_lines(one, limits))
    if review.outputs:
        yield "Outputs:"
        yield ""
        yield from (line.plain() for output in review.outputs for line in output_lines(output, limits))
        yield ""
    yield counts_text(review.counts)


def counts_text(counts: Counts) -> str:
    """The sum of a plan in words."""
    named = (
        (counts.imported, "to import"), (counts.add, "to add"), (counts.change, "to change"),
        (counts.destroy, "to destroy"), (counts.moved, "to move"), (counts.forgotten, "to forget"),
    )  # fmt: skip
    always = {"to add", "to change", "to destroy"}
    return f"Plan: {', '.join(f'{count} {words}' for count, words in named if count or words in always)}."


def resource_lines(resource: Resource, limits: Limits = WHOLE, *, drift: bool = False) -> Iterator[Line]:
    """One resource: what happens to it and why, then what differs.

    Args:
        resource: the resource.
        limits: how much of its values is written.
        drift: whether this has happened already, outside Terraform.
    """
    yield from _heads(resource, drift)
    mark = MARKS.get(resource.action, "")
    attributes = resource.attributes
    head = f'resource "{one_line(resource.type)}" "{one_line(resource.name)}" {{'
    if not attributes:
        yield Line(0, mark, f"{head}}}")
        return
    yield Line(0, mark, head)
    shown = attributes[: limits.attributes]
    width = min(_WIDEST, max((len(item.path) for item in shown), default=0))
    for attribute in shown:
        yield from attribute_lines(attribute, resource.action, width, limits)
    if len(shown) < len(attributes):
        yield Line(1, "#", f"and {len(attributes) - len(shown)} more attributes")
    yield Line(0, "", "}")


def _heads(resource: Resource, drift: bool) -> Iterator[Line]:
    words = (_HAS if drift else _WILL).get(resource.action, resource.action)
    deposed = f" (deposed object {one_line(resource.deposed)})" if resource.deposed else ""
    yield Line(0, "#", f"{one_line(resource.address)}{deposed} {words}")
    if resource.previous_address:
        yield Line(0, "#", f"(moved here from {one_line(resource.previous_address)})")
    if resource.import_id:
        yield Line(0, "#", f"(imported by the id {inline(resource.import_id)})")
    reason = reason_text(resource)
    if reason:
        yield Line(0, "#", f"(because {reason})")


def attribute_lines(
    attribute: AttributeChange, action: str, width: int = 0, limits: Limits = WHOLE
) -> Iterator[Line]:
    """One attribute, with its value before and after.

    Args:
        attribute: the attribute.
        action: of its resource: what is created has no value before, what is deleted none after.
        width: columns its path takes, so that values stand under each other.
        limits: how much of its values is written.
    """
    mark = _mark(attribute, action)
    name = f"{one_line(attribute.path) or '(whole)':<{width}} = "
    forces = " # forces replacement" if attribute.forces_replacement else ""
    yield from _value_lines(attribute, mark, name, forces, limits)


def output_lines(output: OutputChange, limits: Limits = WHOLE) -> Iterator[Line]:
    """One output, with its value before and after."""
    change = AttributeChange(output.name, output.before, output.after, output.known, output.sensitive)
    action = output.action if output.action in {"create", "delete"} else "update"
    for line in attribute_lines(change, action, 0, limits):
        yield Line(line.depth - 1, line.mark, line.text)


def _value_lines(item: AttributeChange, mark: str, name: str, forces: str, limits: Limits) -> Iterator[Line]:
    if item.sensitive:
        yield Line(1, mark, f"{name}{SENSITIVE}{forces}")
        return
    if item.known and (lines := compared(item.before, item.after, limits)) is not None:
        found = block(item.after) or block(item.before)
        yield Line(1, mark, f"{name}{found.opening if found else ''}{forces}".rstrip())
        yield from (Line(2, sign, text) for sign, text in lines)
        if found is not None and found.closing:
            yield Line(1, "", found.closing)
        return
    before = inline(item.before, limits)
    after = inline(item.after, limits) if item.known else UNKNOWN
    yield Line(1, mark, f"{name}{'' if mark == '+' else f'{before} -> '}{after}{forces}")


def _mark(item: AttributeChange, action: str) -> str:
    if action == "create" or (item.before is None and not item.sensitive):
        return "+"
    if action == "delete" or (item.after is None and item.known and not item.sensitive):
        return "-"
    return "~"


def _written(resources: Iterable[Resource], lines: Callable[[Resource], Iterator[Line]]) -> Iterator[str]:
    for resource in resources:
        yield from (line.plain() for line in lines(resource))
        yield ""
