"""The real MiniStack as a process: one world through starts, stops and kills."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import psutil
import pytest

from panel.errors import EndpointError
from panel.localaws import LocalAws

REGION = "us-east-2"


@pytest.fixture
def local_aws(tmp_path: Path, free_port: Callable[[], int]) -> Iterator[LocalAws]:
    local = LocalAws(tmp_path, free_port(), REGION, "process")
    yield local
    local.reset()  # Nothing worth saving: also ends well after a kill.
    local.stop()


def s3(local: LocalAws) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=local.endpoint,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


def keep_something(local: LocalAws) -> None:
    s3(local).create_bucket(Bucket="kept", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3(local).put_object(Bucket="kept", Key="note", Body=b"here")


def buckets(local: LocalAws) -> list[str]:
    return [bucket["Name"] for bucket in s3(local).list_buckets()["Buckets"]]


def kill(pid: int | None, number: signal.Signals) -> None:
    assert pid is not None
    process = psutil.Process(pid)
    os.kill(pid, number)
    try:
        process.wait(20)
    except psutil.NoSuchProcess:
        return


def test_it_starts_is_reused_by_others_and_keeps_its_world_over_a_stop(
    local_aws: LocalAws, tmp_path: Path
) -> None:
    assert local_aws.status().state == "stopped"
    first = local_aws.start()
    assert (first.state, first.runtime, first.world is not None) == ("running", "process", True)
    keep_something(local_aws)

    another = LocalAws(tmp_path, first.port, REGION, "process")
    assert another.start().pid == first.pid

    assert another.stop().state == "stopped"
    assert local_aws.status().world == first.world
    again = local_aws.start()
    assert again.world == first.world
    assert again.pid != first.pid
    assert s3(local_aws).get_object(Bucket="kept", Key="note")["Body"].read() == b"here"


def test_many_starts_at_once_make_one_emulator(local_aws: LocalAws) -> None:
    pids: list[int | None] = []
    threads = [threading.Thread(target=lambda: pids.append(local_aws.start().pid)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(pids) == 4
    assert len(set(pids)) == 1


def test_it_listens_on_loopback_alone(local_aws: LocalAws) -> None:
    process = psutil.Process(local_aws.start().pid)
    listening = [item.laddr for item in process.net_connections("inet") if item.status == psutil.CONN_LISTEN]
    assert [address.ip for address in listening] == ["127.0.0.1"]


def test_killed_it_is_lost_and_the_next_start_begins_an_empty_world(local_aws: LocalAws) -> None:
    first = local_aws.start()
    keep_something(local_aws)
    kill(first.pid, signal.SIGKILL)

    lost = local_aws.status()
    assert (lost.state, lost.world) == ("lost", None)
    assert "empty world" in lost.note

    again = local_aws.start()
    assert again.state == "running"
    assert again.world != first.world
    assert buckets(local_aws) == []


def test_ended_by_somebody_else_but_politely_nothing_is_lost(local_aws: LocalAws) -> None:
    first = local_aws.start()
    keep_something(local_aws)
    kill(first.pid, signal.SIGTERM)
    assert local_aws.status().state == "stopped"
    assert local_aws.start().world == first.world
    assert buckets(local_aws) == ["kept"]


def test_a_state_that_disappeared_is_not_taken_for_the_world(local_aws: LocalAws, tmp_path: Path) -> None:
    first = local_aws.start()
    keep_something(local_aws)
    local_aws.stop()
    (tmp_path / "local" / "state" / "ssm.json").unlink()
    assert local_aws.status().state == "lost"
    assert local_aws.start().world != first.world
    assert buckets(local_aws) == []


def test_reset_empties_the_world_and_gives_it_another_id(local_aws: LocalAws) -> None:
    first = local_aws.start()
    keep_something(local_aws)
    after = local_aws.reset()
    assert after.state == "running"
    assert after.world not in (None, first.world)
    assert buckets(local_aws) == []


def test_a_port_in_use_is_named_with_the_way_out(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as squatter:
        port = squatter.getsockname()[1]
        local = LocalAws(tmp_path, port, REGION, "process")
        status = local.status()
        assert status.state == "foreign"
        assert str(port) in status.note
        with pytest.raises(EndpointError, match=rf"(?s){port}.*PANEL_LOCAL_PORT"):
            local.start()
        assert local.stop().state == "foreign"


def test_the_emulator_of_another_data_directory_is_foreign(local_aws: LocalAws, tmp_path: Path) -> None:
    port = local_aws.start().port
    other = LocalAws(tmp_path / "other", port, REGION, "process")
    assert "another MiniStack" in other.status().note
    with pytest.raises(EndpointError):
        other.start()
    assert local_aws.status().state == "running"


def test_another_port_for_a_running_data_directory_is_refused(
    local_aws: LocalAws, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    running = local_aws.start()
    moved = LocalAws(tmp_path, free_port(), REGION, "process")
    assert moved.status().port == running.port
    with pytest.raises(EndpointError, match=f"PANEL_LOCAL_PORT={running.port}"):
        moved.start()


def test_its_environment_is_all_an_sdk_needs(local_aws: LocalAws) -> None:
    local_aws.start()
    keep_something(local_aws)
    code = "import boto3; print([b['Name'] for b in boto3.client('s3').list_buckets()['Buckets']])"
    result = subprocess.run(
        [sys.executable, "-c", code],
        env=local_aws.environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.strip() == "['kept']"


def test_without_the_extra_it_imports_and_says_what_to_install(
    tmp_path: Path, free_port: Callable[[], int]
) -> None:
    code = f"""
import sys
sys.modules["ministack"] = None
from pathlib import Path
from panel.errors import ConfigurationError
from panel.localaws import LocalAws
try:
    LocalAws(Path({str(tmp_path)!r}), {free_port()}, "us-east-2", "process").start()
except ConfigurationError as error:
    print(error)
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'panel[local]'" in result.stdout
