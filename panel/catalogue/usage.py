"""What environments.yaml may say about how much an environment is used: the assumptions of every estimate.

The same section may stand at the top of the file and in each environment; what an environment says counts there, key
by key. What the figures are charged with is in :mod:`panel.cost`.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from panel.catalogue.written import Written, over

#: More of anything in a month than any account sees.
_MOST = 1e15

Amount = Annotated[float, Field(ge=0, le=_MOST)]


class Usage(Written):
    """Usage in a month of a small internal application.

    ``hours_per_month``: hours that everything runs. ``load_balancer_zones``: zones of a load balancer whose
    subnets are not known before it exists. ``addresses_per_instance``: public IPv4 addresses of an instance
    where neither its template nor a subnet in the plan says. ``load_balancer_lcu``: capacity units used on average.
    Fields ending in ``_gb`` are gigabytes a month, the others are counts a month; ``lambda_ms`` is the length
    of one invocation. ``database_backup_gb``: backups beyond what AWS keeps for nothing, which is as much as the
    database has storage. ``pods``, ``pod_vcpu``, ``pod_memory_gb``: what runs under a Fargate profile of EKS.
    """

    hours_per_month: Annotated[float, Field(ge=0, le=744)] = 730
    load_balancer_zones: Annotated[int, Field(ge=1, le=6)] = 2
    addresses_per_instance: Annotated[float, Field(ge=0, le=100)] = 1
    load_balancer_lcu: Amount = 0.1
    nat_processed_gb: Amount = 5
    endpoint_processed_gb: Amount = 5
    cloudfront_out_gb: Amount = 10
    cloudfront_https_requests: Amount = 100_000
    bucket_stored_gb: Amount = 1
    bucket_put_requests: Amount = 10_000
    bucket_get_requests: Amount = 100_000
    repository_stored_gb: Amount = 1
    log_ingested_gb: Amount = 0.5
    log_stored_gb: Amount = 0.5
    dns_queries_per_zone: Amount = 100_000
    secret_requests: Amount = 10_000
    key_requests: Amount = 10_000
    lambda_requests: Amount = 1_000_000
    lambda_ms: Amount = 100
    database_backup_gb: Amount = 0
    pods: Amount = 1
    pod_vcpu: Amount = 0.25
    pod_memory_gb: Amount = 0.5


def usage_for(project: Usage, own: Usage | None) -> Usage:
    """The usage of one environment: what it says itself, then what the project says, then the defaults.

    Args:
        project: the section at the top of environments.yaml.
        own: the environment's section; None where there is no such environment, as for the shared network.
    """
    return project if own is None else over(project, own)
