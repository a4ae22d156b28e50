"""The step after a destruction that takes away what deployments had made outside of Terraform."""

from __future__ import annotations

from panel.aws.revisions import retire_revisions
from panel.catalogue.schema import SHARED
from panel.errors import OperationError, PanelError
from panel.lifecycle.instance_keys import key_place, remove_key
from panel.lifecycle.shipping_steps import ShippingSteps
from panel.runs.journal import Journal


class CleanupSteps(ShippingSteps):
    """Clean-up."""

    def cleanup(self, run_id: int) -> None:
        """After a destruction: take away what deployments had made outside of Terraform."""
        run = self._runs.get(run_id)
        self._runs.set_stage(run_id, "cleanup", "active")
        outputs = self._context.stores.environments.get(run.environment).outputs
        with Journal(self._runs, run_id, "cleanup") as journal:
            for name, service in dict(outputs.get("services", {})).items():
                count = retire_revisions(self._context.aws(), str(service["task_definition_family"]))
                journal.say(f"Removed the task definitions of {name} ({count} were active).")
            self._remove_key(run.environment, journal)
        self._runs.set_stage(run_id, "cleanup", "done")

    def _remove_key(self, environment: str, journal: Journal) -> None:
        """Also where the catalogue asks for no key any more: one that was made before opens nothing now."""
        if "keys_bucket" not in self._context.stores.environments.get(SHARED).outputs:
            return  # no shared stack, no bucket that a key could be in
        place = key_place(self._context.stores, environment)
        try:
            count = remove_key(self._context.aws(), place)
        except PanelError as error:
            raise OperationError(
                f"{environment} is destroyed, but its SSH key is still in the bucket {place.bucket}: {error.message}",
                hint=f"Correct that and destroy {environment} once more: only the key is left to remove.",
                detail=error.detail,
            ) from error
        if count:
            journal.say(
                f"Removed the SSH key of {environment} from the bucket {place.bucket}, with all versions."
            )
