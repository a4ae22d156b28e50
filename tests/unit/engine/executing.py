"""Executions begun and followed, and the wait for what comes about."""

import json
import time

from panel.engine.events import EventKind
from panel.engine.operation import Operation


def follow(execution, events=None, timeout=60):
    return execution.follow(
        poll_interval=0.02, timeout=timeout, on_event=(events if events is not None else []).append
    )


def planned(bench, key="plan"):
    return follow(bench.terraform.start(bench.workspace, Operation.plan(), key=key))


def start_apply(bench, key="apply"):
    outcome = planned(bench)
    operation = Operation.apply(outcome.plan_path, plan_digest=outcome.plan_digest)
    execution = bench.terraform.start(bench.workspace, operation, key=key)
    wait_for(lambda: any(event.kind is EventKind.APPLY_START for event in execution.events()))
    return execution


def wait_for(condition, seconds=30):
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up, "it never came about"
        time.sleep(0.02)


def pid_of(execution):
    return json.loads((execution.directory / "process.json").read_text())["pid"]
