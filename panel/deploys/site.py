"""Publish a site: only what changed, in an order that never breaks a page, until people get it.

Files that nobody asks for yet go first. Only then begins what people see: files that change under their name, then
``config.js``, other pages, the index last. Before that point a publication can be stopped and nothing has changed for
anybody; after it, it goes on to its end, or what people saw before is put back. Cut by force at any point, it is
repeated from its start and finds what is in place already.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from panel.aws.front_door import SiteSeen
from panel.aws.session import Aws
from panel.deploys import Parts, Report, Stopped, never, no_parts
from panel.deploys.clock import Clock
from panel.deploys.site_build import SiteBuild
from panel.deploys.site_files import config_script
from panel.deploys.site_manifest import Manifest, SitePlace
from panel.deploys.site_origins import BuildOrigin, ReleaseOrigin
from panel.deploys.site_publishing import Publishing
from panel.deploys.site_serving import Serving
from panel.deploys.site_stock import take_stock

#: Seconds that the front door may take to show a release.
DEADLINE_S = 180.0


@dataclass(frozen=True)
class Publication:
    """A site as it was published.

    Attributes:
        release: its name, as ``config.js`` tells it.
        manifest: what it is made of; to put it back, or publish it elsewhere.
        files_total: number of files, ``config.js`` among them.
        changed, unchanged: those that were stored (uploaded, or copied by S3), and those that were in place.
        bytes_stored: of what was stored.
        invalidated: the paths that the edges were asked to forget.
        durations: seconds: ``publish`` until all is stored, ``verify`` until people get it.
        started_at, ended_at: with time zone.
    """

    release: str
    manifest: Manifest
    files_total: int
    changed: int
    unchanged: int
    bytes_stored: int
    invalidated: tuple[str, ...]
    durations: Mapping[str, float]
    started_at: datetime
    ended_at: datetime

    @property
    def digest(self) -> str:
        """Of the build."""
        return self.manifest.digest


def publish_site(
    aws: Aws,
    build: SiteBuild,
    place: SitePlace,
    *,
    config: Mapping[str, str],
    release: str,
    report: Report,
    verify: Callable[[], SiteSeen | None],
    live: Manifest | None = None,
    parts: Parts = no_parts,
    stopped: Stopped = never,
    deadline_s: float = DEADLINE_S,
    clock: Clock | None = None,
) -> Publication:
    """Bring the bucket to this build and wait until the front door answers with it.

    Files of earlier releases stay: pages that are open need them, and they may be put back.

    Args:
        config: what ``config.js`` tells the site about its environment; the release is added.
        release: name of this release.
        verify: opens the site by the address people use.
        live: the release that people get now; without it files are compared by their MD5.
        stopped: looked at until people could see anything of the release.
        deadline_s: seconds that the front door may take to show the release.
        clock: only for tests.

    Raises:
        StoppedError: somebody asked for it; nothing that people see has changed.
        DeployError: the bucket is gone, or the front door did not show the release.
        BuildError: a file of the build cannot be read.
        AwsError, EndpointError: AWS refused, or did not answer.
        TimeLimitError: CloudFront did not finish the invalidation.
        After any of them people get what they got before; publishing again goes on from there.
    """
    started_at = datetime.now(UTC)
    stock = take_stock(aws, place.bucket)
    live = _of(live, place)
    origin = BuildOrigin(aws, build, live)
    serving = Serving(origin.page(), release, verify, deadline_s, report, clock or Clock())
    script = config_script({**config, "release": release})
    publishing = Publishing(aws, origin, place, stock, live, script, serving, parts)
    return _published(publishing, stopped, started_at)


def republish_site(
    aws: Aws,
    manifest: Manifest,
    place: SitePlace,
    *,
    config: Mapping[str, str],
    release: str,
    report: Report,
    verify: Callable[[], SiteSeen | None],
    live: Manifest | None = None,
    parts: Parts = no_parts,
    stopped: Stopped = never,
    deadline_s: float = DEADLINE_S,
    clock: Clock | None = None,
) -> Publication:
    """Publish an earlier release again, from what S3 keeps of it: nothing is built or uploaded but ``config.js``.

    Args:
        manifest: the release, of this place (to go back to it) or of another one (to promote it).
        live: the release that people get here now.
        Otherwise as :func:`publish_site`.

    Raises:
        DeployError: S3 does not keep the release any more (nothing has changed then), or the front door did not show it.
        Otherwise as :func:`publish_site`.
    """
    started_at = datetime.now(UTC)
    stock = take_stock(aws, place.bucket)
    kept = stock if manifest.bucket == place.bucket else take_stock(aws, manifest.bucket)
    origin = ReleaseOrigin(aws, manifest, kept)
    origin.require([name for name in origin.names if origin.in_place(name, stock) is None])
    serving = Serving(origin.page(), release, verify, deadline_s, report, clock or Clock())
    script = config_script({**config, "release": release})
    publishing = Publishing(aws, origin, place, stock, _of(live, place), script, serving, parts)
    return _published(publishing, stopped, started_at)


def _of(live: Manifest | None, place: SitePlace) -> Manifest | None:
    # An environment that was destroyed and created anew shows nothing of what its predecessor had.
    return live if live is not None and live.bucket == place.bucket else None


def _published(publishing: Publishing, stopped: Stopped, started_at: datetime) -> Publication:
    manifest = publishing.run(stopped)
    total = len(manifest.files) + 1
    return Publication(
        release=publishing.serving.release,
        manifest=manifest,
        files_total=total,
        changed=publishing.changed,
        unchanged=total - publishing.changed,
        bytes_stored=publishing.bytes_stored,
        invalidated=publishing.paths,
        durations=publishing.durations,
        started_at=started_at,
        ended_at=datetime.now(UTC),
    )
