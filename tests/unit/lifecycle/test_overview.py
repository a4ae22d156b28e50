"""What a card says: the one state of an environment, from its record, its last run, its health and the world."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from panel.catalogue.schema import Catalogue
from panel.errors import NotFoundError
from panel.lifecycle.health_report import STALE
from panel.lifecycle.overview import WORKER_SILENCE, Overview
from panel.store.health_tables import HealthState
from panel.store.stores import Stores
from panel.store.tables import WorkerRecord, now

_OWNER = {"team": "API team", "contact": "api-team@example.com"}


@pytest.fixture
def overview(stores: Stores, catalogue: Catalogue) -> Callable[..., Overview]:
    def build(world: str | None = "w1") -> Overview:
        return Overview(lambda: catalogue, stores, lambda: world, lambda _catalogue, _name: 61.5)

    return build


def _lives(stores: Stores, *, ready: bool = True, world: str = "w1", verdict: str = "") -> None:
    """Staging exists, and was seen with this verdict."""
    stores.environments.save(
        "staging",
        exists=True,
        ready=ready,
        world=world,
        url="http://staging/",
        created_at=now(),
        monthly_usd=70.0,
    )
    if verdict:
        report = {
            "verdict": verdict,
            "causes": [
                {"text": "No task runs.", "service": "backend", "owner": _OWNER, "evidence": "0 of 2"}
            ],
            "services": {"backend": {"verdict": verdict, "desired": 2, "running": 1}},
            "probes": [{"name": "tasks", "verdict": verdict, "detail": "1 of 2", "checked_at": "2026-01-02"}],
        }
        stores.health.record("staging", verdict, report)


def _run(stores: Stores, kind: str, *states: str, end: str = "") -> int:
    number = stores.runs.create("staging", kind, "ana", ["plan", "apply"]).id
    assert number is not None
    way = ("preparing", "planning", "planned") if end in {"discarded", "planned"} else states
    for state in (*way, "preparing") if end == "blocked" else way:
        stores.runs.transition(number, state, "worker")
    if end:
        stores.runs.finish(number, end, "worker")
    return number


def _age(stores: Stores, by: timedelta) -> None:
    """Make every sample, and the environment it is of, older."""
    stores.environments.save("staging", created_at=now() - 2 * by)
    with stores.database.write() as session:
        for sample in session.exec(select(HealthState)):
            sample.checked_at -= by
            session.add(sample)


Given = Callable[[Stores], object]
_TABLE: dict[str, tuple[Given, str | None, str, str]] = {
    "nothing was ever done": (lambda s: None, "w1", "not_created", "not created"),
    "a creation was discarded": (lambda s: _run(s, "create", end="discarded"), "w1", "not_created", "not created"),
    "a creation was blocked": (lambda s: _run(s, "create", end="blocked"), "w1", "not_created", "not created"),
    "only a plan, and it failed": (lambda s: _run(s, "plan", end="errored"), "w1", "not_created", "not created"),
    "a creation failed early": (lambda s: _run(s, "create", end="errored"), "w1", "failed", "Create did not succeed"),
    "a creation was cut off": (lambda s: _run(s, "create", end="interrupted"), None, "failed", "Create did not"),
    "a run is queued": (lambda s: _run(s, "create"), "w1", "working", "Create: waiting for a worker"),
    "a run works": (
        lambda s: s.runs.set_stage(_run(s, "create", "preparing", "planning"), "plan", "active"),
        "w1", "working", "Create: plan",
    ),
    "a plan waits for review": (
        lambda s: _run(s, "create", "preparing", "planning", "planned"), "w1", "needs_you", "waits for review",
    ),
    "healthy": (lambda s: _lives(s, verdict="healthy"), "w1", "ready", "ready"),
    "degraded": (lambda s: _lives(s, verdict="degraded"), "w1", "degraded", "works with trouble"),
    "down": (lambda s: _lives(s, verdict="down"), "w1", "down", "does not work"),
    "seen, but nothing could be told": (lambda s: _lives(s, verdict="unknown"), "w1", "unknown", "not known"),
    "healthy, long ago": (
        lambda s: (_lives(s, verdict="healthy"), _age(s, STALE * 2)), "w1", "unknown", "not looked at for a while",
    ),
    "not seen yet": (_lives, "w1", "unknown", "not known"),
    "the endpoint is silent": (lambda s: _lives(s, verdict="healthy"), None, "unknown", "does not answer"),
    "its world is gone": (lambda s: _lives(s, verdict="healthy"), "w2", "lost", "lost this environment"),
    "the world was lost and nothing is there": (_lives, "", "lost", "lost this environment"),
    "the last update failed": (
        lambda s: (_lives(s, verdict="healthy"), _run(s, "update", end="errored")),
        "w1", "failed", "Update did not succeed",
    ),
    "the last plan failed": (
        lambda s: (_lives(s, verdict="healthy"), _run(s, "plan", end="errored")), "w1", "ready", "ready",
    ),
    "half made, and planned since": (
        lambda s: (_lives(s, ready=False), _run(s, "create", end="errored"), _run(s, "plan", end="planned")),
        "w1", "failed", "Create did not succeed",
    ),
    "half made, then canceled": (
        lambda s: (_lives(s, ready=False), _run(s, "create", end="canceled")), "w1", "failed", "did not succeed",
    ),
    "lost, and being made again": (
        lambda s: (_lives(s, world="w0"), _run(s, "create", "preparing")), "w1", "working", "Create",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", list(_TABLE))
def test_the_state_of_an_environment(case: str, stores: Stores, overview: Callable[..., Overview]) -> None:
    given, world, state, words = _TABLE[case]
    given(stores)

    view = overview(world).environment("staging")

    assert (view.state, words in view.state_text) == (state, True), view.state_text
    assert next(item for item in overview(world).environments() if item.name == "staging") == view


def test_the_table_has_every_state_that_the_view_documents() -> None:
    assert {state for _, _, state, _ in _TABLE.values()} == {
        "not_created", "working", "needs_you", "ready", "degraded", "down", "failed", "lost", "unknown",
    }  # fmt: skip


def test_a_card_has_what_people_ask_for(stores: Stores, overview: Callable[..., Overview]) -> None:
    _lives(stores, verdict="degraded")
    run = stores.runs.create("staging", "deploy", "ana", [])
    release = stores.releases.start("staging", "backend", "container", "v7", run_id=run.id)
    stores.releases.finish(release.id, "live", digest="sha256:abc")

    view = overview().environment("staging")

    assert (view.url, view.domain, view.protected, view.monthly_usd) == (
        "http://staging/", "staging.todo.example.com", False, 70.0,
    )  # fmt: skip
    assert (view.causes[0].text, view.causes[0].team, view.causes[0].evidence) == (
        "No task runs.", "API team", "0 of 2",
    )  # fmt: skip
    assert view.probes[0].detail == "1 of 2"
    backend, frontend = view.services["backend"], view.services["frontend"]
    assert (backend.version, backend.digest, backend.release, backend.desired, backend.running) == (
        "v7", "sha256:abc", 1, 2, 1,
    )  # fmt: skip
    assert (frontend.version, frontend.verdict) == (None, "unknown")
    assert view.last_run.id == view.active_run.id == run.id


def test_what_does_not_exist_has_a_price_and_no_past(
    stores: Stores, overview: Callable[..., Overview]
) -> None:
    view = overview().environment("staging")

    assert (view.monthly_usd, view.url, view.verdict, view.exists) == (61.5, None, "not_created", False)
    assert (view.causes, view.probes, view.checked_at, view.last_run) == ((), (), None, None)


def test_a_lost_environment_has_no_address(stores: Stores, overview: Callable[..., Overview]) -> None:
    _lives(stores, verdict="healthy")

    view = overview("w2").environment("staging")

    assert (view.url, view.verdict) == (None, "unknown")


def test_what_was_seen_of_a_namesake_that_was_destroyed_does_not_count(
    stores: Stores, overview: Callable[..., Overview]
) -> None:
    _lives(stores, verdict="down")
    stores.environments.save("staging", created_at=now() + timedelta(seconds=1))

    view = overview().environment("staging")

    assert (view.state, view.causes, view.checked_at) == ("unknown", (), None)


def test_environments_come_in_the_order_of_the_catalogue(overview: Callable[..., Overview]) -> None:
    assert [view.name for view in overview().environments()] == ["production", "staging"]


def test_an_unknown_environment_is_named(overview: Callable[..., Overview]) -> None:
    with pytest.raises(NotFoundError, match="'x'") as caught:
        overview().environment("x")
    assert "production, staging" in caught.value.hint


def test_only_workers_that_were_heard_of_count(stores: Stores, overview: Callable[..., Overview]) -> None:
    silent: Any = WorkerRecord(id="old", host="h", pid=1)
    stores.workers.beat(WorkerRecord(id="new", host="h", pid=2))
    with stores.database.write() as session:
        silent.heartbeat_at = now() - WORKER_SILENCE - timedelta(seconds=1)
        session.add(silent)

    assert [worker.id for worker in overview().workers()] == ["new"]


@pytest.mark.parametrize("verdict", ["", "healthy", "down"])
def test_an_environment_that_sleeps_is_not_down(
    verdict: str, stores: Stores, overview: Callable[..., Overview]
) -> None:
    _lives(stores, verdict=verdict)
    stores.environments.save("staging", asleep=True)
    view = overview().environment("staging")
    assert (view.state, view.state_text) == ("asleep", "asleep, and woken soon")
    assert overview("w2").environment("staging").state == "lost"
    assert overview(None).environment("staging").state == "unknown"


@pytest.mark.parametrize(("ready", "state"), [(True, "ready"), (False, "failed")])
def test_scaling_that_failed_before_it_touched_anything_leaves_an_environment_as_it_was(
    ready: bool, state: str, stores: Stores, overview: Callable[..., Overview]
) -> None:
    _lives(stores, ready=ready, verdict="healthy")
    _run(stores, "sleep", end="errored")
    assert overview().environment("staging").state == state
