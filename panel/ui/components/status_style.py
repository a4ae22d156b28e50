"""The look of the status page within the panel's own pages: the exported page's rules, on a page as wide as the screen."""

from __future__ import annotations

import streamlit as st

from panel.lifecycle.status_markup import asset

_WIDE = """
.stApp:has(.s-board) [data-testid="stMainBlockContainer"] { max-width: none; padding-top: 4.2rem; padding-bottom: 2rem; }
"""


def apply() -> None:
    """Send the rules."""
    st.html(f"<style>{asset('status_page.css')}{_WIDE}</style>")


def board(body: str) -> None:
    """Put a part of the board on the page."""
    st.html(f'<div class="s-board">{body}</div>')
