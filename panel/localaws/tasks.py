"""What the task agent runs, as values and as a file that pages read: ``<data_dir>/local/tasks.json``."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from panel.localaws.demand import Revision
from panel.localaws.processes import ProcessRef
from panel.localaws.records import read_record, write_record

Phase = Literal["starting", "serving", "draining", "stopping"]
_FORMAT = 1


@dataclass(frozen=True)
class Task:
    """One process of one service.

    ``starting``: not yet healthy. ``serving``: healthy and registered with the load balancer. ``draining``:
    taken out, finishing what it has. ``stopping``: asked to end. Times in seconds since 1970.
    """

    id: str
    revision: str
    image: str
    digest: str
    pid: int
    created: float
    address: str
    port: int
    since: float
    phase: Phase
    phase_since: float
    restarts: int
    target_group: str
    log: str

    @property
    def process(self) -> ProcessRef:
        """The task's process."""
        return ProcessRef(self.pid, self.created, self.id)

    @property
    def healthy(self) -> bool:
        """Whether it is registered and answers."""
        return self.phase == "serving"

    @property
    def revision_label(self) -> str:
        """``family:7``."""
        return Revision.of(self.revision).label

    def turned(self, phase: Phase, now: float) -> Task:
        """The same task in another phase."""
        return replace(self, phase=phase, phase_since=now)


@dataclass(frozen=True)
class ServiceTasks:
    """What runs of one service, and the last thing that went wrong.

    ``last_error`` is one or two sentences; ``last_log`` the last lines the failed task printed. Both stay
    until the wanted revision runs as wanted.
    """

    service: str
    desired: int
    image: str
    revision: str
    tasks: tuple[Task, ...] = ()
    good_revision: str = ""
    last_error: str = ""
    last_log: str = ""
    last_error_at: float | None = None

    @property
    def cluster_name(self) -> str:
        """The cluster's name."""
        return self.service.partition("/")[0]

    @property
    def service_name(self) -> str:
        """The service's name."""
        return self.service.partition("/")[2]

    @property
    def revision_label(self) -> str:
        """The wanted revision, ``family:7``."""
        return Revision.of(self.revision).label

    @property
    def settled(self) -> bool:
        """Whether exactly the wanted number of healthy tasks of the wanted revision runs, and nothing else."""
        return len(self.tasks) == self.desired and all(
            task.healthy and task.revision == self.revision for task in self.tasks
        )


@dataclass(frozen=True)
class TaskReport:
    """Everything the agent runs, as of ``written_at`` (seconds since 1970).

    ``trouble`` says why the agent cannot see what is wanted; empty when it can.
    """

    written_at: float
    services: tuple[ServiceTasks, ...]
    trouble: str = ""

    def service(self, cluster: str, name: str) -> ServiceTasks | None:
        """One service's tasks; None when the agent has not seen the service."""
        return next((item for item in self.services if item.service == f"{cluster}/{name}"), None)


def tasks_path(data_dir: Path) -> Path:
    """The file the agent writes."""
    return data_dir / "local" / "tasks.json"


def write_tasks(data_dir: Path, report: TaskReport) -> None:
    """Write the report in one step.

    Raises:
        StorageError: the disk refused.
    """
    write_record(tasks_path(data_dir), {"format": _FORMAT, **asdict(report)})


def read_tasks(data_dir: Path) -> TaskReport | None:
    """What the agent last reported; None when it never did (or another version of the panel wrote it)."""
    content = read_record(tasks_path(data_dir))
    if content is None or content.get("format") != _FORMAT:
        return None
    try:
        services = tuple(_service(item) for item in content["services"])
        return TaskReport(content["written_at"], services, content["trouble"])
    except (KeyError, TypeError):
        return None


def _service(content: dict[str, Any]) -> ServiceTasks:
    return ServiceTasks(**{**content, "tasks": tuple(Task(**item) for item in content["tasks"])})
