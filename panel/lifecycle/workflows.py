"""The durable workflows: they only sequence. Every effect is in a step that may be run again from its start.

Names of workflows and steps are stored data: a rename would orphan the runs of an older version.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from dbos import DBOS, SetWorkflowID

from panel.catalogue.schema import SHARED
from panel.errors import (
    CanceledRunError,
    InterruptedRunError,
    OperationError,
    PanelError,
    RefusedError,
)
from panel.lifecycle.deploy_steps import DeploySteps
from panel.lifecycle.discretion import discreetly
from panel.lifecycle.draining import GATE
from panel.lifecycle.ownership import unless_superseded
from panel.lifecycle.stages import SHIPPING, STACK_ALONE
from panel.lifecycle.terraform_steps import Planned, TerraformSteps
from panel.store.fence import turn
from panel.store.runs import Runs
from panel.store.states import WAITING, may_follow

RUN_WORKFLOW = "environment.run"
DECISION = "decision"
# A worker that is killed again and again must not make a run unrecoverable.
_RECOVERIES = 10_000

_log = logging.getLogger(__name__)

Step = Callable[..., Any]


def workflow_id(run_id: int) -> str:
    """Id of a run's workflow: asking for it twice starts it once."""
    return f"run-{run_id}"


def run_id_of(identifier: str) -> int:
    """The run of a workflow id."""
    return int(identifier.removeprefix("run-"))


