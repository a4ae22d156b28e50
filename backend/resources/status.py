"""Whether the process is alive and which version of it answers."""

from __future__ import annotations

import falcon


class StatusResource:
    """``/status`` and ``/api/status``: liveness, touching nothing but the process itself."""

    def __init__(self, version: str, image_digest: str | None) -> None:
        self._answer = {"status": "ok", "service": "backend", "version": version, "image": image_digest}

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Answer the running version and the digest of its image."""
        resp.media = self._answer

    on_head = on_get
