"""Reading what the S3 backend keeps: the state and its lock file. Fetching the bytes is the caller's."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from panel.engine.diagnostics import Diagnostic
from panel.errors import StorageError


@dataclass(frozen=True)
class LockInfo:
    """Who holds the state lock.

    Attributes:
        id: what force-unlock wants.
        who: ``user@host`` of the process.
        operation: as ``OperationTypePlan``.
        created: when it was taken; None when the file does not say.
        path: the locked state.
        terraform_version: the holder's Terraform.
        info: free text, usually empty.
    """

    id: str
    who: str
    operation: str
    created: datetime | None
    path: str = ""
    terraform_version: str = ""
    info: str = ""


@dataclass(frozen=True)
class StateInfo:
    """A state without its contents.

    Attributes:
        lineage: identity of this line of states; another lineage is another world.
        serial: grows by one with every write.
        resources: number of managed resource instances.
        outputs: the root outputs that are not sensitive.
        terraform_version: the Terraform that wrote it.
    """

    lineage: str
    serial: int
    resources: int
    outputs: Mapping[str, Any] = field(default_factory=dict)
    terraform_version: str = ""


def lock_key(state_key: str) -> str:
    """The key of the lock file beside a state with this key."""
    return f"{state_key}.tflock"


def parse_lock(content: bytes) -> LockInfo:
    """The lock out of the content of the ``.tflock`` object.

    Raises:
        StorageError: the content is not a lock.
    """
    value = _object(content, "The state lock")
    if not value.get("ID"):
        raise _unreadable("The state lock", "it has no ID")
    return LockInfo(
        id=str(value["ID"]),
        who=str(value.get("Who", "")),
        operation=str(value.get("Operation", "")),
        created=_moment(str(value.get("Created", ""))),
        path=str(value.get("Path", "")),
        terraform_version=str(value.get("Version", "")),
        info=str(value.get("Info", "")),
    )


def lock_of_diagnostic(diagnostic: Diagnostic) -> LockInfo | None:
    """The lock that Terraform names when it could not take it, or None when it names none."""
    fields = dict(
        re.findall(
            r"^\s*(ID|Path|Operation|Who|Version|Created|Info):[ \t]*(.*?)\s*$", diagnostic.detail, re.M
        )
    )
    return parse_lock(json.dumps(fields).encode()) if fields.get("ID") else None


def parse_state(content: bytes) -> StateInfo:
    """Facts about a state out of its content, values of resources left behind.

    Raises:
        StorageError: the content is not a Terraform state.
    """
    value = _object(content, "The Terraform state")
    if "lineage" not in value or not isinstance(value.get("serial"), int):
        raise _unreadable("The Terraform state", "it has no lineage or serial")
    resources = value.get("resources") or []
    return StateInfo(
        lineage=str(value["lineage"]),
        serial=int(value["serial"]),
        resources=sum(
            len(item.get("instances") or ()) for item in resources if item.get("mode") == "managed"
        ),
        outputs={
            name: item.get("value")
            for name, item in (value.get("outputs") or {}).items()
            if not item.get("sensitive")
        },
        terraform_version=str(value.get("terraform_version", "")),
    )


def _object(content: bytes, what: str) -> dict[str, Any]:
    try:
        value = json.loads(content)
    except ValueError as error:
        raise _unreadable(what, str(error)) from error
    if not isinstance(value, dict):
        raise _unreadable(what, "it is not a JSON object")
    return value


def _unreadable(what: str, why: str) -> StorageError:
    return StorageError(
        f"{what} cannot be read: {why}.",
        hint="Restore an earlier version of the object from the state bucket.",
    )


def _moment(text: str) -> datetime | None:
    """A point in time from Go's forms, RFC 3339 or ``2026-01-31 10:20:30.123456789 +0000 UTC``."""
    match = re.match(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d+)?\s*(Z|[+-]\d\d:?\d\d)?", text)
    if match is None:
        return None
    day, clock, fraction, zone = match.groups()
    offset = "+00:00" if zone in (None, "Z") else f"{zone[:3]}:{zone[-2:]}"
    moment = datetime.fromisoformat(f"{day}T{clock}{(fraction or '')[:7]}{offset}")
    return moment.astimezone(UTC)
