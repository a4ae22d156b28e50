"""The table of states: each leads somewhere, every way has an end, and the documentation says the same."""

import re

from panel.settings import Settings
from panel.store.states import CLOSABLE, FINAL, TRANSITIONS, WAITING

_ROW = re.compile(r"^\| `(\w+)` \| ((?:`\w+`(?:, )?)+) \|", re.MULTILINE)


def test_the_architecture_page_has_the_very_table() -> None:
    page = (Settings().root / "docs" / "architecture.md").read_text(encoding="utf-8")
    section = page.split("## States of a run", 1)[1].split("\n## ", 1)[0]

    told = {state: frozenset(re.findall(r"`(\w+)`", cell)) for state, cell in _ROW.findall(section)}

    assert told == dict(TRANSITIONS)
    assert all(f"`{end}`" in section for end in FINAL)


def test_every_state_can_be_reached_and_left() -> None:
    reached, before = {"queued"}, set[str]()
    while reached != before:
        before = set(reached)
        reached |= {after for state in before for after in TRANSITIONS.get(state, ())}

    assert reached == set(TRANSITIONS) | FINAL
    assert set(TRANSITIONS) >= WAITING
    assert set(TRANSITIONS) >= CLOSABLE


def test_people_are_always_able_to_end_what_waits_for_them() -> None:
    assert all({"discarded", "canceled"} <= TRANSITIONS[state] for state in WAITING)
    assert all("canceled" in following for following in TRANSITIONS.values())
