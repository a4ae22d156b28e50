"""The step that looks from outside until an environment is healthy."""

from __future__ import annotations

import time

from panel.deploys import StoppedError
from panel.errors import DeployError
from panel.health.verdict import at_this_moment
from panel.lifecycle.shipping_steps import ShippingSteps
from panel.lifecycle.sweeps import sweep_environment

# How long a new environment may take to look healthy from outside, and how often it is asked, in seconds.
_LIMIT_S = 90.0
_EVERY_S = 1.5


class ChecksSteps(ShippingSteps):
    """Checks."""

    def checks(self, run_id: int) -> None:
        """Look from outside until the environment is healthy; only then it is ready.

        Raises:
            DeployError: it was not healthy in time; the message holds the causes.
        """
        run = self._runs.get(run_id)
        deadline = time.monotonic() + _LIMIT_S
        with self._at_work(run, "checks") as work:
            while True:
                report = at_this_moment(
                    self._context.catalogue(), sweep_environment(self._context, run.environment),
                    emulated=self._context.emulated_endpoint is not None,
                )  # fmt: skip
                causes = "; ".join(cause.text for cause in report.causes)
                work.journal.say(f"Checks: {report.verdict}{f' ({causes})' if causes else ''}")
                if report.verdict == "healthy":
                    break
                if work.stopping.stopped():
                    raise StoppedError
                if time.monotonic() > deadline:
                    raise DeployError(
                        f"{run.environment} came up but does not look healthy from outside: {causes or report.verdict}.",
                        hint="Open the environment's Health tab for the evidence, then deploy again.",
                    )
                work.clock.wait(_EVERY_S)
        self._context.stores.environments.save(run.environment, ready=True)
        self._runs.set_stage(run_id, "checks", "done", detail="healthy")
