"""The task agent on a real MiniStack: real images, real processes, a client that asks all along."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from panel.localaws.processes import spawn


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def task_processes(stage: Any) -> set[int]:
    """Every process that works in the stage's data directory, but the emulator and the agent."""
    found = set()
    for process in psutil.process_iter():
        try:
            if Path(process.cwd()).is_relative_to(stage.data_dir):
                found.add(process.pid)
        except psutil.Error:
            continue
    return found


def streams(stage: Any) -> str:
    return str(stage.logs.describe_log_streams(logGroupName="/app")["logStreams"])


@contextmanager
def asking(stage: Any, name: str) -> Iterator[Counter[str]]:
    """Ask through the load balancer again and again, counting answers by version or failure."""
    answers: Counter[str] = Counter()
    stop = threading.Event()

    def ask() -> None:
        with httpx.Client(trust_env=False, timeout=60) as client:
            while not stop.wait(0.01):
                answer = client.get(f"{stage.local.endpoint}/_alb/{name}/")
                good = answer.status_code == 200
                answers[answer.json()["version"] if good else f"failed: {answer.status_code}"] += 1

    asker = threading.Thread(target=ask)
    asker.start()
    try:
        yield answers
    finally:
        stop.set()
        asker.join()


def test_a_service_runs_from_its_image_and_answers_through_the_load_balancer(stage: Any) -> None:
    definition = stage.define("plain", stage.push("p1"))
    group = stage.create_service("plain", definition, 2)
    service = stage.settled("plain", definition, 2)

    assert stage.targets(group) == {(task.address, task.port) for task in service.tasks}
    assert len({task.address for task in service.tasks}) == 2
    assert all(task.address.startswith("127.") for task in service.tasks)
    answer = stage.get("plain").json()
    assert answer["version"] == "p1"
    assert answer["greeting"] == "from the definition"
    assert answer["cwd"].endswith("rootfs/app")
    assert answer["endpoint"] == stage.local.endpoint


def test_a_rollout_loses_no_request(stage: Any) -> None:
    first = stage.define("rolling", stage.push("r1"))
    stage.create_service("rolling", first, 2)
    before = stage.settled("rolling", first, 2)

    with asking(stage, "rolling") as answers:
        stage.wait_for("version r1 answers", lambda: answers["r1"])
        second = stage.define("rolling", stage.push("r2"))
        stage.update("rolling", taskDefinition=second)
        stage.settled("rolling", second, 2)
        seen = answers["r2"]
        stage.wait_for("version r2 answers", lambda: answers["r2"] > seen)

    assert set(answers) == {"r1", "r2"}
    assert not [task for task in before.tasks if alive(task.pid)]


def test_a_revision_that_never_comes_up_leaves_the_old_one_serving(stage: Any) -> None:
    good = stage.define("failing", stage.push("f1"))
    group = stage.create_service("failing", good, 1)
    before = stage.settled("failing", good, 1)
    kept = before.tasks[0]

    with asking(stage, "failing") as answers:
        bad = stage.define("failing", stage.push("f2", "import sys\nprint('no database')\nsys.exit(1)\n"))
        stage.update("failing", taskDefinition=bad)
        failed = stage.wait_for(
            "the failure is told",
            lambda: (seen := stage.report("failing")) and seen.last_error and seen,
        )
        assert "exited with code 1" in failed.last_error
        assert failed.last_log == "no database"
        assert failed.revision.startswith(bad)
        stage.wait_for(
            "it is tried again", lambda: stage.report("failing").last_error_at > failed.last_error_at
        )
        assert stage.targets(group) == {(kept.address, kept.port)}
        assert alive(kept.pid)

        # Rolled back, the trouble is over.
        stage.update("failing", taskDefinition=good)
        after = stage.settled("failing", good, 1)
        assert after.last_error == ""
    assert set(answers) == {"f1"}


def test_a_crashed_task_comes_back_with_its_end_explained(stage: Any) -> None:
    definition = stage.define("crashing", stage.push("c1"))
    group = stage.create_service("crashing", definition, 1)
    crashed = stage.settled("crashing", definition, 1).tasks[0]

    with pytest.raises(httpx.HTTPError):
        httpx.get(f"http://{crashed.address}:{crashed.port}/crash", trust_env=False)
    told = stage.wait_for(
        "the crash is told", lambda: (seen := stage.report("crashing")) and seen.last_error and seen
    )
    assert "exited with code 7" in told.last_error
    assert "going down" in told.last_log

    again = stage.settled("crashing", definition, 1).tasks[0]
    assert again.pid != crashed.pid
    assert again.restarts == 1
    assert stage.targets(group) == {(again.address, again.port)}
    assert stage.get("crashing").json()["pid"] == again.pid


