"""What keeps the panel going: workers, what waits for them, who holds which state, what people were told."""

from __future__ import annotations

import streamlit as st

from panel.lifecycle.overview_workers import WorkerView
from panel.lifecycle.stages import KINDS
from panel.store.tables import Notification, Run, StateLock
from panel.ui import notices, readers, session, text
from panel.ui import operations_text as words
from panel.ui.components.confirmations import unlock_button, unlock_dialog
from panel.ui.components.locks import lock_verdict, operation
from panel.ui.components.markup import badge, draw, esc, lasting, page_link, quiet, table, when
from panel.ui.format import plural
from panel.ui.live import CALM, LIVELY, live
from panel.ui.state import Facade, get_panel, get_start

_NOTIFICATIONS = 30
#: Characters of a name that still fit into a line of a table.
_WHOLE = 32
_TONES = {"waiting": "busy", "sent": "ok", "failed": "bad"}


def show() -> None:
    """Draw the page."""
    st.set_page_config(page_title=words.OPERATIONS)
    panel = get_panel()
    draw(f"<h1>{words.OPERATIONS}</h1>")
    notices.show()
    every = LIVELY if readers.active_runs(panel) else CALM
    live(_workers, every)()
    live(_queue, every)()
    live(_locks, every)(st.session_state.get(session.ASKED_UNLOCK))
    for lock in readers.locks(panel):
        unlock_dialog(panel, lock.subject)
    live(_notifications, CALM)()


def _workers() -> None:
    found = readers.workers(get_panel()).workers
    title = f"<h2>{words.WORKERS}</h2>"
    head = (
        words.WORKER, text.STATE, words.UNDER_WAY, words.PLACES, words.MEMORY, words.VERSION, words.HOST, words.HEARD,
    )  # fmt: skip
    if found:
        title += table(head, [_worker(worker) for worker in found], right=(3, 4))
    if any(worker.state != "silent" for worker in found):
        draw(title)
        return
    draw(f"{title}<p>{badge('warn', words.NO_WORKERS)}</p><p>{quiet(esc(words.NO_WORKERS_HINT))}</p>")
    start = get_start()
    st.button(words.START, key="operations-start", on_click=start.begin, disabled=start.state == "starting")


def _worker(worker: WorkerView) -> list[str]:
    name, word = words.WORKER_STATES.get(worker.state, ("unknown", worker.state))
    if worker.state == "working" and not worker.busy:
        word = words.IDLE
    return [
        esc(worker.id), badge(name, word), "<br>".join(_run_link(run) for run in worker.runs),
        f"{worker.busy} / {worker.capacity}", f"{worker.memory_mb:.0f}", esc(worker.version), esc(worker.host),
        when(worker.heartbeat_at),
    ]  # fmt: skip


def _run_link(run: Run) -> str:
    kind = KINDS.get(run.kind, run.kind)
    return page_link("run", "run", run.id, f"{text.RUN} {run.id} · {kind} {run.environment}")


def _queue() -> None:
    waiting = readers.workers(get_panel()).queue
    title = f"<h2>{words.QUEUE}</h2>"
    if not waiting:
        draw(title + quiet(words.QUEUE_EMPTY))
        return
    head = (text.RUN, text.ENVIRONMENT, text.KIND, words.PRIORITY, text.AUTHOR, words.WAITING)
    draw(
        title + table(head, [_queued(entry.run) for entry in waiting]) + f"<p>{quiet(words.QUEUE_ORDER)}</p>"
    )


def _queued(run: Run) -> list[str]:
    return [
        page_link("run", "run", run.id, f"{text.RUN} {run.id}"),
        page_link("environment", "environment", run.environment, run.environment),
        esc(KINDS.get(run.kind, run.kind)), esc(_priority(run)), esc(run.author), lasting(run.created_at),
    ]  # fmt: skip


def _priority(run: Run) -> str:
    return next((word for least, word in words.PRIORITIES.items() if run.priority >= least), "")


def _locks(asked: str | None) -> None:
    """The locks, refreshed in place; a click in here draws the whole page, where the dialog about it is."""
    if st.session_state.get(session.ASKED_UNLOCK) != asked:
        st.rerun()
    panel = get_panel()
    found = readers.locks(panel)
    title = f"<h2>{words.LOCKS}</h2>"
    if not found:
        draw(title + quiet(words.NO_LOCKS))
        return
    head = (
        words.SUBJECT,
        words.HOLDER,
        words.OPERATION,
        words.SINCE,
        words.VERDICT,
        words.EVIDENCE,
        words.LOOKED,
    )
    draw(title + table(head, [_lock(lock) for lock in found]))
    with st.container(horizontal=True, key="locks-left"):
        for lock in found:
            if lock.holder != "alive":
                unlock_button(panel, lock, key="list", label=words.UNLOCK_NAMED.format(name=lock.subject))


def _lock(lock: StateLock) -> list[str]:
    who = _whole(lock.who) if len(lock.who) <= _WHOLE else esc(lock.who)
    if lock.run_id is not None:
        who += f"<br>{page_link('run', 'run', lock.run_id, f'{text.RUN} {lock.run_id}')}"
    since = f'<span class="p-nowrap">{lasting(lock.created_at)}</span>' if lock.created_at is not None else ""
    return [
        _whole(lock.subject), who, _whole(operation(lock)), since, lock_verdict(lock), esc(lock.evidence),
        f'<span class="p-nowrap">{when(lock.checked_at)}</span>',
    ]  # fmt: skip


def _whole(name: str) -> str:
    """A name that is not broken over lines."""
    return f'<span class="p-nowrap">{esc(name)}</span>'


def _notifications() -> None:
    panel = get_panel()
    found = panel.stores.notifications.recent(limit=_NOTIFICATIONS)
    title = f"<h2>{words.NOTIFICATIONS}</h2>"
    if not found:
        draw(f"{title}<p>{quiet(words.NO_NOTIFICATIONS)}</p>{_channels(panel)}")
        return
    head = (words.MESSAGE, words.CHANNEL, text.STATE, words.WHEN)
    draw(title + table(head, [_notification(item) for item in found]) + _channels(panel))


def _channels(panel: Facade) -> str:
    settings = panel.settings
    if settings.webhook_url or settings.smtp_url:
        return ""
    return f"<p>{quiet(esc(words.NO_CHANNEL))}</p>"


def _notification(item: Notification) -> list[str]:
    about = esc(item.subject)
    if item.run_id is not None:
        about += f"<br>{page_link('run', 'run', item.run_id, f'{text.RUN} {item.run_id}')}"
    state = badge(_TONES.get(item.state, "unknown"), words.NOTIFICATION_STATES.get(item.state, item.state))
    if item.attempts > 1:
        state += f" {quiet(esc(plural(item.attempts, *words.TRIES)))}"
    if item.state == "waiting" and item.attempts:
        state += f" {quiet(words.NEXT_TRY.format(when=when(item.due_at)))}"
    if item.error:
        state += f"<br>{quiet(esc(item.error))}"
    whom = f"<br>{quiet(esc(', '.join(item.recipients)))}" if item.recipients else ""
    return [about, f"{esc(item.channel)}{whom}", state, when(item.sent_at or item.created_at)]
