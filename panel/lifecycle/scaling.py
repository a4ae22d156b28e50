"""Putting an environment to sleep and waking it: what Terraform leaves to deployments, and what a plan may touch.

Terraform makes the group of instances small or large; how many tasks a service has is the deployments' own, and is
set here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from panel.aws.ecs import find_service, update_service
from panel.engine.attributes import AttributeChange
from panel.engine.plan import PlanSummary, ResourceChange
from panel.errors import RefusedError
from panel.lifecycle.context import Context
from panel.lifecycle.schedule_hours import WAKING
from panel.store.tables import Run

#: What is a size, by type of resource.
_SIZES: Mapping[str, frozenset[str]] = {
    "aws_autoscaling_group": frozenset({"min_size", "max_size", "desired_capacity"}),
    "aws_ecs_service": frozenset({"desired_count"}),
    "aws_appautoscaling_target": frozenset({"min_capacity", "max_capacity"}),
}
_MOST_NAMED = 5
_EMPTY: tuple[object, ...] = (None, "", [], {})


def refuse_more_than_sizes(environment: str, summary: PlanSummary) -> None:
    """Let a plan that nobody reviews pass only where it does nothing but scale.

    Raises:
        RefusedError: it would do more; the message names what.
    """
    foreign = [words for change in summary.effective for words in _more_than_sizes(change)]
    if not foreign:
        return
    more = f" and {len(foreign) - _MOST_NAMED} more" if len(foreign) > _MOST_NAMED else ""
    raise RefusedError(
        f"Scaling {environment} by its working hours would change more than sizes: "
        f"{', '.join(foreign[:_MOST_NAMED])}{more}. Nothing was changed.",
        hint=f"Update {environment} and review what is new; from then on it is scaled again.",
    )


def _more_than_sizes(change: ResourceChange) -> list[str]:
    if change.action != "update":
        return [f"{change.address} ({change.action})"]
    sizes = _SIZES.get(change.type, frozenset())
    # What is not known yet is computed: by the provider, or from a resource that changes, which is judged itself.
    return [
        f"{change.address} ({attribute.path})"
        for attribute in change.attributes
        if attribute.known and attribute.path not in sizes and not _both_empty(attribute)
    ]


def _both_empty(attribute: AttributeChange) -> bool:
    # Nothing, said in another way: providers fill blocks that nobody has written with empty values.
    return attribute.before in _EMPTY and attribute.after in _EMPTY


def before_apply(context: Context, run: Run) -> None:
    """Before instances go: end the tasks, so that they end in good order."""
    if run.kind == "sleep":
        _scale_services(context, run.environment, asleep=True)


def after_apply(context: Context, run: Run) -> None:
    """After an apply: note whether the environment is awake, and that nothing of it drifts; after waking, start the
    tasks again.
    """
    if run.kind == "sleep":
        # Autoscaling may have started some again until Terraform told it to keep to none.
        _scale_services(context, run.environment, asleep=True)
        context.stores.environments.save(run.environment, asleep=True, ready=True, drift=[])
    elif run.kind in WAKING:
        if run.kind == "wake":
            _scale_services(context, run.environment, asleep=False)
        context.stores.environments.save(run.environment, asleep=False, drift=[])


def _scale_services(context: Context, environment: str, *, asleep: bool) -> None:
    """Set the number of tasks of every service that was ever deployed."""
    outputs: Mapping[str, Any] = context.stores.environments.get(environment).outputs
    live = context.stores.releases.live(environment)
    for name, service in dict(outputs.get("services", {})).items():
        if name not in live:
            continue
        aws, cluster = context.aws(), str(outputs["cluster_name"])
        found = find_service(aws, cluster, str(service["service_name"]))
        wanted = 0 if asleep else int(service["desired_count"])
        if found is None or found.desired == wanted:
            continue
        update_service(aws, cluster, found.name, task_definition=found.task_definition, desired=wanted)
