"""Releases as markup: what one is called, what became of it, where it came from; and the timelines of an environment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

import streamlit as st

from panel.access.capabilities import Capability, can
from panel.lifecycle.overview import EnvironmentView, ServiceView
from panel.lifecycle.release_overview import ReleaseView
from panel.ui import readers, session, text
from panel.ui import releases_text as words
from panel.ui.components.facts import short_digest
from panel.ui.components.markup import draw, esc, folded, mono, page_link, quiet, when
from panel.ui.components.rollback_dialog import ask_rollback
from panel.ui.components.states import release_badge
from panel.ui.format import brief, duration, exact
from panel.ui.state import Facade

_PAGE = 8
#: Characters of what became of a release that are shown at once.
_DETAIL = 300
#: A release under way may not be gone back to, and nobody asks why; nor of the one that serves.
_NO_WAY_BACK = frozenset({"live", "started", "reverting"})


def deployments_link(environment: str, label: str) -> str:
    """A link to an environment's releases; the label is markup."""
    query = urlencode({"environment": environment, "tab": words.DEPLOYMENTS})
    return f'<a href="environment?{esc(query)}" target="_self">{label}</a>'


def version(release: ReleaseView) -> str:
    """A release's version and label: ``4f2a91c r12``."""
    return f"{named_version(release)} {quiet(esc(release.label))}"


def named_version(release: ReleaseView) -> str:
    """A release's version in short, the whole on hover."""
    short = mono(brief(release.version))
    return (
        short
        if brief(release.version) == release.version
        else f'<span title="{esc(release.version)}">{short}</span>'
    )


def refusal(panel: Facade, view: EnvironmentView, *, going_back: bool = False) -> str | None:
    """Why this person can deploy nothing to the environment now; None where they can.

    Args:
        going_back: only to an earlier release; that is done in an environment that is to be gone as well.
    """
    if not can(panel.identity, Capability.DEPLOY):
        return words.ROLE.format(roles=readers.roles(Capability.DEPLOY))
    if not view.exists or view.state == "lost":
        return words.NO_ENVIRONMENT.format(name=view.name)
    if not going_back and view.retired:
        return retirement(view)
    if view.state == "asleep":
        return words.ASLEEP.format(name=view.name)
    run = view.active_run
    if run is not None and run.kind != "drift":
        return words.WAIT_FOR_RUN.format(id=run.id, name=view.name)
    return None


def retirement(view: EnvironmentView) -> str | None:
    """Why nothing is created or released where environments.yaml wants the environment gone; None elsewhere."""
    return words.RETIRED.format(name=view.name) if view.retired else None


def listed(names: Sequence[str]) -> str:
    """Names in a sentence: ``backend``, ``backend and frontend``, ``a, b and c``."""
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)


def timelines(panel: Facade, view: EnvironmentView) -> None:
    """Draw the releases of every service, newest first, with the way back to each."""
    refused = refusal(panel, view, going_back=True)
    if refused is not None and view.exists:
        draw(f"<p>{quiet(esc(refused))}</p>")
    for service in view.services.values():
        _timeline(panel, view, service, refused)


def _timeline(panel: Facade, view: EnvironmentView, service: ServiceView, refused: str | None) -> None:
    key = session.of(session.TIMELINE_PLACE, f"{view.name}-{service.name}")
    before: int | None = st.session_state.get(key)
    found = readers.timeline(panel, view.name, service.name, before=before, limit=_PAGE + 1)
    draw(f"<h2>{esc(service.name)} <small>{quiet(esc(service.title))}</small></h2>")
    if not found and before is None:
        draw(f"<p>{quiet(esc(_nothing_yet(view, service.name)))}</p>")
        return
    with st.container(key=f"timeline-{view.name}-{service.name}", gap=None):
        for release in found[:_PAGE]:
            _entry(release, refused)
    with st.container(horizontal=True):
        if before is not None:
            newest = words.NEWEST.format(service=service.name)
            st.button(newest, key=f"newest-{service.name}", on_click=_turn, args=(key, None))
        if len(found) > _PAGE:
            older, last = words.OLDER.format(service=service.name), found[_PAGE - 1].id
            st.button(older, key=f"older-{service.name}", on_click=_turn, args=(key, last))


