"""What was to be seen when a system test failed: the page, the newest run with its log, and what its programs said."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from playwright.sync_api import Page

from tests.system.installation import Installation
from tests.system.visiting import Visit

_LINES = 40


def evidence(arguments: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Title and text of each thing that can be seen; a thing that cannot says why.

    Args:
        arguments: a test's fixtures by name.
    """
    for name, value in arguments.items():
        if isinstance(value, Visit):
            yield f"page of {name}", _tried(lambda page=value.page: _page(page))
        elif isinstance(value, Page):
            yield f"page of {name}", _tried(lambda page=value: _page(page))
        elif isinstance(value, Installation):
            yield f"newest run of {name}", _tried(lambda panel=value: _newest_run(panel))
            for log in sorted(value.data_dir.rglob("*.log")):
                yield (
                    f"end of {log.name} of {name}",
                    _tried(lambda log=log: _end(log.read_text(errors="replace"))),
                )


def _tried(look: Callable[[], str]) -> str:
    try:
        return look()
    except Exception as error:
        return f"could not be looked at: {error!r}"


def _page(page: Page) -> str:
    return f"{page.url}\n{page.locator('body').inner_text(timeout=5_000)}"


def _newest_run(panel: Installation) -> str:
    newest = panel.json("runs", "list")[0]
    shown = panel.run("runs", "show", str(newest["id"]))
    return f"{shown.text}\n{_end(panel.run('runs', 'logs', str(newest['id'])).out)}"


def _end(text: str) -> str:
    return "\n".join(text.splitlines()[-_LINES:])
