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
    """Build the storage that ``settings`` ask for: a bucket, a database, else the disk.

    Nothing is reached yet: a storage that is down must not keep the process from starting. Raises
    ValueError for an address that cannot be.
    """
    # Each is imported only where it is used: a task of 64 MB has no room for the libraries of the others.
    if settings.storage_bucket:
        from backend.storage.s3 import S3Storage

        return S3Storage.connect(
            settings.storage_bucket, region=settings.aws_region, endpoint_url=settings.aws_endpoint_url
        )
    if settings.database_url:
        from backend.storage.sql import SqlStorage

        return SqlStorage.connect(settings.database_url)
    from backend.storage.disk import DiskStorage

    return DiskStorage(settings.storage_dir)
