"""What the registry holds, brought into the store: pages and terminals pick images there without asking AWS."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from panel.aws.ecr import Scan, StoredImage, find_repository
from panel.aws.ecr_images import image_scan, images_to_pick
from panel.aws.session import Aws
from panel.catalogue.schema import SHARED
from panel.errors import PanelError
from panel.lifecycle.context import Context
from panel.store.tables import RegistryImage

#: The newest images of a service: who wants an older one names it by its digest.
_MOST = 200
# ECR's newer scanning tells findings for one image at a time only, and not often: a few in each look, the oldest
# knowledge first; sooner again while a scan is under way.
_SCANS_A_LOOK = 10
_SCAN_AGE = timedelta(minutes=15)
_SCAN_AGE_UNDER_WAY = timedelta(minutes=1)
_UNDER_WAY = {"IN_PROGRESS", "PENDING"}

_log = logging.getLogger(__name__)


def look_at_images(context: Context) -> None:
    """Keep what the registry has of every container service; nothing while the endpoint is stopped or lost.

    Where AWS refuses or does not answer, that is logged, and what was seen last stays: its ``seen_at`` tells how old
    it is.
    """
    if not context.world():
        return
    named = context.stores.environments.get(SHARED).outputs.get("repositories", {})
    for service in context.catalogue().containers:
        repository = str(dict(named.get(service) or {}).get("name", ""))
        if not repository:
            continue  # the shared stack has not made it yet
        try:
            _look(context, service, repository)
        except PanelError as error:
            _log.warning("Looking at the images of %s failed: %s", service, error)


def _look(context: Context, service: str, repository: str) -> None:
    aws, stored = context.aws(), context.stores.images
    if find_repository(aws, repository) is None:
        stored.replace(service, [])
        return
    images = images_to_pick(aws, repository, limit=_MOST)
    before = {image.digest: image.scan for image in stored.of(service, limit=_MOST)}
    scans = {image.digest: _kept(image.scan) or before.get(image.digest, {}) for image in images}
    scans |= _asked(aws, repository, [image for image in images if image.scan is None], scans)
    stored.replace(
        service,
        [
            RegistryImage(
                service=service, digest=image.digest, repository=repository, tags=list(image.tags),
                size=image.size, media_type=image.media_type, pushed_at=image.pushed_at,
                scan=scans[image.digest],
            )
            for image in images
        ],
    )  # fmt: skip


def _asked(
    aws: Aws, repository: str, images: Sequence[StoredImage], known: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Findings of those images that one should ask about again."""
    if aws.account.emulated:
        return {}  # it scans nothing, and that is what the store says
    now = datetime.now(UTC)
    due = sorted(
        (image for image in images if _due(known[image.digest], now)),
        key=lambda image: str(known[image.digest].get("asked_at", "")),
    )
    found: dict[str, dict[str, Any]] = {}
    try:
        for image in due[:_SCANS_A_LOOK]:
            scan = image_scan(aws, repository, image.digest)
            found[image.digest] = {**_kept(scan), "asked_at": now.isoformat()}
    except PanelError as error:
        # The list of images is worth having without the findings, which need a permission of their own.
        _log.warning("Reading the scans of %s failed: %s", repository, error)
    return found


def _due(scan: Mapping[str, Any], now: datetime) -> bool:
    asked = scan.get("asked_at")
    if not asked:
        return True
    age = _SCAN_AGE_UNDER_WAY if scan.get("status") in _UNDER_WAY else _SCAN_AGE
    return now - datetime.fromisoformat(str(asked)) > age


def _kept(scan: Scan | None) -> dict[str, Any]:
    if scan is None:
        return {}
    return {
        "status": scan.status,
        "counts": dict(scan.counts),
        "completed_at": scan.completed_at.isoformat() if scan.completed_at else "",
    }
