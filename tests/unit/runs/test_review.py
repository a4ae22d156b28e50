"""A plan as stored data: what is kept, its order, its counts, its document, and no secret in any of them."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import pytest

from panel.engine.plan import PlanSummary, parse_plan
from panel.runs.review import Counts, change_to_dict, document, output_to_dict, review_of
from panel.runs.review_markdown import markdown
from panel.runs.review_text import render
from panel.store.tables import Run, RunPlan


def stored(changes: list[dict[str, Any]], **more: Any) -> RunPlan:
    return RunPlan(run_id=1, stack="environment", changes=changes, **more)


def change(address: str, action: str, **more: Any) -> dict[str, Any]:
    kind, name = address.rsplit(".", 2)[-2:]
    return {"address": address, "type": kind, "name": name, "action": action, "attributes": [], **more}


def plan_json(*changes: dict[str, Any], **more: Any) -> PlanSummary:
    return parse_plan({"format_version": "1.2", "resource_changes": list(changes), **more})


def as_kept(summary: PlanSummary) -> RunPlan:
    """What the store gives back of a plan."""
    kept = {
        "changes": [change_to_dict(item) for item in summary.effective],
        "outputs": [output_to_dict(item) for item in summary.outputs],
        "drift": [change_to_dict(item) for item in summary.drift],
    }
    return stored(**json.loads(json.dumps(kept)))


def every_rendering(plan: RunPlan) -> str:
    review, run = review_of(plan), Run(id=1, environment="staging", kind="create", author="ana")
    return "\n".join(
        [
            json.dumps(document(review)),
            *render(review),
            markdown(run, review),
            repr(review),
            repr([resource.attributes for resource in (*review.resources, *review.drift)]),
        ]
    )


def test_a_change_comes_back_from_the_store_as_it_was() -> None:
    body = {
        "actions": ["delete", "create"],
        "before": {"subnet": "a", "size": 1, "flag": False, "arn": "x", "same": 1, "key": "canary-1"},
        "after": {"subnet": "b", "size": 0, "flag": True, "same": 1, "key": "canary-2"},
        "after_unknown": {"arn": True},
        "before_sensitive": {"key": True},
        "after_sensitive": {"key": True},
        "replace_paths": [["subnet"]],
    }
    item = {
        "address": "module.m.aws_a.b", "module_address": "module.m", "mode": "managed", "type": "aws_a", "name": "b",
        "change": body, "action_reason": "replace_because_cannot_update", "previous_address": "aws_a.old",
    }  # fmt: skip
    summary = plan_json(item)
    (resource,) = review_of(as_kept(summary)).resources
    assert resource.attributes == summary.changes[0].attributes
    assert (resource.replace_paths, resource.reason) == (("subnet",), "replace_because_cannot_update")
    assert (resource.previous_address, resource.local_address) == ("aws_a.old", "aws_a.b")
    assert resource.count == 5


def test_what_is_lost_comes_first_then_modules_and_numbers_as_a_person_counts() -> None:
    review = review_of(
        stored(
            [
                change("aws_a.x[10]", "create"),
                change("aws_a.x[2]", "create"),
                change("module.m.aws_a.x", "create", module="module.m"),
                change("aws_a.z", "update"),
                change("aws_a.y", "replace"),
                change("aws_a.w", "delete"),
                change("aws_a.v", "forget"),
                change("aws_a.u", "unheard-of"),
                change("aws_a.t", "no-op"),
            ]
        )
    )
    assert [resource.address for resource in review.resources] == [
        "aws_a.w", "aws_a.y", "aws_a.z", "aws_a.x[2]", "aws_a.x[10]", "module.m.aws_a.x", "aws_a.v", "aws_a.u",
    ]  # fmt: skip


def test_counts_tell_what_is_moved_imported_and_forgotten() -> None:
    counts = review_of(
        stored(
            [
                change("aws_a.a", "create"),
                change("aws_a.b", "replace"),
                change("aws_a.c", "update", previous_address="aws_a.old", import_id="i-1"),
                change("aws_a.d", "move", previous_address="aws_a.older"),
                change("aws_a.e", "import", import_id="i-2"),
                change("aws_a.f", "forget"),
            ]
        )
    ).counts
    assert counts == Counts(add=2, change=1, destroy=1, imported=2, moved=2, forgotten=1)
    assert str(counts) == "+2 ~1 −1 · 2 imported · 2 moved · 1 forgotten"
    assert str(Counts(1, 2, 3)) == "+1 ~2 −3"


def test_the_document_names_every_field() -> None:
    plan = stored([change("aws_a.a", "create", attributes=[{"path": "x", "after": 1}])])
    (resource,) = document(review_of(plan))["changes"]
    assert resource["attributes"] == [
        {"path": "x", "before": None, "after": 1, "known": True, "sensitive": False, "forces_replacement": False}
    ]  # fmt: skip


SECRET_MARKS: list[Any] = [True, {"a": True}, {"a": [True]}, [True], [False, True], [[True]], [{"b": True}]]


def holding(marks: Any, secret: str) -> Any:
    """A value of the shape of its marks, with the secret wherever they say so."""
    if isinstance(marks, dict):
        return {key: holding(mark, secret) for key, mark in marks.items()} | {"public": secret[-1]}
    if isinstance(marks, list):
        return [holding(mark, secret) for mark in marks]
    return secret if marks else "public"


@pytest.mark.parametrize("marks", SECRET_MARKS)
@pytest.mark.parametrize("sides", [(True, True), (True, False), (False, True)])
@pytest.mark.parametrize("actions", [["create"], ["update"], ["delete"], ["delete", "create"]])
def test_no_secret_is_in_any_form_of_a_plan(marks: Any, sides: tuple[bool, bool], actions: list[str]) -> None:
    before = None if actions == ["create"] else {"v": holding(marks, "canary-1")}
    after = None if actions == ["delete"] else {"v": holding(marks, "canary-2")}
    # A value that exists on one side only is marked there: Terraform has no marks for what is not there.
    old = {"v": marks} if sides[0] or after is None else {}
    new = {"v": marks} if sides[1] or before is None else {}
    body = {
        "actions": actions,
        "before": before,
        "after": after,
        "before_sensitive": old,
        "after_sensitive": new,
    }
    item = {"address": "aws_a.b", "mode": "managed", "type": "aws_a", "name": "b", "change": body}
    output = {
        **body,
        "before": (before or {}).get("v"), "after": (after or {}).get("v"),
        "before_sensitive": old.get("v", False), "after_sensitive": new.get("v", False),
    }  # fmt: skip
    summary = plan_json(item, resource_drift=[item], output_changes={"o": output})
    text = every_rendering(as_kept(summary))
    assert "canary" not in text
    assert "aws_a.b" in text
    assert "sensitive" in text


def test_what_was_stored_with_its_secret_is_not_trusted() -> None:
    """Rows of older versions, or made by hand: the flag decides, not the value."""
    secret = {"path": "password", "before": "canary-1", "after": {"x": "canary-2"}, "sensitive": True}
    output = {"name": "key", "action": "update", "before": "canary-3", "after": "canary-4", "sensitive": True}
    item = change("aws_a.b", "update", attributes=[secret])
    assert "canary" not in every_rendering(stored([item], outputs=[output], drift=[item]))


def test_a_row_of_the_first_version_is_read() -> None:
    old = {
        "address": "aws_a.b", "module": "", "type": "aws_a", "name": "b", "action": "replace", "reason": "",
        "previous_address": "", "replace_paths": ["size"],
        "attributes": [
            {"path": "size", "before": 1, "after": 2, "known": True, "sensitive": False, "forces_replacement": True},
            {"path": "same", "before": 1, "after": 1, "known": True, "sensitive": False, "forces_replacement": False},
        ],
    }  # fmt: skip
    (resource,) = review_of(stored([old])).resources
    assert [asdict(item)["path"] for item in resource.attributes] == ["size"]
    assert resource.attributes[0].forces_replacement
