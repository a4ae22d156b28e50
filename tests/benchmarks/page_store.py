"""A store as it looks in the middle of things: sixty runs, one of them applying, with somebody writing its log."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from panel.cost.estimate import to_dict
from panel.lifecycle.stages import STAGES
from panel.store.runs import Line
from panel.store.tables import RunPlan, WorkerRecord, now
from panel.wiring import Panel

RUNS = 60
LINES = 2000
CHANGES = 51
ATTRIBUTES = 18  # so many a resource has on average in the plan of a real environment
_WRITES_EVERY_S = 0.4
_TYPES = (
    "aws_security_group", "aws_vpc_security_group_ingress_rule", "aws_lb", "aws_lb_listener", "aws_ecs_service",
    "aws_ecs_task_definition", "aws_iam_role", "aws_s3_bucket", "aws_route53_record", "aws_cloudfront_distribution",
)  # fmt: skip


def fill(panel: Panel, world: str) -> int:
    """Fill an empty store; the number of the run that is applying."""
    runs = panel.stores.runs
    _ready_environment(panel, "production", world)
    for number in range(RUNS - 2):
        kind = "deploy" if number % 3 else "update"
        way = (
            ("deploying",)
            if kind == "deploy"
            else ("planning", "planned", "approved", "applying", "deploying")
        )
        run = runs.create("production", kind, "ana", STAGES[kind])
        for state in ("preparing", *way, "applied"):
            runs.transition(run.id or 0, state, "worker")
        runs.update(run.id or 0, add=0, change=number % 4, destroy=0, monthly_usd=71.4)
    return _applying(panel, "staging")


def _ready_environment(panel: Panel, name: str, world: str) -> None:
    run = panel.stores.runs.create(name, "create", "ana", STAGES["create"])
    for state in ("preparing", "planning", "planned", "approved", "applying", "deploying", "applied"):
        panel.stores.runs.transition(run.id or 0, state, "worker")
    estimate = to_dict(panel.estimate(name))
    panel.stores.environments.save(
        name, exists=True, ready=True, world=world, url=f"http://app.cloudfront.localhost:{panel.settings.local_port}",
        outputs={"site_bucket": "todo-site", "state_bucket": "todo-state", "cluster_name": "todo",
                 "load_balancer_dns_name": "todo.elb.example.com"},
        estimate=estimate, monthly_usd=estimate["monthly_usd"], created_at=now() - timedelta(days=3),
    )  # fmt: skip
    for service, kind in (("backend", "container"), ("frontend", "static")):
        release = panel.stores.releases.start(name, service, kind, "4f2a91c", run_id=run.id or 0, world=world)
        panel.stores.releases.finish(release.id or 0, "live", digest="sha256:" + "4f2a91c0" * 8)
    for _ in range(500):
        panel.stores.health.record(name, "healthy", _report())


def _report() -> dict[str, Any]:
    probe = {
        "service": "backend",
        "verdict": "healthy",
        "detail": "200 in 14 ms",
        "evidence": "",
        "elapsed_ms": 14.0,
    }
    names = ("Site", "API", "ECS tasks", "Target group", "CloudFront")
    counts = {"verdict": "healthy", "version": "4f2a91c", "digest": "", "desired": 2, "running": 2}
    return {
        "verdict": "healthy", "causes": [], "services": {"backend": counts, "frontend": counts},
        "probes": [{**probe, "name": name, "checked_at": now().isoformat()} for name in names],
    }  # fmt: skip


def _applying(panel: Panel, name: str) -> int:
    runs = panel.stores.runs
    number = runs.create(name, "create", "ben", STAGES["create"]).id or 0
    for state in ("preparing", "planning", "planned", "approved", "applying"):
        runs.transition(number, state, "worker")
    for stage in ("shared", "plan", "review"):
        runs.set_stage(number, stage, "active")
        runs.set_stage(number, stage, "done")
    runs.set_stage(number, "apply", "active")
    runs.update(
        number, add=CHANGES, change=0, destroy=0, progress_total=CHANGES, progress_done=31, monthly_usd=71.4,
        waiting_for="module.environment.aws_route53_record.app", plan_digest="4f2a91c0",
    )  # fmt: skip
    estimate = to_dict(panel.estimate(name))
    for stack, count in (("environment", CHANGES), ("shared", 29)):
        runs.save_plan(
            RunPlan(
                run_id=number,
                stack=stack,
                changes=_changes(count),
                estimate=estimate,
                guardrails=_guardrails(),
            )
        )
    runs.append(number, "apply", _lines(0, LINES))
    return number


def _changes(count: int) -> list[dict[str, Any]]:
    attributes = [
        {"path": f"settings[{index}].name", "before": None, "after": f"todo-staging-{index}" if index % 3 else None,
         "known": bool(index % 3), "sensitive": False, "forces_replacement": False}
        for index in range(ATTRIBUTES)
    ]  # fmt: skip
    return [
        {"address": f"module.environment.{_TYPES[index % len(_TYPES)]}.this[{index}]", "module": "module.environment",
         "type": _TYPES[index % len(_TYPES)], "name": "this", "action": "create", "reason": "", "previous_address": "",
         "replace_paths": [], "attributes": attributes}
        for index in range(count)
    ]  # fmt: skip


def _guardrails() -> list[dict[str, Any]]:
    return [
        {"rule": f"rule-{n}", "severity": "pass", "reason": "nothing against it", "address": ""}
        for n in range(10)
    ]


def _lines(first: int, count: int) -> list[Line]:
    text = "module.environment.aws_route53_record.this[{n}]: Still creating... [{n}s elapsed]"
    return [Line(text.format(n=n), source="apply", position=n) for n in range(first, first + count)]


@contextmanager
def work_in_progress(panel: Panel, run_id: int) -> Iterator[None]:
    """Write as a worker does while Terraform applies: lines, progress, and its sign of life."""
    stop = threading.Event()

    def write() -> None:
        written = LINES
        worker = WorkerRecord(id="bench:1", host="bench", pid=1, version="0", memory_mb=140)
        while not stop.is_set():
            panel.stores.runs.append(run_id, "apply", _lines(written, 3))
            panel.stores.runs.update(
                run_id, waiting_for=f"module.environment.aws_lb.this[{written}]", heartbeat_at=now()
            )
            panel.stores.workers.beat(worker.model_copy())
            written += 3
            stop.wait(_WRITES_EVERY_S)

    thread = threading.Thread(target=write, name="writer", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
