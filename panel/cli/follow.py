"""Waiting for a run: showing what it does, asking at the review, and telling how it ended by the exit code."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

import typer

from panel.cli import output, state
from panel.cli.changes import change_lines, ended_document, release_lines
from panel.cli.documents import environment_document, own_plan, run_document
from panel.cli.errors import DONE, FAILED, INTERRUPTED, REFUSED
from panel.cli.plans import show_plan
from panel.cli.progress import SHIPPING_STAGES, LiveReporter, PlainReporter, Reporter
from panel.cli.worker_watch import WorkerWatch
from panel.errors import IllegalTransitionError, TimeLimitError
from panel.lifecycle.stages import READ_ONLY, SHIPPING

if TYPE_CHECKING:
    from panel.store.tables import Run
    from panel.wiring import Panel

_LOOK_S = 0.4
_LINES = 500
#: What waits for review where it is no plan.
_NOUNS = {"deploy": "deployment", "promote": "promotion"}
_ASKING = frozenset({"planned", "blocked"})
#: Exit code by the state a run ended in; every other end failed.
ENDS = {"applied": DONE, "no_changes": DONE, "blocked": REFUSED, "discarded": REFUSED, "stale": REFUSED}


def follow(panel: Panel, run: Run, *, wait: bool, timeout_s: float | None, as_json: bool) -> None:
    """Tell that a run was ordered and, with ``wait``, show it to its end. Ends the command.

    Raises:
        typer.Exit: with the exit code that belongs to the run's end.
        TimeLimitError: it has not ended within ``timeout_s`` seconds; it goes on.
    """
    output.say(f"Run {run.id}: {run.kind} {run.environment}, by {run.author}.")
    started = _start_worker(panel)
    if not wait:
        output.say(f"It goes on in the background. Follow it: panel runs logs {run.id} --follow")
        if as_json:
            output.json_result(run_document(run))
        raise typer.Exit(DONE)
    ended = _wait(panel, run, timeout_s, started=started)
    _tell_end(panel, ended, as_json)
    raise typer.Exit(exit_code(ended))


def exit_code(run: Run) -> int:
    """The exit code that tells how a run ended: 0 only if all of it succeeded."""
    if run.kind in READ_ONLY and run.state == "planned":
        return DONE
    return ENDS.get(run.state, FAILED)


def _start_worker(panel: Panel) -> bool:
    """Make sure that somebody does the work; whether that took a new worker."""
    missing = not panel.worker_process.alive()
    if missing:
        output.say("Starting the embedded AWS and a worker where they are not alive …")
    panel.ensure_running()
    return missing


def _wait(panel: Panel, run: Run, timeout_s: float | None, *, started: bool) -> Run:
    watch = _Watch(panel, run, timeout_s, started=started)
    try:
        return watch.until_end()
    except (KeyboardInterrupt, typer.Abort):
        output.say(f"\nRun {run.id} goes on. Follow it: panel runs logs {run.id} --follow")
        output.say(f"Cancel it: panel runs cancel {run.id}")
        raise typer.Exit(INTERRUPTED) from None


class _Watch:
    """One wait for one run."""

    def __init__(self, panel: Panel, run: Run, timeout_s: float | None, *, started: bool) -> None:
        self._panel = panel
        self._runs = panel.stores.runs
        self._number = run.id or 0
        self._timeout_s = timeout_s
        self._deadline = time.monotonic() + timeout_s if timeout_s is not None else None
        self._stages: dict[str, tuple[str, str]] = {}
        self._line = 0
        self._reviewed: set[str] = set()
        self._told_changes = False
        self._worker = WorkerWatch(panel, started=started)

    def until_end(self) -> Run:
        """Look again and again until the run has ended."""
        while True:
            with _reporter() as reporter:
                run = self._until_review_or_end(reporter)
            if not run.active:
                return run
            self._review(run)

    def _until_review_or_end(self, reporter: Reporter) -> Run:
        while True:
            run = self._runs.get(self._number)
            self._show(run, reporter)
            if not run.active or self._needs_review(run):
                return run
            self._check_time(run)
            self._worker.look(reporter.line)
            time.sleep(_LOOK_S)

    def _needs_review(self, run: Run) -> bool:
        # Also of one that was approved in advance, where other people are asked for by now.
        waits = run.active and run.state in _ASKING and (run.awaiting or not run.auto_approve)
        return waits and run.state not in self._reviewed

    def _show(self, run: Run, reporter: Reporter) -> None:
        for stage in self._runs.stages(self._number):
            now = (stage.state, stage.detail)
            if stage.state != "pending" and self._stages.get(stage.name) != now:
                self._stages[stage.name] = now
                reporter.stage(stage)
        if run.changes and not self._told_changes:
            self._told_changes = True
            for text in change_lines(run):
                reporter.line(f"  {text}")
        if state.is_verbose():
            for line in self._runs.lines(self._number, after=self._line, limit=_LINES):
                self._line = line.id or self._line
                reporter.line(f"    {line.text}")
        if run.active:
            reporter.progress(run, self._service(run))

    def _service(self, run: Run) -> str:
        """The service that is being shipped; empty where none is."""
        if run.stage not in SHIPPING_STAGES:
            return ""
        releases = self._panel.stores.releases.of_run(self._number)
        return next((one.service for one in reversed(releases) if one.ended_at is None), "")

    def _review(self, run: Run) -> None:
        """Show the plan once, and ask where somebody can be asked."""
        self._reviewed.add(run.state)
        plan = own_plan(run, self._panel.stores)
        if plan is not None:
            show_plan(run, plan, output.say)
        if run.state == "blocked":
            self._tell_blocked(run)
            return
        others = self._takes_others(run)
        if others:
            output.say(others)
        if not state.is_interactive() or (others and not self._may_approve(run)):
            what = _NOUNS.get(run.kind, "plan")
            output.say(f"▲ The {what} waits for review. Approve it: panel runs approve {run.id}")
            output.say(f"  or discard it: panel runs discard {run.id}. Waiting until somebody decides …")
            return
        act = "release" if run.kind in SHIPPING else "apply"
        answer = output.ask(
            f"Approve and {act}? Type 'yes', 'no' to discard, or nothing to leave it open"
        ).lower()
        # Somebody else may have decided in the meantime: then that decision counts.
        with suppress(IllegalTransitionError):
            if answer in {"no", "n"}:
                self._panel.operations.discard(self._panel.identity, self._number)
                return
            if answer in {"yes", "y"}:
                run = self._panel.operations.approve(self._panel.identity, self._number)
            if run.state == "planned":
                output.say(f"{self._takes_others(run)} Waiting until somebody decides …".strip())

    def _tell_blocked(self, run: Run) -> None:
        output.say(f"▲ {run.error}")
        output.say(f"  An admin may override it: panel runs override {run.id} --reason '…'")
        output.say(f"  or discard it: panel runs discard {run.id}. Waiting until somebody decides …")

    def _takes_others(self, run: Run) -> str:
        """Who has to approve yet, where that is more than one person or another one; else nothing."""
        if run.approvals_needed == 1 and run.author_may_approve:
            return ""
        from panel.lifecycle.approvals import still_needed

        return still_needed(run, [one.actor for one in self._runs.approvals(self._number)])

    def _may_approve(self, run: Run) -> bool:
        return run.author_may_approve or run.author != self._panel.identity.name

    def _check_time(self, run: Run) -> None:
        if self._deadline is not None and time.monotonic() > self._deadline:
            raise TimeLimitError(
                f"Run {run.id} of {run.environment} has not ended within {self._timeout_s:g} seconds; it goes on.",
                hint=f"Follow it: panel runs logs {run.id} --follow. Cancel it: panel runs cancel {run.id}.",
            )


def _reporter() -> Reporter:
    return LiveReporter() if state.is_interactive() else PlainReporter()


def _tell_end(panel: Panel, run: Run, as_json: bool) -> None:
    if as_json:
        more = ended_document(panel, run) if run.kind in SHIPPING else {}
        output.json_result({**run_document(run), **more})
    code = exit_code(run)
    took = ""
    if run.started_at is not None and run.ended_at is not None:
        took = f" after {output.seconds((run.ended_at - run.started_at).total_seconds())}"
    output.say(f"Run {run.id} of {run.environment}: {run.state.replace('_', ' ')}{took}.")
    if run.error:
        output.say(f"Error: {run.error}")
        if run.error_hint:
            output.say(f"  {run.error_hint}")
        if run.error_detail:
            output.detail(run.error_detail)
    elif run.comment and code != DONE:
        output.say(f"  {run.comment}")
    if code == DONE:
        _tell_result(panel, run, as_json)
        return
    for line in release_lines(panel, run):
        output.say(f"  {line}")


def _tell_result(panel: Panel, run: Run, as_json: bool) -> None:
    tell = output.say if as_json else output.result
    if run.kind == "drift":
        tell(f"{run.environment}: {_drift_words(run)}")
        for item in panel.stores.environments.get(run.environment).drift:
            gone = item.get("action") == "delete"
            tell(f"  {item['address']}: {'deleted' if gone else ', '.join(item['attributes'])}")
        return
    if run.kind == "plan":
        plan = own_plan(run, panel.stores)
        if plan is not None:
            show_plan(run, plan, tell)
        return
    if run.environment not in panel.catalogue().environments:
        return
    document = environment_document(panel.overview.environment(run.environment))
    if run.kind == "destroy":
        tell(f"{run.environment}: destroyed, nothing of it is left.")
        return
    if run.kind in SHIPPING:
        for line in release_lines(panel, run):
            tell(line)
        tell(f"{run.environment}: {document['url'] or 'no address'}")
        return
    tell(f"{run.environment}: {document['url'] or 'no address'}")
    for name, service in document["services"].items():
        tell(f"  {name}: {service['version'] or 'no version'}")
    tell(f"  cost: {output.money(document['cost']['monthly_usd'])}")


def _drift_words(run: Run) -> str:
    if not run.drifted:
        return "nothing drifted."
    return (
        f"{run.drifted} {'resource was' if run.drifted == 1 else 'resources were'} changed outside the panel:"
    )
