"""What each role may do: one table, asked before every act and by every button."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from panel.access.identity import Identity, Role
from panel.errors import AccessDeniedError


class Capability(StrEnum):
    """Something a person can do in the panel. The value completes 'may not …'."""

    VIEW = "view"
    CREATE = "create"
    PLAN = "plan"
    APPROVE = "approve"
    APPLY = "apply"
    DISCARD = "discard"
    CANCEL = "cancel"
    DEPLOY = "deploy"
    DESTROY = "destroy"
    OVERRIDE_GUARDRAIL = "override_guardrail"
    UNLOCK = "unlock"
    EXTEND = "extend"
    EDIT_CATALOGUE = "edit_catalogue"
    MANAGE_LOCAL = "manage_local"
    SAVE_KEY = "save_key"

    @property
    def words(self) -> str:
        """The capability as a person reads it after 'may'."""
        return _WORDS.get(self, self.value)


_WORDS = {
    Capability.APPROVE: "approve plans of",
    Capability.PLAN: "plan changes to",
    Capability.APPLY: "apply changes to",
    Capability.DISCARD: "discard plans of",
    Capability.CANCEL: "cancel runs of",
    Capability.DEPLOY: "deploy to",
    Capability.OVERRIDE_GUARDRAIL: "override a guardrail of",
    Capability.UNLOCK: "unlock the state of",
    Capability.EXTEND: "extend the life of",
    Capability.EDIT_CATALOGUE: "edit the catalogue entry of",
    Capability.MANAGE_LOCAL: "start, stop or reset the embedded AWS of",
    Capability.SAVE_KEY: "save the private SSH key of",
}

_PEOPLE = frozenset({Role.VIEWER, Role.OPERATOR, Role.ADMIN})
_OPERATORS = frozenset({Role.OPERATOR, Role.ADMIN})
_ADMINS = frozenset({Role.ADMIN})
_SYSTEM = frozenset({Role.SYSTEM})

#: Who may what. Schedules check drift, scale by working hours and destroy what has expired; they create,
#: deploy and override nothing.
ROLES: Mapping[Capability, frozenset[Role]] = {
    Capability.VIEW: _PEOPLE | _SYSTEM,
    Capability.CREATE: _OPERATORS,
    Capability.PLAN: _OPERATORS | _SYSTEM,
    Capability.APPROVE: _OPERATORS | _SYSTEM,
    Capability.APPLY: _OPERATORS | _SYSTEM,
    Capability.DISCARD: _OPERATORS | _SYSTEM,
    Capability.CANCEL: _OPERATORS | _SYSTEM,
    Capability.DEPLOY: _OPERATORS,
    Capability.DESTROY: _OPERATORS | _SYSTEM,
    Capability.OVERRIDE_GUARDRAIL: _ADMINS,
    Capability.UNLOCK: _ADMINS,
    Capability.EXTEND: _OPERATORS,
    Capability.EDIT_CATALOGUE: _ADMINS,
    Capability.MANAGE_LOCAL: _ADMINS,
    Capability.SAVE_KEY: _ADMINS,
}


def can(identity: Identity, capability: Capability) -> bool:
    """Whether the identity's role has the capability."""
    return identity.role in ROLES[capability]


def require(identity: Identity, capability: Capability, environment: str) -> None:
    """Refuse what the identity's role may not do.

    Args:
        identity: who acts.
        capability: what they are about to do.
        environment: to which environment, for the message; empty where none is concerned.

    Raises:
        AccessDeniedError: names who, what, and who may.
    """
    if can(identity, capability):
        return
    allowed = [role.value for role in Role if role in ROLES[capability] and role is not Role.SYSTEM]
    raise AccessDeniedError(
        f"{identity} may not {capability.words} {environment or 'this project'}.",
        hint=f"That takes the role {' or '.join(allowed)}: ask someone who has it.",
    )
