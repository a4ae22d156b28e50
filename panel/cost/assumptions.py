"""How much an environment is used, where the plan cannot tell. Every figure is shown beside the estimate."""

from __future__ import annotations

from dataclasses import dataclass, fields
from decimal import Decimal

from panel.errors import ConfigurationError

_LARGEST = 10**15


@dataclass(frozen=True)
class Assumptions:
    """Usage in a month of a small internal application. Free tiers are not deducted: they belong to the account.

    ``hours_per_month``: hours that everything runs. ``load_balancer_zones``: zones of a load balancer whose
    subnets are not known before it exists. ``addresses_per_instance``: public IPv4 addresses of an instance
    where neither its template nor a subnet in the plan says. ``load_balancer_lcu``: capacity units used on average.
    Fields ending in ``_gb`` are gigabytes a month, the others are counts a month; ``lambda_ms`` is the length
    of one invocation.

    Raises:
        ConfigurationError: a figure is negative, beyond all measure, or no number.
    """

    hours_per_month: float = 730
    load_balancer_zones: int = 2
    addresses_per_instance: float = 1
    load_balancer_lcu: float = 0.1
    nat_processed_gb: float = 5
    endpoint_processed_gb: float = 5
    cloudfront_out_gb: float = 10
    cloudfront_https_requests: float = 100_000
    bucket_stored_gb: float = 1
    bucket_put_requests: float = 10_000
    bucket_get_requests: float = 100_000
    repository_stored_gb: float = 1
    log_ingested_gb: float = 0.5
    log_stored_gb: float = 0.5
    dns_queries_per_zone: float = 100_000
    secret_requests: float = 10_000
    key_requests: float = 10_000
    lambda_requests: float = 1_000_000
    lambda_ms: float = 100

    def __post_init__(self) -> None:
        for name, value in self.to_dict().items():
            if not 0 <= value < float("inf"):
                raise ConfigurationError(
                    f"The assumption {name} is {value}, which is no usage.",
                    hint="Give a number of 0 or more.",
                )

    def to_dict(self) -> dict[str, float]:
        """Name and figure of every assumption."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def amount(self, name: str) -> Decimal:
        """One figure, exactly as written."""
        return Decimal(str(getattr(self, name)))


DEFAULT = Assumptions()
