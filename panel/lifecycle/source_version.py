"""Which version of a service's source lies in this checkout: what a release built from it would be called."""

from __future__ import annotations

from pathlib import Path

from panel.catalogue.schema import Catalogue, ContainerService
from panel.deploys.revision import Revision, source_revision
from panel.errors import NotFoundError


def source_here(root: Path, catalogue: Catalogue, service: str) -> Revision:
    """The revision of a service's source below ``root``, with what its dependencies are pinned by.

    Raises:
        NotFoundError: the catalogue has no such service.
        BuildError: its source folder is missing or empty.
    """
    found = catalogue.services.get(service)
    if found is None:
        raise NotFoundError(
            f"There is no service named {service!r}.",
            hint=f"environments.yaml has: {', '.join(catalogue.services)}.",
        )
    also = [f"requirements/{service}.txt"] if isinstance(found, ContainerService) else []
    return source_revision(root, found.source, also=also)
