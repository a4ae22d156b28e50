"""One look at everything of one environment: builds its probes, runs them, and hands back the verdict.

Belongs here: the sweep and its exit code; the report's shape is in :mod:`panel.health.report`. Storing it is the caller's.
"""

from __future__ import annotations

from collections.abc import Mapping

from panel.aws.session import Aws
from panel.catalogue.schema import Catalogue
from panel.errors import NotFoundError
from panel.health import runner
from panel.health.account_sweep import DEFAULT_TIME_LIMIT_S, only_heard_now
from panel.health.environment_probes import probes_of
from panel.health.report import to_dict
from panel.health.rules import Health
from panel.health.verdict import Verdict, judge, lost_verdict, not_created_verdict

__all__ = ["DEFAULT_TIME_LIMIT_S", "EXIT_CODES", "Report", "exit_code", "not_created", "sweep", "to_dict"]

#: What a sweep hands back.
Report = Verdict

#: Exit code of ``panel health`` by verdict. 2 to 4 are taken: usage, refused, timed out.
EXIT_CODES: Mapping[Health, int] = {"healthy": 0, "down": 1, "degraded": 5, "unknown": 6, "not_created": 7}


def sweep(
    aws: Aws,
    catalogue: Catalogue,
    environment_name: str,
    outputs: Mapping[str, object],
    *,
    emulated_endpoint: str | None,
    lost_world: bool = False,
    time_limit_s: float = DEFAULT_TIME_LIMIT_S,
) -> Report:
    """Run all probes of one environment and combine them.

    Args:
        outputs: plain values by name, of the environment's Terraform stack. What is missing in them reads
            as missing in the world.
        emulated_endpoint: address of the embedded AWS, ``None`` on AWS itself.
        lost_world: the embedded AWS that held this environment is gone; nothing is asked then.
        time_limit_s: seconds for the whole sweep.

    Raises:
        NotFoundError: the catalogue has no such environment.
    """
    _require(catalogue, environment_name)
    checked_at = runner.now()
    if lost_world:
        return lost_verdict(catalogue, environment_name, checked_at=checked_at)
    looks = probes_of(
        aws, catalogue, outputs, emulated_endpoint=emulated_endpoint, environment=environment_name
    )
    results = only_heard_now(runner.run(looks, time_limit_s=time_limit_s))
    emulated = emulated_endpoint is not None
    return judge(catalogue, environment_name, results, emulated=emulated, checked_at=checked_at)


def not_created(catalogue: Catalogue, name: str) -> Report:
    """The report of an environment that is not created; nothing is asked.

    Raises:
        NotFoundError: the catalogue has no such environment.
    """
    _require(catalogue, name)
    return not_created_verdict(catalogue, name, checked_at=runner.now())


def exit_code(report: Report) -> int:
    """Exit code of a command that shows this report: 0 healthy, 1 down, 5 degraded, 6 unknown, 7 not created."""
    return EXIT_CODES[report.verdict]


def _require(catalogue: Catalogue, environment: str) -> None:
    if environment not in catalogue.environments:
        raise NotFoundError(
            f"There is no environment {environment!r} in environments.yaml.",
            hint=f"Use one of: {', '.join(sorted(catalogue.environments))}.",
        )
