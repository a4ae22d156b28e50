"""Publish a built site: only what changed, in an order that never breaks a page, until people get it."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from panel.aws.cloudfront import invalidate, wait_for_invalidation
from panel.aws.front_door import SiteSeen
from panel.aws.s3 import list_objects, put_object
from panel.aws.session import Aws
from panel.deploys import Report
from panel.deploys.settling import Clock
from panel.deploys.site_build import SiteBuild
from panel.deploys.site_files import (
    CONFIG,
    INDEX,
    cache_control,
    config_script,
    content_type,
    paths_to_invalidate,
    upload_waves,
)
from panel.deploys.site_manifest import SitePlace
from panel.errors import DeployError, PanelError

_AT_ONCE = 12
# Up to so many uploads are told one by one, beyond that each fiftieth.
_TOLD_SINGLY = 50
_LOOK_S = 1.0
# Answers in a row that show that the edges have the new release.
_PROOFS = 2


@dataclass(frozen=True)
class Publication:
    """A site as it was published.

    Attributes:
        release: its name, as ``config.js`` tells it.
        digest: of the build.
        files_total, uploaded, unchanged: numbers of files, ``config.js`` among them.
        bytes_uploaded: bytes.
        invalidated: the paths that the edges were asked to forget.
        started_at, ended_at: with time zone.
    """

    release: str
    digest: str
    files_total: int
    uploaded: int
    unchanged: int
    bytes_uploaded: int
    invalidated: tuple[str, ...]
    started_at: datetime
    ended_at: datetime


def publish_site(
    aws: Aws,
    build: SiteBuild,
    place: SitePlace,
    *,
    config: Mapping[str, str],
    release: str,
    report: Report,
    verify: Callable[[], SiteSeen | None],
    deadline_s: float = 180,
    clock: Clock | None = None,
) -> Publication:
    """Bring the bucket to this build and wait until the front door answers with it.

    Files of earlier releases stay: pages that are open need them.

    Args:
        config: what ``config.js`` tells the site about its environment; the release is added.
        release: name of this release.
        verify: opens the site by the address people use.
        deadline_s: seconds that the front door may take to show the release.
        clock: only for tests.

    Raises:
        DeployError: the front door did not show the release.
        AwsError: AWS refused; what was uploaded so far does no harm, publishing again goes on from there.
        TimeLimitError: CloudFront did not finish the invalidation.
    """
    started_at, clock = datetime.now(UTC), clock or Clock()
    bucket, distribution_id = place.bucket, place.distribution_id
    contents: dict[str, Path | bytes] = {name: build.directory / name for name in build.files}
    contents[CONFIG] = config_script({**config, "release": release})
    changed = _changed(aws, bucket, contents)
    report(f"{len(changed)} of {len(contents)} files are new or changed")
    sent = _upload(aws, bucket, {name: contents[name] for name in changed}, report)
    paths = paths_to_invalidate(list(contents))
    _forget(aws, distribution_id, paths, release, report=report, clock=clock)
    _prove(build, release, report=report, verify=verify, deadline_s=deadline_s, clock=clock)
    report(f"The site's release {release} is served")
    return Publication(
        release=release,
        digest=build.digest,
        files_total=len(contents),
        uploaded=len(changed),
        unchanged=len(contents) - len(changed),
        bytes_uploaded=sent,
        invalidated=paths,
        started_at=started_at,
        ended_at=datetime.now(UTC),
    )


def _forget(
    aws: Aws, distribution_id: str, paths: tuple[str, ...], release: str, *, report: Report, clock: Clock
) -> None:
    report(f"Asking CloudFront to forget {', '.join(paths)}")
    # A reference of its own each time: the same one would be answered with the earlier, finished request.
    asked = invalidate(aws, distribution_id, paths, reference=f"{release}-{uuid.uuid4()}")
    wait_for_invalidation(aws, distribution_id, asked, pause=clock.wait)


def _changed(aws: Aws, bucket: str, contents: Mapping[str, Path | bytes]) -> list[str]:
    """Names whose content is not in the bucket yet; the ETag of a plain upload is the content's MD5."""
    there = {item.key: item.etag for item in list_objects(aws, bucket)}
    changed = []
    for name, content in contents.items():
        seen = hashlib.md5(_read(content), usedforsecurity=False)
        if there.get(name) != seen.hexdigest():
            changed.append(name)
    return changed


def _upload(aws: Aws, bucket: str, contents: Mapping[str, Path | bytes], report: Report) -> int:
    def send(name: str) -> int:
        body = _read(contents[name])
        put_object(
            aws,
            bucket,
            name,
            body,
            content_type=content_type(name),
            cache_control=cache_control(name),
            metadata={"sha256": hashlib.sha256(body).hexdigest()},
        )
        return len(body)

    sent = done = 0
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="publish") as pool:
        for wave in upload_waves(list(contents)):
            # Taking all results ends the wave before the next begins, and raises what went wrong.
            for name, size in zip(wave, pool.map(send, wave), strict=True):
                sent, done = sent + size, done + 1
                if len(contents) <= _TOLD_SINGLY or done % _TOLD_SINGLY == 0:
                    report(f"Uploaded {name} ({done} of {len(contents)})")
    return sent


def _read(content: Path | bytes) -> bytes:
    return content if isinstance(content, bytes) else content.read_bytes()


def _prove(
    build: SiteBuild,
    release: str,
    *,
    report: Report,
    verify: Callable[[], SiteSeen | None],
    deadline_s: float,
    clock: Clock,
) -> None:
    page = (build.directory / INDEX).read_bytes()
    end, proofs, told = clock.now() + deadline_s, 0, ""
    while proofs < _PROOFS:
        missing = _missing(verify, page, release)
        proofs = proofs + 1 if missing is None else 0
        if missing is not None and missing != told:
            told = missing
            report(f"Waiting: {missing}")
        if missing is not None and clock.now() >= end:
            raise DeployError(
                f"The site's release {release} was published, but {missing} after {deadline_s:.0f} s.",
                hint="Publish again; if it stays so, look at the distribution and its origin.",
            )
        clock.wait(_LOOK_S if missing is not None else 0.2)


def _missing(verify: Callable[[], SiteSeen | None], page: bytes, release: str) -> str | None:
    """What the front door does not show yet, in words; ``None`` when it shows this very release."""
    try:
        seen = verify()
    except PanelError as error:
        return f"its address does not answer ({error.message.rstrip('.')})"
    if seen is None or not seen.is_page:
        status = f" (status {seen.page.status})" if seen is not None else ""
        return f"its address shows no page{status}"
    # The answer's body may be cut short where a page is very long.
    if not seen.page.body or not page.startswith(seen.page.body):
        return "its address still shows another page"
    if seen.release != release:
        return f"its address still tells release {seen.release or 'unknown'}"
    return None
