"""Containers as the runtime: when an engine is believed, and how containers reach the emulator."""

from __future__ import annotations

import json
import os
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from panel.errors import UnavailableError
from panel.localaws import LocalAws, forwarder
from panel.localaws.gateway import port_is_open
from panel.localaws.processes import ProcessRef, spawn, terminate, wait_for_end
from panel.localaws.runtime import choose_runtime, docker_answers, find_bridge

ENGINE = Path(os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://"))


@contextmanager
def engine_on(path: Path, gateway: str, subnet: str) -> Iterator[None]:
    """A Docker engine as far as two questions go."""
    network = {
        "IPAM": {"Config": [{"Subnet": subnet, "Gateway": gateway}]},
        "Options": {"com.docker.network.bridge.name": "docker0"},
    }
    answers = {"/_ping": b"OK", "/networks/bridge": json.dumps(network).encode()}

    class Engine(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(answers[self.path])

        def log_message(self, format: str, *args: object) -> None:
            return

        def address_string(self) -> str:
            return "somebody"

    class UnixServer(ThreadingHTTPServer):
        address_family = socket.AF_UNIX

        def server_bind(self) -> None:
            self.socket.bind(str(path))

    server = UnixServer(("", 0), Engine)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_an_engine_is_believed_only_when_it_answers(tmp_path: Path) -> None:
    path = tmp_path / "docker.sock"
    assert choose_runtime("auto", path).runtime == "process"
    with pytest.raises(UnavailableError, match=r"no Docker engine answers.*PANEL_LOCAL_RUNTIME=process"):
        choose_runtime("docker", path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as mute:
        mute.bind(str(path))
        mute.listen()
        assert not docker_answers(path)


def test_an_engine_of_this_machine_gives_containers(tmp_path: Path) -> None:
    path = tmp_path / "docker.sock"
    with engine_on(path, "127.0.0.1", "127.0.0.0/8"):
        chosen = choose_runtime("auto", path)
        assert chosen.runtime == "docker"
        assert chosen.bridge is not None
        assert (chosen.bridge.gateway, chosen.bridge.name) == ("127.0.0.1", "docker0")
        assert choose_runtime("process", path).runtime == "process"


def test_an_engine_in_a_virtual_machine_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "docker.sock"
    with engine_on(path, "192.0.2.1", "192.0.2.0/24"):
        chosen = choose_runtime("auto", path)
        assert chosen.runtime == "process"
        assert "network this machine is not on" in chosen.reason
        with pytest.raises(UnavailableError, match="virtual"):
            choose_runtime("docker", path)


@pytest.fixture
def answering() -> Iterator[int]:
    """A server on loopback; tells its port."""

    class Echo(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()
    thread.join()


def open_door(port: int, subnet: str, served: int, log: Path) -> ProcessRef:
    argv = [sys.executable, "-I", forwarder.__file__, "127.77.0.1", str(port), subnet, str(served)]
    process = spawn(argv, environment={}, log=log, mark="door")
    while True:
        assert process.is_alive(), log.read_text()
        with socket.socket() as probe:
            if probe.connect_ex(("127.77.0.1", port)) == 0:
                return process


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have 127.0.0.1 alone")
def test_the_door_passes_on_what_comes_from_the_bridge_and_nothing_else(
    answering: int, tmp_path: Path
) -> None:
    body = os.urandom(3_000_000)
    door = open_door(answering, "127.0.0.0/8", os.getpid(), tmp_path / "log")
    try:
        answer = httpx.post(f"http://127.77.0.1:{answering}/", content=body, trust_env=False)
        assert answer.content == body
    finally:
        terminate(door, grace_s=5)

    door = open_door(answering, "192.0.2.0/24", os.getpid(), tmp_path / "log")
    try:
        with pytest.raises(httpx.HTTPError):
            httpx.post(f"http://127.77.0.1:{answering}/", content=body, trust_env=False)
    finally:
        terminate(door, grace_s=5)


@contextmanager
def breaking_off() -> Iterator[int]:
    """A server on loopback that breaks every connection off as soon as it is asked something; tells its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    connection.recv(1000)
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    connection.close()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have 127.0.0.1 alone")
def test_where_the_emulator_breaks_off_the_container_is_not_left_waiting(tmp_path: Path) -> None:
    with breaking_off() as port:
        door = open_door(port, "127.0.0.0/8", os.getpid(), tmp_path / "log")
        try:
            with socket.create_connection(("127.77.0.1", port), timeout=60) as asking:
                asking.sendall(b"GET / HTTP/1.1\r\n\r\n")
                assert asking.recv(100) == b""
        finally:
            terminate(door, grace_s=5)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have 127.0.0.1 alone")
def test_who_has_said_all_still_gets_the_answer(answering: int, tmp_path: Path) -> None:
    door = open_door(answering, "127.0.0.0/8", os.getpid(), tmp_path / "log")
    try:
        with socket.create_connection(("127.77.0.1", answering), timeout=60) as asking:
            asking.sendall(b"POST / HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello")
            asking.shutdown(socket.SHUT_WR)
            answer = b"".join(iter(lambda: asking.recv(1000), b""))
        assert answer.endswith(b"hello")
    finally:
        terminate(door, grace_s=5)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have 127.0.0.1 alone")
def test_the_door_closes_with_the_emulator(answering: int, tmp_path: Path) -> None:
    served = spawn(
        [sys.executable, "-c", "import time; time.sleep(60)"],
        environment={},
        log=tmp_path / "served",
        mark="served",
    )
    door = open_door(answering, "127.0.0.0/8", served.pid, tmp_path / "log")
    terminate(served, grace_s=5)
    assert wait_for_end(door, 10)


@pytest.mark.containers
@pytest.mark.timeout(300)  # it may have to wait for the engine
@pytest.mark.usefixtures("docker")
def test_with_an_engine_containers_have_a_way_to_the_emulator(
    tmp_path: Path, free_port: Callable[[], int]
) -> None:
    bridge = find_bridge(ENGINE)
    assert bridge is not None
    local = LocalAws(tmp_path, free_port(), "us-east-2", "auto", docker_socket=ENGINE)
    port = int(local.endpoint.rpartition(":")[2])
    # Not asked from here: the engine hides where local connections to its bridge come from.
    try:
        status = local.start()
        assert status.runtime == "docker"
        assert port_is_open(port, bridge.gateway)
        assert local.reset().runtime == "docker"
        assert port_is_open(port, bridge.gateway)
    finally:
        local.stop()
    assert not port_is_open(port, bridge.gateway)
