"""The application: resources built, wired to their storage and routed. Nothing else."""

from __future__ import annotations

from typing import Any

import falcon

from backend import errors
from backend.request_log import RequestLog
from backend.resources.ready import ReadyResource
from backend.resources.state import StateResource
from backend.resources.status import StatusResource
from backend.settings import Settings
from backend.storage import Storage, open_storage


def create_app(settings: Settings | None = None, storage: Storage | None = None) -> falcon.App[Any, Any]:
    """Build the WSGI application.

    ``settings`` default to the environment's, ``storage`` to the one they ask for. Raises ValueError
    for settings that cannot be.
    """
    settings = settings or Settings.from_environment()
    storage = storage or open_storage(settings)
    app = falcon.App(middleware=[RequestLog()])
    errors.install(app)
    app.add_route("/api/state/{name}", StateResource(storage, settings.max_body_bytes))
    status = StatusResource(settings.version, settings.image_digest)
    ready = ReadyResource(storage)
    # Only /api/* travels from the content network to the load balancer, so both are there as well.
    for prefix in ("", "/api"):
        app.add_route(f"{prefix}/status", status)
        app.add_route(f"{prefix}/ready", ready)
    return app
