"""The embedded AWS as a process of its own: its registry and its CloudFront keep and serve real bytes."""

import os
import socket
import subprocess
import sys
import time

import httpx
import pytest

from panel.aws.session import Account, Aws

REGION = "us-east-2"
START_LIMIT_S = 60


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("ministack")
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(folder), "TMPDIR": str(folder), "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1", "SFTP_ENABLED": "0", "IOT_MTLS_ENABLED": "0", "MINISTACK_REGION": REGION,
        # A socket that cannot exist: no task may become a container where an engine happens to answer.
        "DOCKER_HOST": f"unix://{folder}/none.sock",
    }  # fmt: skip
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "ministack"], env=environment, cwd=folder, stdout=log, stderr=log
        )
    try:
        await_ready(f"http://127.0.0.1:{port}", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def await_ready(endpoint, process):
    end = time.monotonic() + START_LIMIT_S
    while time.monotonic() < end:
        assert process.poll() is None, "the embedded AWS ended at its start"
        try:
            if httpx.get(f"{endpoint}/_ministack/health", trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError(f"the embedded AWS was not ready within {START_LIMIT_S} s")


@pytest.fixture
def aws(endpoint):
    return Aws(Account(REGION, endpoint, "test", "test"))


@pytest.fixture
def lines():
    return []
