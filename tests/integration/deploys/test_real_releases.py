"""Version 1, 2, a broken 3 that is taken back, back to 1, on to production: by a real worker, while somebody uses it."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from panel.store.tables import Release, Run
from tests.integration.deploys.hand_made_world import World, wait_for
from tests.workflows.steps import Event, jobs, run_steps

pytestmark = pytest.mark.timeout(400)

_HEAD = "from __future__ import annotations\n"
_DIES = f"{_HEAD}raise RuntimeError('cannot find the database')\n"
_NEVER_ANSWERS = f"{_HEAD}import time\ntime.sleep(1000)\n"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The world that the tests of this file tell a story of, in their order."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    world = World(tmp_path_factory.mktemp("world"), port, plain_site=True, rollout_timeout_s=30)
    try:
        world.open()
        yield world
    finally:
        world.close()


def deploy(world: World, environment: str, *services: str) -> Run:
    return world.panel.operations.deploy(world.ana, environment, services=services)


def newest(world: World, environment: str, service: str) -> Release:
    return world.panel.stores.releases.recent(environment, service=service, limit=1)[0]


def test_the_first_release(world: World) -> None:
    world.checkout.commit_site(1)
    world.checkout.commit_backend(1)

    world.applied(deploy(world, "staging"))

    assert (world.live("staging", "backend").number, world.live("staging", "frontend").number) == (1, 1)
    assert "<title>Site 1</title>" in world.visitor("staging").get("/").text
    world.assert_consistent("staging")


def test_a_new_version_of_everything_fails_no_request(world: World) -> None:
    first = world.live("staging", "backend")
    world.checkout.commit_site(2)
    second = world.checkout.commit_backend(2)

    with world.visitor("staging") as visitor:
        visitor.wait_for_turns()
        world.applied(deploy(world, "staging"))
        visitor.wait_for_turns()

    assert visitor.seen.failures == []
    assert (visitor.seen.versions[0], visitor.seen.versions[-1]) == (first.version, second)
    assert set(visitor.seen.versions) == {first.version, second}
    assert [page.partition("<title>")[2].partition("</title>")[0] for page in visitor.seen.pages] == [
        "Site 1",
        "Site 2",
    ]
    assert world.live("staging", "backend").previous_id == first.id
    world.assert_consistent("staging")


def under_review(world: World, environment: str) -> Run | None:
    run = world.panel.stores.runs.active(environment)
    return run if run is not None and run.state == "planned" else None


def ship(world: World, workflow: str, folder: Path) -> str:
    """Run the lines by which CI brings a service to production after a push to main; what they and the summary said."""
    (job,) = jobs(workflow, Event(branch="main", variables={"PANEL_DATA_DIR": str(world.data_dir)}))
    venv = world.checkout.root / ".venv"
    if not venv.exists():
        venv.symlink_to(sys.prefix)  # what the line before, `make install`, leaves
    folder.mkdir(exist_ok=True)
    done = run_steps(
        job, world.variables, folder, root=world.checkout.root,
        wanted=lambda step: step.name in {"Ship", "Tell what runs there"},
    )  # fmt: skip
    assert [step.text for step in done if step.outcome == "failure"] == []
    said = "".join(step.out + step.err for step in done)
    return said + (folder / "summary.md").read_text(encoding="utf-8")


def test_exactly_what_runs_is_promoted(world: World) -> None:
    staging = world.live("staging", "backend")

    world.applied(world.panel.operations.promote(world.ana, "staging", "production", auto_approve=True))

    promoted = world.live("production", "backend")
    assert (promoted.digest, promoted.version, promoted.source) == (
        staging.digest,
        staging.version,
        "promote",
    )
    assert promoted.origin_id == staging.id
    assert world.visitor("production").get("/").text == world.visitor("staging").get("/").text
    assert "production" in world.visitor("production").get("/config.js").text
    world.assert_consistent("production")


def test_the_lines_of_ci_promote_what_staging_has_tried(world: World, tmp_path: Path) -> None:
    version = world.checkout.commit_backend(3)
    world.applied(deploy(world, "staging", "backend"))

    with ThreadPoolExecutor(1) as ci:
        shipped = ci.submit(ship, world, "backend.yml", tmp_path / "backend")
        run = wait_for("it waits for review", lambda: under_review(world, "production"))
        world.panel.operations.approve(world.ana, run.id or 0)
        told = shipped.result()

    assert f"{version} serves in production" in told
    assert world.live("production", "backend").digest == world.live("staging", "backend").digest
    assert "runs this version of backend already" in ship(world, "backend.yml", tmp_path / "again")


def test_a_version_that_dies_is_taken_back_and_fails_no_request(world: World) -> None:
    good = world.live("staging", "backend")
    world.checkout.write("backend/app.py", lambda text: text.replace(_HEAD, _DIES))
    broken = world.checkout.commit("A backend that dies")

    with world.visitor("staging") as visitor:
        run = world.ended(deploy(world, "staging", "backend"))
        visitor.wait_for_turns()

    assert run.state == "errored", world.story(run)
    assert visitor.seen.failures == []
    assert visitor.seen.versions == [good.version]
    failed = newest(world, "staging", "backend")
    assert (failed.version, failed.status) == (broken, "rolled_back")
    assert "cannot find the database" in f"{run.error} {run.error_detail}"
    assert world.live("staging", "backend").id == good.id
    world.assert_consistent("staging")
    world.checkout.write("backend/app.py", lambda text: text.replace(_DIES, _HEAD))


def test_versions_that_do_not_answer_or_are_other_ones_are_taken_back_side_by_side(world: World) -> None:
    good = world.live("staging", "backend")
    world.checkout.write("backend/app.py", lambda text: text.replace(_HEAD, _NEVER_ANSWERS))
    world.checkout.commit("A backend that never answers")

    with world.visitor("staging") as at_staging, world.visitor("production") as at_production:
        mute = deploy(world, "staging", "backend")
        wait_for("it is rolled out", lambda: world.stage(mute, "rollout") == "active")
        world.checkout.write("backend/app.py", lambda text: text.replace(_NEVER_ANSWERS, _HEAD))
        world.checkout.write(
            "backend/settings.py", lambda text: text.replace('env.get("APP_VERSION") or "dev"', '"other"')
        )
        world.checkout.commit("A backend that says it is another version")
        other = deploy(world, "production", "backend")
        ended = [world.ended(mute), world.ended(other)]
        at_staging.wait_for_turns()
        at_production.wait_for_turns()

    assert [run.state for run in ended] == ["errored", "errored"], "\n".join(map(world.story, ended))
    assert at_staging.seen.failures + at_production.seen.failures == []
    assert at_staging.seen.versions == [good.version]
    # While its tasks come up one by one, either version answers.
    seen = at_production.seen.versions
    assert (seen[0], set(seen), seen[-1]) == (good.version, {good.version, "other"}, good.version)
    for environment in ("staging", "production"):
        assert newest(world, environment, "backend").status == "rolled_back"
        assert world.live(environment, "backend").version == good.version
        world.assert_consistent(environment)


def test_back_to_the_first_release_of_both(world: World) -> None:
    first = world.panel.stores.releases.find("staging", "backend", 1)
    assert first is not None

    with world.visitor("staging") as visitor:
        world.applied(world.panel.operations.rollback(world.ana, "staging", "backend", to=1))
        world.applied(world.panel.operations.rollback(world.ana, "staging", "frontend"))
        visitor.wait_for_turns()

    assert visitor.seen.failures == []
    back = world.live("staging", "backend")
    assert (back.source, back.origin_id, back.digest) == ("rollback", first.id, first.digest)
    assert visitor.seen.versions[-1] == first.version
    assert "<title>Site 1</title>" in visitor.seen.pages[-1]
    world.assert_consistent("staging")


def test_the_whole_is_promoted_back_too(world: World) -> None:
    with world.visitor("production") as visitor:
        world.applied(world.panel.operations.promote(world.ana, "staging", "production", auto_approve=True))
        visitor.wait_for_turns()

    assert visitor.seen.failures == []
    assert world.live("production", "backend").digest == world.live("staging", "backend").digest
    assert "<title>Site 1</title>" in visitor.seen.pages[-1]
    world.assert_consistent("production")
