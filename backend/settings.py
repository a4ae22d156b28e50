"""What the environment tells the backend: read once, in one place, before anything is built."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

DEFAULT_MAX_BODY_BYTES = 256 * 1024
DEFAULT_STORAGE_DIR = Path(__file__).resolve().parent / "state"

_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?")
# The variables that every OpenTelemetry SDK reads; any of them says where data shall go.
_TELEMETRY = (
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
)


@dataclass(frozen=True)
class Settings:
    """The backend's settings; every field has a default that suits a developer's machine.

    ``storage_bucket`` names the S3 bucket that keeps the lists, ``database_url`` the database
    (``postgresql://…`` or ``sqlite:///…``); with neither they are kept on disk in ``storage_dir``.
    ``version`` and ``image_digest`` are what ``/status`` answers. ``max_body_bytes`` is the largest
    accepted request body. ``allowed_origins`` are the sites whose scripts may call from another address.
    ``aws_region`` is the bucket's, and ``aws_endpoint_url`` is set only where an emulator stands in for
    AWS. ``telemetry`` says whether traces and metrics have somewhere to go.
    """

    storage_bucket: str | None = None
    storage_dir: Path = DEFAULT_STORAGE_DIR
    # It may hold a password, so no listing of the settings shows it.
    database_url: str | None = field(default=None, repr=False)
    aws_region: str | None = None
    aws_endpoint_url: str | None = None
    version: str = "dev"
    image_digest: str | None = None
    max_body_bytes: int = DEFAULT_MAX_BODY_BYTES
    allowed_origins: tuple[str, ...] = ()
    telemetry: bool = False

    def __post_init__(self) -> None:
        if self.storage_bucket and self.database_url:
            raise ValueError("STORAGE_BUCKET and DATABASE_URL exclude each other: lists have one place")

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read the settings from ``environ`` (default: the process's own); empty values count as unset.

        Raises ValueError for values that cannot be; the message names the variable.
        """
        env = os.environ if environ is None else environ
        return cls(
            storage_bucket=env.get("STORAGE_BUCKET") or None,
            storage_dir=Path(env.get("STORAGE_DIR") or DEFAULT_STORAGE_DIR),
            database_url=env.get("DATABASE_URL") or None,
            # ECS names the region by the first; SDKs in general read the second.
            aws_region=env.get("AWS_REGION") or env.get("AWS_DEFAULT_REGION") or None,
            aws_endpoint_url=env.get("AWS_ENDPOINT_URL_S3") or env.get("AWS_ENDPOINT_URL") or None,
            version=env.get("APP_VERSION") or "dev",
            image_digest=env.get("IMAGE_DIGEST") or None,
            max_body_bytes=_positive_int(env, "MAX_BODY_BYTES", DEFAULT_MAX_BODY_BYTES),
            allowed_origins=_origins(env.get("ALLOWED_ORIGINS") or ""),
            telemetry=_telemetry(env),
        )


def _positive_int(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name) or ""
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise ValueError(f"{name} must be a positive whole number, not {text!r}")
    return int(text)


def _origins(text: str) -> tuple[str, ...]:
    origins = tuple(part.strip().lower().rstrip("/") for part in text.split(",") if part.strip())
    for origin in origins:
        if not _ORIGIN.fullmatch(origin):
            raise ValueError(
                f"ALLOWED_ORIGINS must be addresses like https://todo.example.com, by commas, not {origin!r}"
            )
    return origins


def _telemetry(env: Mapping[str, str]) -> bool:
    disabled = (env.get("OTEL_SDK_DISABLED") or "").lower() == "true"
    return not disabled and any(env.get(name) for name in _TELEMETRY)
