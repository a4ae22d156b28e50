"""The plan step judges by what environments.yaml says about guardrails, and asks Checkov where it is asked for."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from panel.catalogue.schema import Catalogue
from panel.engine.operation import Operation
from panel.engine.outcome import Outcome, Status
from panel.errors import RefusedError
from panel.lifecycle.context import Context
from panel.lifecycle.shared_steps import SharedSteps
from panel.runs.mark import ReviewMark
from panel.settings import Settings
from panel.store.stores import Stores
from panel.store.tables import now

_ROOT = Path(__file__).resolve().parents[3]
_MOMENT = datetime(2026, 1, 2, tzinfo=UTC)
_OPEN_PORT = {
    "address": "aws_vpc_security_group_ingress_rule.ssh", "mode": "managed", "name": "ssh",
    "type": "aws_vpc_security_group_ingress_rule",
    "change": {
        "actions": ["create"], "before": None, "after_unknown": {},
        "after": {"cidr_ipv4": "0.0.0.0/0", "from_port": 22, "to_port": 22},
    },
}  # fmt: skip
_UNKNOWN_POLICY = {
    "address": "aws_sqs_queue.jobs", "mode": "managed", "name": "jobs", "type": "aws_sqs_queue",
    "change": {"actions": ["create"], "before": None, "after": {}, "after_unknown": {"policy": True}},
}  # fmt: skip
_QUEUE = {"address": "aws_sqs_queue.jobs", "expressions": {"name": {"constant_value": "jobs"}}}


@dataclass
class _Stacks:
    """A Terraform that has planned already."""

    folder: Path
    document: Mapping[str, Any]

    def plan(self, _job: object) -> Outcome:
        path = self.folder / "plan.json"
        path.write_text(json.dumps(self.document))
        return Outcome(
            Operation.plan(), Status.SUCCEEDED, 0, _MOMENT, _MOMENT, plan_path=path, plan_json_path=path, plan_digest="d"
        )  # fmt: skip

    def review_mark(self, _job: object) -> ReviewMark:
        return ReviewMark.from_dict({})


class _Plans:
    def keep(self, _job: object, _outcome: object) -> str:
        return "run-1/environment"


Judged = Callable[..., dict[str, str]]


@pytest.fixture
def judged(stores: Stores, catalogue: Catalogue, tmp_path: Path) -> Judged:
    """Plan an environment's stack; the worst severity that the store keeps of each rule."""

    def act(
        *changes: Mapping[str, Any], project: Any = None, staging: Any = None, stack: str = "environment", checkov: str = ""
    ) -> dict[str, str]:  # fmt: skip
        raw = catalogue.model_dump() | {"guardrails": project or {}}
        raw["environments"]["staging"]["guardrails"] = staging or {}
        planned = [item | {"values": item["change"]["after"]} for item in map(dict, changes)]
        document = {
            "format_version": "1.2", "terraform_version": "1.15.5", "planned_values": {"root_module": {"resources": planned}},
            "resource_changes": list(changes), "configuration": {"root_module": {"resources": [_QUEUE]}},
        }  # fmt: skip
        context: Any = Context(
            Settings(root=_ROOT, data_dir=tmp_path, checkov=checkov), lambda: Catalogue.model_validate(raw), stores,
            aws=None, stacks=_Stacks(tmp_path, document), plans=_Plans(), emulated_endpoint=None, world=lambda: "",  # type: ignore[arg-type]  # in memory
            ensure_endpoint=lambda: None, keep_tasks_running=lambda: None, runtime=lambda: "process", tasks=lambda: None,
        )  # fmt: skip
        stores.environments.save("shared", exists=True)
        run_id = stores.runs.create("staging", "update", "ana", ["plan", "review", "apply"]).id or 0
        stores.runs.transition(run_id, "preparing", "worker")
        steps = SharedSteps(context)
        try:
            steps.shared(run_id) if stack == "shared" else steps.plan(run_id)
        finally:
            stores.runs.finish(run_id, "canceled", "ana")
        kept = stores.runs.plan(run_id, stack)
        assert kept is not None
        order = ["pass", "warn", "block"]
        worst: dict[str, str] = {}
        for finding in kept.guardrails:
            worst[finding["rule"]] = max(
                worst.get(finding["rule"], "pass"), finding["severity"], key=order.index
            )
        return worst

    return act


