"""Finding Terraform providers that are already on this machine, and telling Terraform about them.

A mirror is a folder laid out as Terraform's filesystem mirrors are: ``HOST/NAMESPACE/TYPE/VERSION/OS_ARCH/``
(unpacked), or with ``terraform-provider-TYPE_VERSION_OS_ARCH.zip`` under ``HOST/NAMESPACE/TYPE/`` (packed).
"""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from panel.engine.atomic import make_folder, write_atomically

# Every stack of the panel needs this one, by far the largest; without it something has to be downloaded.
_MAIN_PROVIDER = "/hashicorp/aws"


@dataclass(frozen=True)
class Mirror:
    """A folder of providers.

    Attributes:
        path: the folder.
        providers: addresses it holds for this platform, as ``HOST/NAMESPACE/TYPE``.
        unpacked: those of them that Terraform links into a workspace rather than unpacking 700 MB there.
    """

    path: Path
    providers: tuple[str, ...]
    unpacked: tuple[str, ...] = ()


def discover_mirrors(extra: Path | None, *, searched: Sequence[Path] | None = None) -> tuple[Mirror, ...]:
    """The provider mirrors of this machine, the most deliberate choice first.

    Looked into: the folder of the setting, Terraform's own implied mirror folders, and every folder one
    level below the place of optional software.

    Args:
        extra: the folder of ``PANEL_PROVIDER_MIRROR``, if set.
        searched: folders to look into in place of the machine's usual ones.
    """
    folders = [*([extra] if extra else []), *(_usual_folders() if searched is None else searched)]
    mirrors = []
    for folder in dict.fromkeys(folders):
        unpacked, packed = _providers_in(folder)
        if unpacked or packed:
            mirrors.append(
                Mirror(folder.resolve(), tuple(sorted(unpacked | packed)), tuple(sorted(unpacked)))
            )
    return tuple(mirrors)


def needs_cache(mirrors: Iterable[Mirror]) -> bool:
    """Whether ``init`` has to download or unpack the provider every stack uses.

    Then the shared cache spares every workspace a copy of it, and only one ``init`` may run at a time:
    Terraform's cache is not made for several writers.
    """
    return not any(provider.endswith(_MAIN_PROVIDER) for mirror in mirrors for provider in mirror.unpacked)


def write_cli_config(path: Path, mirrors: Iterable[Mirror], plugin_cache: Path) -> None:
    """Write the CLI configuration that every Terraform of the panel is given.

    What a mirror holds comes from the mirror alone (so that an unreachable registry does no harm), the
    rest from the registry. The cache is used only when downloading or unpacking: Terraform links an
    unpacked mirror into a workspace, and going by way of the cache would only check 700 MB once more.

    Args:
        path: the file to write.
        mirrors: what `discover_mirrors` found.
        plugin_cache: folder shared by all workspaces, made when needed.

    Raises:
        StorageError: the file or the cache folder cannot be made.
    """
    mirrors = tuple(mirrors)
    lines: list[str] = []
    if needs_cache(mirrors):
        make_folder(plugin_cache)
        lines.append(f"plugin_cache_dir = {json.dumps(str(plugin_cache))}")
        # Each workspace has a lock file of its own, empty at first: without this Terraform would not
        # trust the cache and download again for every workspace.
        lines.append("plugin_cache_may_break_dependency_lock_file = true")
    lines.append("provider_installation {")
    served: list[str] = []
    for mirror in mirrors:
        include = [name for name in mirror.providers if name not in served]
        if not include:
            continue
        served += include
        lines += ["  filesystem_mirror {", f"    path    = {json.dumps(str(mirror.path))}"]
        lines += [f"    include = {json.dumps(include)}", "  }"]
    lines += ["  direct {", f"    exclude = {json.dumps(served)}", "  }"] if served else ["  direct {}"]
    lines.append("}")
    make_folder(path.parent)
    write_atomically(path, ("\n".join(lines) + "\n").encode())


def _usual_folders() -> list[Path]:
    """Terraform's implied mirror folders on this platform, then those of optional software."""
    home = Path.home()
    folders = [home / ".terraform.d" / "plugins"]
    if sys.platform == "darwin":
        support = Path("Library") / "Application Support" / "io.terraform" / "plugins"
        folders += [home / support, Path("/") / support]
    else:
        data = Path("terraform") / "plugins"
        folders += [home / ".local" / "share" / data, Path("/usr/local/share") / data]
        folders += [Path("/usr/share") / data]
    optional = Path("/opt")
    try:
        folders += sorted(path for path in optional.iterdir() if path.is_dir())
    except OSError:
        # No such folder, or one that is closed to us: then there is no mirror there for us.
        return folders
    return folders


def _providers_in(folder: Path) -> tuple[set[str], set[str]]:
    """Addresses of the unpacked and of the packed providers of a folder, for this platform."""
    target = _platform()
    unpacked: set[str] = set()
    packed: set[str] = set()
    try:
        for path in folder.glob(f"*.*/*/*/*/{target}"):
            if any(path.iterdir()):
                unpacked.add(path.parents[1].relative_to(folder).as_posix())
        for path in folder.glob(f"*.*/*/*/terraform-provider-*_{target}.zip"):
            packed.add(path.parent.relative_to(folder).as_posix())
    except OSError:
        # A folder we may not read is no mirror for us; Terraform runs as the same user.
        return set(), set()
    return unpacked, packed


def _platform() -> str:
    """Terraform's name of this platform, as ``linux_amd64``."""
    machine = platform.machine().lower()
    architecture = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
    return f"{platform.system().lower()}_{architecture.get(machine, machine)}"
