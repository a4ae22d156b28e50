"""The embedded AWS as the tests run it: in a process of its own, behind the door that the panel gives it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.terraform.workbench import REPOSITORY

REGION = "us-east-2"


@dataclass(frozen=True)
class Emulator:
    """A running MiniStack."""

    port: int

    def client(self, service: str, region: str = REGION) -> Any:
        """A client of one of its services."""
        return _client(self.port, service, region)

    def variables(self) -> dict[str, str]:
        """Environment that leads Terraform here."""
        address = f"http://127.0.0.1:{self.port}"
        return {"AWS_ENDPOINT_URL": address, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


@cache
def _client(port: int, service: str, region: str) -> Any:
    return boto3.client(
        service,
        region_name=region,
        endpoint_url=f"http://127.0.0.1:{port}",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


@contextmanager
def running_emulator(folder: Path) -> Iterator[Emulator]:
    """An empty emulator on a free port; its log goes into the folder."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    switches = {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "MINISTACK_REGION": REGION,
        # A socket that cannot exist: no task may become a container where an engine happens to answer.
        "DOCKER_HOST": f"unix://{folder}/none.sock",
    }
    log = folder / "ministack.log"
    # The panel's door answers a request that an SDK repeats once, as AWS does: on a busy machine the provider
    # now and then asks for the same thing twice.
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "panel.localaws.serving"],
            cwd=REPOSITORY,
            env={**kept, **switches},
            stdout=output,
            stderr=output,
        )
    try:
        _wait_until_ready(process, port, log)
        yield Emulator(port)
    finally:
        process.terminate()
        process.wait(timeout=60)


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Return when the emulator answers; fail with its log when it ended or never does."""
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/_ministack/health", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    pytest.fail(f"The emulator did not start:\n{log.read_text(encoding='utf-8')[-4000:]}")
