"""How environments are and were: the last look, spans of verdicts, points."""

from datetime import timedelta

from panel.store.health import Look
from panel.store.stores import Stores
from panel.store.tables import now


def test_since_goes_on_while_the_verdict_stays(stores: Stores) -> None:
    first = stores.health.record("staging", "healthy", {"verdict": "healthy"})
    same = stores.health.record("staging", "healthy", {"verdict": "healthy"})
    elsewhere = stores.health.record("production", "down", {})
    worse = stores.health.record("staging", "down", {"verdict": "down"})
    better = stores.health.record("staging", "healthy", {})

    assert same.since == first.since
    assert same.checked_at > first.checked_at
    assert first.since < elsewhere.since < worse.since < better.since


def test_the_latest_look_at_each_environment(stores: Stores) -> None:
    stores.health.record("staging", "down", {"n": 1})
    stores.health.record_all([Look("production", "healthy", {"n": 2}), Look("staging", "healthy", {"n": 3})])

    assert {name: state.report["n"] for name, state in stores.health.latest().items()} == {
        "staging": 3, "production": 2,
    }  # fmt: skip
    assert stores.health.get("preview") is None


def test_spans_tell_how_long_each_verdict_lasted_and_why(stores: Stores) -> None:
    start = now() - timedelta(hours=1)
    cause = {"text": "None of 2 tasks is running.", "service": "backend"}
    for minute, verdict in enumerate(["healthy", "healthy", "down", "down", "healthy"]):
        report = {
            "causes": [cause] if verdict == "down" else [],
            "services": {"backend": {"verdict": verdict}, "frontend": {"verdict": "healthy"}},
        }
        stores.health.record("staging", verdict, report, at=start + timedelta(minutes=minute))

    whole = stores.health.spans("staging", since=start)
    assert [(span.verdict, span.cause) for span in whole] == [
        ("healthy", ""), ("down", "None of 2 tasks is running."), ("healthy", ""),
    ]  # fmt: skip
    down = whole[1]
    assert (down.ended_at or start) - down.began_at == timedelta(minutes=2)
    assert whole[2].ended_at is None
    assert len(stores.health.spans("staging", since=start, service="frontend")) == 1
    assert len(stores.health.spans("staging", since=start, service=None)) == 7
    assert [span.verdict for span in stores.health.spans("staging", since=start + timedelta(minutes=3))] == [
        "down", "healthy",
    ]  # fmt: skip


def test_points_keep_what_was_measured(stores: Stores) -> None:
    start = now() - timedelta(hours=1)
    service = {"verdict": "degraded", "measures": {"latency_ms": 41, "running": 1}}
    stores.health.record(
        "staging", "degraded", {"services": {"backend": service}, "measures": {"latency_ms": 9}}, at=start
    )

    (whole,) = stores.health.points("staging", since=start)
    (own,) = stores.health.points("staging", since=start, service="backend")
    assert (whole.looks, whole.degraded, whole.healthy, whole.measures) == (
        1,
        1,
        0,
        {"running": 1, "latency_ms": 9},
    )
    assert (own.latency_max_ms, own.measures) == (41, {"latency_ms": 41, "running": 1})
    assert stores.health.points("staging", since=now()) == []


def test_a_verdict_began_where_it_began_also_when_nobody_looked_for_a_while(stores: Stores) -> None:
    def saw(ago_min: float, backend: str) -> None:
        report = {"services": {"backend": {"verdict": backend}}}
        stores.health.record("staging", backend, report, at=moment - timedelta(minutes=ago_min))

    moment = now()
    for ago_min, backend in ((300, "down"), (290, "healthy"), (200, "down"), (100, "down"), (1, "down")):
        saw(ago_min, backend)

    assert stores.health.begun() == {
        ("staging", ""): moment - timedelta(minutes=200),
        ("staging", "backend"): moment - timedelta(minutes=200),
    }
