"""When a change of verdict is told: the table of the rules against flapping, as a specification."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panel.catalogue.health import HealthRules
from panel.lifecycle.health_news import UNSTEADY_CHANGES, Decision, Situation, decide

NOW = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
RULES = HealthRules()  # down 60 s, degraded 180 s, unknown 600 s, healthy 120 s
TOLD_AT = NOW - timedelta(hours=3)


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


# known so far, present verdict, for so many seconds → what is done
PATIENCE = [
    # Nothing new.
    ("healthy", "healthy", 7200, "quiet"),
    ("down", "down", 7200, "quiet"),
    # Trouble is told once it lasted as long as the rules say.
    ("healthy", "down", 0, "wait"),
    ("healthy", "down", 59, "wait"),
    ("healthy", "down", 60, "tell down"),
    ("healthy", "degraded", 179, "wait"),
    ("healthy", "degraded", 180, "tell degraded"),
    ("healthy", "unknown", 599, "wait"),
    ("healthy", "unknown", 600, "tell unknown"),
    # It gets worse, or somewhat better.
    ("degraded", "down", 60, "tell down"),
    ("down", "degraded", 180, "tell degraded"),
    ("down", "unknown", 600, "tell unknown"),
    # It works again, and that lasts too.
    ("down", "healthy", 119, "wait"),
    ("down", "healthy", 120, "tell healthy"),
    ("degraded", "healthy", 120, "tell healthy"),
    ("unknown", "healthy", 120, "tell healthy"),
    # The first verdict of an environment is noted; only *down* is told.
    ("", "healthy", 0, "note healthy"),
    ("", "degraded", 0, "note degraded"),
    ("", "unknown", 0, "note unknown"),
    ("", "down", 59, "wait"),
    ("", "down", 60, "tell down"),
    # What came and went is told again only when it has settled, whatever it settled to.
    ("unsteady", "healthy", 899, "wait"),
    ("unsteady", "healthy", 900, "tell healthy"),
    ("unsteady", "down", 899, "wait"),
    ("unsteady", "down", 900, "tell down"),
    # There is nothing to tell of what does not exist.
    ("healthy", "not_created", 7200, "quiet"),
    ("", "not_created", 0, "quiet"),
]


def words(decision: Decision) -> str:
    return f"{decision.act} {decision.verdict}".strip()


@pytest.mark.parametrize(("told", "verdict", "lasted", "expected"), PATIENCE)
def test_patience(told: str, verdict: str, lasted: float, expected: str) -> None:
    situation = Situation(verdict, ago(lasted), told, TOLD_AT if told else None)
    assert words(decide(situation, RULES, NOW)) == expected


def test_the_environments_own_rules_count() -> None:
    hurried = HealthRules(tell_down_s=0, tell_healthy_s=0)
    assert words(decide(Situation("down", NOW, "healthy", TOLD_AT), hurried, NOW)) == "tell down"
    assert words(decide(Situation("healthy", NOW, "down", TOLD_AT), hurried, NOW)) == "tell healthy"


def test_the_end_of_trouble_that_nobody_was_told_of_is_noted_alone() -> None:
    situation = Situation("healthy", ago(1), "degraded", told_at=None)
    assert words(decide(situation, RULES, NOW)) == "note healthy"


# minutes since each change, what people know → what is done about an environment that is down for a minute and a half
COMES_AND_GOES = [
    ((1.5,), "healthy", "tell down"),
    ((20, 10, 1.5), "healthy", "tell down"),
    ((25, 20, 10, 1.5), "healthy", "tell unsteady"),
    ((40, 35, 31, 30, 10, 1.5), "healthy", "tell down"),
    # Also where it is again just what people know.
    ((25, 20, 10, 1.5), "down", "tell unsteady"),
    # Once told, it is silent.
    ((25, 20, 10, 1.5), "unsteady", "wait"),
]


@pytest.mark.parametrize(("changes", "told", "expected"), COMES_AND_GOES)
def test_what_comes_and_goes(changes: tuple[float, ...], told: str, expected: str) -> None:
    begun = [ago(60 * minutes) for minutes in changes]
    situation = Situation("down", begun[-1], told, TOLD_AT, changes=begun)
    assert words(decide(situation, RULES, NOW)) == expected


def test_what_has_settled_does_not_come_and_go_any_more() -> None:
    changes = [ago(60 * minutes) for minutes in (29, 28, 27, 26, 15)]
    situation = Situation("healthy", changes[-1], "healthy", TOLD_AT, changes=changes)
    assert words(decide(situation, RULES, NOW)) == "quiet"


# seconds since no run disturbs it any more (None: one is at work) → what is done about five minutes of *down*
RUNS = [(None, "wait"), (-1, "wait"), (0, "tell down"), (3600, "tell down")]


@pytest.mark.parametrize(("calm", "expected"), RUNS)
def test_nothing_is_told_while_a_run_changes_it_and_shortly_after(calm: float | None, expected: str) -> None:
    calm_from = None if calm is None else ago(calm)
    situation = Situation("down", ago(300), "healthy", TOLD_AT, calm_from=calm_from)
    assert words(decide(situation, RULES, NOW)) == expected


def test_changes_that_a_run_made_do_not_count_as_coming_and_going() -> None:
    changes = [ago(60 * minutes) for minutes in (25, 24, 23, 22, 1.5)]
    situation = Situation("down", changes[-1], "healthy", TOLD_AT, changes, calm_from=ago(60 * 20))
    assert words(decide(situation, RULES, NOW)) == "tell down"


LOOK = timedelta(seconds=30)
SPELLS = st.lists(
    st.tuples(st.sampled_from(["healthy", "degraded", "down", "unknown"]), st.integers(1, 60)), min_size=1
)


def told_over(spells: list[tuple[str, int]]) -> tuple[list[tuple[datetime, str]], str]:
    """What is told, and when, of an environment that is so for so many looks; and what people know in the end."""
    moment, told, told_at, present, since = NOW, "healthy", TOLD_AT, "healthy", ago(7200)
    changes: list[datetime] = []
    messages: list[tuple[datetime, str]] = []
    for verdict, looks in spells:
        for _ in range(looks):
            moment += LOOK
            if verdict != present:
                present, since = verdict, moment
                changes.append(moment)
            decision = decide(Situation(present, since, told, told_at, changes), RULES, moment)
            if decision.act == "tell":
                messages.append((moment, decision.verdict))
                told, told_at = decision.verdict, moment
    return messages, told


@given(SPELLS)
def test_whatever_happens_people_are_told_seldom_and_know_in_the_end_how_it_is(
    spells: list[tuple[str, int]],
) -> None:
    last = spells[-1][0]
    messages, known = told_over([*spells, (last, 60)])
    assert known == last
    told = [verdict for _, verdict in messages]
    assert all(one != next_one for one, next_one in pairwise(["healthy", *told]))
    for at, _ in messages:
        within = [one for one, _ in messages if at <= one < at + timedelta(minutes=30)]
        assert len(within) <= UNSTEADY_CHANGES + 2
