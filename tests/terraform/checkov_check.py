"""Says what Checkov finds under terraform/ and nobody has justified: `python -m tests.terraform.checkov_check [FOLDER]`.

A finding is accepted in place, inside the block it is about: `# checkov:skip=CKV_AWS_1: why`. Checkov takes a skip
without a reason too, and one that skips nothing; this check does not. So it lets Checkov judge a copy of the tree
whose skips say nothing to it, and sets the findings against the skips itself. Checkov alone finds the same.

Nothing is asked of a network, and nothing told to one. Exit code 0 when all is justified, 3 when it is not, 2 when
Checkov is not there or has failed.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
TERRAFORM = REPOSITORY / "terraform"
CHECKOV = REPOSITORY / ".venv-terraform" / "bin" / "checkov"

_SKIP = re.compile(r"checkov:skip=\s*(?P<checks>[A-Za-z0-9_,-]*)(?::(?P<reason>.*))?$")
#: Shorter than this is a sigh, not a reason.
_SHORTEST_REASON = 15


class CheckovError(Exception):
    """Checkov is missing, or said something else than a report."""


@dataclass(frozen=True)
class Finding:
    """What one of Checkov's checks has against one block: lines `first` to `last` of a file."""

    file: str
    first: int
    last: int
    check: str
    title: str


@dataclass(frozen=True)
class Skip:
    """A finding that somebody has accepted, on one line of a file."""

    file: str
    line: int
    check: str
    reason: str

    def accepts(self, finding: Finding) -> bool:
        """Whether the skip stands in the finding's block and is about its check."""
        inside = self.file == finding.file and finding.first <= self.line <= finding.last
        return inside and self.check == finding.check


def skips_of(folder: Path) -> tuple[Skip, ...]:
    """The skips written in the .tf files of a folder and below it."""
    return tuple(
        Skip(path.relative_to(folder).as_posix(), line, check, (skip["reason"] or "").strip())
        for path in _sources(folder)
        for line, text in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if (skip := _SKIP.search(text))
        for check in skip["checks"].split(",")
    )


def findings_of(folder: Path) -> tuple[Finding, ...]:
    """What Checkov finds in a folder and below it, as if no skip were written there.

    A module that is called from several places is judged for each of them; the same finding is told once.

    Raises:
        CheckovError: Checkov is not installed, has failed, or could not read a file; the message names it.
    """
    if not CHECKOV.exists():
        raise CheckovError(f"Checkov is not installed in {CHECKOV.parents[1].name}/: run make check.")
    with tempfile.TemporaryDirectory(prefix="checkov-") as scratch:
        tree = Path(scratch) / "terraform"
        for path in _sources(folder):
            copy = tree / path.relative_to(folder)
            copy.parent.mkdir(parents=True, exist_ok=True)
            # As many lines as before, so that the findings' lines are those of the original.
            text = path.read_text(encoding="utf-8")
            copy.write_text(text.replace("checkov:skip=", "a skip of "), encoding="utf-8")
        report = _report(tree, home=Path(scratch))
        return read_report(report, tree)


def read_report(report: dict[str, Any], tree: Path) -> tuple[Finding, ...]:
    """The findings of Checkov's own report about a folder, each once.

    Raises:
        CheckovError: the report says that a file could not be read.
    """
    # A folder with nothing to judge has a summary alone.
    results = report.get("results", {})
    if unread := results.get("parsing_errors"):
        names = ", ".join(Path(name).relative_to(tree).as_posix() for name in unread)
        raise CheckovError(f"Checkov cannot read {names}.")
    found = {
        Finding(
            file=Path(check["file_abs_path"]).relative_to(tree).as_posix(),
            first=check["file_line_range"][0],
            last=check["file_line_range"][1],
            check=check["check_id"],
            title=check["check_name"],
        )
        for check in results.get("failed_checks", [])
    }
    return tuple(sorted(found, key=lambda one: (one.file, one.first, one.check)))


def problems(findings: tuple[Finding, ...], skips: tuple[Skip, ...]) -> Iterator[str]:
    """One line for each finding without a skip, each skip without a reason and each that accepts nothing."""
    for finding in findings:
        if not any(skip.accepts(finding) for skip in skips):
            yield f"{finding.file}:{finding.first}: {finding.check} {finding.title}"
    for skip in skips:
        if len(skip.reason) < _SHORTEST_REASON:
            yield f"{skip.file}:{skip.line}: the skip of {skip.check or 'no check'} gives no reason"
        if not any(skip.accepts(finding) for finding in findings):
            yield f"{skip.file}:{skip.line}: the skip of {skip.check or 'no check'} accepts nothing: remove it"


def main() -> int:
    """Check the folder named on the command line, terraform/ by default, with all below it."""
    folder = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else TERRAFORM
    try:
        found = list(problems(findings_of(folder), skips_of(folder)))
    except CheckovError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    for line in sorted(found):
        sys.stdout.write(f"{line}\n")
    if found:
        sys.stdout.write("Mend it, or accept it inside its block: # checkov:skip=CHECK: why\n")
    return 3 if found else 0


def _sources(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*.tf")):
        if not any(part.startswith(".") for part in path.relative_to(folder).parts):
            yield path


def _report(tree: Path, home: Path) -> dict[str, Any]:
    arguments = [
        str(CHECKOV), "--directory", str(tree), "--framework", "terraform", "--output", "json",
        "--skip-download", "--download-external-modules", "false",
    ]  # fmt: skip
    # Without the settings of whoever calls it, and with a home where it may leave its cache.
    own = ("CKV_", "CHECKOV_", "BC_", "PRISMA_", "LOG_LEVEL")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    settings = {**kept, "HOME": str(home), "SKIP_PACKAGE_UPDATE_CHECK": "true"}
    done = subprocess.run(arguments, env=settings, cwd=home, capture_output=True, text=True, check=False)
    try:
        report = json.loads(done.stdout)
    except ValueError:
        raise CheckovError(f"Checkov failed ({done.returncode}):\n{done.stdout}{done.stderr}") from None
    if not isinstance(report, dict):
        raise CheckovError("Checkov's report is a list: more than Terraform was looked at.")
    return report


if __name__ == "__main__":
    sys.exit(main())
