"""The status board: one line for each application and place, in the few states that a layman needs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from panel.health.rules import AROUND_NOTICES
from panel.lifecycle import status_messages as said
from panel.lifecycle import status_words as words
from panel.store.stores import Stores
from panel.store.tables import now
from tests.unit.lifecycle.status_world import StatusWorld


@pytest.fixture
def world(stores: Stores) -> StatusWorld:
    return StatusWorld(stores)


def _asleep(world: StatusWorld) -> None:
    world.works("production")
    world.stores.environments.save("production", asleep=True)


def _changed(
    *verdicts: tuple[str, str], kind: str = "deploy", states: tuple[str, ...] = ("preparing", "deploying")
) -> Callable[[StatusWorld], None]:
    def given(world: StatusWorld) -> None:
        world.works("production")
        world.saw("production", **dict(verdicts))
        world.run("production", kind, *states)

    return given


def _seen(**verdicts: str) -> Callable[[StatusWorld], None]:
    def given(world: StatusWorld) -> None:
        world.works("production")
        world.saw("production", **verdicts)

    return given


def _old(world: StatusWorld) -> None:
    world.works("production")
    world.age(6)


def _created(world: StatusWorld) -> None:
    world.beat()
    world.run("production", "create", "preparing", "planning", "planned", "approved", "applying")


def _lost(world: StatusWorld) -> None:
    world.works("production")
    world.world = "another"


def _silent(world: StatusWorld) -> None:
    world.works("production")
    world.world = None


def _around(world: StatusWorld) -> None:
    world.works("production")
    world.saw("production", around="The machines are few. 1 of 2 instances.")


@pytest.mark.parametrize(
    ("given", "state", "notices", "teams"),
    [
        (lambda world: world.beat(), "unused", (), ["API team", "Web team"]),
        (_created, "changing", (words.BEING_SET_UP,), ["API team", "Web team"]),
        (lambda world: world.works("production"), "works", (), ["API team", "Web team"]),
        (_seen(backend="down"), "broken", ("People cannot load or save their lists.",), ["API team"]),
        (_seen(frontend="down"), "broken", ("People cannot use it.",), ["Web team"]),
        (_seen(frontend="degraded"), "trouble", (words.NOTICED["trouble"],), ["Web team"]),
        (_seen(backend="down", frontend="degraded"), "broken", ("People cannot load or save their lists.",), ["API team"]),
        (_seen(backend="unknown"), "unknown", (words.NOTICED["unknown"],), ["API team", "Web team"]),
        (_seen(calc="down"), "works", (), ["API team", "Web team"]),
        (_around, "trouble", (words.AROUND,), ["Platform team"]),
        (_old, "unknown", (words.NOTICED["unknown"], words.LAST_SEEN["works"]), ["API team", "Web team"]),
        (_silent, "unknown", (words.NOTICED["unknown"], words.LAST_SEEN["works"]), ["API team", "Web team"]),
        (_lost, "broken", ("People cannot load or save their lists.", "People cannot use it."), ["Platform team"]),
        (_asleep, "resting", (words.NOTICED["resting"],), ["API team", "Web team"]),
        (_changed(), "changing", (words.NOTICED["changing"],), ["API team", "Web team"]),
        (_changed(("frontend", "degraded")), "changing", (words.NOTICED["changing"],), ["API team", "Web team"]),
        (_changed(("backend", "down")), "broken", ("People cannot load or save their lists.", words.BEING_MENDED), ["API team"]),
        (_changed(kind="drift", states=("preparing", "planning")), "works", (), ["API team", "Web team"]),
        (_changed(kind="update", states=("preparing", "planning", "planned")), "works", (), ["API team", "Web team"]),
    ],
)  # fmt: skip
def test_what_an_application_is_said_to_be(
    world: StatusWorld,
    given: Callable[[StatusWorld], None],
    state: str,
    notices: tuple[str, ...],
    teams: list[str],
) -> None:
    given(world)
    line = world.line()
    assert (line.state, line.notices, [owner.team for owner in line.calls]) == (state, notices, teams)


def test_the_rules_sentence_is_told_where_a_layman_understands_it(world: StatusWorld) -> None:
    world.works("production")
    world.saw("production", calc="down", notices={"calc": "Calculator: people cannot load or save anything."})
    assert world.line("Calculator").notices == ("Calculator: people cannot load or save anything.",)
    world.saw(
        "production", calc="down", notices={"calc": "No target of the load balancer answers its probe."}
    )
    assert world.line("Calculator").notices == (words.NOTICED["broken"],)


def test_what_is_around_is_told_in_the_rules_own_words_or_in_plain_ones(world: StatusWorld) -> None:
    world.works("production")
    plain = [notice for notice in AROUND_NOTICES.values() if not words.jargon_in(notice)]
    assert plain
    world.saw("production", around=f"{plain[0]} 3 of 9 probes of the ALB failed.")
    assert world.line().notices == (plain[0],)


def test_since_when_is_when_it_began_and_goes_on_while_it_lasts(world: StatusWorld) -> None:
    world.works("production", fresh=False)
    began = now() - timedelta(minutes=14)
    world.saw("production", at=began, backend="down")
    world.saw("production", backend="down", frontend="down")
    assert world.line().since == began
    # The calculator works on; its neighbour's trouble is not its own.
    assert (now() - (world.line("Calculator").since or now())) > timedelta(minutes=50)


def test_it_works_since_the_last_of_its_parts_works(world: StatusWorld) -> None:
    world.works("production", fresh=False)
    world.saw("production", at=now() - timedelta(minutes=30), backend="down", frontend="down")
    world.saw("production", at=now() - timedelta(minutes=20), frontend="down")
    back = now() - timedelta(minutes=10)
    world.saw("production", at=back)
    world.saw("production")
    assert world.line().since == back


def test_nobody_can_tell_since_the_last_look(world: StatusWorld) -> None:
    world.works("production")
    world.age(90)
    line = world.line()
    assert line.since == line.looked_at
    assert now() - (line.since or now()) >= timedelta(minutes=90)


def test_what_is_in_use_comes_first_and_the_worst_of_it_first(world: StatusWorld) -> None:
    world.works("production", "staging")
    world.saw("production", calc="down")
    world.saw("staging", backend="down")
    shown = [(line.application, line.place, line.state, line.in_use) for line in world.board().lines]
    assert shown == [
        ("Calculator", "Production", "broken", True), ("TODO list", "Production", "works", True),
        ("TODO list", "staging", "broken", False), ("Calculator", "staging", "works", False),
    ]  # fmt: skip
    assert said.headline(world.board()) == ("broken", "1 application is not working")


def test_trouble_elsewhere_does_not_spoil_what_is_in_use(world: StatusWorld) -> None:
    world.works("production", "staging")
    world.saw("staging", backend="down")
    board = world.board()
    assert board.everything_works
    assert said.headline(board) == ("works", "Everything works")


def test_without_protected_places_all_are_in_use(world: StatusWorld) -> None:
    world.environments = {"one": {}, "two": {"status_page": False}, "gone": {"retired": True}}
    world.works("one", "two")
    board = world.board()
    # One place is left, which needs no name.
    assert [(line.environment, line.place, line.in_use) for line in board.lines] == [("one", "", True)] * 2


def test_until_the_protected_place_exists_the_others_are_what_is_in_use(world: StatusWorld) -> None:
    world.works("staging")
    board = world.board()
    used = {line.environment for line in board.lines if line.in_use and line.state == "works"}
    assert used == {"staging"}
    assert said.headline(board) == ("works", "Everything works")


@pytest.mark.parametrize(
    ("verdicts", "told"),
    [
        ({}, "Everything works"),
        ({"backend": "down"}, "1 application is not working"),
        ({"backend": "down", "calc": "down"}, "2 applications are not working"),
        ({"backend": "down", "calc": "degraded"}, "1 application is not working, 1 works with trouble"),
        ({"backend": "down", "calc": "unknown"}, "1 application is not working, of 1 nobody can tell"),
        (
            {"backend": "degraded", "calc": "unknown"},
            "1 application works with trouble, of 1 nobody can tell",
        ),
        ({"backend": "unknown", "calc": "unknown"}, "Nobody can tell whether 2 applications work"),
    ],
)
def test_the_headline_counts(world: StatusWorld, verdicts: dict[str, str], told: str) -> None:
    world.works("production")
    world.saw("production", **verdicts)
    assert said.headline(world.board())[1] == told


def test_a_board_that_nobody_keeps_up_says_so(world: StatusWorld) -> None:
    world.works("production")
    board = world.board()
    assert (board.old, said.warning(board, board.made_at)) == (False, "")

    world.age(8)
    board = world.board()
    assert board.old
    assert "last checked 8 minutes ago" in said.warning(board, board.made_at)
    assert not board.everything_works

    world.stores.workers.leave("w")
    assert said.warning(world.board(), now()).startswith(words.OLD_NOBODY)


def test_where_there_is_nothing_to_check_the_page_is_not_old(world: StatusWorld) -> None:
    board = world.board()
    assert not board.old
    assert said.headline(board) == ("unused", "No application is in use yet")
    assert not board.everything_works


def test_what_was_never_checked_is_old(world: StatusWorld) -> None:
    world.beat()
    world.stores.environments.save("production", exists=True, ready=True, world="aws")
    board = world.board()
    assert board.old
    assert said.warning(board, board.made_at) == words.OLD_NEVER


def test_an_earlier_life_of_the_same_name_tells_nothing(world: StatusWorld) -> None:
    world.works("production")
    world.stores.environments.save("production", created_at=now() + timedelta(seconds=1))
    assert world.line().state == "unknown"
