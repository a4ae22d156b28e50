"""Buckets that an environment keeps something in: are they there, may they be used. Nothing in them is read."""

from __future__ import annotations

from dataclasses import dataclass

from panel.aws.observe import reading
from panel.aws.session import Aws


@dataclass(frozen=True)
class Bucket:
    """A bucket. ``versioned``: what is overwritten or deleted by mistake can be got back."""

    name: str
    versioned: bool


def bucket(aws: Aws, name: str) -> Bucket:
    """A bucket's state.

    Raises:
        NotFoundError: there is no such bucket.
        EndpointError, AwsError: S3 did not answer, or refused (a bucket of that name in another account reads as a
            refusal too).
    """
    client = aws.client("s3")
    with reading(f"the bucket {name}", "404", "NoSuchBucket", "NotFound"):
        client.head_bucket(Bucket=name)
        versioning = client.get_bucket_versioning(Bucket=name)
    return Bucket(name, versioning.get("Status") == "Enabled")
