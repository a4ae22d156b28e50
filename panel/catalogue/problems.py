"""What can be wrong with environments.yaml, as values, and the one error that carries all of it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from panel.errors import CatalogueError

#: Where in the document: keys of mappings and indexes of lists, from the top.
KeyPath = tuple[str | int, ...]

# Keys that can stand in a message as they are; others are quoted, so that no key can break a line.
_PLAIN = re.compile(r"[\w!?@#$%&*+=/~^-]{1,40}")


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that is wrong: ``line`` counts from 1, ``path`` is empty for the document as a whole."""

    line: int
    path: KeyPath
    text: str

    def describe(self, file_name: str) -> str:
        """One line for a person: ``environments.yaml:12: environments.staging.owner: expected …``."""
        where = dotted(self.path)
        return (
            f"{file_name}:{self.line}: {where}: {self.text}"
            if where
            else f"{file_name}:{self.line}: {self.text}"
        )


def dotted(path: KeyPath) -> str:
    """The path as a person writes it: ``environments.staging.variables.zones[0]``."""
    written = ""
    for part in path:
        if isinstance(part, int):
            written += f"[{part}]"
        else:
            shown = part if _PLAIN.fullmatch(part) else json.dumps(part[:40])
            written += f".{shown}" if written else shown
    return written


def catalogue_error(file_name: str, problems: Sequence[Problem]) -> CatalogueError:
    """The one error that reports every problem: the first in the message, all of them in ``detail``."""
    lines = list(
        dict.fromkeys(problem.describe(file_name) for problem in sorted(problems, key=_reading_order))
    )
    if len(lines) == 1:
        message = f"{file_name} has 1 problem. {lines[0]}."
    else:
        message = f"{file_name} has {len(lines)} problems. The first: {lines[0]}."
    return CatalogueError(
        message, hint=f"Correct {file_name} and try again; nothing was changed.", detail="\n".join(lines)
    )


def _reading_order(problem: Problem) -> tuple[int, str, str]:
    return (problem.line, dotted(problem.path), problem.text)
