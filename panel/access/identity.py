"""Who acts: a name for the audit record and a role."""

from __future__ import annotations

import os
import pwd
import re
from dataclasses import dataclass
from enum import StrEnum

from panel.errors import ConfigurationError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}")
# Who has done something is read from the record by name: these are the panel's own.
_RESERVED = frozenset({"system", "worker"})
_FOREIGN = re.compile(r"[^A-Za-z0-9._@+-]+")


class Role(StrEnum):
    """What a person is in the panel, from least to most; ``SYSTEM`` stands for schedules, not for a person."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"
    SYSTEM = "system"


@dataclass(frozen=True)
class Identity:
    """Someone who acts. The name goes into the audit record, so it is short and has no surprising characters.

    Raises:
        ConfigurationError: the name cannot stand in the audit record, or there is no such role.
    """

    name: str
    role: Role

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ConfigurationError(
                f"{self.name[:64]!r} cannot be the name of a user.",
                hint="Use 1 to 64 letters, digits and . _ @ + - and start with a letter or digit.",
            )
        if self.role not in list(Role):
            raise ConfigurationError(
                f"{self.role!r} is not a role.", hint=f"Roles: {', '.join(role.value for role in Role)}."
            )
        object.__setattr__(self, "role", Role(self.role))
        if self.name in _RESERVED and self.role is not Role.SYSTEM:
            raise ConfigurationError(
                f"{self.name!r} cannot be the name of a user: it stands for the panel's own acts.",
                hint="Set PANEL_USER to another name.",
            )

    def __str__(self) -> str:
        return f"{self.name} ({self.role.value})"


#: Schedules: expiry, drift checks.
SYSTEM = Identity("system", Role.SYSTEM)


def local_identity(settings_user: str = "") -> Identity:
    """The person at this machine, as admin: the panel only listens on loopback.

    Args:
        settings_user: the name to act under; empty for the operating system's user. The operating system is
            asked for the owner of this process, not the environment, which anybody can set.

    Raises:
        ConfigurationError: ``settings_user`` cannot stand in the audit record.
    """
    return Identity(settings_user or _process_owner(), Role.ADMIN)


def _process_owner() -> str:
    number = os.getuid()
    try:
        name = pwd.getpwuid(number).pw_name
    except KeyError:  # a container started under a user number that no file knows
        return f"uid-{number}"
    return audit_name(name, otherwise=f"uid-{number}")


def audit_name(name: str, *, otherwise: str) -> str:
    """A foreign name (of an operating system or a directory) made fit for the audit record.

    Args:
        name: the name as it is, such as ``EXAMPLE\\\\ana``.
        otherwise: what to use where nothing is left of it.
    """
    cleaned = _FOREIGN.sub("-", name).lstrip("._@+-")[:64]
    return otherwise if cleaned in _RESERVED or not cleaned else cleaned
