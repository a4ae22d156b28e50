"""Deployments whose worker is killed at every step and in the middle of every act: each is resumed, or goes back."""

from typing import Any

from panel.catalogue.schema import SHARED

_STEPS = [
    "begin",
    "compare",
    "settle_changes",
    "deploying",
    "baselines",
    "image",
    "rollout",
    "site",
    "checks",
]
#: In the middle of an act: the new version runs and is not proven yet; the site is about to change.
_MIDWAY = ["rolling", "publishing"]


def _stands(house: Any, name: str, version: str = "v0") -> None:
    """An environment that exists and runs a release of each service."""
    service = {
        "service_name": f"{name}-backend", "task_definition_family": "backend", "container_name": "backend",
        "target_group_arn": "", "desired_count": 2,
    }  # fmt: skip
    house.stores.environments.save(
        SHARED, exists=True, outputs={"repositories": {"backend": {"name": "todo"}}}
    )
    house.stores.environments.save(
        name, exists=True, ready=True, world="w1",
        outputs={
            "cluster_name": name, "services": {"backend": service}, "site_bucket": f"{name}-site",
            "cloudfront_distribution_id": name, "domain_name": f"{name}.example.com",
            "cloudfront_domain_name": "d1.cloudfront.net",
        },
    )  # fmt: skip
    world = house.root / "world"
    (world / "todo").mkdir(parents=True, exist_ok=True)
    digest = f"sha256:{version:0>64}"
    (world / "todo" / version).write_text(digest)
    (world / f"{name}-backend").write_text(version)
    run = house.stores.runs.create(name, "deploy", "ana", ["image"]).id
    for service_name, kind in (("backend", "container"), ("frontend", "static")):
        release = house.stores.releases.start(name, service_name, kind, version, run_id=run, digest=digest)
        house.stores.releases.keep_files(
            release.id, {"bucket": f"{name}-site", "digest": digest, "files": {}}
        )
        house.stores.releases.finish(release.id, "live")
    house.stores.runs.finish(run, "canceled", "ana")


def _releases(house: Any, number: int) -> dict[str, str]:
    return {one.service: one.status for one in house.stores.releases.of_run(number)}


def _acts(house: Any, name: str) -> list[tuple[str, str]]:
    return [
        (call["name"], call["version"])
        for call in house.calls()
        if call["what"] == "act" and call["subject"] == name
    ]


def _runs(house: Any, name: str) -> str:
    return str((house.root / "world" / f"{name}-backend").read_text())


def test_deployments_survive_a_kill_at_each_step_and_midway(house: Any) -> None:
    points = [*(f"{step}{when}" for step in _STEPS for when in ("", ".after")), *_MIDWAY]
    names = {f"e{place:02}": point for place, point in enumerate(points, start=1)}
    held = [f"{name}.{point}" for name, point in names.items()]
    house.hold(*held)
    for name in names:
        _stands(house, name)
    numbers = {name: house.operations.deploy(house.ana, name).id for name in names}
    house.start()
    house.until_held(*held)
    house.kill()
    house.release(*held)
    house.start()

    for name, number in numbers.items():
        run = house.until_ended(number)
        assert (run.state, run.error) == ("applied", ""), f"{names[name]}: {run.error_detail}"
        assert set(house.stage_states(number).values()) == {"done"}, names[name]
        assert house.steps(number) == _STEPS, names[name]
        assert _releases(house, number) == {"backend": "live", "frontend": "live"}, names[name]
        first, second = house.stores.releases.good(name, "backend")
        assert [(one.number, one.status) for one in (first, second)] == [(2, "live"), (1, "superseded")]
        assert first.previous_id == second.id
        assert _runs(house, name) == first.version
        # What was recorded as done before the kill is not done again.
        times = 2 if names[name] == "rolling" else 1
        assert [act for act, _ in _acts(house, name)].count("rolling") == times, names[name]


