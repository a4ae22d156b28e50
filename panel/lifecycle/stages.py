"""Which stages each kind of run goes through, and what they are called on a page."""

from __future__ import annotations

from collections.abc import Mapping

#: Stages by kind of run, in order.
STAGES: Mapping[str, tuple[str, ...]] = {
    "create": ("shared", "plan", "review", "apply", "image", "rollout", "site", "checks"),
    "update": ("shared", "plan", "review", "apply", "image", "rollout", "site", "checks"),
    "plan": ("plan",),
    "deploy": ("compare", "image", "rollout", "site", "checks"),
    "rollback": ("compare", "image", "rollout", "site", "checks"),
    "promote": ("compare", "review", "image", "rollout", "site", "checks"),
    "destroy": ("plan", "review", "destroy", "cleanup"),
    "drift": ("plan",),
    "refresh": ("plan", "review", "apply"),
    "sleep": ("plan", "review", "apply"),
    "wake": ("plan", "review", "apply", "checks"),
    "unlock": ("unlock",),
}
#: Those of a deployment that other people must approve.
REVIEWED_DEPLOY = ("compare", "review", "image", "rollout", "site", "checks")
#: Stages of a run of the shared stack itself.
SHARED_STAGES: Mapping[str, tuple[str, ...]] = {
    "update": ("plan", "review", "apply"),
    "plan": ("plan",),
    "destroy": ("plan", "review", "destroy"),
    "drift": ("plan",),
    "refresh": ("plan", "review", "apply"),
    "unlock": ("unlock",),
}
#: Which run a worker takes first when it cannot take all at once.
PRIORITIES: Mapping[str, int] = {"plan": 20, "unlock": 20, "drift": 10}
#: The priority of every other kind: it changes something.
CHANGING = 30
#: Kinds that only ship: Terraform has no part in them.
SHIPPING = frozenset({"deploy", "rollback", "promote"})
#: Kinds that change nothing: they end with their plan.
READ_ONLY = frozenset({"plan", "drift"})
#: Kinds whose plan only lets the state learn what is real.
REFRESH_ONLY = frozenset({"refresh"})
#: Kinds that end when their stack is applied: nothing is shipped afterwards.
STACK_ALONE = frozenset({"refresh", "sleep", "wake"})
#: What a page calls a stage.
TITLES: Mapping[str, str] = {
    "shared": "Shared network",
    "plan": "Plan",
    "review": "Review",
    "apply": "Apply",
    "compare": "Compare",
    "image": "Image",
    "rollout": "Roll out",
    "site": "Site",
    "checks": "Checks",
    "destroy": "Destroy",
    "cleanup": "Clean up",
    "unlock": "Unlock",
}
#: What a page calls a kind of run.
KINDS: Mapping[str, str] = {
    "create": "Create",
    "update": "Update",
    "plan": "Plan",
    "deploy": "Deploy",
    "rollback": "Roll back",
    "promote": "Promote",
    "destroy": "Destroy",
    "drift": "Drift check",
    "refresh": "Refresh",
    "sleep": "Scale down",
    "wake": "Scale up",
    "unlock": "Unlock",
}