def test_without_a_section_the_defaults_count(judged: Judged) -> None:
    found = judged(_OPEN_PORT, _UNKNOWN_POLICY)

    assert (found["open ingress"], found["public exposure"]) == ("warn", "pass")
    assert "checkov" not in found


def test_the_environments_section_goes_over_the_projects(judged: Judged) -> None:
    project = {"open_ingress": {"severity": "block"}, "budget": {"severity": "off"}}
    own = {"open_ingress": {"ports": [22]}}

    assert judged(_OPEN_PORT, project=project)["open ingress"] == "block"
    found = judged(_OPEN_PORT, project=project, staging=own)
    assert found["open ingress"] == "pass"
    assert "budget" not in found


def test_growth_is_measured_against_what_stands(judged: Judged, stores: Stores) -> None:
    machine = {
        "address": "aws_instance.big", "mode": "managed", "name": "big", "type": "aws_instance",
        "change": {
            "actions": ["create"], "before": None, "after_unknown": {},
            "after": {"instance_type": "t3.micro", "tags_all": {}},
        },
    }  # fmt: skip
    said = {"budget": {"growth_usd": 0}}

    assert judged(machine, project=said)["budget"] == "pass"
    stores.environments.save("staging", exists=True, monthly_usd=0.5)
    assert judged(machine, project=said)["budget"] == "warn"


def test_the_bill_counts_beside_the_estimate(judged: Judged, stores: Stores) -> None:
    machine = {
        "address": "aws_instance.big", "mode": "managed", "name": "big", "type": "aws_instance",
        "change": {
            "actions": ["create"], "before": None, "after_unknown": {},
            "after": {"instance_type": "t3.micro", "tags_all": {}},
        },
    }  # fmt: skip
    stores.bills.keep_forecasts(f"{now():%Y-%m}", {"staging": 79.0}, at=now())
    assert judged(machine)["budget"] == "pass"
    stores.bills.keep_forecasts(f"{now():%Y-%m}", {"staging": 92.0}, at=now())
    assert judged(machine)["budget"] == "warn"


def test_checkov_is_asked_where_a_team_asks_for_it(judged: Judged, stores: Stores, tmp_path: Path) -> None:
    program = tmp_path / "checkov"
    check = {"check_id": "CKV_AWS_1", "check_name": "Ensure", "resource": _OPEN_PORT["address"]}
    report = {"results": {"failed_checks": [check]}, "summary": {"failed": 1}}
    program.write_text(f"#!{sys.executable}\nprint({json.dumps(report)!r})\n")
    program.chmod(0o700)

    found = judged(_OPEN_PORT, staging={"checkov": {"severity": "block"}}, checkov=str(program))

    assert found["checkov"] == "block"
    (run,) = stores.runs.recent("staging", limit=1)
    assert "Checkov" in " ".join(line.text for line in stores.runs.lines(run.id or 0))


def test_the_shared_network_is_not_made_in_passing_where_a_rule_blocks_it(
    judged: Judged, stores: Stores
) -> None:
    project = {"open_ingress": {"severity": "block"}}

    with pytest.raises(RefusedError, match="blocked by a guardrail: aws_vpc_") as refused:
        judged(_OPEN_PORT, project=project, staging={"open_ingress": {"severity": "off"}}, stack="shared")

    assert "panel env apply shared" in refused.value.hint
    (run,) = stores.runs.recent("staging", limit=1)
    kept = stores.runs.plan(run.id or 0, "shared")
    assert kept is not None
    assert "block" in {finding["severity"] for finding in kept.guardrails}
