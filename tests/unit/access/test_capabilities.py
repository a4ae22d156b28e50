"""The capability table: who may what, and what a refusal says."""

from __future__ import annotations

import pytest

from panel.access.capabilities import ROLES, Capability, can, require
from panel.access.identity import SYSTEM, Identity, Role
from panel.errors import AccessDeniedError

VIEWER = Identity("vera", Role.VIEWER)
OPERATOR = Identity("otto", Role.OPERATOR)
ADMIN = Identity("ana", Role.ADMIN)


def test_every_capability_is_in_the_table() -> None:
    assert set(ROLES) == set(Capability)


def test_each_role_of_people_may_all_that_the_one_below_it_may() -> None:
    for capability in Capability:
        assert can(VIEWER, capability) <= can(OPERATOR, capability) <= can(ADMIN, capability)


def test_an_admin_may_everything_and_a_viewer_only_look() -> None:
    assert [c for c in Capability if not can(ADMIN, c)] == []
    assert [c for c in Capability if can(VIEWER, c)] == [Capability.VIEW]


@pytest.mark.parametrize(
    "capability",
    [Capability.OVERRIDE_GUARDRAIL, Capability.UNLOCK, Capability.EDIT_CATALOGUE, Capability.MANAGE_LOCAL],
)
def test_an_operator_may_not_loosen_the_rules(capability: Capability) -> None:
    assert not can(OPERATOR, capability)


@pytest.mark.parametrize(
    ("capability", "allowed"),
    [
        (Capability.PLAN, True),
        (Capability.APPLY, True),
        (Capability.DESTROY, True),
        (Capability.CREATE, False),
        (Capability.DEPLOY, False),
        (Capability.OVERRIDE_GUARDRAIL, False),
        (Capability.EDIT_CATALOGUE, False),
    ],
)
def test_schedules_may_only_what_schedules_need(capability: Capability, allowed: bool) -> None:
    assert can(SYSTEM, capability) is allowed


def test_a_refusal_names_who_what_where_and_who_may() -> None:
    with pytest.raises(AccessDeniedError) as refusal:
        require(VIEWER, Capability.DESTROY, "staging")
    assert refusal.value.message == "vera (viewer) may not destroy staging."
    assert "operator or admin" in refusal.value.hint
    assert refusal.value.exit_code == 3


@pytest.mark.parametrize("capability", list(Capability))
def test_a_refusal_reads_as_a_sentence_without_code_names(capability: Capability) -> None:
    if can(VIEWER, capability):
        require(VIEWER, capability, "staging")
        return
    with pytest.raises(AccessDeniedError) as refusal:
        require(VIEWER, capability, "")
    assert "_" not in refusal.value.message
    assert refusal.value.message.endswith("this project.")


def test_what_is_allowed_passes_silently() -> None:
    require(OPERATOR, Capability.DEPLOY, "production")
