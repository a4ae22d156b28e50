"""A catalogue of one site and one API, and a builder of probe results."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from panel.catalogue.schema import Catalogue
from panel.health.probes import ProbeResult, ProbeState, Reading
from panel.health.rules import AROUND


@pytest.fixture
def catalogue() -> Catalogue:
    return Catalogue.model_validate(
        {
            "project": "todo",
            "region": "us-east-2",
            "domain": "todo.example.com",
            "target": "local",
            "terraform": {"state_bucket": "todo-state"},
            "services": {
                "backend": {
                    "kind": "container",
                    "title": "TODO list",
                    "source": "backend",
                    "port": 5000,
                    "path_pattern": "/api/*",
                    "health_path": "/status",
                    "version_path": "/api/status",
                    "owner": {"team": "API team", "contact": "+55 11 1234"},
                },
                "frontend": {
                    "kind": "static",
                    "title": "TODO list",
                    "source": "frontend",
                    "owner": {"team": "Web team", "contact": "web@example.com"},
                },
            },
            "environments": {
                "staging": {
                    "owner": {"team": "Platform team", "contact": "platform@example.com"},
                    "subnet_slot": 1,
                    "instance": {"type": "t3.micro", "count": 2},
                    "desired_tasks": 2,
                    "monthly_budget_usd": 80.0,
                }
            },
        }
    )


@pytest.fixture
def moment() -> datetime:
    return datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def result(moment: datetime) -> Callable[..., ProbeResult]:
    """Builds a probe result; the kind of probe says which service it is about."""
    service_of = dict.fromkeys(AROUND, None) | {"site": "frontend", "cloudfront": "frontend"}

    def build(
        name: str,
        verdict: ProbeState,
        detail: str = "",
        *,
        reading: Reading | None = None,
        reached: bool = True,
        notice: str = "",
        service: str | None = None,
    ) -> ProbeResult:
        return ProbeResult(
            name=name,
            service=service or service_of.get(name, "backend"),
            verdict=verdict,
            detail=detail or f"{name} is {verdict}.",
            evidence=f"evidence of {name}",
            checked_at=moment,
            elapsed_ms=1,
            reading=reading,
            reached=reached,
            notice=notice,
        )

    return build
