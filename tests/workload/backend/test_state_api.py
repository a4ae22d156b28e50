"""The API's contract, asked of the application itself."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
from falcon import testing

from backend.app import create_app
from backend.request_log import JsonFormatter
from backend.settings import Settings
from backend.storage import Condition, StorageError, Stored

MILK = [{"id": 1, "title": "Buy milk — now", "completed": False}]
BREAD = [{"id": 2, "title": "Bread", "completed": True}]


@pytest.fixture
def client(tmp_path: Path) -> testing.TestClient:
    return testing.TestClient(create_app(Settings(storage_dir=tmp_path, max_body_bytes=1000)))


class BrokenStorage:
    """Fails as a bucket out of reach does, or in a way that nobody foresaw."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def read(self, name: str) -> Stored | None:
        raise self._error

    def write(self, name: str, content: bytes, condition: Condition) -> str:
        raise self._error

    def check(self) -> None:
        raise self._error


def test_a_list_that_does_not_exist_is_404_with_a_cause(client: testing.TestClient) -> None:
    answer = client.simulate_get("/api/state/default")
    assert answer.status_code == 404
    assert answer.json == {"cause": "there is no list named 'default' yet"}
    assert answer.headers["cache-control"] == "no-store"


def test_what_was_put_is_got(client: testing.TestClient) -> None:
    put = client.simulate_put("/api/state/default", json=MILK)
    assert (put.status_code, put.json) == (200, MILK)
    got = client.simulate_get("/api/state/default")
    assert (got.status_code, got.json) == (200, MILK)
    assert got.headers["content-type"] == "application/json"
    assert got.headers["etag"] == put.headers["etag"]


def test_without_a_condition_the_last_write_wins(client: testing.TestClient) -> None:
    client.simulate_put("/api/state/default", json=MILK)
    assert client.simulate_put("/api/state/default", json=BREAD).status_code == 200
    assert client.simulate_get("/api/state/default").json == BREAD


def test_a_write_on_an_old_version_is_412_with_the_current_list(client: testing.TestClient) -> None:
    old = client.simulate_put("/api/state/default", json=MILK).headers["etag"]
    current = client.simulate_put("/api/state/default", json=BREAD).headers["etag"]
    answer = client.simulate_put("/api/state/default", json=[], headers={"If-Match": old})
    assert answer.status_code == 412
    assert answer.json == {"cause": "the list has changed since it was read", "state": BREAD}
    assert answer.headers["etag"] == current
    merged = client.simulate_put("/api/state/default", json=MILK + BREAD, headers={"If-Match": current})
    assert merged.status_code == 200


def test_only_the_first_may_make_a_list(client: testing.TestClient) -> None:
    first = client.simulate_put("/api/state/default", json=MILK, headers={"If-None-Match": "*"})
    second = client.simulate_put("/api/state/default", json=BREAD, headers={"If-None-Match": "*"})
    assert (first.status_code, second.status_code) == (200, 412)


def test_412_for_a_list_that_is_gone_says_so(client: testing.TestClient) -> None:
    answer = client.simulate_put("/api/state/default", json=MILK, headers={"If-Match": '"abc"'})
    assert (answer.status_code, answer.json["state"]) == (412, None)
    assert "etag" not in answer.headers


def test_a_version_already_held_is_304_without_a_body(client: testing.TestClient) -> None:
    tag = client.simulate_put("/api/state/default", json=MILK).headers["etag"]
    held = client.simulate_get("/api/state/default", headers={"If-None-Match": tag})
    assert (held.status_code, held.content) == (304, b"")
    assert client.simulate_get("/api/state/default", headers={"If-None-Match": '"x"'}).status_code == 200


def test_a_tag_that_a_compressing_proxy_weakened_still_counts(client: testing.TestClient) -> None:
    tag = client.simulate_put("/api/state/default", json=MILK).headers["etag"]
    answer = client.simulate_put("/api/state/default", json=BREAD, headers={"If-Match": f"W/{tag}"})
    assert answer.status_code == 200


