"""Releases and images as pages and terminals show them: values, and how each is made from rows. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from panel.store.tables import RegistryImage, Release

#: Severities of a scan's findings, the worst first.
SEVERITIES = ("CRITICAL", "HIGH", "MEDIUM", "LOW", "INFORMATIONAL", "UNDEFINED")
#: What a scan's status says where it has no findings to tell.
_SCANS: Mapping[str, str] = {
    "COMPLETE": "nothing found",
    "ACTIVE": "nothing found",
    "IN_PROGRESS": "being scanned",
    "PENDING": "being scanned",
    "FAILED": "the scan failed",
    "UNSUPPORTED_IMAGE": "cannot be scanned",
}
#: Why nobody can go back to a release, by its status.
_NEVER_BACK: Mapping[str, str] = {
    "live": "it serves now",
    "started": "it is under way",
    "reverting": "it did not succeed",
    "failed": "it did not succeed",
    "rolled_back": "it did not succeed",
    "stopped": "it was stopped midway",
    "gone": "it went with its environment",
}


@dataclass(frozen=True)
class ReleaseView:
    """One release of one service in one environment.

    ``duration_s`` and ``durations`` are seconds; ``duration_s`` is None while it is under way. ``origin``: what it
    repeats, ``r7`` of the same environment or ``staging r7`` of another. ``why_not``: why nobody can go back to it.
    """

    id: int
    environment: str
    service: str
    kind: str
    number: int
    #: ``r12``.
    label: str
    version: str
    digest: str
    tag: str
    revision: str
    status: str
    source: str
    author: str
    run_id: int | None
    started_at: datetime
    ended_at: datetime | None
    duration_s: float | None
    durations: Mapping[str, float] = field(default_factory=dict)
    #: Label of the release that was live when this one began.
    previous: str | None = None
    origin: str | None = None
    detail: str = ""
    can_roll_back_to: bool = False
    why_not: str = ""
    #: Bytes of the image or the site; 0 where nobody knows.
    size: int = 0
    committed_at: datetime | None = None
    #: How many commits had touched its source by then.
    position: int | None = None


@dataclass(frozen=True)
class GridCell:
    """One service in one environment.

    ``state`` is one of: live, not_created, never_deployed, deploying, asleep. ``behind``: empty, or how this release
    compares with the one of ``behind_of``: ``3 commits behind staging``, ``older than staging``,
    ``differs from staging`` (nobody can tell which is the newer), ``rolled back to r12``.
    """

    #: What serves, or served before it went to sleep.
    release: ReleaseView | None
    state: str
    behind: str = ""
    behind_of: str = ""
    #: What is being rolled out.
    coming: ReleaseView | None = None


@dataclass(frozen=True)
class GridRow:
    """One service in all environments, by name of the environment."""

    service: str
    kind: str
    title: str
    cells: Mapping[str, GridCell]


@dataclass(frozen=True)
class Grid:
    """What runs where: services by environments, both in the catalogue's order."""

    environments: tuple[str, ...]
    rows: tuple[GridRow, ...]


@dataclass(frozen=True)
class ImageView:
    """One image in the registry. ``size`` is in bytes.

    ``scan_text``: ``2 critical, 5 high``, ``nothing found``, ``not scanned`` and the like; ``scan_severity``: the
    worst one found, in small letters, or empty.
    """

    digest: str
    tags: tuple[str, ...]
    size: int
    pushed_at: datetime | None
    scan_text: str
    scan_severity: str
    #: Environments whose live release has this digest.
    running_in: tuple[str, ...]
    seen_at: datetime


@dataclass(frozen=True)
class RegistryLook:
    """The digests that the registry had of a service, and when."""

    digests: frozenset[str]
    at: datetime


@dataclass(frozen=True)
class Kept:
    """What is still there of releases, to go back to.

    Attributes:
        related: releases that others name as their previous one or their origin, by id.
        with_files: ids of the sites' releases whose files are kept.
        images: what the registry had of each service when it was looked at; a service that never was is not in it.
    """

    related: Mapping[int, Release] = field(default_factory=dict)
    with_files: frozenset[int] = frozenset()
    images: Mapping[str, RegistryLook] = field(default_factory=dict)


def release_view(release: Release, kept: Kept) -> ReleaseView:
    """A release as people see it."""
    why_not = _why_not(release, kept)
    previous = kept.related.get(release.previous_id or 0)
    took = (release.ended_at - release.started_at).total_seconds() if release.ended_at else None
    return ReleaseView(
        id=release.id or 0, environment=release.environment, service=release.service, kind=release.kind,
        number=release.number, label=f"r{release.number}", version=release.version, digest=release.digest,
        tag=release.tag, revision=release.revision, status=release.status, source=release.source,
        author=release.author, run_id=release.run_id, started_at=release.started_at, ended_at=release.ended_at,
        duration_s=took, durations=dict(release.durations),
        previous=f"r{previous.number}" if previous is not None else None, origin=_origin(release, kept),
        detail=release.detail, can_roll_back_to=not why_not, why_not=why_not, size=release.size,
        committed_at=release.committed_at, position=release.position,
    )  # fmt: skip


def _origin(release: Release, kept: Kept) -> str | None:
    origin = kept.related.get(release.origin_id or 0)
    if origin is None:
        return None
    label = f"r{origin.number}"
    return label if origin.environment == release.environment else f"{origin.environment} {label}"


def _why_not(release: Release, kept: Kept) -> str:
    if release.status in _NEVER_BACK:
        return _NEVER_BACK[release.status]
    if release.kind == "static":
        return "" if (release.id or 0) in kept.with_files else "its files are not kept any more"
    if not release.digest:
        return "its image is not known"
    look = kept.images.get(release.service)
    # A look from before the release was over says nothing of its image.
    if look is None or release.ended_at is None or look.at < release.ended_at:
        return ""
    return "" if release.digest in look.digests else "its image is not in the registry any more"


def image_view(image: RegistryImage, running_in: Sequence[str]) -> ImageView:
    """An image as people see it."""
    text, severity = scan_words(image)
    return ImageView(
        digest=image.digest, tags=tuple(image.tags), size=image.size, pushed_at=image.pushed_at,
        scan_text=text, scan_severity=severity, running_in=tuple(running_in), seen_at=image.seen_at,
    )  # fmt: skip


def scan_words(image: RegistryImage) -> tuple[str, str]:
    """What a scan found in words, and the worst severity in small letters."""
    counts = {str(name).upper(): int(number) for name, number in dict(image.scan.get("counts") or {}).items()}
    found = [(name.lower(), counts[name]) for name in SEVERITIES if counts.get(name)]
    if found:
        return ", ".join(f"{number} {name}" for name, number in found), found[0][0]
    return _SCANS.get(str(image.scan.get("status") or ""), "not scanned"), ""
