"""What of runs, locks and drift is worth telling: read from the store again and again, so that nothing else must think of it.

The same is found again after a restart or by another worker; the outbox knows it by its key.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from panel.access.identity import SYSTEM
from panel.catalogue.schema import SHARED
from panel.lifecycle.schedule_expiry import retry_at
from panel.lifecycle.ship_news import event_of_shipping, facts_of_shipping
from panel.lifecycle.stages import KINDS, SHIPPING, TITLES
from panel.lifecycle.telling import Teller, span_words
from panel.store.stores import Stores
from panel.store.tables import Run, RunTransition, now

#: A run at work that was not heard of for this long is stuck; pages say so from the same time on.
STUCK_AFTER = timedelta(minutes=5)

# A transition may become visible after one with a higher number: numbers are given before transactions end.
_OVERLAP = timedelta(minutes=2)
# How far back a worker looks that knows of no message: news of a panel that just got its first channel.
_FIRST_LOOK = timedelta(minutes=10)
_FURTHEST_LOOK = timedelta(days=7)
_BATCH = 500
_AT_WORK = frozenset({"preparing", "planning", "approved", "applying", "deploying"})
#: Scheduled runs whose failure has words of its own.
_SCHEDULED_FAILURES = {"destroy": "expiry_postponed", "sleep": "sleep_failed", "wake": "wake_failed"}
#: Kinds whose success is told. Scaling by working hours happens every day, and plans change nothing.
_TOLD_WHEN_DONE = frozenset({"create", "update", "destroy", "refresh"}) | SHIPPING
_MOST_NAMED = 10


class RunNews:
    """Finds what is worth telling.

    Args:
        stores: the store.
        teller: tells it.
        approval_timeout_s: how long a plan waits for review.
        clock: the present time.
    """

    def __init__(
        self, stores: Stores, teller: Teller, *, approval_timeout_s: int, clock: Callable[[], datetime] = now
    ) -> None:
        self._stores = stores
        self._teller = teller
        self._approval_timeout_s = approval_timeout_s
        self._clock = clock
        self._after: int | None = None
        self._told: set[int] = set()

    def look(self) -> None:
        """Tell what happened since the last look."""
        if not self._teller.reaches_anybody:
            return
        if self._after is None:
            self._after = self._stores.history.last_step_before(self._first_moment())
        self._steps()
        self._locks()
        self._stuck()

    def _first_moment(self) -> datetime:
        moment = self._clock()
        written = self._stores.notifications.last_written() or moment - _FIRST_LOOK
        return max(min(written, moment) - _OVERLAP, moment - _FURTHEST_LOOK)

    def _steps(self) -> None:
        settled = self._clock() - _OVERLAP
        after = self._after or 0
        while steps := self._stores.history.steps(after=after, limit=_BATCH):
            for step, run in steps:
                number = after = step.id or 0
                if number not in self._told:
                    self._tell(step, run)
                    self._told.add(number)
                if step.at < settled:
                    self._after = max(self._after or 0, number)
        self._told = {number for number in self._told if number > (self._after or 0)}

    def _tell(self, step: RunTransition, run: Run) -> None:
        if run.kind == "drift":
            self._tell_drift(step, run)
            return
        event = event_of(step, run)
        if not event:
            return
        releases = self._stores.releases.of_run(run.id or 0)
        event = event_of_shipping(event, run, releases)
        facts = self._facts(run) | facts_of_shipping(self._stores, run, releases)
        self._teller.tell(event, f"run:{run.id}:{event}:{step.id}", run.environment, facts, run_id=run.id)

    def _facts(self, run: Run) -> dict[str, str]:
        record = self._stores.environments.get(run.environment)
        decided = run.decided_by if run.decided_by not in {"", run.author} else ""
        return {
            "kind": KINDS.get(run.kind, run.kind),
            "kind_lower": KINDS.get(run.kind, run.kind).lower(),
            "author": run.author,
            "counts": _counts(run),
            "cost": f"It would cost about $ {run.monthly_usd:.2f} a month."
            if run.monthly_usd is not None
            else "",
            "limit": span_words(self._approval_timeout_s),
            "reason": run.error or self._findings(run),
            "hint": run.error_hint,
            "decided": f"Approved by {decided}." if decided else "",
            "address": f"It answers at {record.url}" if record.url and run.kind != "destroy" else "",
            "again": self._again(run),
        }

    def _findings(self, run: Run) -> str:
        """What blocks a plan that a person may still let pass."""
        plan = self._stores.runs.plan(run.id or 0, "shared" if run.environment == SHARED else "environment")
        reasons = [
            str(f.get("reason", ""))
            for f in (plan.guardrails if plan else ())
            if f.get("severity") == "block"
        ]
        return "\n".join(f"- {reason}" for reason in reasons[:_MOST_NAMED])

    def _again(self, run: Run) -> str:
        if run.kind not in _SCHEDULED_FAILURES:
            return ""
        at = retry_at(self._stores.history.latest(run.environment, {run.kind}))
        return f"in {span_words((at - self._clock()).total_seconds())}" if at is not None else "soon"

    def _tell_drift(self, step: RunTransition, run: Run) -> None:
        if run.active or step.after != run.state:
            return
        earlier = self._stores.history.latest(run.environment, {"drift"}, before=run.id, limit=5)
        looked = [one for one in earlier if one.state not in {"canceled", "discarded"}]
        last = looked[0] if looked else None
        seen = next((one for one in looked if not _failed(one)), None)
        if _failed(run):
            if last is None or not _failed(last):
                self._teller.tell(
                    "drift_failed",
                    f"run:{run.id}:drift_failed",
                    run.environment,
                    self._facts(run),
                    run_id=run.id,
                )
        elif run.drifted:
            if seen is None or not seen.drifted or self._digest(seen) != self._digest(run):
                facts = self._facts(run) | self._drift_facts(run)
                self._teller.tell("drift_found", f"run:{run.id}:drift", run.environment, facts, run_id=run.id)
        elif step.after in {"no_changes", "planned"} and seen is not None and seen.drifted:
            self._teller.tell("drift_gone", f"run:{run.id}:drift_gone", run.environment, {}, run_id=run.id)

    def _drift_of(self, run: Run) -> list[dict[str, object]]:
        plan = self._stores.runs.plan(run.id or 0, "shared" if run.environment == SHARED else "environment")
        return plan.drift if plan else []

    def _digest(self, run: Run) -> str:
        text = json.dumps(self._drift_of(run), sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()

    def _drift_facts(self, run: Run) -> dict[str, str]:
        named = [f"- {item.get('address', '?')}" for item in self._drift_of(run)]
        more = [f"- and {len(named) - _MOST_NAMED} more"] if len(named) > _MOST_NAMED else []
        one = run.drifted == 1
        return {
            "number": "1 resource" if one else f"{run.drifted} resources",
            "them": "it" if one else "them",
            "resources": "\n".join(named[:_MOST_NAMED] + more),
        }

    def _locks(self) -> None:
        for lock in self._stores.locks.all():
            if lock.holder == "orphaned":
                when = f"{lock.created_at:%Y-%m-%d %H:%M} UTC" if lock.created_at else "an unknown time"
                facts = {"who": lock.who, "when": when, "reason": lock.evidence}
                self._teller.tell("orphaned_lock", f"lock:{lock.subject}:{lock.lock_id}", lock.subject, facts)

    def _stuck(self) -> None:
        for run in self._stores.runs.recent(active=True, limit=_BATCH):
            sign = run.heartbeat_at
            if run.state in _AT_WORK and sign is not None and self._clock() - sign > STUCK_AFTER:
                facts = self._facts(run) | {
                    "stage": TITLES.get(run.stage, run.stage).lower() or run.state,
                    "when": f"{sign:%Y-%m-%d %H:%M} UTC",
                }
                key = f"run:{run.id}:stuck:{sign:%Y%m%d%H%M}"
                self._teller.tell("stuck", key, run.environment, facts, run_id=run.id)


def event_of(step: RunTransition, run: Run) -> str:
    """The event that a step of a run is, or nothing: steps that only lead on, or that somebody just did by hand."""
    if step.after == "planned":
        waits = run.active and run.state == "planned" and not run.auto_approve and run.kind != "plan"
        return "review_needed" if waits else ""
    if step.after == "discarded":
        return "review_expired" if step.actor == "worker" else ""
    if step.after in {"errored", "interrupted", "blocked", "stale"}:
        scheduled = run.author == SYSTEM.name and run.kind in _SCHEDULED_FAILURES
        if scheduled:
            return _SCHEDULED_FAILURES[run.kind]
        # Whoever plans looks at it; nothing was at stake.
        return "" if run.kind == "plan" and step.after == "errored" else step.after
    if step.after == "applied" and run.kind in _TOLD_WHEN_DONE:
        return "expired" if run.kind == "destroy" and run.author == SYSTEM.name else "applied"
    return ""


def _failed(run: Run) -> bool:
    return run.state in {"errored", "interrupted", "blocked", "stale"}


def _counts(run: Run) -> str:
    if run.kind in SHIPPING:
        return "services were released, and answer"
    if run.add is None and run.change is None and run.destroy is None:
        return "nothing of its infrastructure was planned"
    numbers: Mapping[str, int | None] = {
        "to add": run.add,
        "to change": run.change,
        "to destroy": run.destroy,
    }
    return ", ".join(f"{number or 0} {word}" for word, number in numbers.items())
