"""Requests that fail while a new version is rolled out, and how long the others take, through CloudFront.

One visitor asks for the page with all it needs, for the API's version, and saves and reads a list, over and over; first
while nothing happens, then over deployments of a new version of service and site, each built, pushed and rolled out.
"""

from __future__ import annotations

import time

from tests.benchmarks.measures import Findings, Measure, median, percentile
from tests.benchmarks.options import Options
from tests.benchmarks.running_panel import scratch_folder
from tests.integration.deploys.hand_made_world import World
from tests.integration.deploys.hand_made_world_visitor import Seen
from tests.system.installation import free_port

_DEPLOYMENTS = 3
_QUIET_S = 15.0
_MS = 1000


def run(options: Options) -> Findings:
    """Visit in peace, then over some deployments."""
    deployments = options.times(_DEPLOYMENTS)
    with scratch_folder() as folder:
        world = World(folder / "world", free_port(), plain_site=True)
        try:
            world.open()
            world.applied(world.panel.operations.deploy(world.ana, "staging"))
            quiet = _quietly(world)
            during, seconds = _over(world, deployments)
        finally:
            world.close()
    return _findings(quiet, during, seconds)


def _quietly(world: World) -> Seen:
    with world.visitor("staging") as visitor:
        time.sleep(_QUIET_S)
    return visitor.seen


def _over(world: World, deployments: int) -> tuple[Seen, list[float]]:
    seconds = []
    with world.visitor("staging") as visitor:
        for number in range(2, deployments + 2):
            world.checkout.commit_site(number)
            world.checkout.commit_backend(number)
            began = time.monotonic()
            world.applied(world.panel.operations.deploy(world.ana, "staging"))
            seconds.append(time.monotonic() - began)
        visitor.wait_for_turns()
    return visitor.seen, seconds


def _findings(quiet: Seen, during: Seen, seconds: list[float]) -> Findings:
    before, meanwhile = (_milliseconds(seen) for seen in (quiet, during))
    asked = sum(during.requests.values())
    return Findings(
        [
            Measure(
                "failed requests over the deployments", float(len(during.failures)), "",
                "in peace", float(len(quiet.failures)), aim=0.0,
            ),
            Measure("a request meanwhile, median", median(meanwhile), "ms", "in peace", median(before)),
            Measure(
                "a request meanwhile, 95 of 100 within", percentile(meanwhile, 0.95), "ms",
                "in peace", percentile(before, 0.95),
            ),
        ],
        [
            f"{asked} requests over {len(seconds)} deployments of service and site, {median(seconds):.1f} s each (median)",
            f"slowest request {max(meanwhile):.0f} ms meanwhile, {max(before):.0f} ms in peace",
            *during.failures[:10],
        ],
        {"before_ms": before, "meanwhile_ms": meanwhile, "deployment_s": seconds, "failures": during.failures},
    )  # fmt: skip


def _milliseconds(seen: Seen) -> list[float]:
    return [took * _MS for _, took in seen.seconds]
