"""Which change of an environment's health is worth telling, and when: what lasts is told once, what comes and goes is not
told each time.

The worker looks at the store every few seconds. What people were told stands there too, so that neither a restart nor
another worker tells it again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from panel.catalogue.health import HealthRules, health_for
from panel.catalogue.schema import Catalogue
from panel.lifecycle.health_words import UNSTEADY, Trouble, facts_of, whom_to_call
from panel.lifecycle.stages import READ_ONLY, STAGES
from panel.lifecycle.telling import Teller
from panel.store.health import Standing
from panel.store.health_tables import HealthSpan
from panel.store.stores import Stores
from panel.store.tables import now

#: So many changes within that time: it comes and goes.
UNSTEADY_CHANGES = 4
UNSTEADY_WITHIN = timedelta(minutes=30)
#: As long as this the same: it has settled.
STEADY_AFTER = timedelta(minutes=15)
#: After a run that changed an environment it is given so long to settle before anything is told.
CALM_AFTER_RUN = timedelta(minutes=2)
#: A look that is older says nothing of the present: no worker has looked since.
_STALE_AFTER = timedelta(minutes=10)
_MISSED_LOOKS = 3
_FURTHEST = timedelta(days=90)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)

_VERDICTS = frozenset({"healthy", "degraded", "down", "unknown"})
_CHANGING = frozenset({"approved", "applying", "deploying"})
_CHANGING_KINDS = frozenset(STAGES) - READ_ONLY - {"unlock"}

Act = Literal["tell", "note", "wait", "quiet"]


@dataclass(frozen=True)
class Situation:
    """How an environment stands against what people were told of it.

    Attributes:
        verdict, since: how it is, and when it began to be so.
        told: the verdict people know; ``unsteady`` where they know that it comes and goes, empty before the first.
        told_at: when they were told; None where it was only noted.
        changes: when its verdict changed lately.
        calm_from: from when on no run disturbs it any more; None while one changes it.
    """

    verdict: str
    since: datetime
    told: str = ""
    told_at: datetime | None = None
    changes: Sequence[datetime] = ()
    calm_from: datetime | None = _LONG_AGO


@dataclass(frozen=True)
class Decision:
    """What to do: tell or note ``verdict``, wait, or nothing."""

    act: Act
    verdict: str = ""


def decide(situation: Situation, rules: HealthRules, moment: datetime) -> Decision:
    """What to do about an environment at this moment. Pure.

    *tell* says it to people and notes it; *note* keeps it as known without a word; *wait* looks again; *quiet* has
    nothing to say.
    """
    verdict, told = situation.verdict, situation.told
    if verdict not in _VERDICTS:
        return Decision("quiet")
    calm_from = situation.calm_from
    if calm_from is None or moment < calm_from:
        return Decision("wait")
    lasted = moment - situation.since
    if told == UNSTEADY:
        return Decision("tell", verdict) if lasted >= STEADY_AFTER else Decision("wait")
    if _comes_and_goes(situation, calm_from, moment):
        return Decision("tell", UNSTEADY)
    if verdict == told:
        return Decision("quiet")
    if not told and verdict != "down":
        return Decision("note", verdict)
    if verdict == "healthy" and situation.told_at is None:
        return Decision("note", verdict)  # nobody was told of trouble that would be over now
    return Decision("tell", verdict) if lasted >= _patience(rules, verdict) else Decision("wait")


def _comes_and_goes(situation: Situation, calm_from: datetime, moment: datetime) -> bool:
    begin = max(moment - UNSTEADY_WITHIN, calm_from)
    changes = sum(begin < change <= moment for change in situation.changes)
    return changes >= UNSTEADY_CHANGES and moment - situation.since < STEADY_AFTER


def _patience(rules: HealthRules, verdict: str) -> timedelta:
    seconds = {
        "down": rules.tell_down_s,
        "degraded": rules.tell_degraded_s,
        "unknown": rules.tell_unknown_s,
        "healthy": rules.tell_healthy_s,
    }
    return timedelta(seconds=seconds[verdict])


class HealthNews:
    """Tells changes of verdicts. It asks the store alone, and most of the time one question.

    Args:
        catalogue: reads environments.yaml.
        stores: the store.
        teller: tells it.
        interval_s: seconds between two looks at an environment.
        clock: the present time.
    """

    def __init__(
        self, catalogue: Callable[[], Catalogue], stores: Stores, teller: Teller, *,
        interval_s: float = 30, clock: Callable[[], datetime] = now,
    ) -> None:  # fmt: skip
        self._catalogue = catalogue
        self._stores = stores
        self._teller = teller
        self._stale_after = max(_STALE_AFTER, _MISSED_LOOKS * timedelta(seconds=interval_s))
        self._clock = clock

    def look(self) -> None:
        """Tell what has changed for good since it was told last."""
        moment, catalogue = self._clock(), self._catalogue()
        for standing in self._stores.health.standings():
            fresh = moment - standing.checked_at <= self._stale_after
            settled = standing.told_verdict == standing.verdict and moment - standing.since > UNSTEADY_WITHIN
            if standing.environment in catalogue.environments and fresh and not settled:
                self._consider(catalogue, standing, moment)

    def _consider(self, catalogue: Catalogue, standing: Standing, moment: datetime) -> None:
        name = standing.environment
        record = self._stores.environments.get(name)
        if not record.exists or record.asleep:
            return
        known = standing.told_verdict, standing.told_at
        if standing.told_at is not None and record.created_at and record.created_at > standing.told_at:
            known = "", None  # what was told is of an environment that is gone
        spans = self._stores.health.spans(name, since=moment - UNSTEADY_WITHIN)
        situation = Situation(
            standing.verdict, standing.since, *known,
            changes=[span.began_at for span in spans[1:]],
            calm_from=self._calm_from(name),
        )  # fmt: skip
        rules = health_for(catalogue.health, catalogue.environments[name].health)
        decision = decide(situation, rules, moment)
        if decision.act == "tell":
            self._tell(catalogue, name, situation, decision.verdict, moment)
            self._stores.health.told(name, decision.verdict, moment)
        elif decision.act == "note":
            self._stores.health.told(name, decision.verdict, None)

    def _calm_from(self, environment: str) -> datetime | None:
        latest = self._stores.history.latest(environment, _CHANGING_KINDS, limit=2)
        if any(run.active and run.state in _CHANGING for run in latest):
            return None
        ends = [run.ended_at for run in latest if run.ended_at is not None]
        return max(ends) + CALM_AFTER_RUN if ends else _LONG_AGO

    def _tell(
        self, catalogue: Catalogue, name: str, situation: Situation, verdict: str, moment: datetime
    ) -> None:
        state = self._stores.health.get(name)
        trouble = Trouble(
            verdict=verdict,
            present=situation.verdict,
            since=situation.since,
            told=situation.told,
            changes=len(situation.changes),
            report=state.report if state is not None else {},
            spans=self._spans_of_trouble(name, situation.since, moment),
        )
        page = self._teller.status_page
        facts = facts_of(trouble, catalogue, moment) | {"status": f"Status page: {page}" if page else ""}
        self._teller.tell(
            f"health_{verdict}",
            f"health:{name}:{verdict}:{situation.since:%Y%m%d%H%M%S}",
            name,
            facts,
            call=whom_to_call(trouble),
            tab="Health",
        )

    def _spans_of_trouble(self, name: str, since: datetime, moment: datetime) -> Sequence[HealthSpan]:
        """All spans, of services too, since the trouble began that is told or over now."""
        earlier = self._stores.health.spans(name, since=moment - _FURTHEST)
        began = since
        for span in reversed([one for one in earlier if one.began_at < since]):
            if span.verdict == "healthy":
                break
            began = span.began_at
        return self._stores.health.spans(name, since=began, service=None)
