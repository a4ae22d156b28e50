"""The rule over tags: whatever is made and can have tags has those that cost reports need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from panel.engine.attributes import any_mark
from panel.engine.masking import SENSITIVE
from panel.engine.plan import PlanSummary
from panel.runs.guardrails.finding import Found, Situation
from panel.runs.guardrails.reading import CANNOT_TELL, after, fields, left


def tags(plan: PlanSummary, situation: Situation) -> Iterator[Found]:
    """New resources without one of the tags that are asked for."""
    rule = situation.guardrails.tags
    for change in left(plan.changes, rule.ignore):
        if change.action != "create":
            continue
        marks = fields(change.after_unknown).get("tags_all")
        known = after(change).get("tags_all")
        if marks is True or known == SENSITIVE:
            yield Found(f"which tags it has {CANNOT_TELL}", change.address, certain=False)
        elif isinstance(known, Mapping):
            hidden = {name for name, mark in fields(marks).items() if any_mark(mark)}
            missing = [name for name in rule.required if name not in known and name not in hidden]
            if missing:
                yield Found(f"has no tag {', '.join(missing)}", change.address)
