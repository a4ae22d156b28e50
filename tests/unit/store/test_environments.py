"""Records of environments, and releases: numbered per service, one live at a time."""

import pytest

from panel.errors import NotFoundError
from panel.store.stores import Stores
from panel.store.tables import Release


@pytest.fixture
def run_ids(stores: Stores) -> list[int]:
    """Four runs that have ended."""
    made = []
    for _ in range(4):
        made.append(stores.runs.create("staging", "deploy", "ana", []).id)
        stores.runs.finish(made[-1], "errored", "worker")
    return made


def _ship(stores: Stores, run_id: int, service: str = "backend", environment: str = "staging") -> Release:
    release = stores.releases.start(environment, service, "container", f"v{run_id}", run_id=run_id)
    return stores.releases.finish(release.id, "live", digest=f"sha256:{run_id}")


def test_an_environment_nobody_created_reads_as_empty(stores: Stores) -> None:
    record = stores.environments.get("staging")

    assert (record.exists, record.ready, record.outputs) == (False, False, {})
    assert stores.environments.all() == {}


def test_saving_sets_what_is_named_and_keeps_the_rest(stores: Stores) -> None:
    stores.environments.save("staging", exists=True, outputs={"url": "x"})
    first = stores.environments.get("staging").updated_at

    stores.environments.save("staging", ready=True)

    record = stores.environments.all()["staging"]
    assert (record.exists, record.ready, record.outputs) == (True, True, {"url": "x"})
    assert record.updated_at > first


def test_releases_are_numbered_for_each_service_of_each_environment(
    stores: Stores, run_ids: list[int]
) -> None:
    numbers = [
        _ship(stores, run_ids[0]).number,
        _ship(stores, run_ids[0], "frontend").number,
        _ship(stores, run_ids[1]).number,
        _ship(stores, run_ids[2], environment="production").number,
        _ship(stores, run_ids[3]).number,
    ]

    assert numbers == [1, 1, 2, 1, 3]


def test_a_run_that_is_repeated_finds_the_release_it_began(stores: Stores, run_ids: list[int]) -> None:
    first = stores.releases.start("staging", "backend", "container", "v1", run_id=run_ids[0], author="ana")
    again = stores.releases.start("staging", "backend", "container", "v1b", run_id=run_ids[0])

    assert (again.id, again.number, again.version, again.author) == (first.id, 1, "v1b", "ana")
    assert len(stores.releases.recent()) == 1


def test_the_newest_good_release_is_the_live_one(stores: Stores, run_ids: list[int]) -> None:
    first, site = _ship(stores, run_ids[0]), _ship(stores, run_ids[0], "frontend")
    other = _ship(stores, run_ids[1], environment="production")
    second = _ship(stores, run_ids[2])

    live = stores.releases.live("staging")

    assert {name: release.id for name, release in live.items()} == {"backend": second.id, "frontend": site.id}
    assert live["backend"].digest == f"sha256:{run_ids[2]}"
    assert stores.releases.live("production")["backend"].id == other.id
    assert {r.id: r.status for r in stores.releases.recent("staging")}[first.id] == "superseded"


def test_a_release_that_failed_leaves_the_live_one(stores: Stores, run_ids: list[int]) -> None:
    good = _ship(stores, run_ids[0])
    bad = stores.releases.start("staging", "backend", "container", "v2", run_id=run_ids[1])

    stores.releases.finish(bad.id, "failed", detail="It did not answer.")

    assert stores.releases.live("staging")["backend"].id == good.id
    newest = stores.releases.recent("staging", limit=1)[0]
    assert (newest.id, newest.status, newest.detail) == (bad.id, "failed", "It did not answer.")
    assert newest.ended_at is not None


def test_with_its_environment_every_release_goes(stores: Stores, run_ids: list[int]) -> None:
    _ship(stores, run_ids[0])
    begun = stores.releases.start("staging", "frontend", "static", "v1", run_id=run_ids[0])
    stores.releases.finish(
        stores.releases.start("staging", "backend", "container", "v2", run_id=run_ids[1]).id, "failed"
    )
    elsewhere = _ship(stores, run_ids[2], environment="production")

    stores.releases.retire("staging")

    assert stores.releases.live("staging") == {}
    assert sorted(release.status for release in stores.releases.recent("staging")) == [
        "failed",
        "gone",
        "gone",
    ]
    assert stores.releases.live("production")["backend"].id == elsewhere.id
    assert _ship(stores, run_ids[3], "frontend").number == begun.number + 1


def test_an_unknown_release_is_named(stores: Stores) -> None:
    with pytest.raises(NotFoundError, match="no release 9"):
        stores.releases.finish(9, "live")
