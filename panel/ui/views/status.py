"""What works right now, in plain words, for a wall screen or a phone: which application, since when, whom to call."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from panel.lifecycle import status_markup as markup
from panel.lifecycle import status_words as words
from panel.ui import health_readers
from panel.ui.components import status_style
from panel.ui.components.status_script import status_script
from panel.ui.live import CALM, live
from panel.ui.state import get_panel


def show() -> None:
    """Draw the page."""
    st.set_page_config(page_title=words.TITLE)
    status_style.apply()
    status_script()
    live(_board, CALM)()


def _board() -> None:
    """The part that refreshes: in three pieces, so that what has not changed stays as it is under a pointer."""
    found, zone, now = health_readers.status_board(get_panel()), _zone(), datetime.now(UTC)
    status_style.board(markup.head(found, now, zone))
    status_style.board(markup.cards(found, now, zone, ticking=True))
    status_style.board(markup.foot(found, now, zone))


def _zone() -> tzinfo:
    """The reader's clock; UTC, and said to be so, where the browser does not tell."""
    try:
        return ZoneInfo(st.context.timezone) if st.context.timezone else UTC
    except (ZoneInfoNotFoundError, ValueError):
        return UTC
