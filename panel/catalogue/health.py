"""What environments.yaml may say about health: from when on something counts as trouble, and how soon people are told.

The same section may stand at the top of the file and in each environment; what an environment says counts there, key
by key. What the figures mean for a verdict is in :mod:`panel.health`, and to a reader in docs/health.md.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from panel.catalogue.written import Written, over

Seconds = Annotated[int, Field(ge=0, le=86_400)]
Percent = Annotated[float, Field(gt=0, le=100)]


class HealthRules(Written):
    """From when on something counts as trouble, and for how long it must be so before people are told.

    ``slow_ms``: an answer at the front door that takes longer is slow. ``error_percent``: share of requests that
    CloudFront or the load balancer answered with a server error, from ``errors_from`` requests on. ``log_errors``: lines
    that look like errors in five minutes. ``cpu_percent``, ``memory_percent``: use of what tasks have set aside.
    ``certificate_days``: days before its end from which a certificate is trouble. ``tell_down_s``, ``tell_degraded_s``,
    ``tell_unknown_s``, ``tell_healthy_s``: how long a verdict must last before it is told.
    """

    slow_ms: Annotated[int, Field(ge=50, le=60_000)] = 2000
    error_percent: Percent = 5
    errors_from: Annotated[int, Field(ge=1)] = 20
    log_errors: Annotated[int, Field(ge=1)] = 20
    cpu_percent: Percent = 90
    memory_percent: Percent = 90
    certificate_days: Annotated[int, Field(ge=1, le=90)] = 14
    tell_down_s: Seconds = 60
    tell_degraded_s: Seconds = 180
    tell_unknown_s: Seconds = 600
    tell_healthy_s: Seconds = 120


def health_for(project: HealthRules, own: HealthRules | None) -> HealthRules:
    """The rules of one environment: what it says itself, then what the project says, then the defaults.

    Args:
        project: the section at the top of environments.yaml.
        own: the environment's section; None where there is no such environment.
    """
    return project if own is None else over(project, own)
