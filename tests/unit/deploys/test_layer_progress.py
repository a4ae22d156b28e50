"""What a person sees of a push: each layer, where it is, and never backwards."""

import pytest

from panel.deploys.layer_progress import LayerProgress, short_digest

LAYER = "5f70bf18a086"


@pytest.fixture
def seen():
    return []


@pytest.fixture
def progress(seen):
    return LayerProgress(seen.append)


def event(status, **detail):
    return {"status": status, "id": LAYER, "progressDetail": detail}


def last(seen):
    (part,) = seen[-1]
    return part.state, part.done, part.total


def test_a_layer_goes_its_way(progress, seen):
    states = []
    for told in (
        event("Preparing"),
        event("Waiting"),
        event("Pushing", current=10, total=40),
        event("Pushing", current=30, total=40),
        event("Pushed"),
    ):
        progress.take(told)
        states.append(last(seen))

    assert states == [
        ("waiting", 0, 0), ("waiting", 0, 0), ("working", 10, 40), ("working", 30, 40), ("done", 40, 40),
    ]  # fmt: skip
    assert len(seen) == 4  # what is as it was is not told again


def test_what_the_registry_has_is_kept(progress, seen):
    progress.take(event("Layer already exists"))
    assert last(seen)[0] == "kept"

    progress.take({"status": "Mounted from todo/other", "id": "a3ed95caeb02"})
    assert {part.state for part in seen[-1]} == {"kept"}


def test_an_engine_may_send_more_than_it_announced(progress, seen):
    progress.take(event("Pushing", current=90, total=40))

    assert last(seen) == ("working", 40, 40)


def test_a_layer_that_has_arrived_is_not_on_its_way_again(progress, seen):
    progress.take(event("Pushed"))
    progress.take(event("Pushing", current=1, total=40))

    assert last(seen)[0] == "done"


def test_lines_that_are_about_no_layer_change_nothing(progress, seen):
    progress.take({"status": "The push refers to repository [x]"})
    progress.take({"progressDetail": {}, "aux": {"Digest": "sha256:1"}})

    assert seen == []


def test_a_failure_shows_where_it_was(progress, seen):
    progress.take({"status": "Layer already exists", "id": "a3ed95caeb02"})
    progress.take(event("Pushing", current=10, total=40))
    progress.fail("did not arrive")

    assert [(part.state, part.detail) for part in seen[-1]] == [
        ("kept", "in the registry already"),
        ("failed", "did not arrive"),
    ]


def test_layers_are_called_as_people_know_them(progress, seen):
    progress.at(f"sha256:{'ab' * 32}", "working", done=1, total=2)

    assert seen[-1][0].to_dict() == {
        "name": "abababababab", "state": "working", "done": 1, "total": 2, "unit": "B", "kind": "layer", "detail": "",
    }  # fmt: skip
    assert short_digest("5f70bf18a086") == "5f70bf18a086"
