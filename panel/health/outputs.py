"""Terraform's outputs of an environment, by name: what is missing in them was not created."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from panel.catalogue.schema import Catalogue, ContainerService
from panel.errors import NotFoundError


@dataclass(frozen=True)
class Place:
    """Where an environment's things are: Terraform's outputs, and the container services that were created."""

    name: str
    outputs: Mapping[str, object]
    services: Mapping[str, ContainerService]


def place_of(catalogue: Catalogue, name: str, outputs: Mapping[str, object]) -> Place:
    """The place of one environment.

    A service that was added to the catalogue since the last run is not broken, it is not there yet: it is left out.
    Outputs without any services mean a half-made environment: there everything is looked for, and found missing.

    Args:
        outputs: plain values by name, of the environment's Terraform stack.
    """
    known = outputs.get("services")
    if not isinstance(known, Mapping) or not known:
        return Place(name, outputs, catalogue.containers)
    there = {service: found for service, found in catalogue.containers.items() if service in known}
    return Place(name, outputs, there)


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
