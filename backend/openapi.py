"""What the API promises, as an OpenAPI 3.1 document: made from the same limits that the code applies."""

from __future__ import annotations

from typing import Any

from backend import todo_list

Json = dict[str, Any]

# The same paths exist twice: only /api/* travels from the content network to the load balancer.
PROBE_PREFIXES = ("", "/api")

_TAG = r'^"[^"]*"$'
_PRECONDITION_HEADERS = (
    ("If-Match", "Write only if the list carries one of these tags; * stands for any version."),
    (
        "If-None-Match",
        "Write only if the list carries none of these tags; * means: only if there is no list.",
    ),
)


def document(version: str, max_body_bytes: int) -> Json:
    """The document of the version that answers, with its size limit in bytes."""
    paths: Json = {"/api/state/{name}": _state(max_body_bytes)}
    for prefix in PROBE_PREFIXES:
        place = prefix.strip("/").capitalize()
        paths[f"{prefix}/status"] = {"get": _status(f"status{place}")}
        paths[f"{prefix}/ready"] = {"get": _ready(f"ready{place}")}
        paths[f"{prefix}/openapi.json"] = {"get": _itself(f"openapi{place}")}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "TODO list state API",
            "version": version,
            "description": 'Keeps named lists of to-dos. Every failure is told as {"cause": text}.',
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": paths,
        "components": {"schemas": _schemas(), "headers": _headers()},
    }


def todo_list_schema() -> Json:
    """The JSON schema of a list of to-dos."""
    return {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "id": {"type": "integer", "minimum": -todo_list.MAX_ID, "maximum": todo_list.MAX_ID},
                "title": {"type": "string"},
                "completed": {"type": "boolean"},
            },
            "required": list(todo_list.FIELDS),
            "additionalProperties": False,
        },
    }


def _schemas() -> Json:
    state = {"anyOf": [{"$ref": "#/components/schemas/TodoList"}, {"type": "null"}]}
    return {
        "TodoList": todo_list_schema(),
        "Failure": _object({"cause": {"type": "string", "minLength": 1}}),
        "Conflict": _object({"cause": {"type": "string"}, "state": state}),
        "Status": _object(
            {
                "status": {"const": "ok"},
                "service": {"const": "backend"},
                "version": {"type": "string"},
                "image": {"type": ["string", "null"], "description": "Digest of the image that runs."},
            }
        ),
        "Ready": _object({"status": {"const": "ok"}}),
        "NotReady": _object({"status": {"const": "unavailable"}, "cause": {"type": "string"}}),
    }


def _object(properties: Json) -> Json:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _headers() -> Json:
    tag = {"type": "string", "pattern": _TAG}
    return {
        "ETag": {"description": "Tag of this version of the list.", "required": True, "schema": tag},
        "RequestId": {
            "description": "Names the request in the log; the client's own when it sent a harmless one.",
            "required": True,
            "schema": {"type": "string", "pattern": "^[A-Za-z0-9._=;-]{1,128}$"},
        },
    }


def _state(max_body_bytes: int) -> Json:
    name = {
        "name": "name",
        "in": "path",
        "required": True,
        "description": "Name of the list.",
        "schema": {"type": "string", "pattern": f"^{todo_list.LIST_NAME.pattern}$"},
    }
    return {"parameters": [name], "get": _read(), "put": _replace(max_body_bytes)}


def _read() -> Json:
    held = {
        "name": "If-None-Match",
        "in": "header",
        "description": "Tags of the versions that the client holds.",
        "schema": {"type": "string"},
    }
    return {
        "operationId": "readList",
        "summary": "Read a list",
        "parameters": [held],
        "responses": {
            "200": _answer("The list.", "TodoList", "ETag"),
            "304": {"description": "The client holds this version.", "headers": _answered("ETag")},
            "400": _failure("The name cannot be one."),
            "404": _failure("There is no such list yet."),
            "406": _failure("The client takes no JSON."),
            "500": _failure("The storage failed."),
        },
    }


def _replace(max_body_bytes: int) -> Json:
    conditions = [
        {"name": header, "in": "header", "description": text, "schema": {"type": "string"}}
        for header, text in _PRECONDITION_HEADERS
    ]
    return {
        "operationId": "replaceList",
        "summary": "Replace a list; without a condition the last write wins",
        "parameters": conditions,
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/TodoList"}}},
        },
        "responses": {
            "200": _answer("The list as it is kept now.", "TodoList", "ETag"),
            "400": _failure("The name or the list is not valid; the cause has the path of the first mistake."),
            "404": _failure("There is nothing at this path."),
            "406": _failure("The client takes no JSON."),
            "412": _answer("The condition did not hold; with what is kept now, and its tag.", "Conflict"),
            "413": _failure(f"The body is larger than {max_body_bytes} bytes."),
            "415": _failure("The body is not JSON in UTF-8."),
            "500": _failure("The storage failed."),
        },
    }  # fmt: skip


def _status(operation: str) -> Json:
    responses = {"200": _answer("The process is alive.", "Status")}
    return {"operationId": operation, "summary": "Liveness and version", "responses": responses}


def _ready(operation: str) -> Json:
    return {
        "operationId": operation,
        "summary": "Whether the storage can be reached",
        "responses": {
            "200": _answer("It can.", "Ready"),
            "503": _answer("It cannot.", "NotReady"),
        },
    }


def _itself(operation: str) -> Json:
    content = {"application/json": {"schema": {"type": "object"}}}
    answer = {"description": "OpenAPI 3.1.", "content": content, "headers": _answered()}
    return {"operationId": operation, "summary": "This document", "responses": {"200": answer}}


def _failure(description: str) -> Json:
    return _answer(description, "Failure")


def _answer(description: str, schema: str, *headers: str) -> Json:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"description": description, "content": content, "headers": _answered(*headers)}


def _answered(*headers: str) -> Json:
    answered = {"X-Request-Id": {"$ref": "#/components/headers/RequestId"}}
    return answered | {name: {"$ref": f"#/components/headers/{name}"} for name in headers}
