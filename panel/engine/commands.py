"""The Terraform command lines of each operation, in order."""

from __future__ import annotations

from dataclasses import dataclass

from panel.engine.operation import Operation, OperationKind

PLAN_FILE = "plan.tfplan"
PLAN_JSON_FILE = "plan.json"


_TITLES = {
    "init": "Preparing providers and state",
    "plan": "Planning",
    "show": "Reading the plan",
    "apply": "Applying",
    "output": "Reading the outputs",
    "state_list": "Listing the state",
    "force_unlock": "Unlocking the state",
    "validate": "Validating",
    "state_push": "Saving the state",
}


@dataclass(frozen=True)
class Command:
    """One Terraform command.

    Attributes:
        stage: its name in events and results.
        arguments: the command line without the program's name.
        streams: whether it prints events as it goes; otherwise its output is one document.
        success: the exit codes that mean success.
    """

    stage: str
    arguments: tuple[str, ...]
    streams: bool = True
    success: tuple[int, ...] = (0,)

    @property
    def title(self) -> str:
        """What it does, for the log."""
        return _TITLES[self.stage]


def init_command(backend_file: str) -> Command:
    """``init``, quiet about a backend that has changed: the state is never migrated by the panel."""
    return Command(
        "init", ("init", "-json", "-input=false", "-reconfigure", f"-backend-config={backend_file}")
    )


def commands_for(operation: Operation, plan_file: str) -> tuple[Command, ...]:
    """The commands of an operation after ``init``.

    Args:
        operation: what was asked.
        plan_file: where a new plan is saved.
    """
    kind = operation.kind
    lock = f"-lock-timeout={operation.lock_timeout_s}s"
    if kind is OperationKind.PLAN:
        plan = ["plan", "-json", "-input=false", "-detailed-exitcode", lock, f"-out={plan_file}"]
        plan += ["-destroy"] if operation.destroy else []
        plan += ["-refresh-only"] if operation.refresh_only else []
        return (
            Command("plan", tuple(plan), success=(0, 2)),
            Command("show", ("show", "-json", plan_file), streams=False),
        )
    if kind is OperationKind.APPLY:
        return (Command("apply", ("apply", "-json", "-input=false", lock, operation.plan_path)),)
    if kind is OperationKind.OUTPUT:
        return (Command("output", ("output", "-json"), streams=False),)
    if kind is OperationKind.STATE_LIST:
        return (Command("state_list", ("state", "list"), streams=False),)
    if kind is OperationKind.FORCE_UNLOCK:
        return (Command("force_unlock", ("force-unlock", "-force", operation.lock_id), streams=False),)
    if kind is OperationKind.STATE_PUSH:
        return (Command("state_push", ("state", "push", lock, operation.state_path), streams=False),)
    return (Command("validate", ("validate", "-json"), streams=False),)
