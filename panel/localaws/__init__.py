"""The embedded AWS: start, stop and reset of the emulator, and the tasks of its services as processes.

Belongs here: what only an installation without a real AWS needs. Nothing here imports the emulator (it runs
as a process of its own), so importing this package works without the extra ``panel[local]``. The agent that runs the
tasks is large and a process of its own too: it is imported from :mod:`panel.localaws.agent`.
"""

from panel.localaws.emulator import LocalAws, LocalAwsStatus, sdk_environment
from panel.localaws.supervisor import AgentSupervisor
from panel.localaws.tasks import ServiceTasks, Task, TaskReport, read_tasks

__all__ = [
    "AgentSupervisor",
    "LocalAws",
    "LocalAwsStatus",
    "ServiceTasks",
    "Task",
    "TaskReport",
    "read_tasks",
    "sdk_environment",
]
