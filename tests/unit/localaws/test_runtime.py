from __future__ import annotations

from pathlib import Path

import pytest

from panel.errors import ConfigurationError
from panel.localaws.runtime import Bridge, choose_runtime


def test_processes_on_request_need_no_look_at_the_machine() -> None:
    chosen = choose_runtime("process")
    assert chosen.runtime == "process"
    assert "PANEL_LOCAL_RUNTIME=process" in chosen.reason


def test_an_unknown_runtime_names_the_setting_and_the_choices() -> None:
    with pytest.raises(ConfigurationError, match=r"PANEL_LOCAL_RUNTIME.*'podman'.*auto, process or docker"):
        choose_runtime("podman")  # type: ignore[arg-type]  # what a caller without a type checker may send


@pytest.mark.parametrize(("kind", "changes"), [("3", False), ("1", True), ("0", True)])
def test_a_bridge_whose_address_nobody_set_changes_it(kind: str, changes: bool, tmp_path: Path) -> None:
    (tmp_path / "docker0").mkdir()
    (tmp_path / "docker0" / "addr_assign_type").write_text(f"{kind}\n")

    assert Bridge("172.17.0.1", "172.17.0.0/16", "docker0").changes_its_address(tmp_path) is changes


@pytest.mark.parametrize("name", ["", "other0", "../../etc", "x\0y"])
def test_a_bridge_that_cannot_be_looked_at_is_not_complained_of(name: str, tmp_path: Path) -> None:
    assert not Bridge("172.17.0.1", "172.17.0.0/16", name).changes_its_address(tmp_path)
