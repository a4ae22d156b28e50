"""Terraform's outputs of an environment, by name: what is missing in them was not created."""

from __future__ import annotations

from collections.abc import Mapping

from panel.errors import NotFoundError


def output(outputs: Mapping[str, object], name: str) -> str:
    """An output that is a text.

    Raises:
        NotFoundError: it is missing or empty.
    """
    value = outputs.get(name)
    if not isinstance(value, str) or not value:
        raise _not_there(name)
    return value


def service_output(outputs: Mapping[str, object], service: str, key: str) -> str:
    """What the output ``services`` says of one service.

    Raises:
        NotFoundError: it is missing or empty.
    """
    services = outputs.get("services")
    own = services.get(service) if isinstance(services, Mapping) else None
    if not isinstance(own, Mapping):
        raise _not_there(f"services.{service}")
    return output(own, key)


def _not_there(name: str) -> NotFoundError:
    return NotFoundError(
        "This part of the environment is not created.",
        hint="Update the environment, then look again.",
        detail=f"Terraform's output {name!r} is missing",
    )
