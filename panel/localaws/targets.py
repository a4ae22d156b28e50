"""Keeping a target group's registered addresses equal to the tasks that serve."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from panel.localaws.addresses import is_task_address
from panel.localaws.clients import LoadBalancing
from panel.localaws.tasks import Task

_GONE = "TargetGroupNotFound"


def sync_targets(elbv2: LoadBalancing, group: str, serving: Collection[Task]) -> None:
    """Register what serves and is missing, then take out what is ours and does not serve.

    Targets that cannot be tasks of ours are left alone. A group that is gone needs nothing.

    Raises:
        Exception: whatever the client raises when the call is refused or not answered.
    """
    try:
        answer = elbv2.describe_target_health(TargetGroupArn=group)
    except Exception as error:
        if _GONE in f"{type(error).__name__} {error}":
            return
        raise
    registered = {
        (item["Target"]["Id"], item["Target"].get("Port")) for item in answer["TargetHealthDescriptions"]
    }
    wanted = {(task.address, task.port) for task in serving}
    # An address that comes back with another port would hide behind the old entry: out with that first.
    returning = {target for target in registered - wanted if target[0] in {address for address, _ in wanted}}
    if returning:
        elbv2.deregister_targets(TargetGroupArn=group, Targets=_listed(returning))
    missing = {target for target in wanted if target not in registered}
    if missing:
        elbv2.register_targets(TargetGroupArn=group, Targets=_listed(missing))
    stale = {target for target in registered - wanted - returning if is_task_address(target[0])}
    if stale:
        elbv2.deregister_targets(TargetGroupArn=group, Targets=_listed(stale))


def _listed(targets: Collection[tuple[str, Any]]) -> list[dict[str, Any]]:
    return [{"Id": address, **({"Port": port} if port else {})} for address, port in sorted(targets, key=str)]
