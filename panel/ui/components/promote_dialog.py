"""The dialog that promotes: exactly what runs in one environment is put into another, after a review."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from panel.lifecycle.approvals import approvals_for, takes_others
from panel.lifecycle.overview import EnvironmentView
from panel.lifecycle.release_overview import Grid, GridCell, ReleaseView
from panel.ui import acts, readers, session
from panel.ui import releases_text as words
from panel.ui.components.markup import SHAPES, draw_apart, esc, quiet, tone
from panel.ui.components.problems import problem_markup
from panel.ui.components.releases import listed, refusal
from panel.ui.format import brief
from panel.ui.navigation import plain
from panel.ui.state import Facade

#: What does not work where it is must not go further.
_SICK = frozenset({"degraded", "down"})


@dataclass(frozen=True)
class Asked:
    """From where, and to where and what if that was said already."""

    source: str
    target: str = ""
    service: str = ""


def ask_promote(source: str, target: str = "", service: str = "") -> None:
    """Open the dialog (the click of a button)."""
    st.session_state[session.ASKED_PROMOTE] = Asked(source, target, service)


def promote_dialog(panel: Facade, source: str | None = None) -> None:
    """Draw the dialog while it is open; ``source``: only for a promotion from this environment."""
    asked: Asked | None = st.session_state.get(session.ASKED_PROMOTE)
    if asked is None or source not in {None, asked.source}:
        return
    title = words.PROMOTE_TITLE.format(name=asked.source)
    st.dialog(title, width="medium", on_dismiss=_close)(_ask)(panel, asked)


def _close() -> None:
    st.session_state.pop(session.ASKED_PROMOTE, None)


def _ask(panel: Facade, asked: Asked) -> None:
    grid = readers.grid(panel)
    live = {row.service: cell for row in grid.rows if _serves(cell := row.cells[asked.source])}
    targets = {view.name: view for view in readers.environments(panel) if _can_take(view, asked.source)}
    if not live or not targets:
        reason = (words.NOWHERE if live else words.NOTHING_TO_PROMOTE).format(name=asked.source)
        draw_apart(problem_markup(reason, "", words.NOWHERE_NEXT if live else ""))
        return
    target = _target(grid, asked, targets)
    chosen = _services(panel, grid, asked, target, live) if target is not None else []
    refused = refusal(panel, targets[target]) if target is not None else None
    if target is not None:
        _what_follows(panel, asked.source, target)
    label = words.PROMOTE_NO_TARGET if target is None else words.DEPLOY_NONE
    if chosen:
        label = words.PROMOTE.format(services=listed(chosen), source=asked.source, target=target)
    off = target is None or not chosen or refused is not None
    if st.button(plain(label), key=f"promote-now-{asked.source}", type="primary", disabled=off, help=refused):
        _close()
        acts.promote(panel, asked.source, target or "", chosen)
        st.rerun()
    if refused is not None:
        draw_apart(f"<p>{quiet(esc(refused))}</p>")


def _serves(cell: GridCell) -> bool:
    return cell.release is not None and cell.state != "not_created"


def _can_take(view: EnvironmentView, source: str) -> bool:
    return view.name != source and view.exists and view.state != "lost"


def _target(grid: Grid, asked: Asked, targets: Mapping[str, EnvironmentView]) -> str | None:
    """Where to; the only one, or the one that was asked for, is chosen at first."""
    names = list(targets)
    first = asked.target or (names[0] if len(names) == 1 else "")
    return st.radio(
        words.TARGET, names, index=names.index(first) if first in targets else None, format_func=plain,
        key=session.of(session.PROMOTE_TARGET, asked.source),
        captions=[plain(_standing(grid, view)) for view in targets.values()],
    )  # fmt: skip


def _standing(grid: Grid, view: EnvironmentView) -> str:
    """What runs in an environment now, and what keeps it from being promoted to."""
    parts = [f"{row.service}: {_runs(row.cells[view.name])}" for row in grid.rows]
    if view.state == "asleep":
        parts.append(words.TARGET_ASLEEP)
    run = view.active_run
    if run is not None and run.kind != "drift":
        parts.append(words.TARGET_BUSY.format(id=run.id))
    return " · ".join(parts)


def _runs(cell: GridCell) -> str:
    if cell.release is None:
        return words.RUNS_NOTHING
    named = f"{brief(cell.release.version)} {cell.release.label}"
    return f"{named} ({cell.behind})" if cell.behind else named


def _services(
    panel: Facade, grid: Grid, asked: Asked, target: str, live: Mapping[str, GridCell]
) -> list[str]:
    """The services to promote; what the target runs already, or does not work here, cannot be chosen."""
    chosen = []
    for row in grid.rows:
        if row.service not in live:
            continue
        release, there = live[row.service].release, row.cells[target].release
        if release is None:
            continue
        why_not = _why_not(readers.environment(panel, asked.source), target, release, there)
        what = f"{brief(release.version)} {release.label}"
        wanted = st.checkbox(
            f"**{plain(row.service)}** {plain(what)} · {plain(why_not or _instead_of(there))}",
            disabled=bool(why_not), value=not why_not and asked.service in {"", row.service},
            key=session.of(session.PROMOTE_SERVICE, f"{asked.source}-{target}-{row.service}"),
        )  # fmt: skip
        if wanted and not why_not:
            chosen.append(row.service)
    return chosen


def _why_not(source: EnvironmentView, target: str, release: ReleaseView, there: ReleaseView | None) -> str:
    if there is not None and release.digest and there.digest == release.digest:
        return words.SAME_RELEASE.format(target=target)
    service = source.services.get(release.service)
    if service is not None and service.verdict in _SICK and source.state != "asleep":
        return words.SICK.format(source=source.name)
    return ""


def _instead_of(there: ReleaseView | None) -> str:
    if there is None:
        return words.FIRST_THERE
    return words.INSTEAD_OF.format(release=f"{brief(there.version)} {there.label}")


def _what_follows(panel: Facade, source: str, target: str) -> None:
    draw_apart(f"<p>{esc(words.PROMOTE_WHAT.format(source=source, target=target))}</p>")
    if takes_others(approvals_for(panel.catalogue(), target)):
        draw_apart(f"<p>{tone('warn', SHAPES['warn'])} {esc(words.PROMOTE_OTHERS.format(name=target))}</p>")
    else:
        draw_apart(f"<p>{quiet(words.PROMOTE_REVIEW)}</p>")
