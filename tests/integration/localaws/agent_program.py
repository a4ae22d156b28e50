"""The task agent as the panel starts it: a process of its own, ended by SIGTERM."""

from __future__ import annotations

import logging
import signal
import sys
from pathlib import Path
from threading import Event

import boto3

from panel.localaws import sdk_environment
from panel.localaws.agent import run_agent
from panel.localaws.clients import AgentClients
from panel.localaws.rollout import Limits


def main() -> None:
    data_dir, endpoint, region = sys.argv[1:]
    logging.basicConfig(level=logging.INFO)
    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=region)
    ecs, elbv2, ecr, logs = (
        session.client(name, endpoint_url=endpoint) for name in ("ecs", "elbv2", "ecr", "logs")
    )
    run_agent(
        AgentClients(ecs, elbv2, ecr, logs),
        Path(data_dir),
        stop,
        0.2,
        task_environment=sdk_environment(endpoint, region),
        limits=Limits(startup_s=40, drain_s=1, kill_s=5),
    )


if __name__ == "__main__":
    main()
