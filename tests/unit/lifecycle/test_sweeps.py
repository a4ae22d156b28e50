"""The sweep of all environments: who is looked at, what is kept, and what one environment can do to the others."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import EndpointConnectionError

from panel.aws.session import Account, Aws
from panel.catalogue.schema import Catalogue
from panel.errors import PanelError
from panel.health.budget import CallBudget
from panel.lifecycle.context import Context
from panel.lifecycle.sweeps import Sweeps, sweep_environment
from panel.settings import Settings
from panel.store.stores import Stores
from panel.store.tables import now
from tests.unit.health.played_aws import PlayedAws, outputs_of, refusal


class GatedAws(PlayedAws):
    """An AWS that asks the budget before each call and tells it what became of it, as the real clients do."""

    budget: CallBudget | None = None

    def answer(self, service: str, operation: str, asked: dict[str, Any]) -> dict[str, Any]:
        attempts = 0
        while True:
            attempts += 1
            if self.budget is None:
                return super().answer(service, operation, asked)
            self.budget.before(service)
            try:
                found = super().answer(service, operation, asked)
            except EndpointConnectionError:
                self.budget.after("", "silent", attempts)
                raise
            except Exception as error:
                code = cast(Any, error).response["Error"]["Code"]
                if self.budget.after(code, "answered", attempts):
                    continue
                raise
            self.budget.after("", "answered", attempts)
            return found


class Scene:
    """A worker's surroundings with so many environments."""

    def __init__(self, stores: Stores, catalogue: Catalogue, count: int) -> None:
        self.stores = stores
        self.names = [f"e{number}" for number in range(count)]
        self.catalogue = catalogue.model_copy(
            update={"environments": dict.fromkeys(self.names, catalogue.environments["staging"])}
        )
        self.aws = GatedAws(self.names)
        self.world: str | None = "aws"
        self.settings = Settings(_env_file=None, sweep_concurrency=8, api_calls_per_s=1000)  # type: ignore[call-arg]
        for name in self.names:
            stores.environments.save(name, exists=True, world="aws", outputs=outputs_of(name))
        self.sweeps = Sweeps(self.context, self._build)

    @property
    def context(self) -> Context:
        return cast(
            Context,
            SimpleNamespace(
                settings=self.settings, catalogue=lambda: self.catalogue, stores=self.stores,
                aws=lambda: self.aws, emulated_endpoint=None, world=lambda: self.world,
            ),
        )  # fmt: skip

    def _build(self, _account: Account, budget: CallBudget, _connections: int) -> Aws:
        self.aws.budget = budget
        return cast(Aws, self.aws)

    def facts(self) -> dict[str, Any]:
        reading = self.stores.readings.get("sweep")
        assert reading is not None
        return {**reading.facts, "ok": reading.ok, "detail": reading.detail}

    def tasks_running(self) -> dict[str, int | None]:
        return {
            name: state.report["services"]["backend"]["running"]
            for name, state in self.stores.health.latest().items()
        }


@pytest.fixture
def scene(stores: Stores, catalogue: Catalogue) -> Callable[[int], Scene]:
    return lambda count: Scene(stores, catalogue, count)


def test_everything_seen_is_kept_with_what_it_took(scene: Callable[[int], Scene]) -> None:
    place = scene(30)

    place.sweeps.look()

    assert place.tasks_running() == dict.fromkeys(place.names, 2)
    facts = place.facts()
    assert (facts["ok"], facts["environments"], facts["breaker"], facts["throttled"]) == (
        True,
        30,
        "closed",
        0,
    )
    assert facts["calls"] == sum(place.aws.calls.values()) == sum(facts["by_service"].values())
    assert facts["calls_per_environment"] == round(facts["calls"] / 30, 2)
    assert facts["seconds"] > 0


def test_since_goes_on_from_sweep_to_sweep(scene: Callable[[int], Scene]) -> None:
    place = scene(1)
    place.sweeps.look()
    first = place.stores.health.latest()["e0"]
    place.sweeps.look()
    second = place.stores.health.latest()["e0"]

    assert second.checked_at > first.checked_at
    assert second.report["since"] == first.report["since"] == first.since.isoformat()
    assert sweep_environment(place.context, "e0").since == first.since


def test_who_is_not_looked_at(scene: Callable[[int], Scene]) -> None:
    place = scene(6)
    environments = place.stores.environments
    environments.save("e0", asleep=True)
    environments.save("e1", outputs={})
    environments.save("e2", exists=False)
    environments.save("unknown-to-the-catalogue", exists=True, outputs={"a": "b"})
    run = place.stores.runs.create("e3", "update", "ana", ("apply",))
    for state in ("preparing", "applying"):
        place.stores.runs.transition(run.id or 0, state, "worker")
    waiting = place.stores.runs.create("e4", "update", "ana", ("apply",))
    place.stores.runs.transition(waiting.id or 0, "preparing", "worker")

    place.sweeps.look()

    assert set(place.stores.health.latest()) == {"e4", "e5"}


