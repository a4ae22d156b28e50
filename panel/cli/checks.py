"""What ``panel doctor`` looks at: each check tells what it found, whether that is enough, and how to mend it.

A check never raises: what it cannot find out is a finding of its own.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from panel.errors import PanelError

if TYPE_CHECKING:
    from panel.catalogue.schema import Catalogue
    from panel.settings import Settings
    from panel.wiring import Panel

Status = Literal["ok", "warn", "fail"]
_OLDEST_PYTHON = (3, 11)
_LITTLE_SPACE = 1_000_000_000
_ENOUGH_SPACE = 3_000_000_000
_SHORT_S = 5.0


@dataclass(frozen=True)
class Finding:
    """One check: its name, how it went, what was found, and how to mend it (empty where nothing is to be done)."""

    name: str
    status: Status
    found: str
    mend: str = ""


Check = Callable[[], Finding]


def examine() -> list[Finding]:
    """Run all checks; what needs the catalogue is left out where the catalogue itself fails."""
    from panel.settings import load_settings

    findings = [python()]
    try:
        settings = load_settings()
    except PanelError as problem:
        return [*findings, _failed("settings", problem)]
    place = guarded("data directory", lambda: data_directory(settings))
    findings += [place, guarded("port", lambda: port_free(settings))]
    found, catalogue = read_catalogue(settings)
    findings.append(found)
    findings += [
        guarded("terraform", lambda: terraform(settings)),
        guarded("providers", lambda: providers(settings)),
        guarded("container engine", container_engine),
        guarded("node", node),
        guarded("git", git),
    ]
    if catalogue is None or place.status == "fail":
        return findings
    return findings + _examine_panel(catalogue)


def _examine_panel(catalogue: Catalogue) -> list[Finding]:
    from panel.cli import state

    try:
        panel = state.get_panel()
    except PanelError as problem:
        return [_failed("database", problem)]
    if catalogue.target == "local":
        endpoint = [
            guarded("embedded AWS installed", ministack),
            guarded("embedded AWS", lambda: embedded_aws(panel)),
        ]
    else:
        endpoint = [guarded("AWS identity", lambda: aws_identity(panel))]
    return [
        *endpoint,
        guarded("worker", lambda: worker(panel)),
        guarded("notifications", lambda: notifications(panel)),
    ]


def python() -> Finding:
    """Python itself."""
    version = ".".join(str(part) for part in sys.version_info[:3])
    if sys.version_info[:2] < _OLDEST_PYTHON:
        return Finding("python", "fail", f"Python {version} is too old.", "Install Python 3.11 or newer.")
    return Finding("python", "ok", f"Python {version}")


def read_catalogue(settings: Settings) -> tuple[Finding, Catalogue | None]:
    """The catalogue file, and what is in it."""
    from panel.catalogue.load import load_catalogue

    try:
        catalogue = load_catalogue(settings.catalogue_path)
    except PanelError as problem:
        return _failed("catalogue", problem), None
    names = ", ".join(catalogue.environments)
    return Finding(
        "catalogue", "ok", f"{settings.catalogue_path.name}: {names}; target {catalogue.target}"
    ), catalogue


def data_directory(settings: Settings) -> Finding:
    """Whether the data directory can be written, and has room for Terraform's providers and state."""
    import tempfile

    path = settings.data_path
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=path) as probe:
            probe.write(b"\0" * 4096)
        free = shutil.disk_usage(path).free
    except OSError as error:
        mend = "Correct its permissions, free some space, or set PANEL_DATA_DIR to another folder."
        return Finding(
            "data directory", "fail", f"{path} cannot be written: {error.strerror or error}.", mend
        )
    found = f"{path}, {free / 1e9:.1f} GB free"
    if free < _ENOUGH_SPACE:
        status: Status = "fail" if free < _LITTLE_SPACE else "warn"
        return Finding("data directory", status, found, "Free some space: the panel wants 3 GB.")
    return Finding("data directory", "ok", found)


def port_free(settings: Settings) -> Finding:
    """Whether the page's port is free, or held by the panel itself."""
    from panel.cli.page import Record

    record = Record(settings.data_path / "up.json")
    if record.page() is not None:
        return Finding("port", "ok", f"the panel is up: {record.address()}")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            found = f"{settings.host}:{settings.port} cannot be used: {error.strerror}."
            return Finding(
                "port", "fail", found, "Stop the program that uses it, or set PANEL_PORT to a free port."
            )
    return Finding("port", "ok", f"{settings.host}:{settings.port} is free")


def terraform(settings: Settings) -> Finding:
    """Which Terraform is used, and whether it answers."""
    from panel.engine.terraform import Terraform

    named = settings.terraform or "built-in"
    version = Terraform(binary=settings.terraform, data_dir=settings.data_path, environment={}).version()
    return Finding("terraform", "ok", f"{named}, version {version}")


