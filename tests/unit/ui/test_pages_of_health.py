"""The Health tab: verdict and whom to call, the picture by zone, history, events; and what stands where there is nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from panel.lifecycle.health_points import Measured
from panel.store.health_tables import HealthState
from panel.store.tables import now
from panel.store.uptime import Uptime
from panel.ui import health_text as text
from panel.ui import session
from panel.ui.components import health_charts, style
from panel.ui.components.health_history import as_csv, numbers
from panel.ui.components.health_summary import percent, uptime_words
from panel.ui.components.topology import topology, zone_title

Open = Callable[..., AppTest]
HOSTILE = '<script>alert("x")</script>'
OWNER = {"team": "API team", "contact": "api@example.com"}


def body(app: AppTest) -> str:
    """All markup of a page that was drawn without an error."""
    assert not app.exception, app.exception
    return "".join(str(element.proto.body) for element in app.get("html"))


def task(number: int, zone: str = "a", **more: Any) -> dict[str, Any]:
    at = now() - timedelta(hours=2)
    return {"id": f"{number}ab47e1c90d2", "zone": f"us-east-2{zone}", "state": "RUNNING", "health": "healthy",
            "started_at": at.isoformat(), "stopped_at": None, "reason": "", "exit_code": None, "version": "4f2a91c", **more}  # fmt: skip


def stopped(number: int, reason: str = "Essential container in task exited", **more: Any) -> dict[str, Any]:
    at = now() - timedelta(minutes=4 * number)
    return task(
        number, state="STOPPED", health="", stopped_at=at.isoformat(), reason=reason, exit_code=1, **more
    )


def probe(
    name: str, verdict: str = "healthy", detail: str = "", service: str | None = None
) -> dict[str, Any]:
    return {"name": name, "service": service, "verdict": verdict, "detail": detail or f"{name} was asked.",
            "evidence": f"evidence of {name}", "notice": "", "checked_at": now().isoformat(), "elapsed_ms": 12}  # fmt: skip


def report(verdict: str = "down", **backend: Any) -> dict[str, Any]:
    """A report in the shape that the sweep hands to the store."""
    service = {
        "verdict": verdict, "rule": "C1", "version": "4f2a91c", "desired": 2, "running": 1, "pending": 0,
        "measures": {"latency_ms": 16.2, "cpu_percent": 31.5}, "zones": {"us-east-2a": 1},
        "tasks": [task(1), stopped(2)], "events": [{"at": now().isoformat(), "text": f"steady {HOSTILE}"}], **backend,
    }  # fmt: skip
    causes = [{"text": f"None of 2 tasks is running. {HOSTILE}", "service": "backend", "owner": OWNER, "evidence": "runningCount 0",
               "rule": "C1"}]  # fmt: skip
    return {
        "verdict": verdict, "rule": "E5", "causes": causes if verdict != "healthy" else [], "measures": {"latency_ms": 14.1},
        "notices": [{"text": "The certificate ends in 25 days.", "service": None, "owner": OWNER}],
        "services": {"backend": service, "frontend": {"verdict": "healthy", "version": "r12"}},
        "probes": [probe("cloudfront"), probe("cloudfront_errors", "unknown"), probe("site", service="frontend"),
                   probe("load_balancer", "degraded", "A listener answers 503."), probe("state_bucket")],
    }  # fmt: skip


@pytest.fixture
def down(sample: Any) -> Any:
    """An environment that does not work, looked at for some minutes."""
    for minutes in (9, 6, 3):
        sample.stores.health.record(
            "down", "healthy", report("healthy"), at=now() - timedelta(minutes=minutes)
        )
    for seconds in (90, 0):
        sample.stores.health.record("down", "down", report(), at=now() - timedelta(seconds=seconds))
    return sample


def rows_of(spec: dict[str, Any], layer: int) -> list[dict[str, Any]]:
    """The rows behind one layer of a chart."""
    data = spec["layer"][layer].get("data", spec.get("data"))
    found: list[dict[str, Any]] = data["values"] if "values" in data else spec["datasets"][data["name"]]
    return found


def picture(panel: Any, name: str = "down") -> str:
    return topology(panel.overview.environment(name), panel.health_overview.now(name))


def test_who_is_called_at_night_sees_what_is_wrong_and_whom_to_call(down: Any, open_page: Open) -> None:
    app = open_page("environment", environment="down", tab="Health")
    page = body(app)

    assert "Does not work" in page
    assert "None of 2 tasks is running." in page
    assert "Call API team · api@example.com" in page
    assert "The certificate ends in 25 days." in page
    assert "of 9 min" in page  # how much was measured stands beside how much was up
    assert "<script>" not in page
    message = next(code.value for code in app.code if code.value.startswith("down: "))
    assert "Evidence: runningCount 0" in message
    assert "Checked 2" in message


def test_the_picture_has_tasks_by_zone_and_says_what_is_missing_and_why(down: Any) -> None:
    page = picture(down)
    assert "Zone a" in page
    assert 'title="us-east-2a"' in page
    assert "Missing" in page
    assert "1 of 2" in page
    assert "Essential container in task exited · exit code 1" in page
    assert "A listener answers 503." in page
    assert "cloudfront was asked." in page  # on hover
    assert (
        page.index("CloudFront")
        < page.index("Site bucket")
        < page.index("Load balancer")
        < page.index("Zone a")
        < page.index("State bucket")
    )


def test_what_several_checks_say_of_one_part_is_said_once(sample: Any) -> None:
    same = "This part of the environment is not created."
    probes = [probe(name, "down", same) for name in ("site", "cloudfront", "cloudfront_errors", "dns")]
    sample.stores.health.record("down", "down", {**report(), "probes": probes})
    front = picture(sample).split("Site bucket")[0]
    assert front.count(same) == 2  # on the box, and on hover


@pytest.mark.parametrize(
    ("tasks", "word"),
    [
        ([task(1, health="unhealthy")], "Does not answer"),
        ([task(1, state="PENDING", health="")], "Starting"),
        ([task(1, state="RUNNING", health="unknown")], "Running"),
        ([task(1, state="", health="")], "Not known"),
        ([], "Running"),  # only counted, by zone
    ],
)
def test_a_task_says_its_state_in_words(sample: Any, tasks: list[dict[str, Any]], word: str) -> None:
    sample.stores.health.record("down", "degraded", report("degraded", tasks=tasks, desired=1))
    page = picture(sample)
    assert word in page.split("Load balancer")[1]
    assert "Missing" not in page


def test_a_service_whose_tasks_nobody_counted_is_not_known(sample: Any) -> None:
    sample.stores.health.record(
        "down", "unknown", report("unknown", tasks=[], zones={}, running=None, desired=None)
    )
    assert "Not known" in picture(sample).split("Load balancer")[1].split("State bucket")[0]


def test_a_part_that_no_check_spoke_of_is_not_known_and_never_healthy(sample: Any) -> None:
    sample.stores.health.record("down", "healthy", {**report("healthy"), "probes": []})
    page = picture(sample)
    assert "Not known" in page.split("Site bucket")[0]


@pytest.mark.parametrize(("name", "word"), [("staging", "Not created"), ("lost", "Not known")])
def test_the_picture_of_what_is_not_there_claims_nothing(sample: Any, name: str, word: str) -> None:
    page = picture(sample, name)
    assert word in page
    assert "Healthy" not in page


def test_zones_are_called_by_their_letter() -> None:
    assert (zone_title("us-east-2b"), zone_title("my-rack"), zone_title("")) == (
        "Zone b",
        "my-rack",
        text.NO_ZONE,
    )


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("staging", "so nothing of it can be broken"),
        ("lost", "Create it again to have it back"),
        ("applying", "so nothing of it can be broken"),
    ],
)
def test_where_there_is_nothing_it_says_why_and_draws_no_chart(
    open_page: Open, name: str, words: str
) -> None:
    app = open_page("environment", environment=name, tab="Health")
    assert words in body(app)
    assert not app.get("vega_lite_chart")


def test_an_old_look_is_not_shown_as_the_present(sample: Any, open_page: Open) -> None:
    with sample.stores.database.write() as rows:
        state = rows.get_one(HealthState, "ready")
        state.checked_at = now() - timedelta(hours=3)
        rows.add(state)

    page = body(open_page("environment", environment="ready", tab="Health"))

    assert text.NOW_UNKNOWN in page
    assert "Seen last: Healthy." in page
    assert "3 h ago" in page
    assert text.ALL_WELL not in page


def test_before_the_first_look_and_asleep(sample: Any, open_page: Open) -> None:
    with sample.stores.database.write() as rows:
        rows.delete(rows.get_one(HealthState, "ready"))
    assert "Nobody has looked yet" in body(open_page("environment", environment="ready", tab="Health"))

    sample.stores.environments.save("degraded", asleep=True)
    page = body(open_page("environment", environment="degraded", tab="Health"))
    assert "It does not answer now, as it should not." in page
    assert "What is wrong" not in page


def test_history_switches_its_window_its_service_and_the_kinds_of_events(down: Any, open_page: Open) -> None:
    app = open_page("environment", environment="down", tab="Health")
    assert len(app.get("vega_lite_chart")) == 3  # verdicts, latency, tasks; the rest says what will appear
    assert "embedded AWS counts none" in body(app)
    assert "Task stopped" in body(app)

    app.session_state[session.of(session.HEALTH_WINDOW, "down")] = "1h"
    app.session_state[session.of(session.HEALTH_OF, "down")] = "backend"
    app.session_state[session.of(session.HEALTH_KINDS, "down")] = ["release"]
    app.session_state[session.of(session.HEALTH_NUMBERS, "down")] = True
    app.session_state[session.of(session.HEALTH_CHECKS, "down")] = True
    app.run()

    page = body(app)
    assert len(app.get("vega_lite_chart")) == 4  # CPU is measured by service
    assert "Task stopped" not in page
    assert "evidence of load_balancer" in page
    assert "cpu_percent" in app.dataframe[0].value.columns


def test_a_chart_breaks_where_nobody_looked_and_marks_what_changed(down: Any) -> None:
    view = down.health_overview.environment("down", "24h")
    points = [
        Measured(view.begin + timedelta(minutes=minutes), 300, 1, 9.0, {"latency_ms": 5.0})
        for minutes in (5, 10, 90)
    ]
    series = (health_charts.Series("mean", "latency_ms"), health_charts.Series("none", "nothing"))

    spec = health_charts.lines(view, points, series, unit="ms", name="Latency").to_dict()

    values = [row["value"] for row in rows_of(spec, 0)]
    assert values == [5.0, 5.0, None, 5.0]
    assert "backend r1" in json.dumps(spec)
    assert health_charts.lines(view, points, series[1:], unit="", name="none") is None


def test_bars_say_verdict_time_and_cause(down: Any) -> None:
    view = down.health_overview.environment("down", "1h")
    bars = rows_of(health_charts.strip(view, {"": "Whole environment", "backend": "backend"}).to_dict(), 0)
    last = bars[1]
    assert (last["row"], last["word"], last["shape"], last["to"]) == (
        "Whole environment",
        "Does not work",
        "■",
        "still so",
    )
    assert last["cause"].startswith("None of 2 tasks is running.")
    assert {bar["row"] for bar in bars} == {"Whole environment", "backend"}


def test_figures_are_not_rounded_up_to_perfection() -> None:
    assert [percent(value) for value in (100.0, 99.999, 99.5, 98.76, 0.0)] == [
        "100 %",
        "99.99 %",
        "99.50 %",
        "98.7 %",
        "0.0 %",
    ]
    assert uptime_words(Uptime()) == "not measured"
    assert uptime_words(Uptime(99.725, 1, 0, 0, 85200)) == "99.72 % of 23 h 40 min"
    assert [health_charts.figure(value) for value in (0.123456, 15.56, 1234.4)] == ["0.123", "15.6", "1,234"]


def test_numbers_are_a_table_of_what_was_measured() -> None:
    at = now().replace(microsecond=0)
    head, rows = numbers(
        [Measured(at, 0, 1, None, {"a": 1.0}), Measured(at + timedelta(seconds=30), 0, 2, 7.5, {"b": 2.0})]
    )
    assert head == ["At (UTC)", "looks", "a", "b", "latency_max_ms"]
    assert [row[1:] for row in rows] == [[2, None, 2.0, 7.5], [1, 1.0, None, None]]
    assert as_csv(head, rows).splitlines()[1].endswith(",2,,2.0,7.5")


def test_charts_have_the_colours_of_the_states() -> None:
    assert style.colour("bad") == "#b42318"
    assert style.colour("unknown") == style.colour("none")
