"""How failures are told to clients: every body is ``{"cause": text}``, every surprise is logged."""

from __future__ import annotations

import json
import logging
from typing import Any

import falcon

from backend.storage import PreconditionFailedError, StorageError

_log = logging.getLogger("backend.errors")


def install(app: falcon.App[Any, Any]) -> None:
    """Make ``app`` answer all failures in the API's own form."""
    app.set_error_serializer(_serialize)
    app.add_error_handler(Exception, _unexpected)
    app.add_error_handler(StorageError, _storage_failed)
    app.add_error_handler(PreconditionFailedError, _precondition_failed)


def _serialize(req: falcon.Request, resp: falcon.Response, error: falcon.HTTPError) -> None:
    cause = error.description or error.title
    if isinstance(error, falcon.HTTPRouteNotFound):
        cause = "there is nothing at this path"
    elif isinstance(error, falcon.HTTPMethodNotAllowed):
        cause = f"{req.method} is not possible here"
    resp.content_type = falcon.MEDIA_JSON
    resp.data = json.dumps({"cause": cause}).encode()


def _storage_failed(
    req: falcon.Request, resp: falcon.Response, error: StorageError, params: dict[str, Any]
) -> None:
    _log.error("storage failed: %s", error)
    resp.status = falcon.HTTP_500
    resp.media = {"cause": str(error)}


def _precondition_failed(
    req: falcon.Request, resp: falcon.Response, error: PreconditionFailedError, params: dict[str, Any]
) -> None:
    """Answer 412 with the current list (null: there is none) and its tag, so that clients can merge."""
    resp.status = falcon.HTTP_412
    state = None
    if error.current is not None:
        resp.etag = error.current.etag
        state = json.loads(error.current.content)
    resp.media = {"cause": str(error), "state": state}


def _unexpected(req: falcon.Request, resp: falcon.Response, error: Exception, params: dict[str, Any]) -> None:
    _log.error("unexpected failure", exc_info=error)
    resp.status = falcon.HTTP_500
    resp.media = {"cause": f"unexpected failure; the log has it under request {req.context.request_id}"}
