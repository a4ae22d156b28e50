"""The status board as JSON over HTTP, beside the pages and by the same server: ``/status.json``.

Read only, and nothing that the status page does not show. It answers on the addresses under which people reach the
panel and on no other name: a foreign web page that points a name of its own at this machine gets nothing.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from panel.errors import PanelError
from panel.lifecycle.status_board import StatusBoard
from panel.lifecycle.status_messages import to_dict
from panel.settings import Settings
from panel.ui.state import Facade, get_panel

_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_OWN_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


def routes() -> list[Route]:
    """What is served beside the pages."""
    return [Route("/status.json", status_json, methods=["GET"])]


def status_json(request: Request) -> JSONResponse:
    """The board now; 503 with what is wrong where the panel cannot be opened."""
    try:
        panel = get_panel()
        if (request.url.hostname or "") not in _names(panel.settings):
            return _answer({"error": "This address is not the panel's own."}, 421)
        return _answer(document(panel), 200)
    except PanelError as error:
        return _answer({"error": error.message}, 503)


def document(panel: Facade) -> dict[str, object]:
    """The board as plain values."""
    address = panel.settings.public_url
    return to_dict(StatusBoard(panel.catalogue, panel.stores, panel.overview, address).look())


def _names(settings: Settings) -> frozenset[str]:
    """Names under which people reach the panel."""
    public = urlsplit(settings.public_url).hostname if settings.public_url else None
    return _OWN_NAMES | {settings.host} | ({public} if public else set())


def _answer(content: dict[str, object], status: int) -> JSONResponse:
    return JSONResponse(content, status_code=status, headers=_HEADERS)
