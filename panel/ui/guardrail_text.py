"""Every word that the page of a run says about guardrails."""

from __future__ import annotations

from typing import Final

MORE: Final = "{count} more findings"
OVERRIDABLE: Final = "may be overridden, with a reason"
FINAL: Final = "no reason can override it"
BLOCKED: Final = "A guardrail stopped this plan. Nothing was applied."
WHO_MAY: Final = (
    "It can be overridden with a reason, which is kept in the audit trail. That takes the role {roles}."
)
YOU_MAY: Final = "You have it."
YOU_MAY_NOT: Final = "You do not have it: ask somebody who does, or discard the plan."
NOBODY_MAY: Final = "No reason can override it: change what the plan would do, then plan again."
TOO_LATE: Final = "This run is over: to override what stopped it, plan again."
OVERRIDDEN: Final = "Overridden by {name}: {reason}"
