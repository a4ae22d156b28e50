"""What the board says: messages for teams, times as people tell them, and no word that only technicians know."""

from __future__ import annotations

import re
from dataclasses import fields
from datetime import UTC, datetime
from html import unescape
from zoneinfo import ZoneInfo

import pytest

from panel.catalogue.schema import Owner
from panel.lifecycle import status_markup as markup
from panel.lifecycle import status_messages as said
from panel.lifecycle import status_words as words
from panel.lifecycle.status_board import WORST_FIRST, Board, Line

NOW = datetime(2026, 11, 12, 17, 19, 5, tzinfo=UTC)
SAO_PAULO = ZoneInfo("America/Sao_Paulo")
BROKEN = Line(
    "Calculator", "Production", "production", "broken", since=datetime(2026, 11, 12, 17, 5, tzinfo=UTC),
    notices=("People cannot save results.",), calls=(Owner(team="API team", contact="api@example.com"),),
    looked_at=NOW, address="https://calc.example.com",
)  # fmt: skip


def board_of(*lines: Line, page: str = "https://panel.example.com/status", worker: bool = True) -> Board:
    return Board(lines, NOW, NOW, worker=worker, waits_for_look=True, page=page)


def every_state() -> Board:
    """One line in each state, in use and elsewhere."""
    given = {field.name: getattr(BROKEN, field.name) for field in fields(BROKEN)}
    return board_of(
        *(Line(**{**given, "state": state, "in_use": use, "notices": tuple(filter(None, [words.NOTICED[state]]))})
          for state in WORST_FIRST for use in (True, False)),
        worker=False,
    )  # fmt: skip


def test_a_message_says_what_where_since_when_and_what_people_notice() -> None:
    assert said.message(BROKEN, board_of(BROKEN), SAO_PAULO) == (
        "Calculator (Production) is not working.\n"
        "Since: 14:05 on 12 November 2026 (UTC-03:00)\n"
        "What people notice: People cannot save results.\n"
        "Where: https://calc.example.com\n"
        "Status page: https://panel.example.com/status"
    )


def test_a_message_leaves_out_what_nobody_knows() -> None:
    line = Line("Calculator", "", "production", "unknown")
    assert said.message(line, board_of(line, page="")) == (
        "Calculator may be working or not: nobody can tell."
    )


@pytest.mark.parametrize(
    ("at", "told"),
    [
        (datetime(2026, 11, 12, 17, 5, tzinfo=UTC), "14:05"),
        (datetime(2026, 11, 12, 2, 5, tzinfo=UTC), "yesterday, 23:05"),
        (datetime(2026, 11, 9, 17, 5, tzinfo=UTC), "Monday, 14:05"),
        (datetime(2026, 11, 5, 17, 5, tzinfo=UTC), "5 November"),
        (datetime(2025, 11, 5, 17, 5, tzinfo=UTC), "5 November 2025"),
    ],
)
def test_moments_are_told_by_the_readers_clock_and_calendar(at: datetime, told: str) -> None:
    assert words.moment(at, NOW, SAO_PAULO) == told


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0, "a moment"), (59, "a moment"), (60, "1 minute"), (7199, "1 hour"), (172_800, "2 days")],
)
def test_spans_are_told_in_one_unit(seconds: float, told: str) -> None:
    assert words.span(seconds) == told


def test_no_word_that_only_technicians_know_is_on_the_page_or_in_its_messages() -> None:
    board = every_state()
    pieces = [markup.head(board, NOW), markup.cards(board, NOW), markup.foot(board, NOW)]
    texts = [unescape(re.sub(r"<[^>]+>", " ", piece)) for piece in pieces]
    texts += [unescape(copied) for copied in re.findall(r'data-copy="([^"]*)"', pieces[1])]
    texts += [said.message(line, board) for line in board.lines]
    told = [
        value for name, value in vars(words).items() if name.isupper() and name[0] != "_" and name != "JARGON"
    ]
    for value in told:
        texts += [value] if isinstance(value, str) else value.values() if isinstance(value, dict) else value
    found = {text: words.jargon_in(text) for text in texts if isinstance(text, str)}
    assert len(found) > 40
    assert {text: jargon for text, jargon in found.items() if jargon} == {}


