"""Build, push, roll out, verify and roll back services; build and publish the site.

Plain functions over explicit values. Each is safe to run again from its start: the durable workflows that
string them together repeat a step that was cut.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

#: Where a line of progress goes.
Report = Callable[[str], None]


@dataclass(frozen=True)
class Part:
    """Something that a stage is made of: a layer, a task, the files of a site.

    Attributes:
        name: what people know it by.
        state: waiting, working, done, kept (it was there already) or failed.
        done, total: how far it is, in ``unit``; total 0 where nobody knows.
        unit: ``B`` for bytes, ``files``, or empty.
        kind: layer, task, target, files, invalidation.
        detail: what else there is to say, in a few words.
    """

    name: str
    state: str
    done: int = 0
    total: int = 0
    unit: str = ""
    kind: str = ""
    detail: str = ""

    def to_dict(self) -> dict[str, Any]:
        """As the store keeps it."""
        return asdict(self)


#: Where the parts of the stage under way go, all of them each time.
Parts = Callable[[Sequence[Part]], None]
#: Whether somebody asked for the work to stop midway.
Stopped = Callable[[], bool]


def no_parts(parts: Sequence[Part]) -> None:
    """Takes parts and tells nobody."""


def never() -> bool:
    """Nobody asks for anything to stop."""
    return False


class StoppedError(Exception):
    """Somebody asked for the work to stop, and it did: raised within this room, told as CanceledRunError outside."""


def seconds(durations: Mapping[str, float]) -> dict[str, float]:
    """Durations as the store keeps them: seconds by name, to a tenth."""
    return {name: round(value, 1) for name, value in durations.items()}
