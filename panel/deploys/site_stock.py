"""What a site's bucket holds: what people get now, and the earlier versions that can be put back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from panel.aws.s3_versions import ObjectVersion, list_versions
from panel.aws.session import Aws
from panel.deploys.site_manifest import FileEntry
from panel.errors import DeployError, NotFoundError


@dataclass(frozen=True)
class Stock:
    """The objects of one bucket.

    Attributes:
        bucket: its name.
        current: what readers get, by name.
        versions: all versions by name, delete markers among them, as S3 lists them: the newest first.
    """

    bucket: str
    current: Mapping[str, ObjectVersion]
    versions: Mapping[str, Sequence[ObjectVersion]]

    def shows(self, name: str, etag: str) -> bool:
        """Whether readers get this content under this name now."""
        current = self.current.get(name)
        return current is not None and current.etag == etag

    def find(self, name: str, entry: FileEntry) -> ObjectVersion | None:
        """The version that holds a release's file: the one that was noted, or another of the same content."""
        same = [each for each in self.versions.get(name, ()) if not each.marker and each.etag == entry.etag]
        return next((each for each in same if each.version == entry.version), same[0] if same else None)


def take_stock(aws: Aws, bucket: str) -> Stock:
    """List a site's bucket.

    Raises:
        DeployError: there is no such bucket.
        AwsError: it may not be listed.
    """
    versions: dict[str, list[ObjectVersion]] = defaultdict(list)
    try:
        for each in list_versions(aws, bucket):
            versions[each.key].append(each)
    except NotFoundError:
        raise DeployError(
            f"The site's bucket {bucket} does not exist.",
            hint="Update the environment, so that Terraform makes it, then deploy the site from its source.",
        ) from None
    current = {
        name: each for name, found in versions.items() for each in found if each.latest and not each.marker
    }
    return Stock(bucket, current, dict(versions))
