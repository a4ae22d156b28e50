"""The plan step prices by what environments.yaml says of the environment's usage, and by what AWS told last."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from panel.catalogue.schema import Catalogue
from panel.engine.operation import Operation
from panel.engine.outcome import Outcome, Status
from panel.lifecycle.context import Context
from panel.lifecycle.shared_steps import SharedSteps
from panel.runs.mark import ReviewMark
from panel.settings import Settings
from panel.store.cost_tables import LivePrice
from panel.store.stores import Stores
from tests.unit.cost.plans import plan, resource

_ROOT = Path(__file__).resolve().parents[3]
_MOMENT = datetime(2026, 1, 2, tzinfo=UTC)


class _Stacks:
    """A Terraform that has planned already: a distribution."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "plan.json"
        changed = resource("aws_cloudfront_distribution.site")
        change = {"actions": ["create"], "before": None, "after": {}, "after_unknown": {}}
        document = plan(changed) | {
            "terraform_version": "1.15.5",
            "resource_changes": [changed | {"change": change}],
        }
        self.path.write_text(json.dumps(document))

    def plan(self, _job: object) -> Outcome:
        """What was planned."""
        return Outcome(
            Operation.plan(), Status.SUCCEEDED, 0, _MOMENT, _MOMENT,
            plan_path=self.path, plan_json_path=self.path, plan_digest="d",
        )  # fmt: skip

    def review_mark(self, _job: object) -> ReviewMark:
        """Nothing that matters here."""
        return ReviewMark.from_dict({})


class _Plans:
    def keep(self, _job: object, _outcome: object) -> str:
        return "run-1/environment"


@pytest.fixture
def steps(stores: Stores, catalogue: Catalogue, tmp_path: Path) -> SharedSteps:
    """Planning where the project's site sends 100 GB a month, and staging's 40."""
    raw = catalogue.model_dump() | {"usage": {"cloudfront_out_gb": 100, "cloudfront_https_requests": 0}}
    raw["environments"]["staging"]["usage"] = {"cloudfront_out_gb": 40}
    context: Any = Context(
        Settings(root=_ROOT, data_dir=tmp_path), lambda: Catalogue.model_validate(raw), stores,
        aws=None, stacks=_Stacks(tmp_path), plans=_Plans(), emulated_endpoint=None, world=lambda: "",  # type: ignore[arg-type]  # in memory
        ensure_endpoint=lambda: None, keep_tasks_running=lambda: None, runtime=lambda: "process", tasks=lambda: None,
    )  # fmt: skip
    stores.environments.save("shared", exists=True)
    return SharedSteps(context)


def priced(steps: SharedSteps, stores: Stores, environment: str) -> dict[str, Any]:
    """The estimate that is kept with a plan of the environment."""
    number = stores.runs.create(environment, "update", "ana", ["plan", "review", "apply"]).id or 0
    stores.runs.transition(number, "preparing", "worker")
    steps.plan(number)
    kept = stores.runs.plan(number, "environment")
    assert kept is not None
    return kept.estimate


def test_an_environments_usage_goes_over_the_projects(steps: SharedSteps, stores: Stores) -> None:
    staging, production = priced(steps, stores, "staging"), priced(steps, stores, "production")
    assert (staging["monthly_usd"], production["monthly_usd"]) == (3.4, 8.5)
    assert staging["assumptions"]["cloudfront_out_gb"] == 40
    assert staging["assumption_origins"]["cloudfront_https_requests"] == "environments.yaml"
    assert staging["assumption_origins"]["hours_per_month"] == "default"


def test_prices_that_aws_told_count_in_plans_too(steps: SharedSteps, stores: Stores) -> None:
    stores.prices.keep(
        [
            LivePrice(
                resource_type="aws_cloudfront_distribution", region="global", unit="GB", usd="0.10", as_of="2026-11-20",
                component="data transfer out to internet, US/Mexico/Canada edges, first 10 TB", source="AWS Price List API",
            )
        ]
    )  # fmt: skip
    found = priced(steps, stores, "staging")
    assert found["monthly_usd"] == 4
    assert found["prices"] == {"live": 1, "packaged": 0, "as_of": "2026-11-20"}
