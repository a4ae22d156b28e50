"""docs/health-probes.md names the limits as they are."""

import re
from pathlib import Path

from panel.catalogue.health import HealthRules

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "health-probes.md"


def test_every_limit_of_a_look_is_named_with_its_default() -> None:
    rows = re.findall(r"\| `(\w+)` \| (\d+) \|$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    limits = {name: field.default for name, field in HealthRules.model_fields.items()}

    assert {name for name, _ in rows} == {name for name in limits if not name.startswith("tell_")}
    assert all(limits[name] == float(value) for name, value in rows)
