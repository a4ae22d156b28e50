from __future__ import annotations

import pytest

from panel.errors import ConfigurationError
from panel.localaws.runtime import choose_runtime


def test_processes_on_request_need_no_look_at_the_machine() -> None:
    chosen = choose_runtime("process")
    assert chosen.runtime == "process"
    assert "PANEL_LOCAL_RUNTIME=process" in chosen.reason


def test_an_unknown_runtime_names_the_setting_and_the_choices() -> None:
    with pytest.raises(ConfigurationError, match=r"PANEL_LOCAL_RUNTIME.*'podman'.*auto, process or docker"):
        choose_runtime("podman")  # type: ignore[arg-type]  # what a caller without a type checker may send
