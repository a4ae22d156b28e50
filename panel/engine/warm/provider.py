"""The provider that a warm process keeps ready: which one a workspace uses, and the program that stands in for it.

Terraform starts a provider for every configuration of it (a region, say) and for every walk over the graph, and speaks
to what the started program names. A warm process lets it start a stand-in, a few lines of Python, that names a real
provider which is already up. So every configuration has a process of its own, as it has in a cold run.
"""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from panel.engine.atomic import make_folder, write_atomically

# Every stack of the panel uses this one, by far the slowest to start.
_NAME = "hashicorp/aws"
_EXECUTABLE = 0o700


@dataclass(frozen=True)
class Provider:
    """A provider on this machine.

    Attributes:
        address: as ``registry.terraform.io/hashicorp/aws``.
        version: as ``5.100.0``.
        program: its executable, without symbolic links in the path.
    """

    address: str
    version: str
    program: str

    def to_json(self) -> dict[str, str]:
        """The value as a JSON object."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, str]) -> Provider:
        """The value out of what `to_json` made."""
        return cls(**value)


def provider_of(stack_path: Path) -> Provider | None:
    """The AWS provider that ``init`` has chosen for a stack; None where it has not, or the stack uses none."""
    root = stack_path / ".terraform" / "providers"
    found = [path for path in root.glob(f"*/{_NAME}/*/*/terraform-provider-*") if path.is_file()]
    if len(found) != 1:
        return None
    host, namespace, kind, version = found[0].relative_to(root).parts[:4]
    return Provider(f"{host}/{namespace}/{kind}", version, str(found[0].resolve()))


def is_prepared(stack_path: Path) -> bool:
    """Whether ``init`` has ever been done for a stack."""
    return (stack_path / ".terraform").is_dir()


def write_stand_in(folder: Path, provider: Provider, socket: Path) -> Path:
    """Write the program that Terraform starts in the provider's place.

    Args:
        folder: where to put it.
        provider: whose place it takes.
        socket: where it asks for a provider.

    Returns:
        The folder that ``dev_overrides`` has to name.

    Raises:
        StorageError: it cannot be written.
    """
    make_folder(folder)
    kind = provider.address.rpartition("/")[2]
    script = Path(__file__).with_name("stand_in.py")
    words = shlex.join([sys.executable, "-ISE", str(script), str(socket)])
    write_atomically(
        folder / f"terraform-provider-{kind}", f"#!/bin/sh\nexec {words}\n".encode(), mode=_EXECUTABLE
    )
    return folder


def write_warm_cli_config(path: Path, provider: Provider | None, stand_in: Path) -> None:
    """Write the CLI configuration of a warm process: never used to install anything.

    Raises:
        StorageError: it cannot be written.
    """
    lines = ["provider_installation {"]
    if provider is not None:
        lines += [
            "  dev_overrides {",
            f"    {json.dumps(provider.address)} = {json.dumps(str(stand_in))}",
            "  }",
        ]
    write_atomically(path, "\n".join([*lines, "  direct {}", "}", ""]).encode())


def write_primer(folder: Path, provider: Provider) -> None:
    """Write a configuration whose validation makes Terraform read the provider's schema.

    Raises:
        StorageError: it cannot be written.
    """
    make_folder(folder)
    required = {"terraform": {"required_providers": {"it": {"source": provider.address}}}}
    write_atomically(folder / "main.tf.json", json.dumps(required).encode())
