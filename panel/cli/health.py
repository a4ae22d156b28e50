"""``panel health``: whether what runs in an environment works, looked at now or as a worker saw it last."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer

from panel.cli import health_lines, health_stored, options, output, state
from panel.cli.errors import INTERRUPTED

Documents = Sequence[dict[str, Any]]


def health(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="An environment of environments.yaml.")
    ] = None,
    *,
    watch: Annotated[
        bool, typer.Option("--watch", "-w", help="Look again and again until Ctrl-C, and show what changes.")
    ] = False,
    interval: Annotated[
        float, typer.Option("--interval", min=1, metavar="SECONDS", help="With --watch.")
    ] = 10,
    stored: Annotated[
        bool, typer.Option("--stored", help="Show a worker's last look: neither AWS nor the site is asked.")
    ] = False,
    json: options.Json = False,
    verbose: options.Verbose = False,
) -> None:
    """Look at an environment now, the way people reach it and behind; without a name, at a worker's last look at each.

    The exit code is the verdict: 0 healthy, 1 down, 5 degraded, 6 unknown, 7 not created; without a name the worst. With
    --watch it is that of the last look, and --json prints one line per look. --verbose shows evidence, tasks and events.
    """
    del verbose  # its callback has noted it already
    look = _look(name, stored)
    documents = look()
    _show(documents, json=json, lines=watch, single=name is not None)
    while watch:
        before = documents
        try:
            time.sleep(interval)
            documents = look()
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None
        if json:
            _print_json(documents, lines=True, single=name is not None)
        else:
            health_lines.changes(before, documents)
        output.flush()
    raise typer.Exit(_exit_code(documents))


def _look(name: str | None, stored: bool) -> Callable[[], Documents]:
    """What is looked at again and again."""
    panel = state.get_panel()
    if name is None:
        return lambda: health_stored.all_of(panel)
    if stored:
        return lambda: [health_stored.one_of(panel, name)]

    def now() -> Documents:
        from panel.health.sweep import to_dict

        report = panel.sweep(name)
        kept = panel.stores.health.get(name)
        since = kept.since if kept is not None and kept.verdict == report.verdict else None
        return [to_dict(report, since=since)]

    return now


def _show(documents: Documents, *, json: bool, lines: bool, single: bool) -> None:
    if json:
        _print_json(documents, lines=lines, single=single)
    elif single:
        health_lines.report(documents[0], detailed=state.is_verbose())
    else:
        health_lines.overview(documents)
    output.flush()


def _print_json(documents: Documents, *, lines: bool, single: bool) -> None:
    output.json_result(documents[0] if single else documents, one_line=lines)


def _exit_code(documents: Documents) -> int:
    """The exit code of the worst; what is not created counts only where nothing is."""
    from panel.health.rules import ABSENT, worst
    from panel.health.sweep import EXIT_CODES

    verdict = worst(one["verdict"] for one in documents if not one.get("asleep"))
    if verdict == ABSENT:
        return 0 if any(one.get("asleep") for one in documents) else EXIT_CODES["not_created"]
    return next(code for health, code in EXIT_CODES.items() if health == verdict)
