"""CloudFront: making the edges forget what they keep. A distribution's state is read in ``observe``."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from panel.aws.session import Aws, translated
from panel.errors import TimeLimitError

if TYPE_CHECKING:
    from mypy_boto3_cloudfront import CloudFrontClient


@dataclass(frozen=True)
class Invalidation:
    """One request to forget paths. ``completed``: every edge has forgotten."""

    id: str
    completed: bool


def _client(aws: Aws) -> CloudFrontClient:
    client: CloudFrontClient = aws.client("cloudfront")
    return client


def invalidate(aws: Aws, distribution_id: str, paths: Sequence[str], *, reference: str) -> Invalidation:
    """Ask all edges to forget ``paths``.

    Args:
        paths: as CloudFront wants them: with a leading slash, ``*`` at the end for "and all below".
        reference: names this request; asking again with the same reference and paths is the same request.

    Raises:
        AwsError: no such distribution, or too many requests are under way.
    """
    wanted = sorted(set(paths))
    with translated(f"invalidate {', '.join(wanted)} in the CloudFront distribution {distribution_id}"):
        made = _client(aws).create_invalidation(
            DistributionId=distribution_id,
            InvalidationBatch={
                "Paths": {"Quantity": len(wanted), "Items": wanted},
                "CallerReference": reference,
            },
        )["Invalidation"]
    return Invalidation(made["Id"], made["Status"] == "Completed")


def wait_for_invalidation(
    aws: Aws,
    distribution_id: str,
    invalidation: Invalidation,
    *,
    deadline_s: float = 600,
    pause: Callable[[float], None] = time.sleep,
) -> Invalidation:
    """Wait until every edge has forgotten; a completed one returns at once.

    Raises:
        TimeLimitError: ``deadline_s`` seconds passed first.
    """
    waited, step = 0.0, 2.0
    while not invalidation.completed:
        if waited >= deadline_s:
            raise TimeLimitError(
                f"CloudFront did not finish the invalidation {invalidation.id} within {deadline_s:.0f} s.",
                hint="It goes on by itself; publish again to wait for it.",
            )
        pause(step)
        waited += step
        with translated(f"follow the invalidation {invalidation.id}"):
            found = _client(aws).get_invalidation(DistributionId=distribution_id, Id=invalidation.id)[
                "Invalidation"
            ]
        invalidation = Invalidation(found["Id"], found["Status"] == "Completed")
    return invalidation
