"""What a run that ships changes: for each service what runs and what comes, the commits between them, the settings."""

from __future__ import annotations

from collections.abc import Sequence

from panel.deploys.commits import Commit
from panel.deploys.comparison import ServiceChange, Setting, Side
from panel.store.tables import Run
from panel.ui import deploy_text as words
from panel.ui.components.facts import short_digest
from panel.ui.components.markup import badge, draw, esc, folded, mono, quiet, table, when
from panel.ui.format import brief, instant

_OPEN_COMMITS = 12
_SHA = 9


def show(run: Run) -> None:
    """Draw what the run changes, or that nobody knows yet."""
    if not run.changes:
        if run.active:
            draw(f"<h2>{words.CHANGES}</h2><p>{quiet(esc(words.NOT_COMPARED))}</p>")
        return
    changes = [ServiceChange.from_dict(stored) for stored in run.changes]
    draw(f"<h2>{words.CHANGES}</h2>{''.join(change_markup(change, run.environment) for change in changes)}")


def change_markup(change: ServiceChange, environment: str) -> str:
    """One service: before and after, then commits, settings, and what else there is to say."""
    before = _side(change.before, environment) if change.before else quiet(words.NOTHING_RUNS)
    way = (
        f'<div class="p-way"><span>{before}</span><span aria-label="becomes">→</span>'
        f"<span>{_side(change.after, environment)}</span></div>"
    )
    tone, word = words.DIRECTIONS[change.direction]
    head = f"<p><strong>{esc(change.service)}</strong> {badge(tone, word) if change.before else ''}</p>"
    note = f"<p>{esc(change.note)}</p>" if change.note else ""
    return f'<div class="p-change">{head}{way}{note}{_commits(change)}{_settings(change.settings)}</div>'


def _side(side: Side, environment: str) -> str:
    release = side.release
    if release and side.environment != environment:
        release = words.FROM_ENVIRONMENT.format(release=release, name=side.environment)
    digest = short_digest(side.digest) if side.digest else ""
    return " ".join(
        part
        for part in (mono(brief(side.version)), quiet(esc(release)) if release else "", quiet(digest))
        if part
    )


def _commits(change: ServiceChange) -> str:
    if change.before is None:
        return ""
    if not change.commits_known:
        return f"<p>{quiet(words.COMMITS_UNKNOWN)}</p>" if change.direction != "same" else ""
    if not change.commits_total:
        return f"<p>{quiet(words.COMMITS_NONE)}</p>" if change.direction != "same" else ""
    one, many = words.COMMITS_GO if change.direction == "back" else words.COMMITS_COME
    title = (one if change.commits_total == 1 else many).format(count=change.commits_total)
    lines = "".join(map(_commit, change.commits))
    rest = change.commits_total - len(change.commits)
    more = f"<p>{quiet(words.COMMITS_MORE.format(count=rest))}</p>" if rest > 0 else ""
    body = f'<ul class="p-commits">{lines}</ul>{more}'
    return folded(title, body, is_open=len(change.commits) <= _OPEN_COMMITS)


def _commit(commit: Commit) -> str:
    at = instant(commit.at)
    who = " · ".join(part for part in (esc(commit.author), when(at) if at else "") if part)
    return f"<li><span>{mono(commit.sha[:_SHA])}</span><span>{esc(commit.subject)}</span><span>{quiet(who)}</span></li>"


def _settings(settings: Sequence[Setting]) -> str:
    if not settings:
        return ""
    body = [(mono(one.name), _value(one.before), _value(one.after)) for one in settings]
    head = (words.SETTING, words.NOW, words.THEN)
    return folded(words.SETTINGS, table(head, body), is_open=True)


def _value(value: str) -> str:
    return mono(value) if value else quiet(words.NOT_SET)
