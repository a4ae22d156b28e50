"""Where lists are kept: one interface, a room per kind of storage, and the choice between them."""

from __future__ import annotations

from backend.settings import Settings
from backend.storage.interface import (
    Condition,
    PreconditionFailedError,
    Storage,
    StorageError,
    Stored,
)

__all__ = ["Condition", "PreconditionFailedError", "Storage", "StorageError", "Stored", "open_storage"]


def open_storage(settings: Settings) -> Storage:
    """Build the storage that ``settings`` ask for: S3 where a bucket is named, else the disk."""
    if settings.storage_bucket:
        # Imported here: boto3 costs a developer who keeps lists on disk half a second and 30 MB.
        from backend.storage.s3 import S3Storage

        return S3Storage.connect(
            settings.storage_bucket, region=settings.aws_region, endpoint_url=settings.aws_endpoint_url
        )
    from backend.storage.disk import DiskStorage

    return DiskStorage(settings.storage_dir)
