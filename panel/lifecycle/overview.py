"""What pages and terminals show, read from the catalogue and the store alone: nothing here waits for AWS or Terraform."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from panel.catalogue.render import ssh_key_object
from panel.catalogue.schema import SHARED, Catalogue, Owner
from panel.errors import NotFoundError
from panel.lifecycle.health_report import STALE
from panel.lifecycle.overview_schedules import asleep_words
from panel.lifecycle.schedule_hours import SCALING
from panel.lifecycle.stages import KINDS, TITLES
from panel.store.health_tables import HealthState
from panel.store.stores import Stores
from panel.store.tables import EnvironmentRecord, Release, Run, WorkerRecord, now

#: A worker that has not been heard of for this long does not count as alive.
WORKER_SILENCE = timedelta(seconds=20)
#: States that speak of health: nobody asks how one is that is asleep.
_OF_HEALTH = frozenset({"ready", "degraded", "down", "unknown"})
#: Kinds of runs that leave an environment as it is, and so many runs are looked at to find one of the others.
_CHANGE_NOTHING = frozenset({"plan", "drift", "unlock"})
_LOOKED_AT = 100
#: Prices by the catalogue alone are counted again after so many seconds: price lists change.
_PRICED_S = 300.0


@dataclass(frozen=True)
class Cause:
    """Why an environment is not healthy, in plain words, and whom to call."""

    text: str
    team: str = ""
    contact: str = ""
    evidence: str = ""


@dataclass(frozen=True)
class Probe:
    """One check as a page shows it."""

    name: str
    verdict: str
    detail: str
    checked_at: str


@dataclass(frozen=True)
class ServiceView:
    """One service in one environment. ``digest`` is whole; pages shorten it."""

    name: str
    kind: str
    title: str
    owner: Owner
    version: str | None = None
    digest: str | None = None
    release: int | None = None
    desired: int = 0
    running: int = 0
    verdict: str = "not_created"
    released_at: datetime | None = None


@dataclass(frozen=True)
class EnvironmentView:
    """One environment as its card shows it.

    ``state`` is one of: not_created, working, needs_you, ready, degraded, down, asleep, failed, lost,
    unknown.
    """

    name: str
    state: str
    state_text: str
    url: str | None
    domain: str
    protected: bool
    owner: Owner
    size: str
    monthly_usd: float | None
    budget_usd: float
    verdict: str
    causes: tuple[Cause, ...]
    probes: tuple[Probe, ...]
    checked_at: datetime | None
    since: datetime | None
    services: Mapping[str, ServiceView]
    last_run: Run | None
    active_run: Run | None
    exists: bool
    #: Where the private half of its SSH key is kept; None where it has none.
    ssh_key: str | None = None
    #: environments.yaml wants it gone: nothing is created in it or released to it.
    retired: bool = False


@dataclass(frozen=True)
class _Seen:
    """What the store knows, read at once: many environments must not cost many questions."""

    catalogue: Catalogue
    world: str | None
    records: Mapping[str, EnvironmentRecord]
    health: Mapping[str, HealthState]
    newest: Mapping[str, Run]
    #: The last run that says something of the environment.
    telling: Mapping[str, Run]
    live: Mapping[tuple[str, str], Release]


class Overview:
    """Read models. ``world`` tells which world the endpoint is now (None: it does not answer)."""

    def __init__(
        self,
        catalogue: Callable[[], Catalogue],
        stores: Stores,
        world: Callable[[], str | None],
        price: Callable[[Catalogue, str], float | None],
    ) -> None:
        self._catalogue = catalogue
        self._stores = stores
        self._world = world
        self._price = price
        self._prices: tuple[Catalogue | None, float, dict[str, float | None]] = (None, 0.0, {})

    def workers(self) -> list[WorkerRecord]:
        """Workers that are alive."""
        return self._stores.workers.alive(within=WORKER_SILENCE)

    def environments(self) -> list[EnvironmentView]:
        """All environments of the catalogue, in its order."""
        stores, catalogue = self._stores, self._catalogue()
        seen = _Seen(
            catalogue, self._world(), stores.environments.all(), stores.health.latest(),
            stores.runs.newest(), stores.runs.newest(without=_CHANGE_NOTHING), stores.releases.live_everywhere(),
        )  # fmt: skip
        return [self._view(name, seen) for name in catalogue.environments]

    def environment(self, name: str) -> EnvironmentView:
        """One environment.

        Raises:
            NotFoundError: the catalogue has no such environment.
        """
        stores, catalogue = self._stores, self._catalogue()
        if name not in catalogue.environments:
            known = ", ".join(catalogue.environments)
            raise NotFoundError(
                f"There is no environment named {name!r}.", hint=f"environments.yaml has: {known}."
            )
        state, last = stores.health.get(name), stores.runs.recent(name, limit=1)
        telling = self._before(last[0]) if last and last[0].kind in _CHANGE_NOTHING else None
        seen = _Seen(
            catalogue, self._world(),
            {one: stores.environments.get(one) for one in (name, SHARED)},
            {name: state} if state is not None else {},
            {name: last[0]} if last else {},
            {name: telling} if telling is not None else {},
            {(name, service): release for service, release in stores.releases.live(name).items()},
        )  # fmt: skip
        return self._view(name, seen)

    def _before(self, last: Run) -> Run | None:
        before = self._stores.runs.recent(last.environment, before=last.id, limit=_LOOKED_AT)
        return next((run for run in before if run.kind not in _CHANGE_NOTHING), None)

    def _view(self, name: str, seen: _Seen) -> EnvironmentView:
        entry = seen.catalogue.environments[name]
        record = seen.records.get(name) or EnvironmentRecord(name=name)
        sample, last = seen.health.get(name), seen.newest.get(name)
        report: dict[str, Any] = dict(sample.report) if sample is not None and _is_of(sample, record) else {}
        stale = sample is not None and bool(report) and now() - sample.checked_at > STALE
        state, text = _state(record, _telling(last, seen.telling.get(name)), report, seen.world, stale=stale)
        if state in _OF_HEALTH and record.asleep and seen.world is not None:
            state, text = "asleep", asleep_words(entry, now())
        return EnvironmentView(
            name=name, state=state, state_text=text,
            url=record.url or None if state != "lost" else None,
            domain=seen.catalogue.domain_of(name), protected=entry.protected, owner=entry.owner,
            size=f"2 zones · {entry.instance.type} ×{entry.instance.count} · {entry.desired_tasks} tasks",
            monthly_usd=record.monthly_usd if record.monthly_usd is not None and record.exists else self._priced(seen.catalogue, name),
            budget_usd=entry.monthly_budget_usd,
            verdict="unknown" if state == "lost" else str(report.get("verdict", "unknown" if record.exists else "not_created")),
            causes=tuple(_cause(item) for item in report.get("causes", [])),
            probes=tuple(_probe(item) for item in report.get("probes", [])),
            checked_at=sample.checked_at if sample is not None and report else None,
            since=sample.since if sample is not None and report else None,
            services=_services(name, record, report, seen),
            last_run=last, active_run=last if last is not None and last.active else None, exists=record.exists,
            ssh_key=_ssh_key(name, seen.records) if entry.ssh_key else None, retired=entry.retired,
        )  # fmt: skip

    def _priced(self, catalogue: Catalogue, name: str) -> float | None:
        """What an environment would cost, counted once for each reading of the catalogue, and anew after a while."""
        of, counted_at, prices = self._prices
        if of is not catalogue or time.monotonic() - counted_at > _PRICED_S:
            prices = {}
            self._prices = (catalogue, time.monotonic(), prices)
        if name not in prices:
            prices[name] = self._price(catalogue, name)
        return prices[name]


def _telling(last: Run | None, telling: Run | None) -> Run | None:
    """The last run that says something of the environment: what changes nothing neither fails it nor heals it."""
    if last is None or last.kind not in _CHANGE_NOTHING or (last.active and last.kind != "drift"):
        return last  # a drift check goes on behind whatever state there is
    return telling


def _ssh_key(name: str, records: Mapping[str, EnvironmentRecord]) -> str | None:
    shared = records.get(SHARED)
    bucket = shared.outputs.get("keys_bucket") if shared is not None else None
    return f"s3://{bucket}/{ssh_key_object(name)}" if bucket else None


def _services(
    name: str, record: EnvironmentRecord, report: Mapping[str, Any], seen: _Seen
) -> dict[str, ServiceView]:
    found: Mapping[str, Any] = report.get("services", {})
    views = {}
    for service, definition in seen.catalogue.services.items():
        release, health = seen.live.get((name, service)) if record.exists else None, found.get(service, {})
        views[service] = ServiceView(
            name=service, kind=definition.kind, title=definition.title, owner=definition.owner,
            version=release.version if release else None, digest=release.digest if release else None,
            release=release.number if release else None,
            desired=int(health.get("desired") or 0), running=int(health.get("running") or 0),
            verdict=str(health.get("verdict", "unknown" if record.exists else "not_created")),
            released_at=release.ended_at if release else None,
        )  # fmt: skip
    return views


def _is_of(sample: HealthState, record: EnvironmentRecord) -> bool:
    """Whether a sample was taken of this environment, and not of one of the same name that was destroyed."""
    return record.exists and (record.created_at is None or sample.checked_at >= record.created_at)


def _state(
    record: EnvironmentRecord, last: Run | None, report: Mapping[str, Any], world: str | None, *, stale: bool
) -> tuple[str, str]:
    """The one word of the card and what stands beside it."""
    if last is not None and last.active:
        if last.state == "planned":
            return "needs_you", f"{KINDS[last.kind]}: the plan waits for review"
        if last.state == "blocked":
            return "needs_you", f"{KINDS[last.kind]}: a guardrail stopped the plan"
        return "working", f"{KINDS[last.kind]}: {TITLES.get(last.stage, 'waiting for a worker').lower()}"
    failed = last if last is not None and last.state in {"errored", "interrupted"} else None
    if failed is not None and failed.kind in SCALING and record.ready:
        failed = None  # it ended before it touched anything
    if record.exists and record.world and world is not None and record.world != world:
        return "lost", "the embedded AWS was stopped abruptly and lost this environment"
    if not record.exists:
        if failed is not None:
            return "failed", f"{KINDS[failed.kind]} did not succeed"
        return "not_created", "not created"
    if world is None:
        return "unknown", "the endpoint does not answer"
    if failed is not None or not record.ready:
        return "failed", f"{KINDS[failed.kind] if failed else 'The last change'} did not succeed"
    if stale:
        return "unknown", "not looked at for a while"
    verdict = str(report.get("verdict", "unknown"))
    words = {
        "healthy": ("ready", "ready"),
        "degraded": ("degraded", "works with trouble"),
        "down": ("down", "does not work"),
    }
    return words.get(verdict, ("unknown", "health not known yet"))


def _cause(item: Mapping[str, Any]) -> Cause:
    owner = item.get("owner") or {}
    return Cause(
        text=str(item.get("text", "")), team=str(owner.get("team", "")),
        contact=str(owner.get("contact", "")), evidence=str(item.get("evidence", "")),
    )  # fmt: skip


def _probe(item: Mapping[str, Any]) -> Probe:
    return Probe(
        name=str(item.get("name", "")), verdict=str(item.get("verdict", "unknown")),
        detail=str(item.get("detail", "")), checked_at=str(item.get("checked_at", "")),
    )  # fmt: skip
