"""Reads of a whole account: how many calls they take, what is read again when, and who suffers from whom."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import pytest

from panel.aws.session import Aws
from panel.catalogue.schema import Catalogue
from panel.errors import AwsError, NotFoundError
from panel.health.account_reads import AccountReads
from panel.health.account_sweep import Means, sweep_account
from panel.health.outputs import place_of
from panel.health.read_cache import FOREVER_S, Batched, NotItsTurnError, Once, ReadCache
from panel.health.reads import TARGETS_LANE, EnvironmentReads
from panel.health.runner import now
from tests.unit.health.played_aws import PlayedAws, arn, outputs_of, refusal

Named = Callable[[list[str]], Catalogue]


@dataclass
class Clock:
    present: float = 0.0

    def __call__(self) -> float:
        return self.present


@pytest.fixture
def named(catalogue: Catalogue) -> Named:
    """A catalogue with these environments."""

    def build(names: list[str]) -> Catalogue:
        written = catalogue.model_dump()
        (one,) = written["environments"].values()
        written["environments"] = dict.fromkeys(names, one)
        return catalogue.model_copy(
            update={"environments": dict.fromkeys(names, catalogue.environments["staging"])}
        )

    return build


def means(aws: PlayedAws, cache: ReadCache | None = None) -> Means:
    return Means(cast(Aws, aws), cache or ReadCache(), 8, threading.Semaphore(16), time_limit_s=30)


def names_of(count: int) -> list[str]:
    return [f"e{number}" for number in range(count)]


def reads_of(aws: PlayedAws, catalogue: Catalogue, name: str, **more: Any) -> EnvironmentReads:
    places = [place_of(catalogue, one, outputs_of(one)) for one in aws.names]
    account = AccountReads(cast(Aws, aws), places, now=now(), **more)
    return EnvironmentReads(account, places[aws.names.index(name)])


def test_fifty_environments_take_few_more_calls_than_what_no_call_can_share(named: Named) -> None:
    names = names_of(50)
    aws, cache = PlayedAws(names), ReadCache()
    outputs = {name: outputs_of(name) for name in names}
    cache.begin()
    sweep_account(means(aws, cache), named(names), outputs, emulated_endpoint=None)

    shared = {"list_distributions": 1, "describe_load_balancers": 3, "describe_auto_scaling_groups": 1,
              "get_metric_data": 3, "describe_alarms": 2}  # fmt: skip
    assert {name: aws.calls[name] for name in shared} == shared
    own = {"describe_services", "describe_target_health", "describe_task_definition", "describe_listeners",
           "describe_tasks", "head_bucket", "get_bucket_versioning", "filter_log_events"}  # fmt: skip
    assert {aws.calls[name] for name in own} == {50}

    aws.calls.clear()
    cache.begin()
    sweep_account(means(aws, cache), named(names), outputs, emulated_endpoint=None)

    assert aws.calls == {
        "describe_services": 50,
        "list_distributions": 1, "describe_load_balancers": 3, "describe_auto_scaling_groups": 1, "describe_alarms": 2,
    }  # fmt: skip


def test_turns_bound_what_is_read_now_and_then(named: Named) -> None:
    names = names_of(20)
    aws, cache = PlayedAws(names), ReadCache()
    outputs = {name: outputs_of(name) for name in names}
    rare = ("describe_task_definition", "describe_listeners", "list_tasks", "describe_tasks", "head_bucket",
            "get_bucket_versioning", "filter_log_events", "describe_certificate")  # fmt: skip
    spent = []
    for _ in range(7):
        before = sum(aws.calls[name] for name in rare)
        cache.begin({"": 42})
        found = sweep_account(means(aws, cache), named(names), outputs, emulated_endpoint=None)
        spent.append(sum(aws.calls[name] for name in rare) - before)

    assert max(spent) == 42
    assert spent[-1] == 0, "everything had its turn"
    assert {report.services["backend"].version for report in found.values()} == {"v7"}


def test_a_few_are_asked_one_by_one_which_tells_more(named: Named) -> None:
    aws = PlayedAws(names_of(3))

    reads_of(aws, named(aws.names), "e1").distribution()

    assert aws.calls == {"get_distribution": 1}


def test_a_read_that_many_want_is_made_once_also_when_it_fails() -> None:
    made: list[int] = []

    def read() -> int:
        made.append(1)
        raise AwsError("refused")

    once = Once(read)
    for _ in range(3):
        with pytest.raises(AwsError):
            once()
    assert made == [1]


def test_one_that_aws_cannot_read_is_not_the_others_trouble(named: Named) -> None:
    aws = PlayedAws(names_of(20))
    bad = outputs_of("e7")["load_balancer_arn"]

    def before(service: str, operation: str, asked: dict[str, Any]) -> None:
        if bad in asked.get("LoadBalancerArns", ()):
            raise refusal("ValidationError")

    aws.before = before
    catalogue = named(aws.names)
    assert reads_of(aws, catalogue, "e3").load_balancer().state == "active"
    with pytest.raises(AwsError, match="ValidationError"):
        reads_of(aws, catalogue, "e7").load_balancer()


def test_a_refusal_of_all_is_told_to_all_without_asking_again() -> None:
    asked: list[int] = []

    def read(keys: Any) -> dict[str, int]:
        asked.append(len(keys))
        raise AwsError("denied") from refusal("AccessDenied")

    batch = Batched(["a", "b", "c"], 10, read)
    for key in "abc":
        with pytest.raises(AwsError, match="denied"):
            batch.get(key)
    assert asked == [3]


def test_what_was_not_created_is_missing_and_nobody_is_asked(named: Named) -> None:
    aws = PlayedAws(["e0"])
    place = place_of(named(["e0"]), "e0", {})
    reads = EnvironmentReads(AccountReads(cast(Aws, aws), [place], now=now()), place)

    for read in (reads.distribution, reads.load_balancer, reads.machine_group, reads.tasks, reads.alarms,
                 reads.certificates, lambda: reads.bucket("state_bucket"), lambda: reads.targets("backend")):  # fmt: skip
        with pytest.raises(NotFoundError, match="not created"):
            read()
    assert not aws.calls


def test_targets_of_many_are_read_again_when_they_or_their_service_are_not_well(named: Named) -> None:
    aws, cache = PlayedAws(names_of(20)), ReadCache()
    catalogue = named(aws.names)
    for name in aws.names:
        reads_of(aws, catalogue, name, cache=cache).targets("backend")
    assert aws.calls["describe_target_health"] == 20, "the first time it is read of all"
    aws.calls.clear()
    cache.begin({TARGETS_LANE: 0})
    aws.running["e3"] = 1

    for name in aws.names:
        reads_of(aws, catalogue, name, cache=cache).targets("backend")
    assert aws.calls["describe_target_health"] == 1, "only e3 lost a task"


@pytest.mark.parametrize(("change", "again"), [(None, 0), ("a task fewer", 1)])
def test_tasks_are_read_again_when_their_service_changed(
    named: Named, change: str | None, again: int
) -> None:
    aws, cache = PlayedAws(["e0"]), ReadCache()
    catalogue = named(["e0"])
    reads_of(aws, catalogue, "e0", cache=cache).tasks()
    cache.begin({"": 0})
    aws.calls.clear()
    if change:
        aws.running["e0"] = 1

    found = reads_of(aws, catalogue, "e0", cache=cache).tasks()

    assert aws.calls["describe_tasks"] == again
    assert [task.service for task in found] == ["todo-e0-backend"]


def test_a_revision_without_its_turn_has_no_version_yet(named: Named) -> None:
    aws, cache = PlayedAws(["e0"]), ReadCache()
    cache.begin({"": 0})

    found = reads_of(aws, named(["e0"]), "e0", cache=cache).task_definition("backend", arn("ecs", "x:1"))

    assert (found.version, found.digest) == (None, None)
    assert not aws.calls


class TestCache:
    def test_an_answer_counts_for_so_long(self) -> None:
        clock = Clock()
        cache, made = ReadCache(clock), iter(range(9))

        def got() -> int:
            return cache.get("key", lambda: next(made), lasts_s=60)

        assert [got(), got()] == [0, 0]
        clock.present = 60.5
        assert [got(), got()] == [1, 1]

    def test_without_a_turn_the_earlier_answer_counts_on_for_a_while(self) -> None:
        clock = Clock()
        cache = ReadCache(clock)
        cache.begin({"": 1})
        assert cache.get("key", lambda: "first", lasts_s=60, calls=1) == "first"
        clock.present = 200
        assert cache.get("key", lambda: "second", lasts_s=60, calls=1) == "first"
        clock.present = 241
        with pytest.raises(NotItsTurnError):
            cache.get("key", lambda: "second", lasts_s=60, calls=1)
        cache.begin({"": 1})
        assert cache.get("key", lambda: "second", lasts_s=60, calls=1) == "second"

    def test_a_failure_is_not_kept(self) -> None:
        cache = ReadCache()
        with pytest.raises(AwsError):
            cache.get("key", lambda: (_ for _ in ()).throw(AwsError("no")), lasts_s=60)
        assert cache.get("key", lambda: 1, lasts_s=60) == 1

    def test_what_nobody_uses_is_forgotten(self) -> None:
        clock = Clock()
        cache = ReadCache(clock)
        cache.get("key", lambda: 1, lasts_s=FOREVER_S)
        clock.present = 3601
        cache.begin()
        assert cache.peek("key") is None
