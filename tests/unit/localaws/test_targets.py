from __future__ import annotations

from typing import Any

import pytest

from panel.localaws.addresses import is_task_address
from panel.localaws.targets import sync_targets
from panel.localaws.tasks import Task


class MemoryElb:
    """One target group; like the real one it is told additions and removals apart."""

    def __init__(self, *targets: tuple[str, int], gone: bool = False) -> None:
        self.targets = set(targets)
        self.gone = gone
        self.calls: list[str] = []

    def describe_target_groups(self, **request: Any) -> Any:
        raise AssertionError("not needed")

    def describe_target_health(self, **request: Any) -> Any:
        if self.gone:
            raise LookupError("An error occurred (TargetGroupNotFound)")
        return {
            "TargetHealthDescriptions": [{"Target": {"Id": id_, "Port": port}} for id_, port in self.targets]
        }

    def register_targets(self, *, Targets: list[dict[str, Any]], **request: Any) -> Any:
        self.calls.append("register")
        self.targets |= {(item["Id"], item["Port"]) for item in Targets}

    def deregister_targets(self, *, Targets: list[dict[str, Any]], **request: Any) -> Any:
        self.calls.append("deregister")
        self.targets -= {(item["Id"], item["Port"]) for item in Targets}


def serving(address: str, port: int) -> Task:
    return Task("t", "r", "i", "d", 1, 0, address, port, 0, "serving", 0, 0, "group", "")


def test_new_ones_are_registered_before_old_ones_are_taken_out() -> None:
    elb = MemoryElb(("127.64.0.1", 1))
    sync_targets(elb, "group", [serving("127.64.0.2", 2)])
    assert elb.targets == {("127.64.0.2", 2)}
    assert elb.calls == ["register", "deregister"]


def test_what_is_right_is_left_alone() -> None:
    elb = MemoryElb(("127.64.0.1", 1))
    sync_targets(elb, "group", [serving("127.64.0.1", 1)])
    assert elb.calls == []


def test_an_address_that_came_back_with_another_port_is_not_hidden_by_the_old_one() -> None:
    elb = MemoryElb(("127.64.0.1", 1))
    sync_targets(elb, "group", [serving("127.64.0.1", 2)])
    assert elb.targets == {("127.64.0.1", 2)}
    assert elb.calls == ["deregister", "register"]


def test_targets_of_others_stay() -> None:
    elb = MemoryElb(("10.0.1.7", 5000), ("127.64.0.1", 1))
    sync_targets(elb, "group", [])
    assert elb.targets == {("10.0.1.7", 5000)}


def test_a_group_that_is_gone_needs_nothing() -> None:
    elb = MemoryElb(gone=True)
    sync_targets(elb, "group", [serving("127.64.0.1", 1)])
    assert elb.calls == []


@pytest.mark.parametrize(
    ("target", "ours"), [("127.64.3.9", True), ("127.000.0.1", True), ("10.0.0.1", False)]
)
def test_task_addresses_are_loopback(target: str, ours: bool) -> None:
    assert is_task_address(target) is ours