def test_a_release_on_its_way_back_is_never_rolled_out_again(house: Any) -> None:
    _stands(house, "e01")
    (house.root / "fail" / "e01.rolling").write_text("it crashes")
    house.hold("e01.reverting")
    number = house.operations.deploy(house.ana, "e01").id
    house.start()
    house.until_held("e01.reverting")
    assert _releases(house, number) == {"backend": "reverting"}
    house.kill()
    # With the cause gone it would even succeed now.
    (house.root / "fail" / "e01.rolling").unlink()
    house.release("e01.reverting")
    house.start()

    run = house.until_ended(number)

    assert (run.state, run.error) == ("errored", "It did not succeed: it crashes.")
    assert _releases(house, number) == {"backend": "rolled_back"}
    assert [act for act, _ in _acts(house, "e01")] == ["rolling", "going back", "going back"]
    assert _runs(house, "e01") == "v0"
    assert house.stores.releases.live("e01")["backend"].version == "v0"
    assert house.stage_states(number)["site"] == "skipped"


def test_a_promotion_is_reviewed_and_a_roll_back_is_not_also_while_workers_die(house: Any) -> None:
    for name, version in (("e01", "v7"), ("e02", "v0"), ("e03", "v0"), ("e04", "v1")):
        _stands(house, name, version)
    _stands(house, "e04", "v2")
    promotion = house.operations.promote(house.ana, "e01", "e02").id
    discarded = house.operations.promote(house.ana, "e01", "e03").id
    house.hold("e04.rolling")
    back = house.operations.rollback(house.ana, "e04", "backend").id
    house.start()
    for number in (promotion, discarded):
        house.until_state(number, "planned")
    house.until_held("e04.rolling")
    changes = house.run(promotion).changes
    assert [(one["service"], one["before"]["version"], one["after"]["version"]) for one in changes] == [
        ("backend", "v0", "v7"), ("frontend", "v0", "v7"),
    ]  # fmt: skip
    house.kill()
    # What is deployed to the source meanwhile is none of the promotion's: exactly what was reviewed comes.
    _stands(house, "e01", "v8")
    house.operations.approve(house.ana, promotion)
    house.operations.discard(house.ana, discarded)
    house.release("e04.rolling")
    house.start()

    assert house.until_ended(promotion).state == house.until_ended(back).state == "applied"
    assert (_runs(house, "e02"), _runs(house, "e03"), _runs(house, "e04")) == ("v7", "v0", "v1")
    promoted = house.stores.releases.live("e02")["backend"]
    origin = house.stores.releases.get(promoted.origin_id)
    assert (promoted.source, origin.environment, origin.version) == ("promote", "e01", "v7")
    assert house.stores.releases.live("e02")["frontend"].source == "promote"
    returned = house.stores.releases.live("e04")["backend"]
    assert (returned.number, returned.source, returned.version) == (3, "rollback", "v1")
    house.until(lambda: not house.run(discarded).awaiting, "the discarded promotion's workflow has ended")
    assert _releases(house, discarded) == {}
    moves = [move.after for move in house.stores.runs.transitions(promotion)]
    assert moves == ["queued", "preparing", "planned", "approved", "deploying", "applied"]


def test_a_roll_out_is_stopped_midway_and_by_force_it_is_let_go(house: Any) -> None:
    for name in ("e01", "e02", "e03"):
        _stands(house, name)
    (house.root / "fail" / "e02.rolling").write_text("it crashes")
    house.hold("e01.rolling", "e02.reverting", "e03.rolling")
    stopped, forced, cut = (
        house.operations.deploy(house.ana, name, services=("backend",)).id for name in ("e01", "e02", "e03")
    )
    house.start()
    house.until_held("e01.rolling", "e02.reverting", "e03.rolling")
    for number in (stopped, forced):
        house.operations.cancel(house.ana, number)
    house.operations.cancel(house.ana, forced, force=True)

    assert house.until_ended(stopped).state == house.until_ended(forced).state == "canceled"
    assert (_releases(house, stopped), _releases(house, forced)) == (
        {"backend": "stopped"}, {"backend": "stopped"},
    )  # fmt: skip
    assert _runs(house, "e01") == "v0"  # put back
    assert _runs(house, "e02") != "v0"  # left as it was
    assert "by force" in house.run(forced).error
    assert "not looked at" in house.stores.releases.of_run(forced)[0].detail

    # One whose worker is gone for good, with what it knew of the work.
    house.kill()
    for path in (house.root / "data").glob("workflows.db*"):
        path.unlink()
    house.start()
    assert house.until_ended(cut).state == "interrupted"
    assert _releases(house, cut) == {"backend": "failed"}
    assert "what serves now was not seen" in house.stores.releases.of_run(cut)[0].detail
