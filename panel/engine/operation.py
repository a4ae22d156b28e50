"""What Terraform may be asked to do: a value that is stored in the execution's request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any


class OperationKind(StrEnum):
    """The operations of the engine. Plan includes ``init`` and ``show``."""

    PLAN = "plan"
    APPLY = "apply"
    OUTPUT = "output"
    STATE_LIST = "state_list"
    FORCE_UNLOCK = "force_unlock"
    VALIDATE = "validate"
    STATE_PUSH = "state_push"


# These alter the state or take minutes: they get the longer time limit.
_LONG = frozenset({OperationKind.APPLY})


@dataclass(frozen=True)
class Operation:
    """One thing to do in a workspace; use the class methods to make one.

    Attributes:
        kind: what to do.
        destroy: plan the destruction of everything.
        refresh_only: plan only what drifted, change nothing.
        plan_path: of apply: the saved plan.
        plan_digest: of apply: sha256 the saved plan must have, in hex.
        lock_id: of force-unlock: the lock to release.
        lock_timeout_s: seconds to wait for the state lock before giving up.
        state_path: of state-push: the state to push.
    """

    kind: OperationKind
    destroy: bool = False
    refresh_only: bool = False
    plan_path: str = ""
    plan_digest: str = ""
    lock_id: str = ""
    lock_timeout_s: int = 0
    state_path: str = ""

    @classmethod
    def plan(cls, *, destroy: bool = False, refresh_only: bool = False, lock_timeout_s: int = 0) -> Operation:
        """Prepare the workspace, save a plan and read it back."""
        return cls(
            OperationKind.PLAN, destroy=destroy, refresh_only=refresh_only, lock_timeout_s=lock_timeout_s
        )

    @classmethod
    def apply(cls, plan_path: Path, *, plan_digest: str, lock_timeout_s: int = 0) -> Operation:
        """Apply exactly the saved plan, provided the file still has the digest that was reviewed."""
        return cls(
            OperationKind.APPLY,
            plan_path=str(plan_path),
            plan_digest=plan_digest,
            lock_timeout_s=lock_timeout_s,
        )

    @classmethod
    def output(cls) -> Operation:
        """Read the root outputs from the state. After an apply use `Outcome.outputs`, which costs nothing."""
        return cls(OperationKind.OUTPUT)

    @classmethod
    def state_list(cls) -> Operation:
        """List the addresses in the state."""
        return cls(OperationKind.STATE_LIST)

    @classmethod
    def force_unlock(cls, lock_id: str) -> Operation:
        """Release the state lock with this id, whoever holds it."""
        return cls(OperationKind.FORCE_UNLOCK, lock_id=lock_id)

    @classmethod
    def validate(cls) -> Operation:
        """Check the configuration without touching the state."""
        return cls(OperationKind.VALIDATE)

    @classmethod
    def push_state(cls, path: Path) -> Operation:
        """Store a state that an apply could not; Terraform refuses another lineage and an older serial."""
        return cls(OperationKind.STATE_PUSH, state_path=str(path))

    @property
    def is_long(self) -> bool:
        """Whether the time limit of an apply holds for it."""
        return self.kind in _LONG

    @property
    def title(self) -> str:
        """The operation in a sentence about its failure: "The plan"."""
        if self.kind is OperationKind.PLAN:
            return "The destroy plan" if self.destroy else "The plan"
        return {
            OperationKind.APPLY: "The apply",
            OperationKind.OUTPUT: "Reading the outputs",
            OperationKind.STATE_LIST: "Listing the state",
            OperationKind.FORCE_UNLOCK: "Unlocking the state",
            OperationKind.VALIDATE: "The validation",
            OperationKind.STATE_PUSH: "Saving the state",
        }[self.kind]

    def to_json(self) -> dict[str, Any]:
        """The value as a JSON object."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Operation:
        """The value out of what `to_json` made."""
        return cls(**{**value, "kind": OperationKind(value["kind"])})
