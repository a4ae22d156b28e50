"""Terraform's own refusal of a plan whose state has moved on is ours; every other error stays what it is."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from panel.errors import StaleError, TerraformError
from panel.lifecycle.apply_steps import ApplySteps
from panel.runs.mark import ReviewMark
from panel.store.stores import Stores
from panel.store.tables import RunPlan

_PLANNED = {"changes": True, "plan_path": "p", "plan_digest": "d", "blocked": False}


class Stacks:
    """Terraform that ends an apply as it was told; says whether it was asked to."""

    def __init__(self, error: Exception, changed: tuple[str, ...] = ()) -> None:
        self._error, self._changed = error, changed
        self.applied, self.compared = False, list[Any]()

    def changed_since(self, _job: Any, reviewed: Any, plan_path: Path, digest: str) -> tuple[str, ...]:
        self.compared.append((reviewed, str(plan_path), digest))
        return self._changed

    def apply(self, *_: Any) -> None:
        self.applied = True
        raise self._error


def _steps(stores: Stores, stacks: Stacks) -> tuple[ApplySteps, int]:
    number = stores.runs.create("staging", "destroy", "ana", ["plan", "review", "destroy"]).id
    assert number is not None
    for state in ("preparing", "planning", "planned", "approved"):
        stores.runs.transition(number, state, "worker")
    mark = ReviewMark(lineage="l", serial=3, sources={"main.tf": "1"})
    stores.runs.save_plan(RunPlan(run_id=number, stack="environment", mark=mark.to_dict()))
    stores.environments.save("staging", exists=True, ready=True)
    job = SimpleNamespace(subject="staging", refresh_only=False, key=str)
    plans = SimpleNamespace(bring=lambda _job, path, _digest: path, keep_log=lambda *_: None)
    context: Any = SimpleNamespace(
        stores=stores, stacks=stacks, plans=plans, world=lambda: "w", job=lambda *_, **__: job
    )
    return ApplySteps(context), number


@pytest.mark.parametrize("words", ["Saved plan is stale", "Saved plan does not match the given state"])
def test_terraforms_refusal_of_an_outdated_plan_makes_the_run_stale(words: str, stores: Stores) -> None:
    steps, number = _steps(
        stores, Stacks(TerraformError("The apply failed.", detail=f"Error: {words}\n\nbla"))
    )

    with pytest.raises(StaleError, match="state was written by somebody since") as caught:
        steps.destroy(number, _PLANNED)
    assert "Nothing was applied" in caught.value.message
    # The worker ends the run by it.
    assert stores.runs.finish(number, "stale", "worker").state == "stale"


def test_any_other_failure_stays_what_it_is(stores: Stores) -> None:
    steps, number = _steps(
        stores, Stacks(TerraformError("The apply failed.", detail="Error: no such bucket"))
    )

    with pytest.raises(TerraformError, match="apply failed"):
        steps.destroy(number, _PLANNED)


def test_what_differs_is_told_before_anything_is_touched(stores: Stores) -> None:
    stacks = Stacks(AssertionError(), ("serial 3 → 4", "a source file was changed: main.tf"))
    steps, number = _steps(stores, stacks)

    with pytest.raises(StaleError, match=r"serial 3 → 4\. 1 more differ\. Nothing was applied") as caught:
        steps.destroy(number, _PLANNED)

    assert caught.value.detail.splitlines() == ["serial 3 → 4", "a source file was changed: main.tf"]
    ((reviewed, path, digest),) = stacks.compared
    assert (reviewed.serial, path, digest) == (3, "p", "d")
    assert not stacks.applied
    assert stores.runs.get(number).state == "approved"
    assert stores.environments.get("staging").ready