@pytest.mark.parametrize("name", ["a.json", "..%2f..%2fetc%2fpasswd", "%2e%2e", "a%00", "-x", "x" * 65])
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_unsafe_names_reach_no_storage(tmp_path: Path, method: str, name: str) -> None:
    storage = BrokenStorage(AssertionError("the storage was asked"))
    client = testing.TestClient(create_app(Settings(), storage))
    answer = client.simulate_request(method, f"/api/state/{name}", json=[])
    assert answer.status_code in (400, 404)
    assert answer.json["cause"]


def test_a_mistake_in_the_list_is_400_with_its_path_and_changes_nothing(client: testing.TestClient) -> None:
    client.simulate_put("/api/state/default", json=MILK)
    answer = client.simulate_put("/api/state/default", json=[*MILK, {"id": 2, "title": 3, "completed": True}])
    assert (answer.status_code, answer.json) == (400, {"cause": "$[1].title: expected text, got a number"})
    assert client.simulate_get("/api/state/default").json == MILK


@pytest.mark.parametrize(
    "content_type",
    [None, "text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1"],
)
def test_another_content_type_is_415(client: testing.TestClient, content_type: str | None) -> None:
    answer = client.simulate_put("/api/state/default", body=b"[]", content_type=content_type)
    assert (answer.status_code, answer.json) == (415, {"cause": "the body must be application/json in UTF-8"})


def test_the_usual_spelling_of_the_content_type_with_its_charset_is_taken(client: testing.TestClient) -> None:
    answer = client.simulate_put(
        "/api/state/default", body=b"[]", content_type='application/json; charset="UTF-8"'
    )
    assert answer.status_code == 200


def test_a_client_that_takes_no_json_is_406(client: testing.TestClient) -> None:
    assert client.simulate_get("/api/state/default", headers={"Accept": "text/html"}).status_code == 406


def test_a_body_over_the_limit_is_413(client: testing.TestClient) -> None:
    large = [{"id": 1, "title": "x" * 1000, "completed": False}]
    answer = client.simulate_put("/api/state/default", json=large)
    assert (answer.status_code, answer.json) == (413, {"cause": "the body is larger than 1000 bytes"})
    assert client.simulate_get("/api/state/default").status_code == 404


def test_other_methods_and_paths_answer_in_the_same_form(client: testing.TestClient) -> None:
    deleted = client.simulate_delete("/api/state/default")
    assert (deleted.status_code, deleted.json) == (405, {"cause": "DELETE is not possible here"})
    lost = client.simulate_get("/api/nothing")
    assert (lost.status_code, lost.json) == (404, {"cause": "there is nothing at this path"})


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_a_failing_storage_is_500_with_a_cause(method: str) -> None:
    client = testing.TestClient(create_app(Settings(), BrokenStorage(StorageError("out of reach"))))
    answer = client.simulate_request(method, "/api/state/default", json=MILK)
    assert (answer.status_code, answer.json) == (500, {"cause": "out of reach"})


def test_an_unforeseen_failure_is_500_that_tells_only_where_to_look() -> None:
    client = testing.TestClient(create_app(Settings(), BrokenStorage(RuntimeError("secret"))))
    answer = client.simulate_get("/api/state/default", headers={"X-Request-Id": "abc-1"})
    assert answer.status_code == 500
    assert answer.json == {"cause": "unexpected failure; the log has it under request abc-1"}


def test_a_damaged_file_is_500_rather_than_a_list_no_client_can_show(
    client: testing.TestClient, tmp_path: Path
) -> None:
    (tmp_path / "default.json").write_text('[{"id": 1}]')
    answer = client.simulate_get("/api/state/default")
    assert answer.status_code == 500
    assert answer.json == {"cause": "the stored list is damaged: $[0].title: missing"}


@pytest.mark.parametrize("path", ["/status", "/api/status"])
def test_status_tells_version_and_image(path: str) -> None:
    settings = Settings(version="1.4.2", image_digest="sha256:abc")
    client = testing.TestClient(create_app(settings, BrokenStorage(StorageError("not asked"))))
    answer = client.simulate_get(path)
    assert answer.status_code == 200
    assert answer.json == {
        "status": "ok",
        "service": "backend",
        "version": "1.4.2",
        "image": "sha256:abc",
    }


