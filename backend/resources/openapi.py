"""The document that describes the API."""

from __future__ import annotations

import json

import falcon

from backend import openapi


class OpenApiResource:
    """``/openapi.json`` and ``/api/openapi.json``."""

    def __init__(self, version: str, max_body_bytes: int) -> None:
        self._document = json.dumps(openapi.document(version, max_body_bytes)).encode()

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Answer the document of the running version."""
        resp.content_type = falcon.MEDIA_JSON
        resp.data = self._document

    on_head = on_get
