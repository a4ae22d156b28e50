"""What the environment tells the backend: read once, in one place, before anything is built."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

DEFAULT_MAX_BODY_BYTES = 256 * 1024
DEFAULT_STORAGE_DIR = Path(__file__).resolve().parent / "state"


@dataclass(frozen=True)
class Settings:
    """The backend's settings; every field has a default that suits a developer's machine.

    ``storage_bucket`` names the S3 bucket that keeps the lists; without it they are kept on disk in
    ``storage_dir``. ``version`` and ``image_digest`` are what ``/status`` answers. ``max_body_bytes``
    is the largest accepted request body. ``aws_region`` is the bucket's (None: boto3 finds one), and
    ``aws_endpoint_url`` is set only where an emulator stands in for AWS.
    """

    storage_bucket: str | None = None
    storage_dir: Path = DEFAULT_STORAGE_DIR
    aws_region: str | None = None
    aws_endpoint_url: str | None = None
    version: str = "dev"
    image_digest: str | None = None
    max_body_bytes: int = DEFAULT_MAX_BODY_BYTES

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read the settings from ``environ`` (default: the process's own); empty values count as unset.

        Raises ValueError when ``MAX_BODY_BYTES`` is not a positive whole number.
        """
        env = os.environ if environ is None else environ
        return cls(
            storage_bucket=env.get("STORAGE_BUCKET") or None,
            storage_dir=Path(env.get("STORAGE_DIR") or DEFAULT_STORAGE_DIR),
            # ECS names the region by the first, which boto3 does not read.
            aws_region=env.get("AWS_REGION") or env.get("AWS_DEFAULT_REGION") or None,
            aws_endpoint_url=env.get("AWS_ENDPOINT_URL_S3") or env.get("AWS_ENDPOINT_URL") or None,
            version=env.get("APP_VERSION") or "dev",
            image_digest=env.get("IMAGE_DIGEST") or None,
            max_body_bytes=_positive_int(env, "MAX_BODY_BYTES", DEFAULT_MAX_BODY_BYTES),
        )


def _positive_int(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name) or ""
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise ValueError(f"{name} must be a positive whole number, not {text!r}")
    return int(text)
