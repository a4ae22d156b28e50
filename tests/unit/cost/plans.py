"""Plans as Terraform shows them, small and made by hand, and what they cost."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

from panel.cost.assumptions import DEFAULT, with_figures
from panel.cost.estimate import estimate
from panel.cost.values import Estimate

ROOT = Path(__file__).parents[3]
SAMPLES = Path(__file__).parent / "samples"
REGION = "us-east-2"


def resource(address: str, **values: object) -> dict[str, object]:
    """One managed resource as a plan shows it."""
    kind, name = re.sub(r"\[[^\]]*\]", "", address).split(".")[-2:]
    return {"address": address, "mode": "managed", "type": kind, "name": name, "values": values}


def plan(
    *after: Mapping[str, object], before: Sequence[Mapping[str, object]] = (), configuration: object = None
) -> dict[str, object]:
    """A plan from ``before`` to ``after``, all in the root module."""
    found: dict[str, object] = {
        "format_version": "1.2",
        "planned_values": {"root_module": {"resources": list(after)}},
        "prior_state": {"format_version": "1.0", "values": {"root_module": {"resources": list(before)}}},
    }
    return found if configuration is None else found | {"configuration": configuration}


def priced(*after: Mapping[str, object], region: str = REGION, **assumed: float) -> Estimate:
    """The estimate of a plan that creates these resources."""
    return estimate(plan(*after), region=region, assumptions=with_figures(DEFAULT, assumed))


def components(of: Estimate) -> dict[str, Decimal]:
    """Quantity by component."""
    return {item.component: item.quantity for item in of.items}


def sample(name: str) -> dict[str, object]:
    """A plan of the project's own stack, cut down to what matters here."""
    found: dict[str, object] = json.loads((SAMPLES / f"{name}-plan.json").read_text())
    return found
