"""What the state API is compared with: the plainest handler that does the work, and one that does nothing.

``create_plain()`` is written as one would in an afternoon: a new S3 client for every request (or a file, without a
bucket), no validation, no conditions, no log. ``create_empty()`` answers nothing at all: no handler can be quicker.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import falcon


class PlainS3State:
    """A list in a bucket, a client for each request."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket

    def on_get(self, req: falcon.Request, resp: falcon.Response, name: str) -> None:
        """Answer the object."""
        import boto3

        answer = boto3.client("s3").get_object(Bucket=self._bucket, Key=f"{name}.json")
        resp.content_type = falcon.MEDIA_JSON
        resp.data = answer["Body"].read()

    def on_put(self, req: falcon.Request, resp: falcon.Response, name: str) -> None:
        """Put the object."""
        import boto3

        body = json.dumps(req.get_media()).encode()
        boto3.client("s3").put_object(Bucket=self._bucket, Key=f"{name}.json", Body=body)


class PlainDiskState:
    """A list in a file, written where it lies."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def on_get(self, req: falcon.Request, resp: falcon.Response, name: str) -> None:
        """Answer the file."""
        resp.content_type = falcon.MEDIA_JSON
        resp.data = (self._folder / f"{name}.json").read_bytes()

    def on_put(self, req: falcon.Request, resp: falcon.Response, name: str) -> None:
        """Write the file."""
        (self._folder / f"{name}.json").write_text(json.dumps(req.get_media()))


class EmptyState:
    """Nothing."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, name: str) -> None:
        """Answer 200."""

    def on_put(self, req: falcon.Request, resp: falcon.Response, name: str) -> None:
        """Take the body from the connection and answer 200."""
        req.bounded_stream.read()


def create_plain() -> falcon.App:
    """The plain handler over the bucket or folder that the environment names."""
    bucket = os.environ.get("STORAGE_BUCKET")
    app = falcon.App()
    state = PlainS3State(bucket) if bucket else PlainDiskState(Path(os.environ["STORAGE_DIR"]))
    app.add_route("/api/state/{name}", state)
    return app


def create_empty() -> falcon.App:
    """The empty handler."""
    app = falcon.App()
    app.add_route("/api/state/{name}", EmptyState())
    return app
