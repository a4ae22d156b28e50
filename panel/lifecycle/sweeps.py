"""Looking at environments and storing what was seen: by the worker on its schedule, after a run, or when asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from panel.aws.session import Account, Aws
from panel.catalogue.schema import Catalogue
from panel.errors import RefusedError
from panel.health import runner
from panel.health.account_reads import FEW
from panel.health.account_sweep import DEFAULT_TIME_LIMIT_S, Means, sweep_account
from panel.health.budget import CallBudget, Spent
from panel.health.read_cache import ReadCache
from panel.health.reads import TARGETS_LANE
from panel.health.sweep import Report, not_created, sweep, to_dict
from panel.health.verdict import lost_verdict
from panel.lifecycle.context import Context
from panel.store.health import LONGEST_GAP, Look
from panel.store.tables import EnvironmentRecord

# Of many environments, what hardly changes is read in turns: with as many calls of a sweep as the account takes in this
# time, and so many of load balancers, which take fewer.
_TURNS_S = 1.5
_TARGETS = 50


def _behind_budget(account: Account, budget: CallBudget, connections: int) -> Aws:
    return Aws(account, gate=budget, connections=connections)


def sweep_environment(context: Context, name: str) -> Report:
    """Look at one environment now and keep what was seen.

    Raises:
        NotFoundError: the catalogue has no such environment.
        RefusedError: it is asleep, so that there is nothing to look at.
    """
    catalogue = context.catalogue()
    record = context.stores.environments.get(name)
    if record.exists and record.asleep:
        raise RefusedError(
            f"{name} is scaled down to nothing outside its working hours: it does not answer, as it should not.",
            hint=f"To wake it now: panel env update {name}.",
        )
    if not record.exists:
        return not_created(catalogue, name)
    report = sweep(
        context.aws(),
        catalogue,
        name,
        record.outputs,
        emulated_endpoint=context.emulated_endpoint,
        lost_world=record.world != context.world(),
    )
    kept = context.stores.health.record(name, report.verdict, to_dict(report), at=report.checked_at)
    return replace(report, since=kept.since)


class Sweeps:
    """Looks at all environments again and again. One for the life of a worker: it knows what may be asked by now.

    Args:
        build: makes the clients of an account behind a budget.
    """

    def __init__(
        self, context: Context, build: Callable[[Account, CallBudget, int], Aws] = _behind_budget
    ) -> None:
        self._context = context
        self._build = build
        self._lock = threading.Lock()
        self._budget = CallBudget(context.settings.api_calls_per_s)
        self._means: Means | None = None
        #: Seconds for the looks at one environment.
        self.time_limit_s = DEFAULT_TIME_LIMIT_S

    def look(self) -> None:
        """Look at every environment that exists and has no run changing it, and keep what was seen of all at once.

        Raises:
            StorageError: the store refused.
        """
        if not self._lock.acquire(blocking=False):
            return  # somebody does it at this moment
        try:
            self._look()
        finally:
            self._lock.release()

    def _look(self) -> None:
        context, health = self._context, self._context.stores.health
        catalogue, world = context.catalogue(), context.world()
        if world is None:
            return  # stopped on purpose: what was seen last says more than a row of failures
        begun, spent = time.monotonic(), self._budget.spent
        records, busy = context.stores.environments.all(), self._changing()
        there = {
            name: record
            for name, record in records.items()
            if record.exists and name in catalogue.environments and name not in busy
        }
        reports = self._reports(catalogue, there, world)
        looks = [*_looks(reports), *self._gone(catalogue, records)]
        if context.world() != world:
            return  # stopped or lost meanwhile: what was seen is of a world that is going
        still = self._changing()
        gap = max(LONGEST_GAP, timedelta(seconds=3 * context.settings.health_interval_s))
        health.record_all([look for look in looks if look.environment not in still], longest_gap=gap)
        asleep = [name for name, record in there.items() if record.asleep]
        if asleep:
            health.pause(asleep)
        wanted = sum(_awake(record) for record in there.values())
        self._note(
            len(reports), wanted - len(reports), self._budget.spent.since(spent), time.monotonic() - begun
        )

    def _reports(
        self, catalogue: Catalogue, there: Mapping[str, EnvironmentRecord], world: str
    ) -> dict[str, Report]:
        awake = {name: record for name, record in there.items() if _awake(record)}
        at = runner.now()
        reports = {
            name: lost_verdict(catalogue, name, checked_at=at)
            for name, record in awake.items()
            if record.world != world
        }
        outputs = {name: record.outputs for name, record in awake.items() if name not in reports}
        if outputs:
            means = self._ready(len(outputs))
            endpoint = self._context.emulated_endpoint
            reports |= sweep_account(means, catalogue, outputs, emulated_endpoint=endpoint)
        return reports

    def _ready(self, environments: int) -> Means:
        """What to look with; the clients are made anew where the account is another by now."""
        settings, account = self._context.settings, self._context.aws().account
        if self._means is None or self._means.aws.account != account:
            threads = settings.sweep_concurrency
            aws = self._build(account, self._budget, threads)
            self._means = Means(
                aws, ReadCache(), threads, threading.Semaphore(2 * threads), self.time_limit_s
            )
        turns = {"": _TURNS_S * settings.api_calls_per_s, TARGETS_LANE: _TARGETS}
        self._means.cache.begin({} if environments <= FEW else turns)
        return self._means

    def _changing(self) -> set[str]:
        """Environments that a run changes at this moment."""
        return {
            run.environment
            for run in self._context.stores.runs.pending()
            if run.active and run.state in {"applying", "deploying"}
        }

    def _gone(self, catalogue: Catalogue, records: Mapping[str, EnvironmentRecord]) -> list[Look]:
        """Environments that were looked at once and do not exist any more: said once."""
        return [
            Look(one.environment, "not_created", _not_created(catalogue, one.environment))
            for one in self._context.stores.health.standings()
            if one.verdict != "not_created"
            and not (one.environment in records and records[one.environment].exists)
        ]

    def _note(self, looked_at: int, missed: int, spent: Spent, seconds: float) -> None:
        state = self._budget.breaker.state
        detail = ""
        if state != "closed":
            detail = "AWS is not asked for a while: it did not answer, or refused too many calls."
        elif missed:
            detail = f"There was no time to look at {missed} of {looked_at + missed} environments."
        self._context.stores.readings.note(
            "sweep", ok=not detail, detail=detail,
            facts={
                "environments": looked_at, "calls": spent.calls,
                "calls_per_environment": round(spent.calls / looked_at, 2) if looked_at else 0,
                "throttled": spent.throttled, "seconds": round(seconds, 3), "breaker": state,
                "by_service": spent.by_service,
            },
        )  # fmt: skip


def _looks(reports: Mapping[str, Report]) -> list[Look]:
    return [
        Look(name, report.verdict, to_dict(report), report.checked_at) for name, report in reports.items()
    ]


def _awake(record: EnvironmentRecord) -> bool:
    return bool(record.outputs) and not record.asleep


def _not_created(catalogue: Catalogue, name: str) -> dict[str, Any]:
    if name in catalogue.environments:
        return to_dict(not_created(catalogue, name))
    return {"environment": name, "verdict": "not_created", "services": {}, "causes": [], "probes": []}
