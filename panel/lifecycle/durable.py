"""The few things a worker asks of DBOS: launch, start, resume and wake a run's workflow, and how one stands."""

from __future__ import annotations

from enum import StrEnum

from dbos import DBOS, DBOSConfig

from panel.lifecycle.workflows import DECISION, RUN_WORKFLOW, Workflows, run_id_of, workflow_id
from panel.store.tables import Run

#: Part of the stored identity of workflows: raise it only when their sequence of steps changes.
WORKFLOW_VERSION = "3"
#: DBOS's words for a workflow that will do nothing more.
_ENDED = frozenset({"SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"})


class Standing(StrEnum):
    """How a run's workflow stands."""

    MISSING = "missing"
    UNDER_WAY = "under way"
    ENDED = "ended"
    #: Begun by a version of the panel whose workflows had other steps: nobody can go on with it.
    OTHER_VERSION = "other version"


class Durable:
    """DBOS, as one worker process uses it.

    Every process is an executor of its own name and listens to a queue of its own. New runs are started directly:
    the store is the queue, and decides who has a run before DBOS hears of it. Only runs that were taken over go
    through the queue, since DBOS resumes workflows by queueing them.

    Args:
        token: what tells this process from every other one.
    """

    def __init__(self, token: str) -> None:
        self._queue = queue_of(token)
        self._token = token
        self._workflows: Workflows | None = None
        self._poll_interval_s = 1.0

    def prepare(self, system_database_url: str, poll_interval_s: float) -> None:
        """Set DBOS up; the workflows must be made between this and :meth:`launch`."""
        config: DBOSConfig = {
            "name": "panel",
            "system_database_url": system_database_url,
            "application_version": WORKFLOW_VERSION,
            "executor_id": self._token,
            "log_level": "WARNING",
            "notification_listener_polling_interval_sec": poll_interval_s,
        }
        DBOS(config=config)
        DBOS.listen_queues([self._queue])

    def launch(self, workflows: Workflows, poll_interval_s: float) -> None:
        """Begin to execute."""
        self._workflows, self._poll_interval_s = workflows, poll_interval_s
        DBOS.launch()
        self._listen()

    def start(self, run: Run) -> None:
        """Start a run's workflow here, unless it exists already."""
        if self._workflows is None:
            raise RuntimeError("launch comes first")
        self._workflows.start(run.id or 0, run.environment, run.kind)

    def resume(self, run_id: int) -> None:
        """Go on, in this process, with a workflow that another process began; its own steps are refused from now on."""
        self._listen()
        DBOS.resume_workflow(workflow_id(run_id), queue_name=self._queue)

    def wake(self, run_id: int, state: str, reason: str) -> None:
        """Tell a workflow that waits for a decision to look at the store; repeating is harmless."""
        DBOS.send(workflow_id(run_id), state, topic=DECISION, idempotency_key=f"{run_id}-{reason}")

    def standing(self, run_id: int) -> Standing:
        """How the workflow of a run stands."""
        status = DBOS.get_workflow_status(workflow_id(run_id))
        if status is None:
            return Standing.MISSING
        if status.status in _ENDED:
            return Standing.ENDED
        version = status.app_version
        return Standing.UNDER_WAY if version in {None, WORKFLOW_VERSION} else Standing.OTHER_VERSION

    def unfinished(self) -> set[int]:
        """Runs whose workflow has not ended, as far as DBOS knows: also where the store was told otherwise."""
        found = DBOS.list_workflows(
            status=["PENDING", "ENQUEUED"], name=RUN_WORKFLOW, load_input=False, load_output=False
        )
        return {run_id_of(status.workflow_id) for status in found}

    def give_up(self, run_id: int) -> None:
        """End the workflow of a run that has ended without it."""
        DBOS.cancel_workflow(workflow_id(run_id))

    def forget_queue(self, token: str) -> None:
        """Remove the queue of a worker whose runs are all taken over, or of this one at its end."""
        DBOS.delete_queue(queue_of(token))

    def _listen(self) -> None:
        # Again before each use: while we were thought to be gone, somebody may have removed our queue.
        DBOS.register_queue(self._queue, polling_interval_sec=self._poll_interval_s)


def queue_of(token: str) -> str:
    """Name of the queue that one worker process alone takes from."""
    return f"worker-{token}"
