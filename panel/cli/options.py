"""Options that several commands share, so that one flag means one thing everywhere."""

from __future__ import annotations

from typing import Annotated

import typer

from panel.cli import state


def _verbose(value: bool) -> bool:
    if value:
        state.set_verbose(True)
    return value


Json = Annotated[bool, typer.Option("--json", help="Print JSON on standard output and nothing else there.")]
Wait = Annotated[
    bool, typer.Option("--wait", help="Follow the run to its end; the exit code tells how it ended.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Approve the plan in advance.")]
Timeout = Annotated[
    float | None,
    typer.Option(
        "--timeout", min=1, metavar="SECONDS", help="Wait no longer than this; the run goes on (exit code 4)."
    ),
]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", callback=_verbose, help="Show log lines and technical detail.")
]
Environment = Annotated[str, typer.Argument(metavar="NAME", help="An environment of environments.yaml.")]
RunNumber = Annotated[int, typer.Argument(metavar="ID", min=1, help="The run's number.")]
