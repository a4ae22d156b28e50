"""One frozen settings object, read once from the environment (``PANEL_*``), checked when it is made.

Nothing else in the panel reads ``os.environ``; what a child process needs is handed to it.
"""

from __future__ import annotations

import os
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from panel.errors import ConfigurationError

# What child processes (Terraform, the emulator, npm) may inherit. Everything else stays here, so that
# a credential of the person's shell never reaches a process that has no business with it.
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "USER", "LOGNAME")
_NETWORK = (
    "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE",
)  # fmt: skip
# Where the container engine is: both the docker program and its SDK read it from here.
_ENGINE = ("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "DOCKER_CONFIG")
_AWS = (
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_ENDPOINT_URL",
)  # fmt: skip
_PACKAGES = (
    "PIP_INDEX_URL",
    "PIP_CERT",
    "PIP_CONFIG_FILE",
    "UV_DEFAULT_INDEX",
    "UV_INDEX_URL",
    "NPM_CONFIG_REGISTRY",
)


class Settings(BaseSettings):
    """Where the panel keeps its things and how it reaches others.

    Every field is set by the environment variable ``PANEL_<FIELD>``, and an empty one counts as not set: CI hands
    over secrets that nobody has filled in as empty. Relative paths are taken from the folder the panel was started in.
    """

    model_config = SettingsConfigDict(env_prefix="PANEL_", env_ignore_empty=True, frozen=True, extra="ignore")

    root: Path = Field(
        default_factory=lambda: Path(__file__).resolve().parents[1],
        description="Folder that holds environments.yaml, terraform/, backend/ and frontend/.",
    )
    data_dir: Path = Field(
        default=Path(".panel"), description="Everything the panel writes. Relative to root."
    )
    catalogue: Path = Field(
        default=Path("environments.yaml"), description="The catalogue file. Relative to root."
    )
    database_url: SecretStr | None = Field(
        default=None, description="SQLAlchemy URL of the store. Default: SQLite in the data directory."
    )
    local_port: int = Field(default=4566, ge=1024, le=65535, description="Port of the embedded AWS.")
    local_runtime: Literal["auto", "process", "docker"] = Field(
        default="auto",
        description="How the embedded AWS runs tasks: containers where an engine answers, or processes.",
    )
    base_image: str = Field(
        default="",
        description="Image that container builds start from; default: the public slim Python image.",
    )
    provider_mirror: Path | None = Field(
        default=None, description="Folder with unpacked Terraform providers, looked into before the registry."
    )
    terraform: str = Field(
        default="", description="A terraform or tofu binary to use in place of the built-in Terraform."
    )
    checkov: str = Field(
        default="", description="The Checkov that guardrails run; default: the one on the PATH."
    )
    host: str = Field(default="127.0.0.1", description="Address the panel listens on.")
    port: int = Field(default=8501, ge=1024, le=65535, description="Port the panel listens on.")
    approval_timeout_s: int = Field(
        default=7 * 24 * 3600, ge=1, description="How long a plan waits for review."
    )
    plan_timeout_s: int = Field(default=900, ge=10, description="Time limit of one plan.")
    apply_timeout_s: int = Field(default=3600, ge=60, description="Time limit of one apply.")
    rollout_timeout_s: int = Field(default=900, ge=10, description="Time limit of one roll-out.")
    health_interval_s: float = Field(default=30, ge=1, description="Seconds between two health sweeps.")
    sweep_concurrency: int = Field(
        default=32,
        ge=1,
        le=128,
        description="How many questions of a health sweep are asked at the same time.",
    )
    api_calls_per_s: float = Field(
        default=40, gt=0, le=1000, description="Most calls a second that health sweeps make to AWS."
    )
    bill_interval_h: float = Field(
        default=12,
        ge=0,
        description="Hours between two readings of the bill, each of which costs cents; 0: never.",
    )
    live_prices: bool = Field(
        default=True, description="Whether prices are read from AWS once a day, where the target is AWS."
    )
    status_export: str = Field(
        default="",
        pattern=r"^(s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9._/-]*)?|[^:]+)?$",
        description="Folder or s3://BUCKET/PREFIX to which the status page is written after each sweep.",
    )
    poll_interval_s: float = Field(
        default=0.3, ge=0.05, le=10, description="Seconds between two looks at a queue or file."
    )
    worker_concurrency: int = Field(
        default=8, ge=1, le=64, description="How many runs one worker works on at the same time."
    )
    drain_timeout_s: int = Field(
        default=60, ge=0, description="How long a worker that is asked to end waits for what it is at."
    )
    warm_idle_s: int = Field(
        default=600, ge=0, description="Seconds after which an idle warm Terraform ends; 0: never use one."
    )
    warm_memory_mb: int = Field(
        default=1500, ge=300, description="Memory above which a warm Terraform is replaced."
    )
    warm_commands: int = Field(
        default=50, ge=1, description="Plans after which a warm Terraform is replaced."
    )
    artifacts: str = Field(
        default="",
        pattern=r"^(s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9._/-]*)?)?$",
        description="Where plans are kept for all workers: s3://BUCKET/PREFIX. Default: the data directory.",
    )
    public_url: str = Field(
        default="",
        pattern=r"^(https?://[^\s]+)?$",
        description="Address under which people reach the panel, for links in notifications.",
    )
    webhook_url: SecretStr | None = Field(
        default=None, description="Slack-compatible webhook that is told what happens."
    )
    smtp_url: SecretStr | None = Field(
        default=None, description="Mail server: smtp://USER:PASSWORD@HOST:PORT, or smtps:// for TLS at once."
    )
    mail_from: str = Field(default="", description="Sender of e-mails.")
    mail_to: str = Field(default="", description="Addresses told of everything, separated by commas.")
    user: str = Field(default="", description="Name to act under; default: the operating system's user.")

    @field_validator("host")
    @classmethod
    def _loopback(cls, value: str) -> str:
        # Whoever reaches the page acts as its owner: it must not be reachable from elsewhere.
        if value != "localhost" and not (_is_address(value) and ip_address(value).is_loopback):
            raise ValueError("must be an address of this machine's loopback, such as 127.0.0.1")
        return value

    @property
    def data_path(self) -> Path:
        """The data directory, absolute."""
        return self._absolute(self.data_dir)

    @property
    def catalogue_path(self) -> Path:
        """The catalogue file, absolute."""
        return self._absolute(self.catalogue)

    @property
    def terraform_path(self) -> Path:
        """The project's ``terraform/`` tree."""
        return self.root / "terraform"

    @property
    def store_url(self) -> str:
        """SQLAlchemy URL of the store. May hold a password: never print it."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.data_path / 'panel.db'}"

    @property
    def workflows_url(self) -> str:
        """Database URL of the durable workflows. May hold a password: never print it."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.data_path / 'workflows.db'}"

    @property
    def local_endpoint(self) -> str:
        """Address of the embedded AWS."""
        return f"http://127.0.0.1:{self.local_port}"

    def _absolute(self, path: Path) -> Path:
        return path if path.is_absolute() else (self.root / path).resolve()


def _is_address(value: str) -> bool:
    try:
        ip_address(value)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=1)
def load_settings() -> Settings:
    """Read the settings once.

    Raises:
        ConfigurationError: naming every variable that is wrong and what was expected.
    """
    try:
        return Settings()
    except ValidationError as error:
        lines = [
            f"PANEL_{'_'.join(str(part) for part in item['loc']).upper()}: {item['msg']}"
            for item in error.errors()
        ]
        raise ConfigurationError(
            "The panel's settings are wrong: " + "; ".join(lines) + ".",
            hint="Correct or unset these environment variables and start again.",
        ) from None


def child_environment(*, network: bool = False, aws: bool = False, packages: bool = False) -> dict[str, str]:
    """Environment variables a child process may inherit from the panel's own environment.

    Args:
        network: also proxies, certificate bundles, and where the container engine is.
        aws: also the AWS credential chain of the person who started the panel.
        packages: also the settings of package clients (pip, uv, npm).
    """
    names = list(_INHERITED)
    names += (*_NETWORK, *_ENGINE) if network else ()
    names += _AWS if aws else ()
    names += _PACKAGES if packages else ()
    return {name: os.environ[name] for name in names if name in os.environ}


def own_environment() -> dict[str, str]:
    """Environment variables for another process of the panel itself: the same settings, the same credentials."""
    return dict(os.environ)
