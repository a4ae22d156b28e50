"""The real Checkov, where `make check` has installed it, over a small plan."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from panel.catalogue.guardrails import Checkov
from panel.runs.checkov import findings

_CHECKOV = Path(__file__).resolve().parents[3] / ".venv-terraform" / "bin" / "checkov"
_GROUP = {"name": "open", "ingress": [{"cidr_blocks": ["0.0.0.0/0"], "from_port": 22, "to_port": 22}]}


def _resource(address: str, values: object) -> dict[str, object]:
    type_, _, name = address.rpartition("module.m.")[2].partition(".")
    return {
        "address": address, "mode": "managed", "type": type_, "name": name, "schema_version": 1,
        "provider_name": "registry.terraform.io/hashicorp/aws", "values": values, "sensitive_values": {},
    }  # fmt: skip


def _change(resource: dict[str, object], action: str) -> dict[str, object]:
    change = {"actions": [action], "before": None, "after": resource["values"], "after_unknown": {}}
    return {name: resource[name] for name in ("address", "mode", "type", "name")} | {"change": change}


@pytest.mark.skipif(
    not _CHECKOV.exists(), reason="Checkov is not installed in .venv-terraform/: make check does that"
)
def test_its_findings_are_those_of_the_resources_that_the_plan_changes(tmp_path: Path) -> None:
    new = _resource("module.m.aws_security_group.new", _GROUP)
    same = _resource("module.m.aws_security_group.same", _GROUP)
    # Nothing is known of it before the apply, which Checkov itself does not take.
    unknown = _resource("module.m.aws_s3_bucket_policy.later", None)
    inside = [
        {"address": f"{item['type']}.{item['name']}", "expressions": {}} for item in (new, same, unknown)
    ]
    path = tmp_path / "plan.json"
    path.write_text(
        json.dumps(
            {
                "format_version": "1.2",
                "terraform_version": "1.15.5",
                "planned_values": {
                    "root_module": {
                        "child_modules": [{"address": "module.m", "resources": [new, same, unknown]}]
                    }
                },
                "resource_changes": [
                    _change(new, "create"),
                    _change(same, "no-op"),
                    _change(unknown, "create"),
                ],
                "configuration": {"root_module": {"module_calls": {"m": {"module": {"resources": inside}}}}},
            }
        )
    )

    found = findings(path, Checkov(severity="block", skip=["CKV_AWS_23"]), program=str(_CHECKOV))

    assert {(finding.address, finding.severity) for finding in found} == {(new["address"], "block")}
    checks = {finding.reason.split(":")[0] for finding in found}
    assert "CKV_AWS_24" in checks  # port 22 is open to everyone
    assert "CKV_AWS_23" not in checks
