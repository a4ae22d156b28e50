"""The rules by table: every row is a combination of probe results and the verdict that people must read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from itertools import product

import pytest

from panel.catalogue.schema import Catalogue
from panel.health.probes import ProbeResult, ProbeState
from panel.health.rules import (
    ABSENT,
    AROUND,
    AROUND_NOTICES,
    BEHIND_ALL,
    CONTAINER_RULES,
    ENVIRONMENT_RULES,
    LOOKING_BACK,
    SITE_RULES,
    SYMPTOMS,
    environment_rule,
    service_rule,
    worst,
)
from panel.health.verdict import Verdict, at_this_moment, judge

PROBES = ("site", "cloudfront", "api", "services", "targets", "instances")
H, G, D, U, _ = "healthy", "degraded", "down", "unknown", None

# What people get, what runs and what carries it:
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


WELL_ON_AWS: Mapping[str, ProbeState] = dict.fromkeys(
    (*PROBES, *AROUND, "utilisation", "log_errors"), "healthy"
)
#: The embedded AWS calls every target healthy and measures nothing, and no name leads to it.
TELLS_NOTHING = ("targets", "instances", "dns", "certificate", "cloudfront_errors", "utilisation")
WELL_EMULATED: Mapping[str, ProbeState] = WELL_ON_AWS | dict.fromkeys(TELLS_NOTHING, "unknown")
AWS, EMBEDDED = (False, WELL_ON_AWS), (True, WELL_EMULATED)
NOBODY = ""
PLATFORM, API, WEB = "Platform team", "API team", "Web team"

# where, what is not as when all is well → rows of frontend, backend, environment, whom to call about what
CIRCUMSTANCES = [
    (AWS, "", "S4 C6 E9 healthy", NOBODY),
    (EMBEDDED, "", "S4 C6 E9 healthy", NOBODY),
    # Around the services: each degrades the environment, and never more.
    (AWS, "dns=degraded", "S4 C6 E7 degraded", PLATFORM),
    (AWS, "dns=down", "S4 C6 E7 degraded", PLATFORM),
    (AWS, "certificate=degraded", "S4 C6 E7 degraded", PLATFORM),
    (AWS, "certificate=down", "S4 C6 E7 degraded", PLATFORM),
    (AWS, "load_balancer=degraded", "S4 C6 E7 degraded", PLATFORM),
    (AWS, "cloudfront_errors=degraded", "S4 C6 E7 degraded", PLATFORM),
    (AWS, "alarms=degraded", "S4 C6 E7 degraded", PLATFORM),
    (AWS, "alarms=down", "S4 C6 E7 degraded", PLATFORM),
    (AWS, "instances=degraded", "S4 C6 E7 degraded", PLATFORM),
    (AWS, "state_bucket=degraded", "S4 C6 E7 degraded", PLATFORM),
    (EMBEDDED, "alarms=degraded", "S4 C6 E7 degraded", PLATFORM),
    # What is around cannot be told: that changes nothing where people get an answer.
    (AWS, "dns=unknown certificate=unknown alarms=unknown", "S4 C6 E9 healthy", NOBODY),
    (AWS, "load_balancer=unknown state_bucket=unknown cloudfront_errors=unknown", "S4 C6 E9 healthy", NOBODY),
    (EMBEDDED, "load_balancer=unknown state_bucket=unknown alarms=unknown", "S4 C6 E9 healthy", NOBODY),
    # ... and it makes nothing green where they do not.
    (AWS, "api=down targets=unknown alarms=unknown", "S4 C1 E5 down", API),
    (AWS, "api=unknown", "S4 C12 E8 unknown", API),
    (AWS, "site=unknown", "S6 C6 E8 unknown", WEB),
    # Signs of trouble degrade a service that works, and call its owner.
    (AWS, "log_errors=degraded", "S4 C5 E6 degraded", API),
    (AWS, "utilisation=degraded", "S4 C5 E6 degraded", API),
    (AWS, "utilisation=down log_errors=down", "S4 C5 E6 degraded", API),
    (EMBEDDED, "log_errors=degraded", "S4 C5 E6 degraded", API),
    (AWS, "log_errors=unknown utilisation=unknown", "S4 C6 E9 healthy", NOBODY),
    (AWS, "api=- log_errors=degraded", "S4 C9 E6 degraded", API),
    (AWS, "api=unknown log_errors=degraded", "S4 C9 E6 degraded", API),
    (AWS, "api=- log_errors=healthy", "S4 C10 E9 healthy", NOBODY),
    # What all services of containers stand on: gone, it is down behind each of them. The front door still decides.
    (AWS, "state_bucket=down", "S4 C3 E6 degraded", PLATFORM),
    (EMBEDDED, "state_bucket=down", "S4 C3 E6 degraded", PLATFORM),
    (AWS, "state_bucket=down api=down", "S4 C1 E5 down", PLATFORM),
    (AWS, "state_bucket=down api=unknown", "S4 C7 E5 down", PLATFORM),
    (AWS, "load_balancer=down", "S4 C3 E6 degraded", PLATFORM),
    (AWS, "load_balancer=down api=down targets=down", "S4 C1 E5 down", PLATFORM),
    (AWS, "load_balancer=down api=-", "S4 C7 E5 down", PLATFORM),
    # A service that was never created needs no bucket.
    (AWS, "state_bucket=down api=- services=- targets=- utilisation=- log_errors=-", "S4 C11 E7 degraded", PLATFORM),
    # One trouble, one cause: what follows from it is evidence of it.
    (AWS, "api=down services=down targets=down alarms=degraded cloudfront_errors=degraded log_errors=degraded",
     "S4 C1 E5 down", API),
    (AWS, "api=down services=down targets=down load_balancer=degraded", "S4 C1 E5 down", API),
    (AWS, "api=down services=down targets=down load_balancer=down", "S4 C1 E5 down", PLATFORM),
    (AWS, "api=down services=down targets=down instances=down load_balancer=degraded", "S4 C1 E5 down", PLATFORM),
    (AWS, "site=degraded dns=degraded", "S2 C6 E6 degraded", PLATFORM),
    (AWS, "site=down certificate=down", "S1 C6 E5 down", PLATFORM),
    # Two troubles that have nothing to do with each other are two.
    (AWS, "site=down api=down services=down", "S1 C1 E5 down", f"{API}, {WEB}"),
    (AWS, "site=degraded certificate=degraded", "S2 C6 E6 degraded", f"{WEB}, {PLATFORM}"),
    (AWS, "services=degraded instances=degraded", "S4 C4 E6 degraded", f"{API}, {PLATFORM}"),
    (AWS, "services=down api=down state_bucket=down", "S4 C1 E5 down", f"{API}, {PLATFORM}"),
    (EMBEDDED, "site=down log_errors=degraded", "S1 C5 E5 down", f"{WEB}, {API}"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("where", "differs", "expected", "call"), CIRCUMSTANCES, ids=lambda part: str(part)[:60]
)
def test_circumstances(
    where: tuple[bool, Mapping[str, ProbeState]], differs: str, expected: str, call: str,
    catalogue: Catalogue, result: Callable[..., ProbeResult], moment: datetime,
) -> None:  # fmt: skip
    emulated, well = where
    states = {**well, **dict(part.split("=") for part in differs.split())}
    results = [result(name, state) for name, state in states.items() if state != "-"]

    found = judge(catalogue, "staging", results, emulated=emulated, checked_at=moment)

    rows = f"{found.services['frontend'].rule} {found.services['backend'].rule} {found.rule} {found.verdict}"
    assert rows == expected
    assert ", ".join(cause.owner.team for cause in found.causes) == call
    assert_explained(found)


def test_every_combination_of_a_service_has_a_rule_and_none_is_green_unless_people_get_an_answer() -> None:
    states = (H, G, D, U, ABSENT)
    for front_door, behind, signs in product(states, states, states):
        for rules in (CONTAINER_RULES, SITE_RULES):
            verdict = service_rule(rules, front_door=front_door, behind=behind, signs=signs).verdict
            if verdict == "healthy":
                assert front_door == H or (front_door == ABSENT and behind == H and rules is CONTAINER_RULES)
                assert rules is SITE_RULES or not {behind, signs} & {G, D}
            assert (verdict == "down") == (front_door == D or (front_door in {U, ABSENT} and behind == D))


def test_every_combination_of_an_environment_has_a_rule() -> None:
    states = (H, G, D, U, "not_created")
    for services, around in product(product(states, repeat=2), (H, G, D, U, ABSENT)):
        verdict = environment_rule(services, around=around, answered=True, emulated=False).verdict
        # The worst of its services; what is around them can only take the green away.
        known = worst(services)
        expected = U if known == ABSENT else known
        assert verdict == (G if around in {G, D} and expected in {H, U} else expected)


def test_every_rule_is_reachable() -> None:
    states = (H, G, D, U, ABSENT)
    for rules in (CONTAINER_RULES, SITE_RULES):
        used = {
            service_rule(rules, front_door=front_door, behind=behind, signs=signs).id
            for front_door, behind, signs in product(states, states, states)
        }
        assert used == {rule.id for rule in rules}
    used = {
        environment_rule([service], around=around, answered=True, emulated=False).id
        for service, around in product((H, G, D, U), states)
    }
    used |= {
        environment_rule([], around=U, answered=False, emulated=emulated).id for emulated in (True, False)
    }
    assert used | {"E1", "E2"} == {rule.id for rule in ENVIRONMENT_RULES}


def test_whatever_is_around_has_words_and_knows_its_place() -> None:
    assert set(AROUND_NOTICES) == set(AROUND)
    assert set(AROUND) >= SYMPTOMS | set(BEHIND_ALL)


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


def test_right_after_a_deployment_what_was_counted_over_minutes_does_not_decide(
    catalogue: Catalogue, result: Callable[..., ProbeResult], moment: datetime
) -> None:
    past = [result(name, G) for name in sorted(LOOKING_BACK)]
    well = [result("site", H), result("api", H), result("services", H)]

    report = judge(catalogue, "staging", [*well, *past], emulated=True, checked_at=moment)
    broken = judge(
        catalogue, "staging", [*well[:1], result("api", D), *past], emulated=True, checked_at=moment
    )

    assert report.verdict == G
    assert at_this_moment(catalogue, report, emulated=True).verdict == H
    assert at_this_moment(catalogue, broken, emulated=True).verdict == D
