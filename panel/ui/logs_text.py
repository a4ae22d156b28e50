"""Texts of a service's log as it is written. Another language is another module with the same names."""

from __future__ import annotations

LOG = "Log"
WHOSE = "Service"
FILTER = "Only lines with"
PAUSE = "Stand still"
#: What stands in the place of lines.
ASKING = "Asking for the log of {service} … The first lines come after some seconds."
NO_WORKER = "No worker is alive, so nobody reads the log. Start one with: panel up"
NOT_CREATED = "{environment} does not exist, so it has no log."
NO_CONTAINER = "None of its services runs as containers: files have no log."
EMPTY = "Nothing was written in the last quarter of an hour. What comes next is shown here as it comes."
NO_MATCH = "None of the lines that were read holds “{words}”."
#: What stands below the lines.
EXTENT = "{count}, {first} to {last} UTC"
LINE = ("line", "lines")
FOLLOWING = "new ones come by themselves"
STANDS = "stands still: what comes meanwhile is shown when it goes on"
MASKED = "what looks like a credential is masked"
