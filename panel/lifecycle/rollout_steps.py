"""The steps that exchange what container services run, one service after the other, and go back where that fails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from panel.aws.front_door import VersionSeen, front_door, version_seen
from panel.catalogue.schema import ContainerService
from panel.deploys import seconds
from panel.deploys.rollout import (
    Baseline,
    Eyes,
    Rollout,
    RolloutFailedError,
    ServiceTarget,
    Wanted,
)
from panel.errors import CanceledRunError, EndpointError, PanelError, SupersededError
from panel.lifecycle.earlier_releases import label
from panel.lifecycle.image_steps import Shipped
from panel.lifecycle.shipping_steps import ShippingSteps, Work, refuse_ended, service_target
from panel.lifecycle.stopping import ForcedEndError
from panel.localaws.tasks import ServiceTasks
from panel.store.tables import Release, Run

#: Detail of a release whose service may have been touched.
_BEGUN = "being rolled out"
_FORCED = "It was ended by force: what the service runs now was not looked at."


@dataclass(frozen=True)
class _Exchange:
    """What one service is to run, and what it ran before."""

    run: Run
    name: str
    service: ContainerService
    image: Shipped
    baseline: Baseline


class RolloutSteps(ShippingSteps):
    """Roll-outs."""

    def baselines(self, run_id: int) -> dict[str, dict[str, Any]]:
        """What every service runs now, to go back to: read in a step of its own, before anything is changed.

        A roll-out that is repeated after a cut could no longer tell what was there before it.
        """
        run = self._runs.get(run_id)
        outputs, aws = self._outputs(run.environment), self._context.aws()
        return {
            name: asdict(self._acts.read_baseline(aws, service_target(outputs, name, service.port)))
            for name, service in self._containers(run).items()
        }

    def rollout(
        self, run_id: int, images: Mapping[str, Shipped], baselines: Mapping[str, Mapping[str, Any]]
    ) -> None:
        """Roll out what the image step brought, one service after the other.

        Raises:
            DeployError, AwsError, EndpointError: one did not succeed; those before it stay as they are now.
            CanceledRunError: somebody stopped it.
        """
        run = self._runs.get(run_id)
        services = {name: one for name, one in self._containers(run).items() if name in images}
        if not services:
            self._skip(run_id, "rollout")
            return
        done: list[str] = []
        with self._at_work(run, "rollout") as work:
            for name, service in services.items():
                exchange = _Exchange(run, name, service, images[name], Baseline(**baselines[name]))
                try:
                    self._exchange(exchange, work)
                except SupersededError:
                    raise
                except PanelError as error:
                    raise _with_those_before(error, done) from error
                done.append(f"{name} {images[name]['version']}")
        self._runs.set_stage(run_id, "rollout", "done", detail=", ".join(done))

    def _exchange(self, one: _Exchange, work: Work) -> None:
        release = self._releases.get(one.image["release"])
        number = release.id or 0
        refuse_ended(release)
        if release.status == "live":
            return  # it was recorded before the step was cut
        try:
            result = self._roll(one, release, work)
        except RolloutFailedError as error:
            self._releases.finish(number, error.outcome, detail=error.message)
            if error.outcome == "stopped":
                raise CanceledRunError(error.message, hint=error.hint, detail=error.detail) from error
            raise
        except ForcedEndError:
            self._releases.finish(number, "stopped", detail=_FORCED)
            raise
        except PanelError as error:
            self._releases.finish(number, "failed", detail=error.message)
            raise
        took = (result.ended_at - result.started_at).total_seconds()
        self._releases.finish(
            number, "live", detail="", digest=one.image["digest"], reference=one.image["image_ref"],
            task_definition=result.task_definition_arn, durations=seconds({"roll_out": took}),
        )  # fmt: skip

    def _roll(self, one: _Exchange, release: Release, work: Work) -> Rollout:
        """Roll a release out; one that was on its way back when its worker was killed only goes back."""
        number, aws, image = release.id or 0, self._context.aws(), one.image
        outputs = self._outputs(one.run.environment)
        target, wanted = self._target(outputs, one), self._what_is_wanted(one)
        eyes = self._eyes(outputs, one.service, target, work)
        if release.status == "reverting":
            raise self._acts.go_back(aws, target, one.baseline, eyes, why=release.detail, wanted=wanted)
        self._releases.note(number, detail=_BEGUN)
        work.journal.say(f"{one.name} {label(release)} is {image['version']} ({image['digest'][:19]})")
        return self._acts.roll_out(
            aws, target, wanted, eyes, deadline_s=self._context.settings.rollout_timeout_s,
            baseline=one.baseline, reverting=lambda why: self._note_way_back(number, why),
        )  # fmt: skip

    def _target(self, outputs: Mapping[str, Any], one: _Exchange) -> ServiceTarget:
        target, bounds = service_target(outputs, one.name, one.service.port), one.service.autoscaling
        if bounds is None or self._context.emulated_endpoint is not None:
            return target
        return target.kept_within(bounds.min_tasks, bounds.max_tasks, one.baseline)

    def _what_is_wanted(self, one: _Exchange) -> Wanted:
        """A release that is repeated brings its own variables; every other one gets what is declared now."""
        image = one.image
        declared = {} if image["like"] else dict(one.service.environment)
        return Wanted(
            image["image_ref"], image["digest"], image["version"],
            environment={**declared, **self._stand_in_credentials()}, like=image["like"],
        )  # fmt: skip

    def _note_way_back(self, release_id: int, why: str) -> None:
        self._releases.note(release_id, status="reverting", detail=why)

    def _eyes(
        self,
        outputs: Mapping[str, Any],
        service: ContainerService,
        target: ServiceTarget,
        work: Work,
    ) -> Eyes:
        door = front_door(outputs, emulated_endpoint=self._context.emulated_endpoint)

        def verify() -> VersionSeen | None:
            """A service without a version path cannot be asked: there its tasks and targets have to do."""
            if service.version_path is None:
                return VersionSeen("", None)
            try:
                return version_seen(door, service.version_path)
            except EndpointError:
                return None

        return Eyes(
            report=work.journal.report, verify=verify, parts=work.journal.parts,
            stopped=work.stopping.stopped, diagnose=lambda: self._diagnosis(target),
            broken=lambda revision: self._broken(target, revision), clock=work.clock,
        )  # fmt: skip

    def _stand_in_credentials(self) -> dict[str, str]:
        """Made-up credentials for containers on the embedded AWS; nothing elsewhere.

        The emulator hands out a task role's credentials at an address that SDKs refuse to ask, so a container could
        not even begin. On AWS the task role serves.
        """
        if self._context.runtime() != "docker":
            return {}
        account = self._context.aws().account
        if account.access_key is None or account.secret_key is None:
            return {}
        return {"AWS_ACCESS_KEY_ID": account.access_key, "AWS_SECRET_ACCESS_KEY": account.secret_key}

    def _tasks(self, target: ServiceTarget) -> ServiceTasks | None:
        """What the task agent says of a service, where the panel itself runs its tasks."""
        report = self._context.tasks() if self._context.runtime() == "process" else None
        return report.service(target.cluster, target.service) if report else None

    def _diagnosis(self, target: ServiceTarget) -> str:
        tasks = self._tasks(target)
        return "\n".join(part for part in (tasks.last_error, tasks.last_log) if part) if tasks else ""

    def _broken(self, target: ServiceTarget, task_definition_arn: str) -> str | None:
        """Why this revision cannot run, so that nobody waits for the deadline of a roll-out that is lost."""
        tasks = self._tasks(target)
        if tasks is None or not tasks.revision.startswith(task_definition_arn):
            return None
        return tasks.last_error or None


def _with_those_before(error: PanelError, done: list[str]) -> PanelError:
    """The same error; where services were rolled out before, it says that they stay."""
    if not done:
        return error
    what = ", ".join(done)
    text = f"{error.message} {what} {'was' if len(done) == 1 else 'were'} rolled out before, and stay{'s' if len(done) == 1 else ''}."
    kind = CanceledRunError if isinstance(error, CanceledRunError) else type(error)
    if isinstance(error, RolloutFailedError):
        return RolloutFailedError(text, hint=error.hint, detail=error.detail, outcome=error.outcome)
    return kind(text, hint=error.hint, detail=error.detail)
