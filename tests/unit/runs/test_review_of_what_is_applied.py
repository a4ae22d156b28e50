"""What was reviewed is what is applied: every way in which it could be something else, and none that is a repetition."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from panel.aws.s3 import put_object
from panel.engine.operation import OperationKind
from panel.runs.mark import ReviewMark


@pytest.fixture
def reviewed(bench: Any) -> ReviewMark:
    """The mark of a plan that was made over a state of serial 12."""
    bench.ends("plan", bench.outcome())
    bench.ends("apply", bench.outcome(OperationKind.APPLY))
    bench.runner.plan(bench.job)
    _state(bench, "l1", 12)
    return ReviewMark.from_dict(json.loads(json.dumps(bench.runner.review_mark(bench.job).to_dict())))


def _state(bench: Any, lineage: str, serial: int) -> None:
    state = {"lineage": lineage, "serial": serial, "resources": []}
    put_object(bench.aws, "todo-states", bench.job.backend.key, json.dumps(state).encode())


def _source(bench: Any) -> Path:
    return bench.job.workspace.parents[1] / "terraform" / "stacks" / "environment" / "main.tf"


def _now(bench: Any, reviewed: ReviewMark | None, **job: Any) -> tuple[str, ...]:
    digest = hashlib.sha256(bench.plan_path.read_bytes()).hexdigest()
    return bench.runner.changed_since(replace(bench.job, **job), reviewed, bench.plan_path, digest)


_CHANGES: dict[str, tuple[Callable[[Any], object], dict[str, Any], str]] = {
    "the state was written": (lambda b: _state(b, "l1", 13), {}, "serial 12 → 13"),
    "the state was replaced": (lambda b: _state(b, "l2", 12), {}, "another one"),
    "a source was edited": (lambda b: _source(b).write_text("# edited\n"), {}, "stacks/environment/main.tf"),
    "a source was added": (lambda b: _source(b).with_name("more.tf").write_text("#"), {}, "more.tf"),
    "a variable was changed": (lambda _: None, {"variables": {"a": 2}}, "the variable a was 1 and is 2"),
    "Terraform was replaced": (lambda b: setattr(b.terraform, "version", lambda: "1.16.0"), {}, "1.16.0"),
}


@pytest.mark.parametrize("change", sorted(_CHANGES))
def test_what_changed_since_the_review_is_named(change: str, bench: Any, reviewed: ReviewMark) -> None:
    act, job, words = _CHANGES[change]
    assert _now(bench, reviewed) == ()

    act(bench)

    (told,) = _now(bench, reviewed, **job)
    assert words in told


def test_a_repetition_of_an_apply_that_began_is_never_stale(bench: Any, reviewed: ReviewMark) -> None:
    bench.stores.runs.transition(bench.job.run_id, "planned", "worker")
    bench.runner.apply(bench.job, bench.plan_path, "reviewed")

    for act, job, _ in _CHANGES.values():
        act(bench)
        assert _now(bench, reviewed, **job) == ()


def test_another_plan_file_under_the_same_name_is_noticed(bench: Any, reviewed: ReviewMark) -> None:
    told = bench.runner.changed_since(bench.job, reviewed, bench.plan_path, "0" * 64)

    assert told == ("the saved plan file is not, byte for byte, the one that was reviewed",)


def test_a_plan_without_a_note_of_what_it_was_made_from_is_not_applied(
    bench: Any, reviewed: ReviewMark
) -> None:
    assert _now(bench, None) == ("no note was kept of what the plan was made from",)


def test_a_plan_that_is_repeated_after_a_cut_is_marked_with_the_sources_it_was_made_from(
    bench: Any, reviewed: ReviewMark
) -> None:
    _source(bench).write_text("# edited after Terraform had begun to plan\n")

    bench.runner.plan(bench.job)  # by the next worker: Terraform's plan is the same as before

    assert bench.runner.review_mark(bench.job).sources == reviewed.sources
    (told,) = _now(bench, bench.runner.review_mark(bench.job))
    assert "stacks/environment/main.tf" in told
