"""``panel doctor``: shows what :mod:`panel.cli.checks` found on this machine or account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from panel.cli import options, output
from panel.cli.errors import FAILED

if TYPE_CHECKING:
    from panel.cli.checks import Finding

_MARKS = {"ok": "✓", "warn": "!", "fail": "✗"}


def doctor(json: options.Json = False) -> None:
    """Check this machine (or AWS account) and tell what is wrong and how to mend it. Exit code 1 if something fails."""
    from panel.cli.checks import examine

    tell(examine(), as_json=json)


def tell(findings: Sequence[Finding], *, as_json: bool) -> None:
    """Print findings.

    Raises:
        typer.Exit: something fails.
    """
    if as_json:
        output.json_result([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            output.result(f"{_MARKS[finding.status]} {finding.name}: {finding.found}")
            if finding.mend:
                output.result(f"    {finding.mend}")
    failed = sum(finding.status == "fail" for finding in findings)
    if failed:
        output.say(f"{failed} of {len(findings)} checks failed.")
        raise typer.Exit(FAILED)
    output.say("Nothing is missing." if all(one.status == "ok" for one in findings) else "Nothing fails.")
