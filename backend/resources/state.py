"""A named list of to-dos: read it, replace it."""

from __future__ import annotations

from collections.abc import Sequence

import falcon

from backend import todo_list
from backend.storage import Condition, Storage, StorageError, Stored


class StateResource:
    """``/api/state/{name}``."""

    def __init__(self, storage: Storage, max_body_bytes: int) -> None:
        self._storage = storage
        self._max_body_bytes = max_body_bytes

    def on_get(self, req: falcon.Request, resp: falcon.Response, name: str) -> None:
        """Answer the list with its tag; 304 when the client holds this version; 404 when there is none."""
        _require_list_name(name)
        _require_json_accepted(req)
        stored = self._storage.read(name)
        if stored is None:
            raise falcon.HTTPNotFound(title=f"there is no list named {name!r} yet")
        _verify(stored)
        resp.etag = stored.etag
        held = _tags(req.if_none_match)
        if held is not None and (stored.etag in held or "*" in held):
            resp.status = falcon.HTTP_304
            return
        resp.content_type = falcon.MEDIA_JSON
        resp.data = stored.content

    def on_put(self, req: falcon.Request, resp: falcon.Response, name: str) -> None:
        """Keep the list of the body under ``name`` and answer it with its new tag.

        With ``If-Match`` or ``If-None-Match`` only when they hold, else 412 with what is kept now;
        without them the last write wins.
        """
        _require_list_name(name)
        _require_json_accepted(req)
        _require_json_sent(req)
        try:
            todos = todo_list.parse(self._body(req))
        except todo_list.InvalidTodoListError as error:
            raise falcon.HTTPBadRequest(title=str(error)) from error
        content = todo_list.render(todos)
        condition = Condition(match=_tags(req.if_match), none_match=_tags(req.if_none_match))
        resp.etag = self._storage.write(name, content, condition)
        resp.content_type = falcon.MEDIA_JSON
        resp.data = content

    def _body(self, req: falcon.Request) -> bytes:
        declared = req.content_length
        if declared is not None and declared > self._max_body_bytes:
            raise self._too_large()
        # Without a declared length (chunked) the server ends the stream itself: read one byte past the
        # limit to learn whether there is more.
        body = (
            req.bounded_stream.read() if declared is not None else req.stream.read(self._max_body_bytes + 1)
        )
        if len(body) > self._max_body_bytes:
            raise self._too_large()
        return bytes(body)

    def _too_large(self) -> falcon.HTTPContentTooLarge:
        return falcon.HTTPContentTooLarge(title=f"the body is larger than {self._max_body_bytes} bytes")


def _require_list_name(name: str) -> None:
    if not todo_list.is_list_name(name):
        raise falcon.HTTPBadRequest(
            title="name: expected 1 to 64 letters, digits, '_' or '-', the first a letter or digit"
        )


def _require_json_accepted(req: falcon.Request) -> None:
    if not req.client_accepts_json:
        raise falcon.HTTPNotAcceptable(title="only application/json can be answered")


def _require_json_sent(req: falcon.Request) -> None:
    media_type, _, parameters = (req.content_type or "").partition(";")
    charset = parameters.strip().lower().replace('"', "")
    if media_type.strip().lower() != falcon.MEDIA_JSON or charset not in ("", "charset=utf-8"):
        raise falcon.HTTPUnsupportedMediaType(title="the body must be application/json in UTF-8")


def _tags(values: Sequence[str] | None) -> tuple[str, ...] | None:
    # A weak mark is dropped: a proxy that compresses adds it, and our tags follow the content anyway.
    return None if values is None else tuple(str(value) for value in values)


def _verify(stored: Stored) -> None:
    # Somebody may have put a file there by hand: better a clear failure than a list no client can show.
    try:
        todo_list.parse(stored.content)
    except todo_list.InvalidTodoListError as error:
        raise StorageError(f"the stored list is damaged: {error}") from error
