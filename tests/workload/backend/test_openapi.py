"""The API does what its own document says: Schemathesis asks it everything that the document allows, and more."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import hypothesis
import jsonschema
import pytest
import schemathesis
from falcon import testing
from hypothesis import strategies as st

from backend import todo_list
from backend.app import create_app
from backend.openapi import todo_list_schema
from backend.settings import Settings


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return create_app(Settings(storage_dir=tmp_path_factory.mktemp("lists"), version="7"))


# A condition that does not hold refuses a request in which nothing is wrong.
SCHEMATHESIS = schemathesis.Config.from_dict(
    {"checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", "304", "404", "412"]}}}
)
STATE = "/api/state/{name}"
VALID, INVALID = schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE


@pytest.mark.parametrize(
    ("method", "path", "mode", "requests"),
    [
        ("GET", STATE, VALID, 20),
        ("GET", STATE, INVALID, 20),
        ("PUT", STATE, VALID, 40),
        ("PUT", STATE, INVALID, 40),
        # Nothing can be said wrongly to these.
        ("GET", "/api/status", VALID, 3),
        ("GET", "/api/ready", VALID, 3),
        ("GET", "/api/openapi.json", VALID, 3),
    ],
)
def test_every_answer_is_as_the_document_says(
    application: Any, method: str, path: str, mode: schemathesis.GenerationMode, requests: int
) -> None:
    document = schemathesis.openapi.from_wsgi("/openapi.json", application, config=SCHEMATHESIS)

    @hypothesis.settings(
        max_examples=requests, deadline=None, suppress_health_check=list(hypothesis.HealthCheck)
    )
    @hypothesis.given(document[path][method].as_strategy(generation_mode=mode))
    def ask(case: schemathesis.Case) -> None:
        case.call_and_validate()

    ask()


def test_the_document_is_served_where_the_content_network_leads_too(application: Any) -> None:
    client = testing.TestClient(application)
    served = client.simulate_get("/api/openapi.json")
    assert served.status_code == 200
    assert served.json == client.simulate_get("/openapi.json").json
    assert served.json["info"]["version"] == "7"


def test_every_route_is_in_the_document(application: Any) -> None:
    told = testing.TestClient(application).simulate_get("/openapi.json").json["paths"]
    assert sorted(told) == sorted(
        [
            "/api/state/{name}",
            *(f"{prefix}/{page}" for prefix in ("", "/api") for page in ("status", "ready", "openapi.json")),
        ]
    )


_values = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()
)
_near_misses = st.lists(
    st.dictionaries(st.sampled_from([*todo_list.FIELDS, "order"]), _values, max_size=4)
    | st.fixed_dictionaries(
        {"id": _values | st.integers(), "title": _values | st.text(), "completed": _values | st.booleans()}
    )
    | _values,
    max_size=3,
)


@hypothesis.settings(max_examples=200, deadline=None)
@hypothesis.given(_near_misses)
def test_the_code_takes_exactly_the_lists_that_the_schema_allows(value: object) -> None:
    allowed = jsonschema.Draft202012Validator(todo_list_schema()).is_valid(value)
    try:
        todo_list.parse(json.dumps(value).encode())
    except todo_list.InvalidTodoListError:
        taken = False
    else:
        taken = True
    assert taken == allowed


def test_the_limits_in_the_document_are_those_of_the_settings(tmp_path: Path) -> None:
    client = testing.TestClient(create_app(Settings(storage_dir=tmp_path, max_body_bytes=123)))
    put = client.simulate_get("/openapi.json").json["paths"]["/api/state/{name}"]["put"]
    assert "123 bytes" in put["responses"]["413"]["description"]