def test_status_without_settings_is_that_of_a_developer(client: testing.TestClient) -> None:
    answer = client.simulate_get("/status").json
    assert (answer["version"], answer["image"]) == ("dev", None)


@pytest.mark.parametrize("path", ["/ready", "/api/ready"])
def test_ready_asks_the_storage(client: testing.TestClient, path: str) -> None:
    assert client.simulate_get(path).status_code == 200
    broken = testing.TestClient(create_app(Settings(), BrokenStorage(StorageError("out of reach"))))
    answer = broken.simulate_get(path)
    assert (answer.status_code, answer.json) == (503, {"status": "unavailable", "cause": "out of reach"})


def test_a_request_is_logged_with_its_id_and_without_its_body(
    client: testing.TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    client.simulate_put("/api/state/default", json=MILK, headers={"X-Request-Id": "abc-1"})
    lines = [json.loads(JsonFormatter().format(record)) for record in caplog.records]
    assert [(line["request_id"], line["method"], line["path"], line["status"]) for line in lines] == [
        ("abc-1", "PUT", "/api/state/default", 200)
    ]
    assert "milk" not in json.dumps(lines).lower()


def test_an_id_that_could_forge_log_lines_is_replaced(client: testing.TestClient) -> None:
    answer = client.simulate_get("/status", headers={"X-Request-Id": 'x" "level":"error'})
    assert answer.headers["x-request-id"].isalnum()


ORIGIN = "https://todo.example.com"


@pytest.fixture
def other_site(tmp_path: Path) -> testing.TestClient:
    return testing.TestClient(create_app(Settings(storage_dir=tmp_path, allowed_origins=(ORIGIN,))))


def test_scripts_of_a_configured_site_may_read_lists_and_their_tags(other_site: testing.TestClient) -> None:
    answer = other_site.simulate_get("/api/state/default", headers={"Origin": ORIGIN})
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert "ETag" in answer.headers["access-control-expose-headers"]
    assert "access-control-allow-credentials" not in answer.headers


def test_a_browser_that_asks_first_is_told_what_a_configured_site_may_do(
    other_site: testing.TestClient,
) -> None:
    asked = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "content-type,if-match",
    }
    answer = other_site.simulate_options("/api/state/default", headers=asked)
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert "PUT" in answer.headers["access-control-allow-methods"]
    assert "if-match" in answer.headers["access-control-allow-headers"]


@pytest.mark.parametrize("origin", ["https://evil.example", f"{ORIGIN}.evil.example", "null", "http:"])
def test_scripts_of_other_sites_are_told_nothing(other_site: testing.TestClient, origin: str) -> None:
    asked = {"Origin": origin, "Access-Control-Request-Method": "PUT"}
    for answer in (
        other_site.simulate_get("/api/state/default", headers={"Origin": origin}),
        other_site.simulate_options("/api/state/default", headers=asked),
    ):
        assert not [name for name in answer.headers if name.startswith("access-control")]


def test_without_configured_sites_no_other_site_is_let_in(client: testing.TestClient) -> None:
    answer = client.simulate_get("/api/state/default", headers={"Origin": ORIGIN})
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_a_write_repeated_because_its_answer_was_lost_is_told_as_done(client: testing.TestClient) -> None:
    old = client.simulate_put("/api/state/default", json=MILK).headers["etag"]
    first = client.simulate_put("/api/state/default", json=BREAD, headers={"If-Match": old})
    again = client.simulate_put("/api/state/default", json=BREAD, headers={"If-Match": old})
    assert (again.status_code, again.headers["etag"]) == (200, first.headers["etag"])


def test_a_number_without_a_fraction_is_whole_however_it_is_written(client: testing.TestClient) -> None:
    answer = client.simulate_put(
        "/api/state/default",
        body=b'[{"id": 1.0, "title": "x", "completed": true}]',
        content_type="application/json",
    )
    assert answer.content == b'[{"id":1,"title":"x","completed":true}]'
