"""Whether requests can be served: the storage is asked."""

from __future__ import annotations

import logging

import falcon

from backend.storage import Storage, StorageError

_log = logging.getLogger("backend.ready")


class ReadyResource:
    """``/ready`` and ``/api/ready``."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Answer 200 when the storage can be reached, 503 with the cause when not."""
        try:
            self._storage.check()
        except StorageError as error:
            _log.warning("not ready: %s", error)
            resp.status = falcon.HTTP_503
            resp.media = {"status": "unavailable", "cause": str(error)}
            return
        resp.media = {"status": "ok"}

    on_head = on_get
