"""What to do next for one service: a pure decision from what is wanted and what is seen to run.

New tasks first; they are registered when they answer, and only when all of them do are the old ones taken
out. A revision that does not come up leaves the last good one running.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from panel.localaws.demand import WantedService
from panel.localaws.tasks import Task


@dataclass(frozen=True)
class Limits:
    """The agent's patience, in seconds (and looks, for ``unanswered``)."""

    startup_s: float = 60.0
    drain_s: float = 1.5
    kill_s: float = 10.0
    steady_s: float = 10.0
    longest_backoff_s: float = 30.0
    unanswered: int = 3

    def backoff_s(self, failures: int) -> float:
        """How long to wait after so many failures in a row: 1, 2, 4 … seconds."""
        return float(min(self.longest_backoff_s, 2 ** max(0, failures - 1)))


@dataclass(frozen=True)
class Seen:
    """One task as just looked at.

    Args:
        ended: how its process ended, in words; None while it lives.
        answers: its health check's verdict; None when it was not asked this time.
        unanswered: health checks failed in a row.
    """

    task: Task
    ended: str | None = None
    answers: bool | None = None
    unanswered: int = 0


@dataclass(frozen=True)
class Setback:
    """Failures in a row of one revision, and when it may be tried again (seconds since 1970)."""

    failures: int
    not_before: float


@dataclass(frozen=True)
class Memory:
    """What is remembered of a service between two decisions."""

    good_revision: str = ""
    setbacks: dict[str, Setback] = field(default_factory=dict)


@dataclass(frozen=True)
class Decision:
    """What to do now, in this order, and what to remember.

    Args:
        bury: forget tasks whose process has ended.
        admit: register tasks with the load balancer.
        start: revisions to start tasks of, once for each task.
        drain: take out of the load balancer.
        stop: ask to end.
        kill: end by force.
        problems: what went wrong, each with the task concerned.
        established: the wanted revision runs as wanted.
    """

    memory: Memory
    bury: tuple[Task, ...] = ()
    admit: tuple[Task, ...] = ()
    start: tuple[str, ...] = ()
    drain: tuple[Task, ...] = ()
    stop: tuple[Task, ...] = ()
    kill: tuple[Task, ...] = ()
    problems: tuple[tuple[Task, str], ...] = ()
    established: bool = False


def decide(
    wanted: WantedService | None, seen: Sequence[Seen], memory: Memory, now: float, limits: Limits
) -> Decision:
    """Decide the next steps of one service. ``wanted`` is None when the service is gone."""
    problems = _problems(seen, now, limits)
    troubled = {task.id for task, _ in problems}
    memory = _remembered(seen, problems, memory, now, limits)
    alive = [look.task for look in seen if look.ended is None and look.task.id not in troubled]
    admit = [look.task for look in seen if look.task in alive and _became_healthy(look)]
    serving = [task for task in alive if task.phase == "serving"] + admit
    starting = [task for task in alive if task.phase == "starting" and task not in admit]

    desired = wanted.desired if wanted else 0
    current = wanted.revision.key if wanted else ""
    established = bool(desired) and sum(task.revision == current for task in serving) >= desired
    if established:
        memory = replace(memory, good_revision=current)
    kept = [current] if established or not desired else _unique(current, memory.good_revision)
    surplus = _surplus(serving + starting, kept, desired, established=established)
    leaving = [look.task for look in seen if look.ended is None and look.task.id in troubled]
    return Decision(
        memory=_pruned(memory, kept),
        bury=tuple(look.task for look in seen if look.ended is not None),
        admit=tuple(task for task in admit if task not in surplus),
        start=_starts(serving + starting, kept, desired, memory, now),
        drain=tuple(task for task in surplus + leaving if task.phase == "serving"),
        stop=tuple(task for task in surplus + leaving if task.phase == "starting")
        + tuple(t for t in alive if t.phase == "draining" and now - t.phase_since >= limits.drain_s),
        kill=tuple(t for t in alive if t.phase == "stopping" and now - t.phase_since >= limits.kill_s),
        problems=tuple(problems),
        established=established or not desired,
    )


def _became_healthy(look: Seen) -> bool:
    return look.task.phase == "starting" and look.answers is True


def _problems(seen: Sequence[Seen], now: float, limits: Limits) -> list[tuple[Task, str]]:
    found = []
    for look in seen:
        task = look.task
        if look.ended is not None:
            if task.phase in ("starting", "serving"):
                found.append((task, f"A task of {task.revision_label} {look.ended}."))
        elif task.phase == "starting" and not look.answers and now - task.since > limits.startup_s:
            words = f"did not become healthy within {limits.startup_s:.0f} s"
            found.append((task, f"A task of {task.revision_label} {words}."))
        elif task.phase == "serving" and look.unanswered >= limits.unanswered:
            words = f"stopped answering its health check ({look.unanswered} times in a row)"
            found.append((task, f"A task of {task.revision_label} {words}."))
    return found


def _remembered(
    seen: Sequence[Seen], problems: list[tuple[Task, str]], memory: Memory, now: float, limits: Limits
) -> Memory:
    setbacks = dict(memory.setbacks)
    for look in seen:
        task = look.task
        if look.ended is None and task.phase == "serving" and now - task.phase_since >= limits.steady_s:
            setbacks.pop(task.revision, None)
    for revision in {task.revision for task, _ in problems}:
        failures = setbacks[revision].failures + 1 if revision in setbacks else 1
        setbacks[revision] = Setback(failures, now + limits.backoff_s(failures))
    return replace(memory, setbacks=setbacks)


def _pruned(memory: Memory, kept: list[str]) -> Memory:
    return replace(memory, setbacks={key: value for key, value in memory.setbacks.items() if key in kept})


def _unique(*revisions: str) -> list[str]:
    return [revision for revision in dict.fromkeys(revisions) if revision]


def _surplus(live: list[Task], kept: list[str], desired: int, *, established: bool) -> list[Task]:
    """Which of the live tasks (those that serve come first in the list) are not wanted any more."""
    if not desired:
        return list(live)
    surplus: list[Task] = []
    for revision in dict.fromkeys(task.revision for task in live):
        mine = [task for task in live if task.revision == revision]
        if revision in kept:
            surplus += mine[desired:]
        elif established:
            surplus += mine
        else:
            # Nothing that serves goes before the wanted revision is up.
            surplus += [task for task in mine if task.phase == "starting"]
    return surplus


def _starts(live: list[Task], kept: list[str], desired: int, memory: Memory, now: float) -> tuple[str, ...]:
    starts: list[str] = []
    for revision in kept:
        setback = memory.setbacks.get(revision)
        if setback and now < setback.not_before:
            continue
        starts += [revision] * (desired - sum(task.revision == revision for task in live))
    return tuple(starts)
