"""One look at many environments of an account at the same time.

Belongs here: which environments are looked at together, with what, and what their probes come to. When it is done and
where it is stored is the caller's.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from panel.aws.session import Aws
from panel.catalogue.schema import Catalogue
from panel.health import runner
from panel.health.account_reads import AccountReads
from panel.health.environment_probes import ASKING_NOW, environment_probes
from panel.health.outputs import place_of
from panel.health.probes import ProbeResult
from panel.health.read_cache import ReadCache
from panel.health.reads import EnvironmentReads
from panel.health.verdict import Verdict, judge

DEFAULT_TIME_LIMIT_S = 20.0
_WHOLE_LIMIT_S = 180.0


@dataclass(frozen=True)
class Means:
    """What a sweep works with.

    Attributes:
        aws: the account, behind a budget where there are many environments.
        cache: answers of earlier sweeps that still count.
        concurrency: how many looks are taken at a time.
        slots: bounds the threads, also those that hang from earlier sweeps.
        time_limit_s: seconds for the looks of one environment.
        whole_limit_s: seconds for all of them.
    """

    aws: Aws
    cache: ReadCache
    concurrency: int
    slots: threading.Semaphore
    time_limit_s: float = DEFAULT_TIME_LIMIT_S
    whole_limit_s: float = _WHOLE_LIMIT_S


def sweep_account(
    means: Means,
    catalogue: Catalogue,
    outputs: Mapping[str, Mapping[str, object]],
    *,
    emulated_endpoint: str | None,
) -> dict[str, Verdict]:
    """Look at many environments. None of them can hold up or break another.

    One that there was no time for is not in the answer.

    Args:
        outputs: Terraform's outputs, by environment; each is one of the catalogue's.
        emulated_endpoint: address of the embedded AWS, ``None`` on AWS itself.
    """
    checked_at = runner.now()
    # Reads in turns go to whoever comes first: not always to the same.
    names = random.sample([*outputs], len(outputs))
    places = [place_of(catalogue, name, outputs[name]) for name in names]
    account = AccountReads(
        means.aws, places, now=checked_at, cache=means.cache, emulated_endpoint=emulated_endpoint
    )
    looks = {
        place.name: environment_probes(
            catalogue, place, EnvironmentReads(account, place), emulated_endpoint=emulated_endpoint
        )
        for place in places
    }
    results = runner.run_all(
        looks, time_limit_s=means.time_limit_s, whole_limit_s=means.whole_limit_s,
        threads=means.concurrency, slots=means.slots,
    )  # fmt: skip
    emulated = emulated_endpoint is not None
    return {
        name: judge(catalogue, name, only_heard_now(results[name]), emulated=emulated, checked_at=checked_at)
        for name in outputs
        if name in results
    }


def only_heard_now(results: Sequence[ProbeResult]) -> tuple[ProbeResult, ...]:
    """The results, none of them *reached* unless a probe that asks the environment itself got an answer."""
    if any(result.reached for result in results if result.name in ASKING_NOW):
        return tuple(results)
    return tuple(replace(result, reached=False) for result in results)
