"""The single looks at an environment. Each asks one thing, and says what it found in plain words.

Belongs here: the list of them. What an answer of one source means by itself is in the modules ``probes_*``, how the
probes combine is in :mod:`panel.health.rules`; running them side by side is in :mod:`panel.health.runner`.

What a source cannot tell reads *unknown*, never *healthy*. What does not exist reads *down*.
"""

from __future__ import annotations

from panel.health.finding import (
    DEFAULT_RULES,
    EventSeen,
    Finding,
    Probe,
    ProbeResult,
    ProbeState,
    Reading,
    TaskSeen,
    not_read,
)
from panel.health.probes_edge import certificate, cloudfront, cloudfront_errors, dns
from panel.health.probes_front_door import api, site
from panel.health.probes_services import log_errors, targets, tasks, utilisation
from panel.health.probes_world import AlarmScope, alarms, instances, load_balancer, state_bucket

__all__ = [
    "DEFAULT_RULES", "AlarmScope", "EventSeen", "Finding", "Probe", "ProbeResult", "ProbeState", "Reading", "TaskSeen",
    "alarms", "api", "certificate", "cloudfront", "cloudfront_errors", "dns", "instances", "load_balancer",
    "log_errors", "not_read", "site", "state_bucket", "targets", "tasks", "utilisation",
]  # fmt: skip
