"""``panel doctor``: shows what :mod:`panel.cli.checks` found on this machine or account."""

from __future__ import annotations

from dataclasses import asdict

import typer

from panel.cli import options, output
from panel.cli.errors import FAILED

_MARKS = {"ok": "✓", "warn": "!", "fail": "✗"}


def doctor(json: options.Json = False) -> None:
    """Check this machine (or AWS account) and tell what is wrong and how to mend it. Exit code 1 if something fails."""
    from panel.cli.checks import examine

    findings = examine()
    if json:
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
