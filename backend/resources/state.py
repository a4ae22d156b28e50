"""A named list of to-dos: read it, replace it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import falcon

from backend import todo_list
from backend.storage import Condition, PreconditionFailedError, Storage, StorageError, Stored

# Digests of lists known to be whole; enough for the busy ones of a task of 64 MB.
_KNOWN_DIGESTS = 4096


class StateResource:
    """``/api/state/{name}``."""

    def __init__(self, storage: Storage, max_body_bytes: int) -> None:
        self._storage = storage
        self._max_body_bytes = max_body_bytes
        self._verified = _Verified()

    def on_get(self, req: falcon.Request, resp: falcon.Response, name: str) -> None:
        """Answer the list with its tag; 304 when the client holds this version; 404 when there is none."""
        _require_list_name(name)
        _require_json_accepted(req)
        stored = self._storage.read(name)
        if stored is None:
            raise falcon.HTTPNotFound(title=f"there is no list named {name!r} yet")
        self._verified.require(stored)
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
        resp.etag = self._write(name, content, condition)
        resp.content_type = falcon.MEDIA_JSON
        resp.data = content

    def _write(self, name: str, content: bytes, condition: Condition) -> str:
        try:
            return self._storage.write(name, content, condition)
        except PreconditionFailedError as error:
            # RFC 9110, section 13.1.1: a change that is there already may be told as done. It is what a
            # client meets that repeats a write because the answer to the first got lost.
            current = error.current
            if condition.match is None or current is None or current.content != content:
                raise
            return current.etag

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


class _Verified:
    """Whether stored lists are whole: somebody may have put one there by hand.

    Better a clear failure than a list no client can show; and looking once at each version is enough.
    """

    def __init__(self) -> None:
        self._known: dict[bytes, None] = {}

    def require(self, stored: Stored) -> None:
        """Return for a list of to-dos. Raises StorageError with the path of the damage."""
        digest = hashlib.sha256(stored.content).digest()
        if digest in self._known:
            return
        try:
            todo_list.parse(stored.content)
        except todo_list.InvalidTodoListError as error:
            raise StorageError(f"the stored list is damaged: {error}") from error
        if len(self._known) >= _KNOWN_DIGESTS:
            self._known.clear()
        self._known[digest] = None