def providers(settings: Settings) -> Finding:
    """Where Terraform's providers come from."""
    from panel.engine.cli_config import discover_mirrors, needs_cache

    mirrors = discover_mirrors(settings.provider_mirror)
    if settings.provider_mirror is not None and settings.provider_mirror.resolve() not in {
        m.path for m in mirrors
    }:
        found = f"PANEL_PROVIDER_MIRROR names {settings.provider_mirror}, and no provider for this platform is there."
        return Finding("providers", "fail", found, "Correct the setting, or unset it to use the registry.")
    if not needs_cache(mirrors):
        return Finding("providers", "ok", f"mirror {mirrors[0].path}")
    if _registry_answers():
        return Finding(
            "providers", "ok", "registry.terraform.io answers; the provider (700 MB) is downloaded once"
        )
    found = "There is no mirror with the AWS provider, and registry.terraform.io does not answer."
    mend = "Open the way to registry.terraform.io, or unpack a mirror and set PANEL_PROVIDER_MIRROR to its folder."
    return Finding("providers", "fail", found, mend)


def container_engine() -> Finding:
    """Whether containers can be used; without them tasks run as processes."""
    from panel.localaws.runtime import docker_answers, find_bridge

    if docker_answers():
        bridge = find_bridge()
        if bridge is not None and bridge.changes_its_address():
            device = f"/sys/class/net/{bridge.name}/address"
            found = (
                f"a Docker engine answers, and the address of its bridge {bridge.name} changes whenever a container "
                "comes or goes: requests of the others may hang for half a minute then"
            )
            return Finding(
                "container engine",
                "warn",
                found,
                f"As root: ip link set {bridge.name} address $(cat {device})",
            )
        return Finding(
            "container engine", "ok", "a Docker engine answers: images are built and tasks run by it"
        )
    found = "no Docker engine answers: images are assembled by the panel and tasks run as processes"
    return Finding("container engine", "ok", found)


def node() -> Finding:
    """Whether the site can be built."""
    from panel.deploys.node import find_node_path, node_version, npm_command

    path = find_node_path()
    npm_command(path)
    return Finding("node", "ok", f"Node.js {node_version(path)} with npm, in {path}")


def git() -> Finding:
    """Whether versions can be named after commits."""
    from panel.settings import child_environment

    program = shutil.which("git")
    if program is None:
        return Finding(
            "git", "warn", "There is no git: versions are not named after commits.", "Install git."
        )
    answer = subprocess.run(
        [program, "--version"], env=child_environment(), capture_output=True, text=True, timeout=_SHORT_S, check=True,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return Finding("git", "ok", answer.stdout.strip())


def ministack() -> Finding:
    """Whether the embedded AWS is installed."""
    if importlib.util.find_spec("ministack") is None:
        mend = "Install it with: pip install 'panel[local]'; or set 'target: aws' in environments.yaml."
        return Finding("embedded AWS installed", "fail", "MiniStack is not installed.", mend)
    return Finding("embedded AWS installed", "ok", f"MiniStack {importlib.metadata.version('ministack')}")


def embedded_aws(panel: Panel) -> Finding:
    """Whether the embedded AWS is alive."""
    if panel.local is None:
        return Finding("embedded AWS", "ok", "not used")
    status = panel.local.status()
    if status.state == "running":
        return Finding("embedded AWS", "ok", f"alive on {status.endpoint}; {status.runtime_reason}")
    if status.state == "foreign":
        return Finding(
            "embedded AWS", "fail", status.note, "Stop that program, or set PANEL_LOCAL_PORT to a free port."
        )
    if status.state == "lost":
        return Finding("embedded AWS", "warn", status.note, "Start it with: panel up")
    return Finding("embedded AWS", "warn", status.note or "It is stopped.", "Start it with: panel up")


def worker(panel: Panel) -> Finding:
    """Whether somebody does the work."""
    if panel.worker_process.alive():
        return Finding("worker", "ok", "alive")
    return Finding("worker", "warn", "No worker is alive: runs wait.", "Start everything with: panel up")


def notifications(panel: Panel) -> Finding:
    """Whether anybody is told what happens; nobody needs to be."""
    ways = ", ".join(panel.channels()) or "none is set up: people look at the page"
    return Finding("notifications", "ok", ways)


def aws_identity(panel: Panel) -> Finding:
    """Whose credentials are used, and in which region."""
    from panel.aws.sts import caller_identity

    identity = caller_identity(panel.aws())
    region = panel.catalogue().region
    return Finding("AWS identity", "ok", f"{identity.arn} in account {identity.account_id}, region {region}")


def _registry_answers() -> bool:
    from urllib.error import URLError
    from urllib.request import urlopen

    try:
        with urlopen("https://registry.terraform.io/.well-known/terraform.json", timeout=_SHORT_S) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def guarded(name: str, check: Check) -> Finding:
    """Run one check; what it raises becomes a finding that fails."""
    try:
        return check()
    except PanelError as problem:
        return _failed(name, problem)
    except (OSError, subprocess.SubprocessError) as problem:
        return Finding(name, "fail", f"{type(problem).__name__}: {problem}")


def _failed(name: str, problem: PanelError) -> Finding:
    detail = f"\n{problem.detail}" if problem.detail else ""
    return Finding(name, "fail", problem.message + detail, problem.hint)
