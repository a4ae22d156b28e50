"""``kill -9`` of a real worker in every stage of a deployment: the next one goes on, and nothing stays half recorded."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import pytest

from panel.aws.ecs import get_service
from panel.store.tables import Run
from tests.integration.deploys.hand_made_world import World, wait_for

pytestmark = pytest.mark.timeout(400)

_HEAD = "from __future__ import annotations\n"
_DIES = f"{_HEAD}raise RuntimeError('cannot find the database')\n"

Moment = Callable[[World, Run], bool]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world with a first release of everything in staging."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    world = World(tmp_path_factory.mktemp("world"), port, plain_site=True, rollout_timeout_s=60)
    world.checkout.commit_site(1)
    try:
        world.open()
        world.applied(world.panel.operations.deploy(world.ana, "staging"))
        yield world
    finally:
        world.close()


def active(stage: str) -> Moment:
    """The worker is at this stage."""
    return lambda world, run: world.stage(run, stage) == "active"


def said(stage: str, words: str) -> Moment:
    """The worker has said so of a stage."""
    return lambda world, run: any(
        line.stage == stage and words in line.text for line in world.panel.stores.runs.lines(run.id or 0)
    )


def going_back(world: World, run: Run) -> bool:
    """The release has failed, and the one before is being put back."""
    return any(one.status == "reverting" for one in world.panel.stores.releases.of_run(run.id or 0))


def updated(world: World, run: Run) -> bool:
    """ECS has been told of another revision than that of the live release."""
    outputs = world.panel.stores.environments.get(run.environment).outputs
    service = get_service(world.panel.aws(), outputs["cluster_name"], "backend")
    return service.task_definition != world.live(run.environment, "backend").task_definition


def kill(world: World, run: Run, what: str, moment: Moment) -> None:
    """Kill the worker at a moment, and have another one take its place."""
    wait_for(what, lambda: moment(world, run), poll_s=0.005)
    world.kill_worker()
    assert world.panel.stores.runs.get(run.id or 0).active, f"it had ended before: {what}"
    world.start_worker()


def test_one_deployment_survives_a_kill_in_each_of_its_stages(world: World) -> None:
    before = world.live("staging", "backend").version
    world.checkout.commit_site(2)
    second = world.checkout.commit_backend(2)

    with world.visitor("staging") as visitor:
        run = world.panel.operations.deploy(world.ana, "staging")
        for what, moment in {
            "it compares": active("compare"),
            "the image is being built": said("image", "Assembling"),
            "it is being pushed": said("image", "uploading"),
            "the roll-out is about to begin": active("rollout"),
            "the roll-out settles": updated,
            "its files are being stored": said("site", "Stored"),
            "CloudFront is told to forget": said("site", "Asking CloudFront"),
            "it is looked at from outside": active("checks"),
        }.items():
            kill(world, run, what, moment)
        world.applied(run)
        visitor.wait_for_turns()

    assert visitor.seen.failures == []
    assert (visitor.seen.versions[0], visitor.seen.versions[-1]) == (before, second)
    assert [one.status for one in world.panel.stores.releases.of_run(run.id or 0)] == ["live", "live"]
    assert "<title>Site 2</title>" in visitor.seen.pages[-1]
    world.assert_consistent("staging")


def test_a_way_back_that_was_cut_is_gone_to_its_end(world: World) -> None:
    good = world.live("staging", "backend")
    world.checkout.write("backend/app.py", lambda text: text.replace(_HEAD, _DIES))
    world.checkout.commit("A backend that dies")

    with world.visitor("staging") as visitor:
        run = world.panel.operations.deploy(world.ana, "staging", services=("backend",))
        kill(world, run, "the broken one is rolled out", updated)
        kill(world, run, "it goes back", going_back)
        ended = world.ended(run)
        visitor.wait_for_turns()

    assert ended.state == "errored", world.story(ended)
    assert visitor.seen.failures == []
    assert visitor.seen.versions == [good.version]
    assert [one.status for one in world.panel.stores.releases.of_run(run.id or 0)] == ["rolled_back"]
    assert world.live("staging", "backend").id == good.id
    world.assert_consistent("staging")
    world.checkout.write("backend/app.py", lambda text: text.replace(_DIES, _HEAD))


def test_roll_backs_and_a_promotion_survive_a_kill(world: World) -> None:
    operations, ana = world.panel.operations, world.ana

    with world.visitor("staging") as visitor:
        back = operations.rollback(ana, "staging", "backend", to=1)
        kill(world, back, "the earlier one is rolled out", updated)
        world.applied(back)
        site = operations.rollback(ana, "staging", "frontend", to=1)
        kill(world, site, "the earlier files are put back", active("site"))
        world.applied(site)
        visitor.wait_for_turns()
    promotion = operations.promote(ana, "staging", "production", auto_approve=True)
    kill(world, promotion, "it is rolled out", active("rollout"))
    world.applied(promotion)

    assert visitor.seen.failures == []
    assert "<title>Site 1</title>" in visitor.seen.pages[-1]
    assert world.live("production", "backend").digest == world.live("staging", "backend").digest
    for environment in ("staging", "production"):
        world.assert_consistent(environment)
