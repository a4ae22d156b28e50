"""Words of the home page where there are many environments."""

from __future__ import annotations

from collections.abc import Mapping

SEARCH = "Find"
SEARCH_HINT = "name, owner or address"
STATE = "State"
GROUPS: Mapping[str, str] = {
    "": "All",
    "trouble": "Needs a look",
    "working": "Working",
    "ready": "Ready",
    "not_created": "Not created",
}
NONE_FIT = "No environment fits. Change what you look for."
ENVIRONMENT = ("environment", "environments")
FIRST_OF = "The first {shown} of {found}: narrow them down to see the rest"
HEAD = ("Environment", "State", "Versions", "Owner", "Up, 24 h", "$ / month", "Last run")
OPEN = "Open ↗"
REVIEW = "Review the plan"
NEVER = "nothing yet"
UPTIME = "Up, 24 h"
NOT_MEASURED = "—"
OF_BUDGET = "{amount} of {budget}"