def _turn(key: str, before: int | None) -> None:
    st.session_state[key] = before


def _nothing_yet(view: EnvironmentView, service: str) -> str:
    told = words.NO_RELEASES.format(service=service, name=view.name)
    following = words.NO_RELEASES_NEXT if view.exists else words.NO_ENVIRONMENT_NEXT
    return f"{told} {following.format(name=view.name)}"


def _entry(release: ReleaseView, refused: str | None) -> None:
    """One release; its button, where there is one, at its right."""
    with st.container(key=f"release-{release.id}", horizontal=True, vertical_alignment="center", gap="small"):
        draw(entry(release))
        if release.status in _NO_WAY_BACK:
            return
        why = refused or _why_not(release)
        st.button(
            words.ROLL_BACK_TO.format(release=release.label), key=f"rollback-{release.id}",
            disabled=bool(why), help=why or None, on_click=ask_rollback,
            args=(release.environment, release.service, release.id),
        )  # fmt: skip


def _why_not(release: ReleaseView) -> str:
    if release.can_roll_back_to:
        return ""
    return words.NO_WAY_BACK.format(release=release.label, why=release.why_not)


def entry(release: ReleaseView) -> str:
    """Markup of one release: what and how it ended, where it came from, by whom, when, how long."""
    what = [f"<strong>{esc(release.label)}</strong>", release_badge(release.status),
            mono(brief(release.version))]  # fmt: skip
    if release.digest:
        what.append(quiet(short_digest(release.digest)))
    about = [
        esc(came_from(release)),
        esc(words.BY.format(name=release.author)) if release.author else "",
        when(release.ended_at or release.started_at),
        took(release),
        page_link("run", "run", release.run_id, words.RUN.format(id=release.run_id))
        if release.run_id
        else "",
    ]
    live = " p-serves" if release.status == "live" else ""
    lines = [f"<p>{' '.join(what)}</p>", f"<p>{quiet(' · '.join(part for part in about if part))}</p>"]
    ended = release.detail or words.MEANINGS.get(release.status, "")
    if release.status == "superseded":
        ended = ended or _why_not(release)
    if ended:
        lines.append(_told(ended))
    return f'<div class="p-release{live}">{"".join(lines)}</div>'


def _told(ended: str) -> str:
    """What became of a release; of a long text the beginning, and all of it under a line that opens it."""
    if len(ended) <= _DETAIL:
        return f"<p>{esc(ended)}</p>"
    return f"<p>{esc(ended[:_DETAIL])}…</p>{folded(text.DETAILS, f'<pre>{esc(ended)}</pre>')}"


def came_from(release: ReleaseView) -> str:
    """Where a release came from, in words: ``built from revision 4f2a91c``, ``promoted from staging r7``."""
    if release.source == "build" and release.revision:
        return words.BUILT_FROM.format(revision=brief(release.revision))
    unnamed = words.EARLIER if release.source == "rollback" else words.ANOTHER
    origin = (release.origin or unnamed).removeprefix(f"{release.environment} ")
    return words.SOURCES.get(release.source, "").format(tag=release.tag, origin=origin)


def took(release: ReleaseView) -> str:
    """How long a release took, with its parts on hover; empty while it is under way."""
    if release.duration_s is None or release.status == "gone":
        return ""
    parts = ", ".join(_parts(release.durations)) or exact(release.started_at)
    told = words.TOOK.format(duration=duration(release.duration_s))
    return f'<span class="p-told" title="{esc(parts)}">{esc(told)}</span>'


def _parts(durations: Mapping[str, float]) -> list[str]:
    return [
        f"{words.DURATIONS[name]} {duration(seconds)}"
        for name, seconds in durations.items()
        if name in words.DURATIONS
    ]
