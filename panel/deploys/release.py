"""A release: one version of one service, as it was put into one environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["container", "static"]
Status = Literal["under way", "live", "superseded", "failed", "rolled back"]


@dataclass(frozen=True)
class Release:
    """What a deployment put into an environment.

    Attributes:
        service: its name in environments.yaml.
        kind: ``container`` (an image that ECS runs) or ``static`` (files that CloudFront serves).
        version: what people and ``/api/status`` or ``config.js`` call it.
        digest: ``sha256:…`` of the image's manifest or of the site's files.
        image_ref: how a task definition names the image; empty for a site.
        revision: the git commit it was built from; ``None`` outside a git checkout.
        status: how it ended; ``live`` is the one that people use now.
    """

    service: str
    kind: Kind
    version: str
    digest: str
    image_ref: str
    revision: str | None
    status: Status