def test_a_world_that_was_stopped_is_left_alone(scene: Callable[[int], Scene]) -> None:
    place = scene(2)
    place.world = None

    place.sweeps.look()

    assert not place.stores.health.latest()
    assert not place.aws.calls


def test_what_was_seen_while_the_world_was_stopped_counts_for_nothing(scene: Callable[[int], Scene]) -> None:
    place = scene(2)

    def stop(*_: object) -> None:
        place.world = None

    place.aws.before = stop
    place.sweeps.look()

    assert not place.stores.health.latest()


def test_an_environment_of_another_world_is_lost_without_asking(scene: Callable[[int], Scene]) -> None:
    place = scene(2)
    place.stores.environments.save("e0", world="an earlier one")

    place.sweeps.look()

    states = place.stores.health.latest()
    assert "was lost" in states["e0"].report["causes"][0]["text"]
    assert place.aws.calls["describe_services"] == 1


def test_one_that_breaks_and_one_that_hangs_hold_up_nobody(scene: Callable[[int], Scene]) -> None:
    place = scene(12)
    release = threading.Event()

    def before(_service: str, _operation: str, asked: dict[str, Any]) -> None:
        cluster = asked.get("cluster")
        if cluster == "todo-e3":
            raise refusal("SomethingOdd")
        if cluster == "todo-e5":
            release.wait(60)

    place.aws.before = before
    place.sweeps.time_limit_s = 1
    place.sweeps.look()
    release.set()

    running = place.tasks_running()
    assert {name for name, count in running.items() if count == 2} == {*place.names} - {"e3", "e5"}
    probes = {probe["name"]: probe["detail"] for probe in place.stores.health.latest()["e5"].report["probes"]}
    assert "not done within 1 s" in probes["services"]
    assert len(place.stores.health.latest()) == 12


def test_throttled_calls_are_made_again_and_counted(scene: Callable[[int], Scene]) -> None:
    place = scene(12)
    refused = iter(range(3))

    def before(*_: object) -> None:
        if next(refused, None) is not None:
            raise refusal("ThrottlingException")

    place.aws.before = before
    place.sweeps.look()

    assert place.tasks_running() == dict.fromkeys(place.names, 2)
    assert (place.facts()["throttled"], place.facts()["breaker"]) == (3, "closed")


def test_an_account_that_is_silent_is_soon_left_alone_and_the_sweep_says_so(
    scene: Callable[[int], Scene],
) -> None:
    place = scene(40)

    def before(*_: object) -> None:
        raise EndpointConnectionError(endpoint_url="https://ecs")

    place.aws.before = before
    place.sweeps.look()

    facts = place.facts()
    assert (facts["ok"], facts["breaker"]) == (False, "open")
    assert facts["calls"] < 40
    assert "not asked" in facts["detail"]
    details = [
        probe["detail"]
        for probe in place.stores.health.latest()["e9"].report["probes"]
        if probe["name"] == "services"
    ]
    assert details, "it is said of each environment too"
    assert any("did not answer" in detail for detail in details)


def test_what_sleeps_and_what_is_gone_end_their_spans(scene: Callable[[int], Scene]) -> None:
    place = scene(3)
    place.sweeps.look()
    place.stores.environments.save("e0", asleep=True)
    place.stores.environments.save("e1", exists=False)
    for _ in range(2):
        place.sweeps.look()

    verdicts = {
        name: [span.verdict for span in place.stores.health.spans(name, since=now() - timedelta(hours=1))]
        for name in place.names
    }
    lasting = {name for name, _ in place.stores.health.lasting()}
    assert verdicts["e1"][-1] == "not_created"
    assert verdicts["e1"].count("not_created") == 1
    assert lasting == {"e1", "e2"}
    assert place.stores.health.latest()["e1"].verdict == "not_created"


def test_a_run_that_began_meanwhile_keeps_what_was_seen_before(scene: Callable[[int], Scene]) -> None:
    place = scene(2)
    begun = threading.Event()

    def before(*_: object) -> None:
        if not begun.is_set():
            begun.set()
            run = place.stores.runs.create("e0", "update", "ana", ("apply",))
            for state in ("preparing", "applying"):
                place.stores.runs.transition(run.id or 0, state, "worker")

    place.aws.before = before
    place.sweeps.look()

    assert set(place.stores.health.latest()) == {"e1"}


def test_two_sweeps_do_not_pile_up(scene: Callable[[int], Scene]) -> None:
    place = scene(2)
    inside, release = threading.Event(), threading.Event()

    def before(*_: object) -> None:
        inside.set()
        release.wait(30)

    place.aws.before = before
    first = threading.Thread(target=place.sweeps.look, daemon=True)
    first.start()
    assert inside.wait(30)
    place.sweeps.look()
    assert not place.stores.health.latest()
    release.set()
    first.join(30)

    assert len(place.stores.health.latest()) == 2


def test_a_failure_of_the_store_is_told(scene: Callable[[int], Scene]) -> None:
    place = scene(1)
    with place.stores.database.write() as session:
        session.connection().exec_driver_sql("DROP TABLE health_point")

    with pytest.raises(PanelError):
        place.sweeps.look()
