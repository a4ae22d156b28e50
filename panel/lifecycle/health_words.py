"""What a message about health says: which application, what people notice, since when, why, and whom to call.

Belongs here: the facts of such messages, from the last look and the spans before it. When to tell is in
:mod:`panel.lifecycle.health_news`; the sentences around the facts are in :mod:`panel.notify.messages`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from panel.catalogue.schema import Catalogue
from panel.lifecycle.telling import span_words
from panel.store.health import WHOLE
from panel.store.health_tables import HealthSpan

#: What people know of an environment whose verdict changes all the time.
UNSTEADY = "unsteady"

#: What an application does, and what several do, by what is told.
_DOES: Mapping[str, tuple[str, str]] = {
    "down": ("does not work", "do not work"),
    "degraded": ("works with trouble", "work with trouble"),
    "unknown": ("may work or not", "may work or not"),
    "healthy": ("works again", "work again"),
    UNSTEADY: ("comes and goes", "come and go"),
}
_AT_PRESENT: Mapping[str, str] = {
    "down": "it does not work",
    "degraded": "it works with trouble",
    "unknown": "nobody can tell",
    "healthy": "it works",
}
_WAS: Mapping[str, str] = {
    "down": "It did not work",
    "degraded": "It worked with trouble",
    "unknown": "Nobody could tell",
}
_MOST_TITLES = 3
_MOST_CAUSES = 5


@dataclass(frozen=True)
class Trouble:
    """What a message is about.

    Attributes:
        verdict: what is told: a verdict, or that it comes and goes.
        present, since: the verdict at present, and when it began.
        told: what people were told before.
        changes: how often the verdict changed lately.
        report: the last look.
        spans: of the environment and its services, since the trouble began.
    """

    verdict: str
    present: str
    since: datetime
    told: str
    changes: int
    report: Mapping[str, Any]
    spans: Sequence[HealthSpan]


def facts_of(trouble: Trouble, catalogue: Catalogue, moment: datetime) -> dict[str, str]:
    """The facts that the words of a message about health name."""
    titles = _titles(trouble, catalogue)
    one_does, many_do = _DOES[trouble.verdict]
    lasted = span_words((moment - trouble.since).total_seconds())
    return {
        "what": f"{_listed(titles)} {many_do if len(titles) > 1 else one_does}",
        "causes": _causes(trouble.report),
        "since": f"Since {_clock(trouble.since)}, for {lasted} now.",
        "before": _before(trouble),
        "changes": str(trouble.changes),
        "present": _AT_PRESENT[trouble.present],
    }


def whom_to_call(trouble: Trouble) -> str:
    """Whom to call about the worst cause; empty where there is none, which leaves the environment's owner."""
    causes = trouble.report.get("causes") or []
    return _owner(causes[0]) if causes else ""


def _titles(trouble: Trouble, catalogue: Catalogue) -> list[str]:
    """The applications that it is about: all, where it is no single service."""
    if trouble.verdict in ("healthy", UNSTEADY):
        bad = {span.service for span in trouble.spans if span.verdict in _WAS and span.service != WHOLE}
    else:
        services = trouble.report.get("services") or {}
        bad = {name for name, one in services.items() if one.get("verdict") == trouble.verdict}
    named = [service.title for name, service in catalogue.services.items() if name in bad]
    return list(dict.fromkeys(named or [service.title for service in catalogue.services.values()]))


def _listed(titles: Sequence[str]) -> str:
    shown = [*titles[:_MOST_TITLES]]
    if len(titles) > _MOST_TITLES:
        shown = [*titles[: _MOST_TITLES - 1], f"{len(titles) - _MOST_TITLES + 1} more"]
    return f"{', '.join(shown[:-1])} and {shown[-1]}" if len(shown) > 1 else shown[0]


def _causes(report: Mapping[str, Any]) -> str:
    """One cause as it is; several with whom to call about each."""
    causes = report.get("causes") or []
    if len(causes) == 1:
        return str(causes[0].get("text", ""))
    lines = [f"- {cause.get('text', '')} Call: {_owner(cause)}" for cause in causes[:_MOST_CAUSES]]
    more = len(causes) - len(lines)
    return "\n".join([*lines, *([f"- and {more} more"] if more > 0 else [])])


def _owner(cause: Mapping[str, Any]) -> str:
    owner = cause.get("owner") or {}
    return f"{owner.get('team', '')} <{owner.get('contact', '')}>"


def _before(trouble: Trouble) -> str:
    """How it was before, and for how long."""
    if trouble.told == UNSTEADY:
        return "Before that it came and went."
    own = [span for span in trouble.spans if span.service == WHOLE and span.began_at < trouble.since]
    if not own or trouble.told not in _WAS:
        return ""
    lasted = span_words((trouble.since - own[0].began_at).total_seconds())
    was = _WAS[trouble.told] if {span.verdict for span in own} == {trouble.told} else "There was trouble"
    return f"{was} for {lasted}, from {_clock(own[0].began_at)} to {_clock(trouble.since)}."


def _clock(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
