"""Until people get a release: the edges forget what has changed, and the address people use is asked for it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from panel.aws.cloudfront import invalidate, wait_for_invalidation
from panel.aws.front_door import SiteSeen
from panel.aws.session import Aws
from panel.deploys import Part, Report
from panel.deploys.clock import Clock
from panel.errors import DeployError, PanelError

_LOOK_S = 1.0
# Answers in a row that show that the edges have the new release, and the seconds between them.
_PROOFS = 2
_BETWEEN_S = 0.2


@dataclass(frozen=True)
class Serving:
    """What is to be served, and how that is seen.

    Attributes:
        page: the content of the index.
        release: the name that ``config.js`` tells.
        verify: opens the site by the address people use.
        deadline_s: seconds that the address may take to show the release.
    """

    page: bytes
    release: str
    verify: Callable[[], SiteSeen | None]
    deadline_s: float
    report: Report
    clock: Clock


def forget(
    aws: Aws, distribution_id: str, paths: tuple[str, ...], serving: Serving, tell: Callable[[Part], None]
) -> None:
    """Make the edges forget ``paths`` and wait until they have.

    Raises:
        AwsError: CloudFront refused.
        TimeLimitError: it did not finish.
    """
    names = ", ".join(paths)
    serving.report(f"Asking CloudFront to forget {names}")
    tell(invalidation_part("working", names))
    # A reference of its own each time: the same one would be answered with the earlier, finished request.
    asked = invalidate(aws, distribution_id, paths, reference=f"{serving.release}-{uuid.uuid4()}")
    wait_for_invalidation(aws, distribution_id, asked, pause=serving.clock.wait)
    tell(invalidation_part("done", names))


def invalidation_part(state: str, names: str = "") -> Part:
    """The edges, as a part of the stage."""
    return Part("CloudFront's edges", state, kind="invalidation", detail=names)


def prove(serving: Serving) -> None:
    """Ask the address people use until it shows the release.

    Raises:
        DeployError: it did not in time.
    """
    clock = serving.clock
    end, proofs, told = clock.now() + serving.deadline_s, 0, ""
    while True:
        missing = _missing(serving)
        proofs = proofs + 1 if missing is None else 0
        if proofs == _PROOFS:
            return
        if missing is not None and missing != told:
            told = missing
            serving.report(f"Waiting: {missing}")
        if missing is not None and clock.now() >= end:
            raise DeployError(
                f"The site's release {serving.release} was published, but {missing} after {serving.deadline_s:.0f} s.",
                hint="Publish again; if it stays so, look at the distribution and its origin.",
            )
        clock.wait(_LOOK_S if missing is not None else _BETWEEN_S)


def _missing(serving: Serving) -> str | None:
    """What the address does not show yet, in words; ``None`` when it shows this very release."""
    try:
        seen = serving.verify()
    except PanelError as error:
        return f"its address does not answer ({error.message.rstrip('.')})"
    if seen is None or not seen.is_page:
        status = f" (status {seen.page.status})" if seen is not None else ""
        return f"its address shows no page{status}"
    # The answer's body may be cut short where a page is very long.
    if not seen.page.body or not serving.page.startswith(seen.page.body):
        return "its address still shows another page"
    if seen.release != serving.release:
        return f"its address still tells release {seen.release or 'unknown'}"
    return None
