"""A worker's last looks as ``panel health`` shows them: the stored report, and an honest word where it is too old."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from panel.cli import output

if TYPE_CHECKING:
    from panel.store.health_tables import HealthState
    from panel.wiring import Panel

#: An older look says nothing of the present, unless a run changes the environment: then nobody looks on purpose.
_STALE_S = 600.0
_MISSED_LOOKS = 3
_CHANGING = frozenset({"applying", "deploying"})


def one_of(panel: Panel, name: str) -> dict[str, Any]:
    """The last look at one environment.

    Raises:
        NotFoundError: the catalogue has no such environment.
    """
    return _document(panel, name, panel.stores.health.get(name))


def all_of(panel: Panel) -> list[dict[str, Any]]:
    """The last looks at all environments of environments.yaml, by name, without what is only of interest for one."""
    looks = panel.stores.health.latest()
    kept = ("environment", "verdict", "since", "checked_at", "asleep", "causes", "notices")
    documents = [_document(panel, name, looks.get(name)) for name in sorted(panel.catalogue().environments)]
    return [{key: document[key] for key in kept} for document in documents]


def _document(panel: Panel, name: str, look: HealthState | None) -> dict[str, Any]:
    from panel.health.sweep import not_created, to_dict

    absent = to_dict(not_created(panel.catalogue(), name))
    record = panel.stores.environments.get(name)
    if not record.exists:
        return {**absent, "asleep": False}
    empty = {**absent, "verdict": "unknown", "rule": "", "checked_at": None, "services": {}}
    if look is None:
        text = "No worker has looked at it yet."
        return {**empty, "causes": [_cause(panel, name, text)], "asleep": record.asleep}
    document = {
        **empty,
        **look.report,
        "verdict": look.verdict,
        "since": output.iso(look.since),
        "checked_at": output.iso(look.checked_at),
        "asleep": record.asleep,
    }
    age = _age_if_stale(panel, name, look)
    if age is None or record.asleep:
        return document
    text = f"No worker has looked at it for {age}. It was {look.verdict.replace('_', ' ')} then."
    return {
        **document,
        "verdict": "unknown",
        "since": None,
        "rule": "",
        "causes": [_cause(panel, name, text)],
        "services": {key: {**one, "verdict": "unknown"} for key, one in document["services"].items()},
    }


def _age_if_stale(panel: Panel, name: str, look: HealthState) -> str | None:
    from panel.store.tables import now

    allowed = max(_STALE_S, _MISSED_LOOKS * panel.settings.health_interval_s)
    if now() - look.checked_at <= timedelta(seconds=allowed):
        return None
    run = panel.stores.runs.active(name)
    return None if run is not None and run.state in _CHANGING else output.age(look.checked_at, now())


def _cause(panel: Panel, name: str, text: str) -> dict[str, Any]:
    owner = panel.catalogue().environments[name].owner
    call = {"team": owner.team, "contact": owner.contact}
    return {"text": text, "service": None, "owner": call, "evidence": "", "rule": ""}
