"""The rule over tags: whatever is made and can have tags has those that cost reports need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from panel.engine.attributes import any_mark
from panel.engine.plan import PlanSummary, ResourceChange
from panel.masking import SENSITIVE
from panel.runs.guardrails.finding import Found, Situation
from panel.runs.guardrails.reading import CANNOT_TELL, after, fields, left


def tags(plan: PlanSummary, situation: Situation) -> Iterator[Found]:
    """New resources without one of the tags that are asked for."""
    rule = situation.guardrails.tags
    for change in left(plan.changes, rule.ignore):
        if change.action != "create":
            continue
        if _is_unknown(change, "tags_all"):
            missing = [name for name in rule.required if name not in _names(change, "tags")]
            if _is_unknown(change, "tags"):
                yield Found(f"which tags it has {CANNOT_TELL}", change.address, certain=False)
            elif missing:
                reason = f"has no tag {', '.join(missing)} of its own; what the provider adds {CANNOT_TELL}"
                yield Found(reason, change.address, certain=False)
        elif isinstance(after(change).get("tags_all"), Mapping):
            missing = [name for name in rule.required if name not in _names(change, "tags_all")]
            if missing:
                yield Found(f"has no tag {', '.join(missing)}", change.address)


def _is_unknown(change: ResourceChange, name: str) -> bool:
    return fields(change.after_unknown).get(name) is True or after(change).get(name) == SENSITIVE


def _names(change: ResourceChange, name: str) -> frozenset[str]:
    """Names of the tags, also of those whose values are not known yet."""
    hidden = (tag for tag, mark in fields(fields(change.after_unknown).get(name)).items() if any_mark(mark))
    return frozenset([*fields(after(change).get(name)), *hidden])
