"""The numbers behind a chart: one click away, and as a file for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

import streamlit as st

from panel.ui import cost_text as words

Row = Mapping[str, object]

# What a spreadsheet would take for a formula when a cell begins with it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def numbers(rows: Sequence[Row], *, file: str, key: str, title: str = words.NUMBERS) -> None:
    """Draw a folded table of the rows with a button that saves them; drawn only once it is opened.

    Args:
        rows: the same columns in each; numbers stay numbers.
        file: name of the file without its ending.
        key: what tells it from others on the page.
    """
    if not rows:
        return
    folded = st.expander(title, key=f"numbers-{key}", on_change="rerun")
    if not folded.open:
        return
    with folded:
        st.dataframe([dict(row) for row in rows], hide_index=True, width="stretch")
        st.download_button(
            words.CSV, to_csv(rows), file_name=f"{file}.csv", mime="text/csv", key=f"csv-{key}", on_click="ignore"
        )  # fmt: skip


def to_csv(rows: Sequence[Row]) -> str:
    """The rows as CSV with a header; text that a spreadsheet would run as a formula is made plain."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _plain(value) for name, value in row.items()} for row in rows)
    return out.getvalue()


def _plain(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
