"""What one may ask of services: picks, ways back and promotions, with every refusal; nothing is recorded of a refusal."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from panel.catalogue.schema import Catalogue
from panel.errors import AccessDeniedError, BusyError, NotFoundError, PanelError, RefusedError
from panel.lifecycle.deploy_orders import Pick
from panel.lifecycle.earlier_releases import EarlierReleases
from panel.store.tables import Release, now

_DIGEST = "sha256:" + "a" * 64


def _released(desk: Any, *versions: str, environment: str = "staging", service: str = "backend",
              status: str = "live", **fields: Any) -> list[Release]:  # fmt: skip
    """Releases one after the other, each by a run of its own; the last one ends in ``status``."""
    kind, releases = "static" if service == "frontend" else "container", []
    for version in versions:
        run = desk.stores.runs.create(environment, "deploy", "ana", ["image"]).id
        digest = f"sha256:{version.encode().hex():0>64}"
        more = {"digest": digest} | fields
        release = desk.stores.releases.start(environment, service, kind, version, run_id=run, **more)
        last = version == versions[-1]
        if kind == "static":
            desk.stores.releases.keep_files(release.id, {"files": {}})
        releases.append(desk.stores.releases.finish(release.id, status if last else "live"))
        desk.stores.runs.finish(run, "canceled", "ana")
    return releases


def _refused(desk: Any, act: Callable[[], object], match: str, error: type[PanelError] = RefusedError) -> str:
    runs, acts = len(desk.stores.runs.recent()), desk.acts()
    with pytest.raises(error, match=match) as caught:
        act()
    assert (len(desk.stores.runs.recent()), desk.acts()) == (runs, acts)
    return caught.value.hint


def test_an_image_is_picked_by_tag_or_by_digest(desk: Any) -> None:
    desk.exists()

    run = desk.operations.deploy(
        desk.operator, "staging", picks={"backend": Pick(tag="4f2a91c")}, keep_image=True, here="box/1"
    )

    assert run.options == {
        "services": ["backend"],
        "pick": {"backend": {"tag": "4f2a91c"}},
        "keep_image": True,
    }
    assert run.pinned_instance == "box/1"
    desk.stores.runs.finish(run.id, "canceled", "ana")
    again = desk.operations.deploy(
        desk.operator, "staging", services=["backend", "frontend"], picks={"backend": Pick(digest=_DIGEST)}
    )
    assert again.options == {"services": ["backend", "frontend"], "pick": {"backend": {"digest": _DIGEST}}}


@pytest.mark.parametrize(
    ("services", "picks", "match"),
    [
        ([], {"frontend": Pick(tag="1")}, "frontend is a site"),
        (["frontend"], {"backend": Pick(tag="1")}, "backend is not among the services"),
        ([], {"backend": Pick()}, "either by its tag or by its digest"),
        ([], {"backend": Pick(tag="1", digest=_DIGEST)}, "either by its tag or by its digest"),
        ([], {"backend": Pick(digest="sha256:abc")}, "no digest"),
        ([], {"backend": Pick(tag="a b")}, "no tag"),
        ([], {"backend": Pick(tag="--version")}, "no tag"),
    ],
)
def test_what_is_no_pick_is_refused(
    services: list[str], picks: dict[str, Pick], match: str, desk: Any
) -> None:
    desk.exists()

    _refused(
        desk, lambda: desk.operations.deploy(desk.admin, "staging", services=services, picks=picks), match
    )


@pytest.mark.parametrize("act", ["deploy", "rollback", "promote"])
def test_what_sleeps_does_not_exist_or_is_not_theirs_is_refused(act: str, desk: Any) -> None:
    orders = desk.operations
    asked: dict[str, Callable[[Any], object]] = {
        "deploy": lambda who: orders.deploy(who, "staging"),
        "rollback": lambda who: orders.rollback(who, "staging", "backend"),
        "promote": lambda who: orders.promote(who, "production", "staging"),
    }
    _refused(desk, lambda: asked[act](desk.admin), "staging does not exist", NotFoundError)
    desk.exists()
    desk.exists("production")
    _released(desk, "1", "2")
    _released(desk, "3", environment="production")
    _refused(desk, lambda: asked[act](desk.viewer), "vic", AccessDeniedError)
    desk.stores.environments.save("staging", asleep=True)
    _refused(desk, lambda: asked[act](desk.admin), "staging is asleep")
    desk.stores.environments.save("staging", asleep=False)
    run = asked[act](desk.operator)
    assert (run.kind, run.author) == (act, "bob")
    with pytest.raises(BusyError):
        asked[act](desk.admin)


def test_one_goes_back_to_the_newest_good_release_before_the_live_one(desk: Any) -> None:
    desk.exists()
    first, second, _third = _released(desk, "1", "2", "3")
    _released(desk, "4", status="rolled_back")

    run = desk.operations.rollback(desk.operator, "staging", "backend")

    assert run.options == {"services": ["backend"], "releases": {"backend": second.id}}
    assert [stage.name for stage in desk.stores.runs.stages(run.id)] == [
        "compare", "image", "rollout", "site", "checks",
    ]  # fmt: skip
    assert desk.stores.audit.chain()[-1].detail["releases"] == {"backend": second.id}
    desk.stores.runs.finish(run.id, "canceled", "ana")
    assert desk.operations.rollback(desk.operator, "staging", "backend", to=1).options["releases"] == {
        "backend": first.id
    }


def test_what_is_the_very_same_as_what_is_live_is_passed_over(desk: Any) -> None:
    desk.exists()
    first, *_ = _released(desk, "1", "2", "2")

    assert EarlierReleases(desk.stores).default("staging", "backend").id == first.id
    # With other settings it is not the same.
    desk.stores.releases.note(3, task_definition="backend:9")
    assert EarlierReleases(desk.stores).default("staging", "backend").number == 2


def test_there_may_be_nothing_to_go_back_to(desk: Any) -> None:
    desk.exists()
    back = desk.operations.rollback
    _refused(desk, lambda: back(desk.admin, "staging", "backend"), "no earlier good release")
    _released(desk, "1")
    _refused(desk, lambda: back(desk.admin, "staging", "backend"), "no earlier good release")
    _refused(desk, lambda: back(desk.admin, "staging", "backend", to=1), "r1: it is what is live")
    _refused(desk, lambda: back(desk.admin, "staging", "backend", to=7), "no release r7", NotFoundError)
    _refused(desk, lambda: back(desk.admin, "staging", "bakend"), "'bakend'", NotFoundError)


@pytest.mark.parametrize(
    ("status", "why"),
    [
        ("failed", "it failed"),
        ("rolled_back", "rolled back by itself"),
        ("stopped", "stopped midway"),
        ("gone", "went with"),
    ],
)
def test_one_cannot_go_back_to_what_never_served(status: str, why: str, desk: Any) -> None:
    desk.exists()
    _released(desk, "1", status=status)
    _released(desk, "2")

    hint = _refused(desk, lambda: desk.operations.rollback(desk.admin, "staging", "backend", to=1), why)
    assert "panel releases staging --service backend" in hint


def test_a_site_goes_back_only_where_its_files_are_kept(desk: Any) -> None:
    desk.exists()
    first, second, _ = _released(desk, "1", "2", "3", service="frontend")
    desk.stores.releases.forget_files(second.id)

    assert [one.id for one in EarlierReleases(desk.stores).choices("staging", "frontend")] == [first.id]
    _refused(
        desk, lambda: desk.operations.rollback(desk.admin, "staging", "frontend", to=2), "not kept any more"
    )
    assert desk.operations.rollback(desk.admin, "staging", "frontend").options["releases"] == {
        "frontend": first.id
    }


def test_a_way_back_that_is_tried_again_is_checked_again(desk: Any) -> None:
    desk.exists()
    first, _second = _released(desk, "1", "2")
    run = desk.operations.rollback(desk.admin, "staging", "backend")
    desk.stores.runs.finish(run.id, "errored", "worker")
    assert desk.operations.retry(desk.admin, run.id).options["releases"] == {"backend": first.id}
    desk.stores.runs.finish(run.id + 1, "errored", "worker")
    desk.stores.releases.finish(first.id, "live")

    _refused(desk, lambda: desk.operations.retry(desk.admin, run.id), "it is what is live")


def test_a_promotion_is_of_what_the_source_runs_when_it_is_ordered(desk: Any) -> None:
    desk.exists()
    desk.exists("production")
    _first, live = _released(desk, "1", "2")
    site = _released(desk, "5", service="frontend")[0]
    _released(desk, "3", status="failed")
    _released(desk, "1", environment="production")

    run = desk.operations.promote(desk.operator, "staging", "production")

    assert run.environment == "production"
    assert run.options == {
        "services": ["backend", "frontend"],
        "releases": {"backend": live.id, "frontend": site.id},
        "from": "staging",
    }
    assert "review" in [stage.name for stage in desk.stores.runs.stages(run.id)]
    assert desk.acts()[-1] == ("bob", "promote", "production")


def test_what_the_target_runs_already_is_not_promoted(desk: Any) -> None:
    desk.exists()
    desk.exists("production")
    _released(desk, "2")
    _released(desk, "5", service="frontend")
    _released(desk, "2", environment="production")
    promote = desk.operations.promote

    _refused(
        desk, lambda: promote(desk.admin, "staging", "production", services=["backend"]), "nothing to promote"
    )
    assert promote(desk.admin, "staging", "production").options["services"] == ["frontend"]


def test_promotions_that_make_no_sense_are_refused(desk: Any) -> None:
    promote = desk.operations.promote
    desk.exists("production")
    _refused(
        desk, lambda: promote(desk.admin, "staging", "production"), "staging does not exist", NotFoundError
    )
    desk.exists()
    _refused(desk, lambda: promote(desk.admin, "staging", "staging"), "to itself")
    _refused(desk, lambda: promote(desk.admin, "stagin", "production"), "'stagin'", NotFoundError)
    _refused(desk, lambda: promote(desk.admin, "staging", "production"), "staging has no live release")
    _released(desk, "1", status="failed")
    _refused(
        desk,
        lambda: promote(desk.admin, "staging", "production", services=["backend"]),
        "backend has no live",
    )


@pytest.mark.parametrize(
    ("verdict", "promoted"), [("down", False), ("degraded", False), ("healthy", True), ("unknown", True)]
)
def test_what_does_not_look_healthy_goes_no_further(verdict: str, promoted: bool, desk: Any) -> None:
    desk.exists()
    desk.exists("production")
    _released(desk, "1")
    desk.stores.health.record("staging", verdict, {"services": {"backend": {"verdict": verdict}}})

    if promoted:
        assert desk.operations.promote(desk.admin, "staging", "production").kind == "promote"
    else:
        _refused(
            desk, lambda: desk.operations.promote(desk.admin, "staging", "production"),
            f"does not look healthy in staging .{verdict}",
        )  # fmt: skip


@pytest.mark.parametrize(
    ("amiss", "age_min", "promoted"),
    [("log_errors", 1, True), ("log_errors", 11, False), ("services", 1, False)],
)
def test_what_a_version_before_it_left_in_the_log_does_not_hold_a_release_back(
    amiss: str, age_min: int, promoted: bool, desk: Any
) -> None:
    desk.exists()
    desk.exists("production")
    _released(desk, "1")
    live = desk.stores.releases.live("staging")["backend"]
    desk.stores.releases.note(live.id, ended_at=now() - timedelta(minutes=age_min))
    desk.stores.health.record("staging", "degraded", {
        "services": {"backend": {"verdict": "degraded"}},
        "probes": [{"name": amiss, "service": "backend", "verdict": "degraded"},
                   {"name": "api", "service": "backend", "verdict": "healthy"}],
    })  # fmt: skip

    if promoted:
        assert desk.operations.promote(desk.admin, "staging", "production").kind == "promote"
    else:
        _refused(
            desk, lambda: desk.operations.promote(desk.admin, "staging", "production"), "does not look healthy"
        )  # fmt: skip


@pytest.mark.parametrize("asked", [{"count": 2}, {"other_than_author": True}])
def test_where_other_people_must_approve_nobody_does_in_advance(
    asked: dict[str, Any], desk: Any, catalogue: Catalogue
) -> None:
    desk.exists()
    desk.exists("production")
    _released(desk, "1")
    entry = catalogue.environments["production"]
    strict = entry.model_copy(update={"approvals": entry.approvals.model_copy(update=asked)})
    catalogue.environments["production"] = strict
    orders = desk.operations

    _refused(
        desk, lambda: orders.promote(desk.admin, "staging", "production", auto_approve=True), "in advance"
    )
    _refused(desk, lambda: orders.deploy(desk.admin, "production", auto_approve=True), "in advance")
    run = orders.deploy(desk.admin, "production")
    assert [stage.name for stage in desk.stores.runs.stages(run.id)][:2] == ["compare", "review"]


def test_a_protected_target_alone_lets_a_promotion_be_approved_in_advance(desk: Any) -> None:
    desk.exists()
    desk.exists("production")
    _released(desk, "1")

    assert desk.operations.promote(desk.operator, "staging", "production", auto_approve=True).auto_approve