@pytest.mark.parametrize(
    "text", ["The ECS service has no targets", "a TERRAFORM apply runs", "load balancer", "S3"]
)
def test_technical_words_are_found(text: str) -> None:
    assert words.jargon_in(text)


def test_every_state_has_word_shape_and_colour() -> None:
    style = markup.asset("status_page.css")
    for state in WORST_FIRST:
        assert words.STATES[state]
        assert f".s-{state}" in style
    assert len({markup.SHAPES[state] for state in WORST_FIRST}) == len(WORST_FIRST)


def _luminance(colour: str) -> float:
    def channel(value: int) -> float:
        part = value / 255
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    red, green, blue = (channel(int(colour[place : place + 2], 16)) for place in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_colours_can_be_read_on_light_and_dark() -> None:
    from panel.lifecycle.status_export import page

    style = page(board_of())
    pairs = dict(re.findall(r"(--p-[a-z]+): light-dark\((#\w{6}, #\w{6})\)", style))
    backgrounds = [*pairs["--p-page"].split(", ")]
    tinted = re.findall(r"background: light-dark\((#\w{6}), (#\w{6})\)", style)[0]
    for name in ("ink", "quiet", "link", "ok", "busy", "warn", "bad", "none", "unsure"):
        for side, colour in enumerate(pairs[f"--p-{name}"].split(", ")):
            for behind in (backgrounds[side], tinted[side]):
                light, dark = sorted((_luminance(colour), _luminance(behind)), reverse=True)
                assert (light + 0.05) / (dark + 0.05) >= 4.5, (name, colour, behind)


@pytest.mark.parametrize(
    ("contact", "links"),
    [
        ("api@example.com", ["mailto:api@example.com?subject=Down&body=now"]),
        ("call +55 (11) 5555-0102 at night", ["tel:+551155550102"]),
        (
            "api@example.com, 011 5555 0102",
            ["mailto:api@example.com?subject=Down&body=now", "tel:01155550102"],
        ),
        ("https://chat.example.com/api", ["https://chat.example.com/api"]),
        ("#api-team", []),
        ("room 12", []),
        ("javascript:alert(1)", []),
    ],
)
def test_contacts_that_can_be_reached_are_links(contact: str, links: list[str]) -> None:
    body = markup.reached(Owner(team="API team", contact=contact), "Down", "now")
    assert [unescape(href) for href in re.findall(r'href="([^"]*)"', body)] == links
    assert unescape(re.sub(r"<[^>]+>", "", body)) == contact


def test_what_comes_from_outside_stays_text() -> None:
    evil = '"><script>alert(1)</script>'
    line = Line(
        evil,
        evil,
        "production",
        "broken",
        notices=(evil,),
        calls=(Owner(team=evil, contact=evil),),
        address=evil,
    )
    board = board_of(line)
    body = markup.cards(board, NOW)
    assert "<script" not in body
    assert body.count("&lt;script&gt;") >= 5


def test_the_document_names_everything() -> None:
    document = said.to_dict(every_state())
    assert document["up_to_date"] is False
    assert document["state"] == "broken"
    first = document["applications"][0]
    assert first["call"] == [{"team": "API team", "contact": "api@example.com"}]
    assert first["since"] == "2026-11-12T17:05:00+00:00"
    assert first["message"].startswith("Calculator (Production) is not working.")


def test_what_works_elsewhere_takes_one_line() -> None:
    given = {field.name: getattr(BROKEN, field.name) for field in fields(BROKEN)}
    lines = [Line(**{**given, "state": "works", "in_use": False, "place": f"place {n}"}) for n in range(30)]
    body = markup.cards(board_of(*lines), NOW)
    assert "<article" not in body
    assert "Calculator (place 29)" in body
