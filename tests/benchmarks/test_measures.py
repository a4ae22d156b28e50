"""Figures and aims as the table shows them, and the file that keeps them."""

import json
from pathlib import Path

from tests.benchmarks.measures import Findings, Measure, keep, median, percentile


def test_an_aim_may_be_a_multiple_of_the_peer() -> None:
    measure = Measure("create", 110.0, "s", "bare terraform", 100.0, aim=1.10, aim_is_ratio=True)
    assert measure.row() == ("create: 110 s", "100 s (bare terraform)", "1.10", "≤ 1.1 ×", "reached")


def test_a_missed_aim_is_said() -> None:
    assert Measure("page", 151.0, "ms", aim=150.0).row()[-1] == "MISSED"


def test_without_an_aim_nothing_is_judged() -> None:
    assert Measure("stage", 3.0, "s").reached is None


def test_percentiles_are_values_that_were_measured() -> None:
    values = [float(number) for number in range(1, 21)]
    assert (percentile(values, 0.95), percentile(values, 1.0), percentile([7.0], 0.95)) == (19.0, 20.0, 7.0)
    assert median(values) == 10.5


def test_results_of_one_benchmark_leave_those_of_others_alone(tmp_path: Path) -> None:
    path = tmp_path / "artifacts" / "benchmarks.json"
    keep(path, "page", Findings([Measure("home", 1.0, "ms")]), {"cores": 2})
    keep(path, "start", Findings([Measure("up", 4.0, "s", "empty", 2.0)]), {"cores": 2})
    content = json.loads(path.read_text())
    assert set(content) == {"page", "start"}
    assert content["start"]["measures"][0]["ratio"] == 2.0
