"""Checkov over a plan, where a team asks for it: a program of its own, with a time limit and a folder of its own.

Checkov is not part of the panel. That it is missing, fails or takes too long is said as a warning, never passed over.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from panel.catalogue.guardrails import Checkov
from panel.masking import Masker
from panel.runs.guardrails.finding import Finding
from panel.runs.guardrails.reading import fields, texts
from panel.settings import child_environment

#: The rule's name, as a person reads it, and its key in environments.yaml.
NAME = "checkov"
#: What of a plan is handed to Checkov: neither variables nor the state of before.
_HANDED = ("format_version", "terraform_version", "planned_values", "resource_changes", "configuration")
_CALM = frozenset({"no-op", "read", "delete", "forget"})
_MOST_FINDINGS = 200
_LARGEST_REPORT = 64_000_000


class _CheckovError(Exception):
    """Checkov gave no report; the message says why, as the end of 'was asked for, but'."""


def findings(plan_json_path: Path | None, config: Checkov, *, program: str = "") -> list[Finding]:
    """What Checkov has against the resources that a plan makes or changes.

    Args:
        plan_json_path: the file with what ``terraform show -json`` prints of the plan, masked.
        config: the section of environments.yaml; where its severity is ``off``, nothing is run.
        program: name or path of Checkov, before the one in ``config``; empty for that one.

    Returns:
        One finding for each failed check of a resource; one that passed where there are none; one warning where
        Checkov could not be asked.
    """
    if config.severity == "off":
        return []
    try:
        found = list(_failed(plan_json_path, config, program or config.program))
    except _CheckovError as error:
        return [Finding(NAME, "warn", f"was asked for, but {error}")]
    stops = config.severity == "block" and config.overridable
    told = [Finding(NAME, config.severity, reason, address, stops) for reason, address in found]
    if len(told) > _MOST_FINDINGS:
        more = f"{len(told) - _MOST_FINDINGS} more findings are not listed"
        told = [*told[:_MOST_FINDINGS], Finding(NAME, config.severity, more, overridable=stops)]
    return told or [Finding(NAME, "pass", "Checkov has nothing against what is made or changed")]


def _failed(plan_json_path: Path | None, config: Checkov, program: str) -> Iterator[tuple[str, str]]:
    """Reason and address of each failed check, each once, of the resources that the plan touches."""
    executable = shutil.which(program)
    if executable is None:
        raise _CheckovError(
            f"there is no program {program!r} to run: install it (pip install checkov) "
            "or name it by PANEL_CHECKOV, and plan again"
        )
    document = _document(plan_json_path)
    touched = _touched(document)
    if not touched:
        return
    told = set()
    for check in _report(executable, document, config):
        address = str(check.get("resource_address") or check.get("resource") or "")
        if address in touched and check.get("check_id") not in config.skip:
            told.add((f"{check.get('check_id')}: {check.get('check_name')}", address))
    yield from sorted(told, key=lambda item: (item[1], item[0]))


def _document(path: Path | None) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8")) if path is not None else None
    except (OSError, ValueError):
        document = None
    if not isinstance(document, dict):
        raise _CheckovError("the plan could not be read back for it: plan again")
    kept = {name: document[name] for name in _HANDED if name in document}
    if isinstance(kept.get("planned_values"), Mapping):
        root = fields(kept["planned_values"]).get("root_module")
        kept["planned_values"] = {**kept["planned_values"], "root_module": _with_values(root)}
    return kept


def _with_values(module: object) -> dict[str, Any]:
    """A module whose every resource has values: Checkov fails over one of which nothing is known yet."""
    result = dict(fields(module))
    for name in ("resources", "child_modules"):
        items = result.get(name)
        result[name] = [dict(fields(item)) for item in items] if isinstance(items, list) else []
    for resource in result["resources"]:
        resource["values"] = dict(fields(resource.get("values")))
    result["child_modules"] = [_with_values(item) for item in result["child_modules"]]
    return result


def _touched(document: Mapping[str, Any]) -> frozenset[str]:
    changes = document.get("resource_changes")
    return frozenset(
        str(fields(item).get("address"))
        for item in (changes if isinstance(changes, list) else [])
        if not _CALM.issuperset(texts(fields(fields(item).get("change")).get("actions")))
    )


def _report(executable: str, document: Mapping[str, Any], config: Checkov) -> list[Mapping[str, Any]]:
    """The failed checks of Checkov's own report."""
    with tempfile.TemporaryDirectory(prefix="panel-checkov-") as name:
        folder = Path(name)
        plan = folder / "plan.json"
        plan.touch(mode=0o600)
        plan.write_text(json.dumps(document), encoding="utf-8")
        command = [
            executable, "--file", str(plan), "--framework", "terraform_plan", "--output", "json", "--compact",
            "--quiet", "--soft-fail", "--skip-download", "--download-external-modules", "false",
        ]  # fmt: skip
        if config.skip:
            command += ["--skip-check", ",".join(config.skip)]
        return _read(_output(command, folder, config.timeout_s))


def _output(command: list[str], folder: Path, limit_s: int) -> str:
    """What the program prints, run in the folder, with a home there and without this machine's settings."""
    environment = child_environment() | {
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "SKIP_PACKAGE_UPDATE_CHECK": "true",
    }
    out, errors = folder / "report.json", folder / "errors.txt"
    with out.open("wb") as printed, errors.open("wb") as said:
        try:
            process = subprocess.Popen(
                command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=printed, stderr=said,
                start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise _CheckovError(f"it could not be started: {error.strerror or error}") from None
        try:
            code = process.wait(timeout=limit_s)
        except subprocess.TimeoutExpired:
            raise _CheckovError(f"it was stopped after {limit_s} s: give it a longer timeout_s") from None
        finally:
            _end(process)
    if code != 0:
        raise _CheckovError(f"it failed ({code}){_last_words(errors)}")
    if out.stat().st_size > _LARGEST_REPORT:
        raise _CheckovError("its report is larger than 64 MB")
    return out.read_text(encoding="utf-8", errors="replace")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Stop it if it still runs, with the processes that it started: they are in its session."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _last_words(errors: Path) -> str:
    lines = [line.strip() for line in errors.read_text(encoding="utf-8", errors="replace").splitlines()]
    last = next((line for line in reversed(lines) if line), "")
    return f": {Masker().text(last)[:200]}" if last else ""


def _read(output: str) -> list[Mapping[str, Any]]:
    try:
        report = json.loads(output)
    except ValueError:
        raise _CheckovError("what it printed is no report") from None
    checks: list[Mapping[str, Any]] = []
    for part in report if isinstance(report, list) else [report]:
        if not isinstance(part, Mapping):
            raise _CheckovError("what it printed is no report")
        summary = {**part, **fields(part.get("summary"))}
        if summary.get("parsing_errors"):
            raise _CheckovError("it could not read the plan")
        if "failed" not in summary:
            raise _CheckovError("what it printed is no report")
        failed = fields(part.get("results")).get("failed_checks")
        checks += [item for item in failed if isinstance(item, Mapping)] if isinstance(failed, list) else []
    return checks
