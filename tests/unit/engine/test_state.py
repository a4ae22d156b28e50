"""Reading the state's lock and the facts about a state."""

import json
from datetime import UTC, datetime

import pytest

from panel.engine.diagnostics import Diagnostic
from panel.engine.state import LockInfo, lock_key, lock_of_diagnostic, parse_lock, parse_state
from panel.errors import StorageError

LOCK = {
    "ID": "2c0a8f0e-1",
    "Operation": "OperationTypeApply",
    "Info": "",
    "Who": "ana@box",
    "Version": "1.15.5",
    "Created": "2026-01-02T03:04:05.123456789Z",
    "Path": "states/demo/terraform.tfstate",
}


def test_a_lock_tells_whose_and_since_when():
    assert parse_lock(json.dumps(LOCK).encode()) == LockInfo(
        id="2c0a8f0e-1",
        who="ana@box",
        operation="OperationTypeApply",
        created=datetime(2026, 1, 2, 3, 4, 5, 123456, UTC),
        path="states/demo/terraform.tfstate",
        terraform_version="1.15.5",
    )


def test_the_lock_terraform_complains_about():
    detail = (
        "operation error S3: PutObject, StatusCode: 412\nLock Info:\n  ID:        2c0a8f0e-1\n"
        "  Path:      states/demo/terraform.tfstate\n  Operation: OperationTypePlan\n  Who:       ana@box\n"
        "  Version:   1.15.5\n  Created:   2026-01-02 03:04:05.123456789 +0200 CEST\n  Info:      \n\n\nTerraform"
        " acquires a state lock to protect the state from being written by multiple users at once."
    )
    lock = lock_of_diagnostic(Diagnostic("error", "Error acquiring the state lock", detail))
    assert (lock.id, lock.who, lock.operation) == ("2c0a8f0e-1", "ana@box", "OperationTypePlan")
    assert lock.created == datetime(2026, 1, 2, 1, 4, 5, 123456, UTC)
    assert lock.info == ""


def test_another_diagnostic_names_no_lock():
    assert lock_of_diagnostic(Diagnostic("error", "Unsupported argument", "ID is not expected")) is None


def test_a_state_without_its_values():
    content = {
        "version": 4,
        "terraform_version": "1.15.5",
        "serial": 7,
        "lineage": "abc",
        "outputs": {
            "url": {"value": "http://x", "type": "string"},
            "key": {"value": "canary", "type": "string", "sensitive": True},
        },
        "resources": [
            {"mode": "managed", "instances": [{}, {}]},
            {"mode": "data", "instances": [{}]},
            {"mode": "managed", "instances": [{}]},
        ],
    }
    state = parse_state(json.dumps(content).encode())
    assert (state.lineage, state.serial, state.resources) == ("abc", 7, 3)
    assert state.outputs == {"url": "http://x"}


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"{", b'{"lineage": "x"}'])
def test_something_else_is_neither(content):
    with pytest.raises(StorageError, match="cannot be read"):
        parse_state(content)
    with pytest.raises(StorageError, match="cannot be read"):
        parse_lock(content)


def test_the_lock_lies_beside_the_state():
    assert lock_key("demo/terraform.tfstate") == "demo/terraform.tfstate.tflock"
