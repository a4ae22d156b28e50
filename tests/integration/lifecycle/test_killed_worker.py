"""kill -9 of the worker at every step: the next worker goes on, and nothing that was done is done again."""

from typing import Any

_STEPS = [
    "begin", "shared", "plan", "settle_plan", "decision", "apply", "deploying", "baselines", "image", "rollout", "site", "checks",
]  # fmt: skip
#: How a run that is shipped survives is with the deployments: test_deployments_killed.py.
_ON_THE_WAY = ["planned", "approved", "applying", "deploying", "applied"]


def test_runs_survive_a_kill_at_each_of_their_steps(house: Any) -> None:
    # One run for each step that is killed before the step's effect, and one for each that is killed after it,
    # before the workflow has heard of it; all by the same kill.
    killed = [step for step in _STEPS[: _STEPS.index("deploying") + 1] if step != "shared"]
    points = [f"{step}{when}" for step in killed for when in ("", ".after")]
    names = {f"e{place:02}": point for place, point in enumerate(points, start=1)}
    held = [f"{name}.{point}" for name, point in names.items()]
    house.hold(*held)
    numbers = {name: house.operations.create(house.ana, name).id for name in names}
    house.start()
    for name, point in names.items():
        if _STEPS.index(point.removesuffix(".after")) >= _STEPS.index("decision"):
            house.until_state(numbers[name], "planned")
            house.operations.approve(house.ana, numbers[name])
    house.until_held(*held)
    # The shared network's step lets in one run at a time: this one comes last.
    house.hold("e31.shared")
    numbers["e31"] = house.operations.create(house.ana, "e31").id
    house.until_held("e31.shared")
    house.kill()

    house.release(*held, "e31.shared")
    house.start()
    for number in numbers.values():
        if house.until_state(number, *_ON_THE_WAY).state == "planned":
            house.operations.approve(house.ana, number)
    for number in numbers.values():
        house.until_ended(number)

    house.hold("e32.shared.after")
    numbers["e32"] = house.operations.create(house.ana, "e32", auto_approve=True).id
    house.until_held("e32.shared.after")
    house.kill()
    house.release("e32.shared.after")
    house.start()
    house.until_ended(numbers["e32"])

    for name, number in numbers.items():
        run = house.run(number)
        assert (run.state, run.error) == ("applied", ""), f"{names.get(name)}: {run.error_detail}"
        _assert_undisturbed(house, name, number)


def _assert_undisturbed(house: Any, name: str, number: int) -> None:
    """A run that was killed looks like one that was not, and did nothing again that was done."""
    assert set(house.stage_states(number).values()) == {"done"}
    assert house.stores.environments.get(name).ready
    assert [move.after for move in house.stores.runs.transitions(number)] == [
        "queued", "preparing", "planning", "planned", "approved", "applying", "deploying", "applied",
    ]  # fmt: skip
    steps = [step for step in _STEPS if step != "decision" or not house.run(number).auto_approve]
    assert house.steps(number) == steps  # each ended once, in order
    mine = [(call["what"], call["name"]) for call in house.calls() if call["run"] == number]
    for step in steps:
        assert ("begin", step) not in mine[mine.index(("end", step)) :]
    # Repeated or not, it is the same execution of the same plan that Terraform is asked for.
    asked = {
        (call["key"], call["digest"])
        for call in house.calls()
        if call["run"] == number and call.get("digest")
    }
    assert (f"run-{number}-environment-apply", f"digest-run-{number}-environment-plan") in asked
    assert len({key for key, _ in asked}) == len(asked)


def test_what_was_decided_while_no_worker_lived_is_seen_by_the_next(house: Any) -> None:
    approved, discarded, canceled, untouched = (
        house.operations.create(house.ana, name).id for name in ("e01", "e02", "e03", "e04")
    )
    # Two more are killed where the store knows of an approval of which the workflow has not heard: one approved
    # in advance, one by a person who was quicker than the worker.
    unheard = ["e05.settle_plan.after", "e06.settle_plan.after"]
    house.hold(*unheard)
    in_advance = house.operations.create(house.ana, "e05", auto_approve=True).id
    quick = house.operations.create(house.ana, "e06").id
    house.start()
    house.until_held(*unheard)
    assert house.run(in_advance).state == "approved"
    house.operations.approve(house.ana, quick)
    for number in (approved, discarded, canceled, untouched):
        house.until(lambda n=number: "settle_plan" in house.steps(n), "the workflow waits")
    house.kill()

    house.operations.approve(house.ana, approved)
    house.operations.discard(house.ana, discarded)
    house.operations.cancel(house.ana, canceled)
    ordered = house.operations.create(house.ana, "e07", auto_approve=True).id
    house.release(*unheard)
    house.start()

    for number in (approved, in_advance, quick, ordered):
        assert house.until_ended(number).state == "applied"
        moves = [move.after for move in house.stores.runs.transitions(number)]
        assert moves.count("approved") == 1
    assert house.until_ended(canceled).state == "canceled"
    house.until(lambda: not house.run(discarded).awaiting, "the discarded run's workflow has ended")
    assert house.run(discarded).state == "discarded"
    assert house.run(untouched).state == "planned"
    for number in (discarded, canceled):
        assert "apply" not in house.steps(number, "begin")


def test_runs_whose_workflow_is_lost_do_not_stand_in_the_way_for_ever(house: Any) -> None:
    discarded = house.operations.create(house.ana, "e01").id
    approved = house.operations.create(house.ana, "e02").id
    house.hold("e03.plan")
    planning = house.operations.create(house.ana, "e03").id
    house.start()
    for number in (discarded, approved):
        house.until_state(number, "planned")
    house.until_held("e03.plan")
    house.kill()
    house.release("e03.plan")
    for path in (house.root / "data").glob("workflows.db*"):
        path.unlink()
    house.operations.discard(house.ana, discarded)
    house.operations.approve(house.ana, approved)

    house.start()
    ended = {number: house.until_ended(number) for number in (planning, approved)}

    assert {run.state for run in ended.values()} == {"interrupted"}
    assert all(run.error and run.error_hint for run in ended.values())
    house.until(lambda: not house.run(discarded).awaiting, "nobody waits to hear of the discarded run")
    assert house.run(discarded).state == "discarded"
    again = house.operations.create(house.ana, "e03", auto_approve=True).id
    assert house.until_ended(again).state == "applied"
