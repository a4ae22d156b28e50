"""The endpoint goes away in the middle of an apply and comes back: what was made is neither forgotten nor made again."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from panel.errors import PanelError
from tests.integration.lifecycle.moments import Scene
from tests.integration.lifecycle.moments_program import context_over
from tests.terraform.emulator import running_emulator

pytestmark = [pytest.mark.terraform]

_STACK = """
variable "rounds" { type = number }

resource "terraform_data" "part" {
  for_each = toset(["x"])

  provisioner "local-exec" {
    command = "echo made >> MARKS/one && while [ ! -e MARKS/go-on ]; do sleep 0.05; done"
  }
}

output "domain_name" { value = "x.example.com" }
"""


_FORWARD = """
import asyncio, sys

async def pump(reader, writer):
    while chunk := await reader.read(65536):
        writer.write(chunk)
        await writer.drain()
    writer.write_eof()

async def pass_on(reader, writer):
    inside, inner = await asyncio.open_connection("127.0.0.1", int(sys.argv[2]))
    await asyncio.gather(pump(reader, inner), pump(inside, writer), return_exceptions=True)
    writer.close()
    inner.close()

async def main():
    async with await asyncio.start_server(pass_on, "127.0.0.1", int(sys.argv[1])) as server:
        await server.serve_forever()

asyncio.run(main())
"""


class Door:
    """The way to the emulator, which can be shut."""

    def __init__(self, port: int) -> None:
        self._inner = port
        with closing(socket.socket()) as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self._process: subprocess.Popen[bytes] | None = None

    def open(self) -> None:
        self._process = subprocess.Popen([sys.executable, "-c", _FORWARD, str(self.port), str(self._inner)])
        give_up = time.monotonic() + 30
        while not self._answers():
            assert time.monotonic() < give_up
            time.sleep(0.05)

    def shut(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        with closing(socket.socket()) as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    with running_emulator(tmp_path) as emulator:
        door = Door(emulator.port)
        door.open()
        yield door
        door.shut()


def test_it_is_kept_and_pushed_back(tmp_path: Path, door: Door) -> None:
    root = tmp_path / "project"
    endpoint = f"http://127.0.0.1:{door.port}"
    scene = Scene(root, endpoint, _STACK.replace("MARKS", str(root / "marks")), ("one",))
    context = context_over(scene.settings, scene.stores, endpoint, {"AWS_MAX_ATTEMPTS": "1"})
    stacks = context.stacks
    first = scene.update("one")
    planned = stacks.plan(context.job(first, "one", "plan"))
    assert planned.plan_path is not None
    failures: list[PanelError] = []

    def apply() -> None:
        try:
            stacks.apply(context.job(first, "one", "apply"), planned.plan_path, planned.plan_digest)
        except PanelError as error:
            failures.append(error)

    applying = threading.Thread(target=apply)
    applying.start()
    scene.until(lambda: scene.made("one"), "the resource is being made")
    door.shut()
    (root / "marks" / "go-on").touch()
    applying.join()
    (failure,) = failures
    assert "errored.tfstate" in failure.detail or "Failed to persist state" in failure.detail
    (kept,) = (root / "data/workspaces/one/executions").glob("*/errored.tfstate")
    assert kept.stat().st_mode & 0o777 == 0o600
    scene.stores.runs.finish(first, "errored", "worker")

    door.open()
    assert scene.state("one") == set()
    assert scene.locks()
    second = scene.update("one")
    again = stacks.plan(context.job(second, "one", "plan"))

    assert not again.has_changes
    assert scene.state("one") == {'terraform_data.part["x"]'}
    assert scene.made("one") == ["made"]
    assert not kept.exists()
    assert scene.locks() == []
    said = [line.text for line in scene.stores.runs.lines(second)]
    assert any("pushing it back" in text for text in said)
    assert any("Removed the state lock" in text for text in said)
    assert stacks.outputs(context.job(second, "one", "apply")) == {"domain_name": "x.example.com"}
    scene.close()