class Workflows:
    """The workflows over the steps. Making one registers them; DBOS must be launched afterwards."""

    def __init__(
        self,
        terraform: TerraformSteps,
        deploys: DeploySteps,
        runs: Runs,
        *,
        worker: str,
        approval_timeout_s: int,
    ) -> None:
        self._terraform = terraform
        self._deploys = deploys
        self._runs = runs
        self._worker = worker
        self._approval_timeout_s = approval_timeout_s

        @DBOS.workflow(name=RUN_WORKFLOW, max_recovery_attempts=_RECOVERIES)
        def run_workflow(run_id: int, environment: str, kind: str) -> str:
            return self.run(run_id, environment, kind)

        self._run_workflow = run_workflow

    def start(self, run_id: int, environment: str, kind: str) -> None:
        """Start a run's workflow in this process, unless it exists already."""
        with SetWorkflowID(workflow_id(run_id)):
            DBOS.start_workflow(self._run_workflow, run_id, environment, kind)

    def run(self, run_id: int, environment: str, kind: str) -> str:
        """One run from its order to its end; returns the state it ended in."""
        with turn(run_id, self._worker):
            return self._run(run_id, environment, kind)

    def _run(self, run_id: int, environment: str, kind: str) -> str:
        try:
            _step("begin", self._terraform.begin, run_id, self._worker)
            return self._sequence(run_id, environment, kind)
        except PanelError as error:
            return str(_step("fail", self._fail, run_id, error))
        except Exception as error:
            _log.exception("Run %s failed in a way nobody foresaw", run_id)
            unforeseen = OperationError(
                f"Something nobody foresaw went wrong: {type(error).__name__}.",
                hint="See the worker's log for the details, then retry.",
                detail=str(error),
            )
            return str(_step("fail", self._fail, run_id, unforeseen))

    def _sequence(self, run_id: int, environment: str, kind: str) -> str:
        if kind in {"create", "update"} and environment != SHARED:
            self._stage("shared", self._terraform.shared, run_id)
        if kind in SHIPPING:
            return self._ship(run_id)
        if kind == "unlock":
            self._stage("unlock", self._terraform.unlock, run_id)
            return str(_step("finish", self._finish, run_id, "applied"))
        planned: Planned = self._stage("plan", self._terraform.plan, run_id)
        way: str = _step("settle_plan", self._terraform.settle_plan, run_id, planned)
        if way == "stop":
            end = "planned" if planned["changes"] else "no_changes"
            return str(_step("finish", self._finish, run_id, end))
        if way == "wait":
            decided = self._wait_for_decision(run_id)
            if decided != "approved":
                return decided
        if kind == "destroy":
            return self._destroy(run_id, planned, environment, nothing=way == "skip")
        if way == "skip":
            _step("keep_outputs", self._terraform.keep_outputs, run_id)
        else:
            self._stage("apply", self._terraform.apply, run_id, planned)
        if kind == "wake":
            _step("deploying", self._deploys.begin, run_id)
            self._stage("checks", self._deploys.checks, run_id)
        if environment == SHARED or kind in STACK_ALONE:
            return str(_step("finish", self._finish, run_id, "applied"))
        return self._deploy(run_id)

    def _wait_for_decision(self, run_id: int) -> str:
        """Wait, durably, for a person. A message only wakes the workflow: what was decided is read from the store."""
        while True:
            message = DBOS.recv(DECISION, timeout_seconds=self._approval_timeout_s)
            state: str = _step("decision", self._terraform.decision, run_id, message is None)
            if state == "cancel":
                return str(_step("finish", self._finish, run_id, "canceled"))
            if state not in WAITING:
                return state

    def _destroy(self, run_id: int, planned: Planned, environment: str, *, nothing: bool) -> str:
        if not nothing:
            self._stage("destroy", self._terraform.destroy, run_id, planned)
        if environment != SHARED:
            _step("cleanup", self._deploys.cleanup, run_id)
        _step("gone", self._terraform.gone, run_id)
        return str(_step("finish", self._finish, run_id, "applied"))

    def _ship(self, run_id: int) -> str:
        """A run that Terraform has no part in: what it changes is known at once, and may have to be reviewed."""
        self._stage("compare", self._deploys.compare, run_id)
        if _step("settle_changes", self._terraform.settle_changes, run_id) == "wait":
            decided = self._wait_for_decision(run_id)
            if decided != "approved":
                return decided
        return self._deploy(run_id)

    def _deploy(self, run_id: int) -> str:
        _step("deploying", self._deploys.begin, run_id)
        baselines = _step("baselines", self._deploys.baselines, run_id)
        images = self._stage("image", self._deploys.image, run_id)
        self._stage("rollout", self._deploys.rollout, run_id, images, baselines)
        self._stage("site", self._deploys.site, run_id)
        self._stage("checks", self._deploys.checks, run_id)
        return str(_step("finish", self._finish, run_id, "applied"))

    def _stage(self, name: str, function: Step, run_id: int, *args: Any) -> Any:
        """The step that does a stage's work. A request to cancel is heeded before it, where nothing is half done."""

        def work() -> Any:
            if self._runs.get(run_id).cancel_requested and not self._begun(run_id, name):
                raise CanceledRunError(
                    "Somebody canceled this run; what had been finished stays.",
                    hint="Plan again to see what is left to do.",
                )
            return function(run_id, *args)

        return _step(name, work)

    def _begun(self, run_id: int, name: str) -> bool:
        # A stage that a killed worker left half done is taken up again, so that it ends in a known way.
        return any(stage.name == name and stage.state == "active" for stage in self._runs.stages(run_id))

    def _finish(self, run_id: int, state: str) -> str:
        return self._runs.finish(run_id, state, "worker", awaiting=False).state

    def _fail(self, run_id: int, error: PanelError) -> str:
        run = self._runs.get(run_id)
        if not run.active:
            # Somebody ended it already, and said why; nobody is to be woken for it any more.
            self._runs.update(run_id, awaiting=False)
            return run.state
        shown = self._terraform.explain(run.environment, error)
        self._terraform.report(run_id, run.stage, shown.message, "error")
        return self._runs.finish(
            run_id,
            _state_after(error, run.state),
            "worker",
            awaiting=False,
            error=shown.message,
            error_hint=shown.hint,
            error_detail=shown.detail,
        ).state


def _step(name: str, function: Step, *args: Any) -> Any:
    with GATE.step():
        work = unless_superseded(str(DBOS.workflow_id), discreetly(function))
        return DBOS.run_step({"name": name}, work, *args)


def _state_after(error: PanelError, state: str) -> str:
    """How a run ends by this error; a refusal blocks a run that was not reviewed, and makes a reviewed one stale."""
    if isinstance(error, InterruptedRunError):
        return "interrupted"
    if isinstance(error, CanceledRunError):
        return "canceled"
    if isinstance(error, RefusedError):
        return next(
            (end for end in ("blocked", "stale") if end == state or may_follow(state, end)), "errored"
        )
    return "errored"
