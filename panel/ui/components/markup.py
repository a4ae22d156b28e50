"""Small pieces of HTML. Everything that comes from outside goes through :func:`esc`, here and nowhere else."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import quote, urlsplit

import streamlit as st

from panel.ui.format import ago, between, exact, utc

#: The shape that stands for a tone, beside its colour.
SHAPES = {"ok": "●", "busy": "◐", "warn": "▲", "bad": "■", "none": "○", "unknown": "?"}


def esc(value: object) -> str:
    """The value as text that no browser takes for markup."""
    return html.escape(str(value), quote=True)


def draw(body: str, *, width: Literal["stretch", "content"] = "stretch") -> None:
    """Put markup made by this room on the page."""
    st.html(f'<div class="p">{body}</div>', width=width)


def draw_apart(body: str) -> None:
    """Put markup into a dialog: browsers keep it outside the page, so it has to be told the page's colours."""
    scheme = "dark" if st.context.theme.type == "dark" else "light"
    st.html(f'<div class="p p-apart" style="color-scheme: {scheme}">{body}</div>')


def tone(name: str, body: str) -> str:
    """Markup in the colour of a tone (``ok``, ``busy``, ``warn``, ``bad``, ``none``, ``unknown``)."""
    return f'<span class="p-{"none" if name == "unknown" else name}">{body}</span>'


def badge(name: str, word: str) -> str:
    """Shape and word in a tone's colour."""
    return tone(
        name, f'<span class="p-badge"><span aria-hidden="true">{SHAPES[name]}</span> {esc(word)}</span>'
    )


def quiet(body: str) -> str:
    """Markup in grey."""
    return f'<span class="p-quiet">{body}</span>'


def mono(value: object) -> str:
    """Text in fixed width: digests, addresses."""
    return f'<span class="p-mono">{esc(value)}</span>'


def when(at: datetime | None, *, now: datetime | None = None) -> str:
    """A relative time with the exact one on hover; empty for no time."""
    if at is None:
        return ""
    shown = ago(at, now or datetime.now(UTC))
    return f'<time datetime="{utc(at).isoformat()}" title="{exact(at)}">{shown}</time>'


def lasting(at: datetime) -> str:
    """How long something has been so, with the time it began on hover."""
    return (
        f'<time datetime="{utc(at).isoformat()}" title="{exact(at)}">{between(at, datetime.now(UTC))}</time>'
    )


def safe_url(url: str | None) -> str | None:
    """The address when it is one that a link may lead to (http or https), else None."""
    if url is None:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in {"http", "https"} and parts.netloc else None


def link(url: str, label: str) -> str:
    """A link out of the panel, in a new tab; only the label where the address is not one to follow."""
    if safe_url(url) is None:
        return esc(label)
    return f'<a href="{esc(url)}" target="_blank" rel="noopener">{esc(label)}</a>'


def page_link(path: str, key: str, value: object, label: str) -> str:
    """A link to a page of the panel about one thing, such as ``run?run=12``."""
    return f'<a href="{path}?{key}={quote(str(value), safe="")}" target="_self">{esc(label)}</a>'


def rows(pairs: Iterable[tuple[str, str]]) -> str:
    """Names and values under each other; values are markup, empty ones are left out."""
    body = "".join(f"<dt>{esc(name)}</dt><dd>{value}</dd>" for name, value in pairs if value)
    return f'<dl class="p-rows">{body}</dl>'


def table(head: Sequence[str], body: Iterable[Sequence[str]], *, right: Sequence[int] = ()) -> str:
    """A table that becomes a list of entries on a narrow screen.

    Args:
        head: column names, as text.
        body: rows of markup.
        right: columns that hold numbers, counted from 0.
    """
    names = [esc(name) for name in head]

    def cell(tag: str, index: int, content: str) -> str:
        css = ' class="p-right"' if index in right else ""
        name = f' data-name="{names[index]}"' if tag == "td" else ' scope="col"'
        # One child, so that name and content stand beside each other on a narrow screen.
        inner = f"<div>{content}</div>" if tag == "td" else content
        return f"<{tag}{css}{name}>{inner}</{tag}>"

    top = "".join(cell("th", index, name) for index, name in enumerate(names))
    lines = "".join(
        f"<tr>{''.join(cell('td', index, content) for index, content in enumerate(row))}</tr>" for row in body
    )
    return f'<div class="p-scroll"><table class="p-stack"><thead><tr>{top}</tr></thead><tbody>{lines}</tbody></table></div>'


def folded(title: str, body: str, *, is_open: bool = False) -> str:
    """Markup under a line that opens it."""
    return f"<details{' open' if is_open else ''}><summary>{esc(title)}</summary>{body}</details>"
