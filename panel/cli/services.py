"""``panel health``: whether what runs in an environment works."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from panel.cli import options, output, state
from panel.cli.errors import INTERRUPTED

if TYPE_CHECKING:
    from panel.health.sweep import Report

_MARKS = {"healthy": "●", "degraded": "◐", "down": "■", "unknown": "?", "not_created": "○"}


def health(
    name: options.Environment,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Look again and again until Ctrl-C.")] = False,
    interval: Annotated[
        float, typer.Option("--interval", min=1, metavar="SECONDS", help="With --watch.")
    ] = 10,
    json: options.Json = False,
) -> None:
    """Look at an environment now, the way people reach it and behind.

    The exit code is the verdict: 0 healthy, 1 down, 5 degraded, 6 unknown, 7 not created. With --watch it is that
    of the last look, and --json prints one line per look.
    """
    from panel.health.sweep import exit_code

    panel = state.get_panel()
    report = panel.sweep(name)
    _show(report, json, lines=watch)
    while watch:
        try:
            time.sleep(interval)
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None
        report = panel.sweep(name)
        _show(report, json, lines=True)
    raise typer.Exit(exit_code(report))


def _show(report: Report, as_json: bool, *, lines: bool) -> None:
    from panel.health.sweep import to_dict

    if as_json:
        output.json_result(to_dict(report), one_line=lines)
        output.flush()
        return
    when = output.iso(report.checked_at)
    output.result(f"{_mark(report.verdict)} {report.environment}: {_words(report.verdict)} ({when})")
    for cause in report.causes:
        output.result(f"  {cause.text} Call: {cause.owner.team} <{cause.owner.contact}>")
    for name, service in report.services.items():
        tasks = f", {service.running or 0} of {service.desired} tasks" if service.desired else ""
        version = f", version {service.version}" if service.version else ""
        output.result(f"  {_mark(service.verdict)} {name}: {_words(service.verdict)}{version}{tasks}")
    for probe in report.probes:
        output.result(f"    {_mark(probe.verdict)} {probe.name}: {probe.detail}")
    output.flush()


def _mark(verdict: str) -> str:
    return _MARKS.get(verdict, "?")


def _words(verdict: str) -> str:
    return verdict.replace("_", " ")
