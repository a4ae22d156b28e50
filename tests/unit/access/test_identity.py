"""Identities: names fit for the audit record, whoever starts the panel."""

from __future__ import annotations

import os
import pwd

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panel.access.identity import SYSTEM, Identity, Role, audit_name, local_identity
from panel.errors import ConfigurationError


def test_the_local_person_is_the_owner_of_the_process_and_admin() -> None:
    identity = local_identity()
    assert identity.role is Role.ADMIN
    try:
        owner = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        owner = f"uid-{os.getuid()}"
    assert identity.name == audit_name(owner, otherwise="unused")


def test_a_name_from_the_environment_does_not_change_who_acts(monkeypatch: pytest.MonkeyPatch) -> None:
    before = local_identity()
    for variable in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(variable, "somebody-else")
    assert local_identity() == before


def test_a_user_number_without_a_passwd_entry_still_has_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    # Which user number runs the tests is the machine's business, so this one fact is set here.
    monkeypatch.setattr(os, "getuid", lambda: 3_999_999_999)
    assert local_identity().name == "uid-3999999999"


def test_the_setting_wins_over_the_operating_system() -> None:
    assert local_identity("ana@example.com") == Identity("ana@example.com", Role.ADMIN)


@pytest.mark.parametrize(
    "name", [" ", "ana maria", "-ana", "a\nb", "x" * 65, "ana;drop", "ána", "\x1b[31mana"]
)
def test_a_name_unfit_for_the_audit_record_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        local_identity(name)
    assert "letters, digits" in refusal.value.hint
    assert "\n" not in refusal.value.message
    assert "\x1b" not in refusal.value.message


@pytest.mark.parametrize("name", ["system", "worker"])
def test_nobody_takes_a_name_of_the_panel_itself(name: str) -> None:
    with pytest.raises(ConfigurationError, match="panel's own acts"):
        local_identity(name)
    assert audit_name(name, otherwise="uid-1") == "uid-1"


def test_an_unknown_role_is_refused_and_a_known_word_becomes_the_role() -> None:
    with pytest.raises(ConfigurationError, match="not a role"):
        Identity("ana", "owner")  # type: ignore[arg-type]  # what a hand-written record may hold
    assert Identity("ana", "viewer").role is Role.VIEWER  # type: ignore[arg-type]  # as read from a store


def test_identities_read_as_name_and_role() -> None:
    assert str(Identity("ana", Role.OPERATOR)) == "ana (operator)"
    assert str(SYSTEM) == "system (system)"


@given(st.text(max_size=200))
def test_any_foreign_name_becomes_one_the_audit_record_takes(name: str) -> None:
    assert Identity(audit_name(name, otherwise="uid-1"), Role.VIEWER).name


def test_a_directory_name_stays_recognisable() -> None:
    assert audit_name("EXAMPLE\\ana", otherwise="uid-1") == "EXAMPLE-ana"
