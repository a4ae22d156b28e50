"""Looking at environments and storing what was seen: by the worker on its schedule, after a run, or when asked."""

from __future__ import annotations

import logging

from panel.catalogue.schema import SHARED
from panel.errors import PanelError, RefusedError
from panel.health.sweep import Report, not_created, sweep, to_dict
from panel.lifecycle.context import Context

_log = logging.getLogger(__name__)


def sweep_environment(context: Context, name: str) -> Report:
    """Look at one environment now and keep what was seen.

    Raises:
        NotFoundError: the catalogue has no such environment.
        RefusedError: it is asleep, so that there is nothing to look at.
    """
    catalogue = context.catalogue()
    record = context.stores.environments.get(name)
    if record.exists and record.asleep:
        raise RefusedError(
            f"{name} is scaled down to nothing outside its working hours: it does not answer, as it should not.",
            hint=f"To wake it now: panel env update {name}.",
        )
    if not record.exists:
        return not_created(catalogue, name)
    report = sweep(
        context.aws(),
        catalogue,
        name,
        record.outputs,
        emulated_endpoint=context.emulated_endpoint,
        lost_world=record.world != context.world(),
    )
    context.stores.health.record(name, report.verdict, to_dict(report))
    return report


def sweep_all(context: Context) -> None:
    """Look at every environment that exists and has no run changing it."""
    known = context.catalogue().environments
    if context.world() is None:
        return  # stopped on purpose: what was seen last says more than a row of failures
    for name, record in context.stores.environments.all().items():
        if name == SHARED or name not in known or not record.exists or not record.outputs or record.asleep:
            continue
        active = context.stores.runs.active(name)
        if active is not None and active.state in {"applying", "deploying"}:
            continue
        try:
            sweep_environment(context, name)
        except PanelError as error:
            _log.warning("Looking at %s failed: %s", name, error)
