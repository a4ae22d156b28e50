"""The rules by table: every row is a combination of probe results and the verdict that people must read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import product

import pytest

from panel.catalogue.schema import Catalogue
from panel.health.probes import ProbeResult
from panel.health.rules import ABSENT, CONTAINER_RULES, SITE_RULES, service_rule, worst
from panel.health.verdict import Verdict, judge

PROBES = ("site", "cloudfront", "api", "services", "targets", "instances")
H, G, D, U, _ = "healthy", "degraded", "down", "unknown", None

# site, cloudfront, api, services, targets, instances → verdict of frontend, backend, environment
COMBINATIONS = [
    # Everything well, on AWS and on the embedded AWS (which can tell of neither targets nor machines).
    (H, H, H, H, H, H, "healthy", "healthy", "healthy"),
    (H, H, H, H, U, U, "healthy", "healthy", "healthy"),
    (H, U, H, U, U, U, "healthy", "healthy", "healthy"),
    (H, G, H, H, H, H, "healthy", "healthy", "healthy"),
    (H, H, H, _, _, _, "healthy", "healthy", "healthy"),
    # The front door decides: what stands behind it cannot make it green.
    (D, H, H, H, H, H, "down", "healthy", "down"),
    (H, H, D, H, H, H, "healthy", "down", "down"),
    (H, H, D, H, U, U, "healthy", "down", "down"),
    (D, H, D, H, H, H, "down", "down", "down"),
    (D, D, D, D, D, D, "down", "down", "down"),
    (H, H, D, D, D, U, "healthy", "down", "down"),
    (D, U, H, H, U, U, "down", "healthy", "down"),
    # It works, with too little in reserve.
    (H, H, H, G, H, H, "healthy", "degraded", "degraded"),
    (H, H, H, H, G, H, "healthy", "degraded", "degraded"),
    (H, H, H, D, H, H, "healthy", "degraded", "degraded"),
    (H, H, H, H, D, H, "healthy", "degraded", "degraded"),
    (H, H, H, G, U, U, "healthy", "degraded", "degraded"),
    (H, H, H, H, H, G, "healthy", "healthy", "degraded"),
    (H, H, H, H, H, D, "healthy", "healthy", "degraded"),
    (H, D, H, H, H, H, "degraded", "healthy", "degraded"),
    # The front door itself says that something is amiss.
    (G, H, H, H, H, H, "degraded", "healthy", "degraded"),
    (H, H, G, H, H, H, "healthy", "degraded", "degraded"),
    (G, D, H, H, H, H, "degraded", "healthy", "degraded"),
    (G, H, D, H, H, H, "degraded", "down", "down"),
    (D, H, G, H, H, H, "down", "degraded", "down"),
    # Nobody can tell: never green.
    (U, H, H, H, H, H, "unknown", "healthy", "unknown"),
    (H, H, U, H, H, H, "healthy", "unknown", "unknown"),
    (H, H, U, U, U, U, "healthy", "unknown", "unknown"),
    (U, U, U, U, U, U, "unknown", "unknown", "unknown"),
    (U, G, H, H, H, H, "unknown", "healthy", "unknown"),
    (U, H, G, H, H, H, "unknown", "degraded", "degraded"),
    (U, H, D, H, H, H, "unknown", "down", "down"),
    # The front door cannot tell, and what stands behind it can: bad news counts.
    (U, D, H, H, H, H, "down", "healthy", "down"),
    (H, H, U, D, H, H, "healthy", "down", "down"),
    (H, H, U, H, D, H, "healthy", "down", "down"),
    (H, H, U, G, H, H, "healthy", "degraded", "degraded"),
    (H, H, U, G, D, H, "healthy", "down", "down"),
    # A service without a version path has no probe at the front door.
    (H, H, _, H, H, H, "healthy", "healthy", "healthy"),
    (H, H, _, H, U, U, "healthy", "unknown", "unknown"),
    (H, H, _, U, H, H, "healthy", "unknown", "unknown"),
    (H, H, _, D, H, H, "healthy", "down", "down"),
    (H, H, _, G, H, H, "healthy", "degraded", "degraded"),
    # Added to the catalogue since the last run: not broken, not there yet.
    (H, H, _, _, _, H, "healthy", "not_created", "healthy"),
    (D, H, _, _, _, H, "down", "not_created", "down"),
]


def label(row: tuple[object, ...]) -> str:
    return " ".join(str(item or "-") for item in row)


@pytest.mark.parametrize("row", COMBINATIONS, ids=label)
def test_combination(
    row: tuple[str | None, ...], catalogue: Catalogue, result: Callable[..., ProbeResult], moment: datetime
) -> None:
    states, (site, backend, environment) = row[:6], row[6:]
    results = [result(name, state) for name, state in zip(PROBES, states, strict=True) if state]

    found = judge(catalogue, "staging", results, emulated=False, checked_at=moment)

    assert {name: service.verdict for name, service in found.services.items()} == {
        "frontend": site,
        "backend": backend,
    }
    assert found.verdict == environment
    assert_explained(found)


def assert_explained(found: Verdict) -> None:
    """Whoever reads a bad verdict reads why, and whom to call; a good one has no causes."""
    assert bool(found.causes) == (found.verdict != "healthy")
    for cause in found.causes:
        assert cause.text.endswith(".") and "{" not in cause.text
        assert cause.owner.team and cause.owner.contact
        assert "evidence of" in cause.evidence


def test_every_combination_has_a_rule_and_none_is_green_unless_people_get_an_answer() -> None:
    states = (H, G, D, U, ABSENT)
    for front_door, behind in product(states, states):
        for rules in (CONTAINER_RULES, SITE_RULES):
            verdict = service_rule(rules, front_door=front_door, behind=behind).verdict
            if verdict == "healthy":
                assert front_door == H or (front_door == ABSENT and behind == H and rules is CONTAINER_RULES)
            if front_door == D:
                assert verdict == "down"


def test_every_rule_is_reachable() -> None:
    states = (H, G, D, U, ABSENT)
    for rules in (CONTAINER_RULES, SITE_RULES):
        used = {
            service_rule(rules, front_door=front_door, behind=behind).id
            for front_door, behind in product(states, states)
        }
        assert used == {rule.id for rule in rules}


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([], ABSENT),
        ([H], H),
        ([H, U], U),
        ([U, G], G),
        ([G, D, H], D),
        (["not_created", H], H),
    ],
)
def test_worst(states: list[str], expected: str) -> None:
    assert worst(states) == expected
