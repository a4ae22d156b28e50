"""A panel of two applications in two places, as the store knows it: made for tests of the status board."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import select

from panel.catalogue.schema import Catalogue
from panel.lifecycle.overview import Overview
from panel.lifecycle.status_board import Board, Line, StatusBoard
from panel.store.health_tables import HealthSpan, HealthState
from panel.store.stores import Stores
from panel.store.tables import WorkerRecord, now

API = {"team": "API team", "contact": "api@example.com, +55 11 5555 0101"}
WEB = {"team": "Web team", "contact": "web@example.com"}
CALC = {"team": "Calculator team", "contact": "+55 (11) 5555-0102"}
OPS = {"team": "Platform team", "contact": "#platform"}
SERVICES = {"backend": API, "frontend": WEB, "calc": CALC}
_ENVIRONMENT = {
    "owner": OPS, "instance": {"type": "t3.micro", "count": 2}, "desired_tasks": 2, "monthly_budget_usd": 80.0,
}  # fmt: skip


def catalogue_of(environments: dict[str, dict[str, Any]]) -> Catalogue:
    """A to-do list (two services) and a calculator, in these environments."""
    container = {"kind": "container", "source": "backend", "port": 5000, "health_path": "/status"}
    return Catalogue.model_validate(
        {
            "project": "todo", "region": "us-east-2", "domain": "todo.example.com", "target": "aws",
            "terraform": {"state_bucket": "todo-state"},
            "services": {
                "backend": {**container, "title": "TODO list", "path_pattern": "/api/*", "owner": API,
                            "impact": "People cannot load or save their lists."},
                "frontend": {"kind": "static", "title": "TODO list", "source": "frontend", "owner": WEB},
                "calc": {**container, "title": "Calculator", "path_pattern": "/calc/*", "owner": CALC},
            },
            "environments": {
                name: {**_ENVIRONMENT, "subnet_slot": slot, **more}
                for slot, (name, more) in enumerate(environments.items())
            },
        }
    )  # fmt: skip


@dataclass
class StatusWorld:
    """What tests change, and the board that comes of it."""

    stores: Stores
    environments: dict[str, dict[str, Any]] = field(
        default_factory=lambda: {"production": {"protected": True, "title": "Production"}, "staging": {}}
    )
    world: str | None = "aws"
    page: str = ""

    def works(self, *names: str, fresh: bool = True) -> None:
        """These environments exist, and all of it was seen to work an hour ago (and now); a worker is alive."""
        self.beat()
        for name in names:
            self.stores.environments.save(
                name, exists=True, ready=True, world="aws", url=f"https://{name}.example.com",
                created_at=now() - timedelta(days=2),
            )  # fmt: skip
            self.saw(name, at=now() - timedelta(hours=1))
            if fresh:
                self.saw(name)

    def beat(self) -> None:
        """A worker's sign of life."""
        self.stores.workers.beat(WorkerRecord(id="w", host="h", pid=1, version="0"))

    def saw(
        self, name: str, *, at: datetime | None = None, notices: dict[str, str] | None = None,
        around: str = "", **verdicts: str,
    ) -> None:  # fmt: skip
        """A look at an environment: services that are not named work."""
        seen = {service: verdicts.get(service, "healthy") for service in SERVICES}
        worst = next(
            v for v in ("down", "degraded", "unknown", "healthy") if v in {*seen.values(), "healthy"}
        )
        causes = [
            {"text": f"technical: {v}", "service": service, "owner": SERVICES[service], "evidence": "x"}
            for service, v in seen.items() if v != "healthy"
        ]  # fmt: skip
        if around:
            causes.append({"text": around, "service": None, "owner": OPS, "evidence": "x"})
            worst = "degraded" if worst in {"healthy", "unknown"} else worst
        services = {s: {"verdict": v, "notice": (notices or {}).get(s, "")} for s, v in seen.items()}
        report = {"verdict": worst, "causes": causes, "services": services, "probes": []}
        self.stores.health.record(name, worst, report, at=at)

    def age(self, minutes: float) -> None:
        """All looks, and everything that lasts, are older by so much; the worker is alive as before."""
        with self.stores.database.write() as session:
            for state in session.exec(select(HealthState)):
                state.checked_at -= timedelta(minutes=minutes)
                session.add(state)
            for span in session.exec(select(HealthSpan)):
                span.began_at -= timedelta(minutes=minutes)
                session.add(span)

    def run(self, name: str, kind: str, *states: str) -> None:
        """A run under way."""
        number = self.stores.runs.create(name, kind, "ana", ["apply"]).id or 0
        for state in states:
            self.stores.runs.transition(number, state, "worker")

    def board(self) -> Board:
        """The board as it is now."""
        catalogue = catalogue_of(self.environments)
        overview = Overview(
            lambda: catalogue, self.stores, lambda: self.world, lambda _catalogue, _name: None
        )
        return StatusBoard(lambda: catalogue, self.stores, overview, self.page).look()

    def line(self, application: str = "TODO list", environment: str = "production") -> Line:
        """One line of the board."""
        return next(
            line for line in self.board().lines
            if (line.application, line.environment) == (application, environment)
        )  # fmt: skip
