"""The embedded AWS: start, stop and reset of the emulator, and the tasks of its services as processes.

Belongs here: what only an installation without a real AWS needs. Nothing here imports the emulator (it runs
as a process of its own), so importing this package works without the extra ``panel[local]``.
"""

from panel.localaws.agent import run_agent
from panel.localaws.clients import AgentClients
from panel.localaws.emulator import LocalAws, LocalAwsStatus, sdk_environment
from panel.localaws.supervisor import AgentSupervisor
from panel.localaws.tasks import ServiceTasks, Task, TaskReport, read_tasks

__all__ = [
    "AgentClients",
    "AgentSupervisor",
    "LocalAws",
    "LocalAwsStatus",
    "ServiceTasks",
    "Task",
    "TaskReport",
    "read_tasks",
    "run_agent",
    "sdk_environment",
]
