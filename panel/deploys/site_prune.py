"""Take away what no kept release of a site needs: its old assets, and the versions that pages had before."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from panel.aws.s3_versions import ObjectVersion, delete_versions, version_metadata
from panel.aws.session import Aws
from panel.deploys import Report
from panel.deploys.site_files import CONFIG
from panel.deploys.site_manifest import Manifest, SitePlace
from panel.deploys.site_stock import Stock, take_stock

_AT_ONCE = 12
# Pages that are open need the release before the live one. Where its manifest is not known (it is older than they are)
# nobody can say which files those are.
_FEWEST_KEPT = 2


def prune_site(aws: Aws, place: SitePlace, keep: Sequence[Manifest], *, report: Report) -> int:
    """Delete for ever what none of the releases in ``keep`` is made of.

    What people get under the names of those releases stays, as does every file that the panel did not publish. Cut at any
    point, it goes on when called again.

    Args:
        keep: the live release and all that one may go back to; with fewer than two nothing is deleted.

    Returns:
        How many object versions were deleted.

    Raises:
        DeployError: there is no such bucket.
        AwsError: S3 refused.
    """
    if len(keep) < _FEWEST_KEPT:
        return 0
    stock = take_stock(aws, place.bucket)
    names = {CONFIG}.union(*(manifest.files for manifest in keep))
    needed = _needed(stock, keep)
    idle = [
        each
        for name, versions in stock.versions.items()
        if name in names
        for each in versions
        if not each.latest and (name, each.version) not in needed
    ]
    idle += _unnamed(aws, stock, [name for name in stock.versions if name not in names])
    count = delete_versions(aws, place.bucket, idle)
    if count:
        report(f"Removed {count} stored files and versions that no kept release of the site needs")
    return count


def _needed(stock: Stock, keep: Sequence[Manifest]) -> set[tuple[str, str]]:
    needed = set()
    for manifest in keep:
        entries = [*manifest.files.items(), *([(CONFIG, manifest.config)] if manifest.config else [])]
        for name, entry in entries:
            if found := stock.find(name, entry):
                needed.add((name, found.version))
    return needed


def _unnamed(aws: Aws, stock: Stock, names: Sequence[str]) -> list[ObjectVersion]:
    """All versions of those of these files that the panel had published."""

    def published(name: str) -> bool:
        newest = next((each for each in stock.versions[name] if not each.marker), None)
        # What somebody else put there, to prove that a domain is theirs for example, has no such note.
        return newest is not None and "sha256" in version_metadata(aws, stock.bucket, name, newest.version)

    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="prune") as pool:
        ours = pool.map(published, names)
        return [each for name, mine in zip(names, ours, strict=True) if mine for each in stock.versions[name]]
