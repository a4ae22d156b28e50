"""The application: resources built, wired to their storage and routed. Nothing else."""

from __future__ import annotations

from typing import Any

import falcon

from backend import errors
from backend.openapi import PROBE_PREFIXES
from backend.request_log import REQUEST_ID_HEADER, RequestLog
from backend.resources.openapi import OpenApiResource
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
    middleware: list[Any] = [RequestLog()]
    if settings.telemetry:
        # Imported here: without a collector nobody pays for it.
        from backend.telemetry import Telemetry

        telemetry = Telemetry.start(settings.version)
        storage = telemetry.watch(storage)
        middleware.append(telemetry.middleware)
    if settings.allowed_origins:
        middleware.append(
            falcon.CORSMiddleware(
                allow_origins=settings.allowed_origins, expose_headers=["ETag", REQUEST_ID_HEADER]
            )
        )
    app = falcon.App(middleware=middleware)
    errors.install(app)
    _route(app, settings, storage)
    return app


def _route(app: falcon.App[Any, Any], settings: Settings, storage: Storage) -> None:
    app.add_route("/api/state/{name}", StateResource(storage, settings.max_body_bytes))
    status = StatusResource(settings.version, settings.image_digest)
    ready = ReadyResource(storage)
    document = OpenApiResource(settings.version, settings.max_body_bytes)
    for prefix in PROBE_PREFIXES:
        app.add_route(f"{prefix}/status", status)
        app.add_route(f"{prefix}/ready", ready)
        app.add_route(f"{prefix}/openapi.json", document)
