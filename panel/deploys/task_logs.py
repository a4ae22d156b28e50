"""The last lines that tasks printed, for the explanation of a failure."""

from __future__ import annotations

from collections.abc import Sequence

from panel.aws.ecs import Task
from panel.aws.logs import last_lines
from panel.aws.session import Aws
from panel.aws.task_definitions import TaskDefinition
from panel.errors import PanelError
from panel.masking import Masker

# Of how many tasks: those of one roll-out mostly fail for the same reason.
_TASKS = 2
_LINES = 20
_LONGEST_LINE = 400

# Programs may print anything.
_MASKER = Masker()


def last_words(aws: Aws, definition: TaskDefinition, tasks: Sequence[Task]) -> tuple[str, ...]:
    """The last lines of the containers of these tasks of one revision, the newest tasks first; never raises.

    What looks like a credential is masked; there are 20 lines of each container at most, of two tasks. Lines
    that may not be read are told as such.

    Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specify-log-config.html
    """
    newest = sorted(tasks, key=lambda task: str(task.created_at or ""), reverse=True)
    found: list[str] = []
    for task in newest[:_TASKS]:
        for container in definition.request["containerDefinitions"]:
            found += _of_container(aws, definition, task, container["name"])
    return tuple(found)


def _of_container(aws: Aws, definition: TaskDefinition, task: Task, container: str) -> list[str]:
    place = definition.log_place(container)
    if place is None:
        return []
    own = task.containers.get(container, "")
    stream = f"{place.prefix}/{container}/{task.id}" if place.prefix else own
    if not stream:
        return []
    try:
        lines = last_lines(aws, place.group, stream, limit=_LINES, region=place.region)
    except PanelError as error:
        return [f"The log of {container} in task {task.short_id} could not be read: {error.message}"]
    if not lines:
        return []
    # Together, since a key may go over several lines.
    masked = _MASKER.text("\n".join(lines)).splitlines()[-_LINES:]
    return [
        f"Last lines of {container} in task {task.short_id}:",
        *(f"  {line[:_LONGEST_LINE]}" for line in masked),
    ]