def test_scaling_to_zero_and_deleting_stop_the_processes(stage: Any) -> None:
    definition = stage.define("scaling", stage.push("s1"))
    group = stage.create_service("scaling", definition, 2)
    running = stage.settled("scaling", definition, 2)

    stage.update("scaling", desiredCount=1)
    one = stage.settled("scaling", definition, 1)
    assert one.tasks[0].pid in {task.pid for task in running.tasks}

    stage.update("scaling", desiredCount=0)
    stage.settled("scaling", definition, 0)
    assert stage.targets(group) == set()
    assert not [task for task in running.tasks if alive(task.pid)]

    stage.update("scaling", desiredCount=1)
    last = stage.settled("scaling", definition, 1).tasks[0]
    stage.ecs.delete_service(cluster="main", service="scaling", force=True)
    stage.wait_for("the service is forgotten", lambda: stage.report("scaling") is None)
    assert not alive(last.pid)
    assert stage.targets(group) == set()


def test_an_image_that_does_not_exist_yet_is_waited_for(stage: Any) -> None:
    missing = stage.define("waiting", "000000000000.dkr.ecr.us-east-2.amazonaws.com/app:w1")
    stage.create_service("waiting", missing, 1)
    told = stage.wait_for("it is told", lambda: (seen := stage.report("waiting")) and seen.last_error)
    assert "no image" in told
    stage.push("w1")
    assert stage.settled("waiting", missing, 1).last_error == ""


def test_a_new_deployment_of_the_same_definition_replaces_the_tasks(stage: Any) -> None:
    definition = stage.define("forced", stage.push("n1"))
    stage.create_service("forced", definition, 1)
    before = stage.settled("forced", definition, 1).tasks[0]
    stage.update("forced", forceNewDeployment=True)
    stage.wait_for("the old task is gone", lambda: not alive(before.pid))
    assert stage.settled("forced", definition, 1).tasks[0].pid != before.pid


def test_what_a_task_prints_reaches_its_log_group(stage: Any) -> None:
    definition = stage.define("talking", stage.push("t1"))
    stage.create_service("talking", definition, 1)
    task = stage.settled("talking", definition, 1).tasks[0]

    def lines() -> list[str]:
        events = stage.logs.get_log_events(logGroupName="/app", logStreamName=f"web/app/{task.id}")
        return [event["message"] for event in events["events"]]

    stage.wait_for("the stream is made", lambda: task.id in streams(stage))
    assert stage.wait_for("the line arrives", lines) == ["version t1 listens"]


def test_tasks_of_a_killed_agent_are_taken_over(stage: Any) -> None:
    definition = stage.define("adopted", stage.push("a1"))
    group = stage.create_service("adopted", definition, 2)
    before = stage.settled("adopted", definition, 2)

    os.kill(stage.agent.pid(), signal.SIGKILL)
    stage.wait_for("the agent is gone", lambda: stage.agent.pid() is None)
    assert stage.get("adopted").status_code == 200
    # One of its tasks dies while nobody looks, one of its targets is lost, one start was not written down.
    victim, survivor = before.tasks
    stray = spawn(
        [sys.executable, "-c", "import time; time.sleep(300)"],
        environment={},
        log=stage.data_dir / "stray.log",
        mark=f"{survivor.id.rpartition('-')[0]}-stray",
    )
    os.kill(victim.pid, signal.SIGKILL)
    stage.elbv2.deregister_targets(
        TargetGroupArn=group, Targets=[{"Id": survivor.address, "Port": survivor.port}]
    )

    stage.start_agent()
    stage.wait_for(
        "the lost task is replaced",
        lambda: victim.pid not in {task.pid for task in stage.report("adopted").tasks},
    )
    after = stage.settled("adopted", definition, 2)
    assert survivor.pid in {task.pid for task in after.tasks}
    assert stage.targets(group) == {(task.address, task.port) for task in after.tasks}
    assert not stray.is_alive()
    assert task_processes(stage) == {item.pid for item in stage.running()}


def test_a_second_agent_is_refused(stage: Any) -> None:
    program = Path(__file__).with_name("agent_program.py")
    result = subprocess.run(
        [sys.executable, str(program), str(stage.data_dir), stage.local.endpoint, "us-east-2"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert "Another task agent works in" in result.stderr


def test_stopping_the_embedded_aws_ends_agent_and_tasks_and_starting_brings_them_back(stage: Any) -> None:
    definition = stage.define("lasting", stage.push("l1"))
    stage.create_service("lasting", definition, 1)
    before = stage.settled("lasting", definition, 1).tasks[0]

    assert stage.local.stop().state == "stopped"
    assert stage.agent.pid() is None
    assert not alive(before.pid)

    stage.local.start()
    stage.start_agent()
    after = stage.settled("lasting", definition, 1).tasks[0]
    assert after.digest == before.digest
    assert stage.get("lasting").json()["version"] == "l1"
