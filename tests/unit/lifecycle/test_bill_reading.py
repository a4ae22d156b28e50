"""The bill is read seldom, kept, and never asked for sooner because AWS refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from panel.aws.session import Aws
from panel.catalogue.schema import Catalogue
from panel.errors import AwsError, RefusedError
from panel.lifecycle.bill_reading import BillReading, first_day
from panel.store.stores import Stores

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@dataclass
class PlayedCostExplorer:
    """Cost Explorer over lines ``(day, environment, service): usd``; a page holds ``page`` days."""

    lines: dict[tuple[str, str, str], float] = field(default_factory=dict)
    account: float = 0.0
    page: int = 100
    rest: dict[str, list[float]] = field(default_factory=dict)
    refuse: Mapping[str, Exception] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def get_cost_and_usage(self, **question: Any) -> dict[str, Any]:
        self._ask("usage" if "GroupBy" in question else "account")
        if "GroupBy" not in question:
            return {
                "ResultsByTime": [{"Total": {"UnblendedCost": {"Amount": str(self.account), "Unit": "USD"}}}]
            }
        begin, end = question["TimePeriod"]["Start"], question["TimePeriod"]["End"]
        days = sorted({day for day, _, _ in self.lines if begin <= day < end})
        first = int(question.get("NextPageToken", 0))
        answer: dict[str, Any] = {
            "ResultsByTime": [self._day(day) for day in days[first : first + self.page]]
        }
        if first + self.page < len(days):
            answer["NextPageToken"] = str(first + self.page)
        return answer

    def get_cost_forecast(self, **question: Any) -> dict[str, Any]:
        tags = {
            one["Tags"]["Key"]: one["Tags"]["Values"][0] for one in question["Filter"]["And"] if "Tags" in one
        }
        name = tags["Environment"]
        self._ask(f"forecast {name}")
        if name not in self.rest:
            raise refusal("DataUnavailableException")
        days = [{"MeanValue": str(usd)} for usd in self.rest[name]]
        return {"Total": {"Amount": "0", "Unit": "USD"}, "ForecastResultsByTime": days}

    def _ask(self, about: str) -> None:
        self.asked.append(about)
        if error := self.refuse.get(about.split(maxsplit=1)[0]):
            raise error

    def _day(self, day: str) -> dict[str, Any]:
        groups = [
            {"Keys": [f"Environment${name}", service], "Metrics": {"UnblendedCost": {"Amount": str(usd), "Unit": "USD"}}}
            for (of, name, service), usd in self.lines.items() if of == day
        ]  # fmt: skip
        return {"TimePeriod": {"Start": day, "End": day}, "Groups": groups, "Estimated": day >= "2026-11-22"}


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "GetCostAndUsage")


@dataclass
class Office:
    """Where the bill is read."""

    stores: Stores
    catalogue: Catalogue
    explorer: PlayedCostExplorer
    moment: datetime = NOON
    interval_h: float = 12

    def client(self, service: str, *, region: str | None = None) -> PlayedCostExplorer:
        assert (service, region) == ("ce", "us-east-1")
        return self.explorer

    def worker(self) -> BillReading:
        """A worker that was just started."""
        return BillReading(
            lambda: self.catalogue, self.stores, lambda: cast(Aws, self),
            interval_h=self.interval_h, clock=lambda: self.moment,
        )  # fmt: skip

    def look(self, after: timedelta = timedelta()) -> list[str]:
        """Some time later a worker looks; returns what it asked."""
        self.moment += after
        del self.explorer.asked[:]
        self.worker().look()
        return list(self.explorer.asked)

    def detail(self) -> str:
        reading = self.stores.readings.get("bill")
        assert reading is not None
        return reading.detail

    @contextmanager
    def refusing(self, about: str, error: Exception) -> Iterator[None]:
        self.explorer.refuse = {about: error}
        yield
        self.explorer.refuse = {}


@pytest.fixture
def office(stores: Stores, catalogue: Catalogue) -> Office:
    on_aws = catalogue.model_copy(update={"target": "aws"})
    lines = {
        ("2026-11-21", "staging", "EC2"): 2.0,
        ("2026-11-22", "staging", "EC2"): 2.5,
        ("2026-11-22", "staging", "S3"): 0.1,
        ("2026-11-23", "staging", "EC2"): 0.5,
        ("2026-11-22", "shared", "Route 53"): 0.5,
        ("2026-11-22", "", "Key Management"): 0.2,
        ("2026-11-02", "preview", "EC2"): 7.0,
    }
    rest = {"staging": [3.0, 2.5, 2.5]}
    return Office(stores, on_aws, PlayedCostExplorer(lines, rest=rest))


def test_days_are_kept_by_environment_and_service(office: Office) -> None:
    assert office.look()[0] == "usage"
    kept = office.stores.bills.all_days("2026-11-01")
    assert {(one.environment, one.day, one.service): (one.usd, one.estimated) for one in kept} == {
        ("staging", "2026-11-21", "EC2"): (2.0, False),
        ("staging", "2026-11-22", "EC2"): (2.5, True),
        ("staging", "2026-11-22", "S3"): (0.1, True),
        ("staging", "2026-11-23", "EC2"): (0.5, True),
        ("shared", "2026-11-22", "Route 53"): (0.5, True),
        ("", "2026-11-22", "Key Management"): (0.2, True),
        ("preview", "2026-11-02", "EC2"): (7.0, False),
    }
    assert office.detail() == ""


def test_a_forecast_is_what_was_charged_until_yesterday_and_what_is_expected_from_today_on(
    office: Office,
) -> None:
    office.look()
    forecast = office.stores.bills.forecast("staging", "2026-11")
    assert forecast is not None and forecast.usd == pytest.approx(4.6 + 8.0)


def test_only_what_is_still_charged_has_a_forecast_asked_for(office: Office) -> None:
    assert office.look() == ["usage", "forecast staging", "forecast shared"]
    assert set(office.stores.bills.forecasts("2026-11")) == {"staging"}


def test_it_is_not_read_again_before_its_time_also_by_another_worker(office: Office) -> None:
    office.look()
    assert office.look(11 * HOUR) == []
    assert office.look(HOUR)[0] == "usage"


def test_forecasts_are_asked_for_once_a_day(office: Office) -> None:
    office.look()
    # The shared network still has none.
    assert office.look(12 * HOUR) == ["usage", "forecast shared"]
    assert office.look(12 * HOUR) == ["usage", "forecast staging", "forecast shared"]


def test_a_refusal_is_not_repeated_before_the_usual_time(office: Office) -> None:
    with office.refusing("usage", refusal("AccessDeniedException")):
        assert office.look() == ["usage"]
        assert "ce:GetCostAndUsage" in office.detail()
        assert office.look(HOUR) == []
        assert office.look(10 * HOUR) == []
        assert office.look(HOUR) == ["usage"]
    assert office.stores.bills.all_days("2026-01-01") == []


@pytest.mark.parametrize(
    "error", [refusal("ThrottlingException"), EndpointConnectionError(endpoint_url="x")]
)  # fmt: skip
def test_what_passes_by_itself_is_tried_again_after_an_hour_and_no_sooner(
    office: Office, error: Exception
) -> None:
    with office.refusing("usage", error):
        assert office.look() == ["usage"]
        assert office.look(HOUR / 2) == []
        assert office.look(HOUR / 2) == ["usage"]


def test_a_worker_that_dies_over_it_does_not_ask_each_time(office: Office) -> None:
    class Killed(BaseException):
        pass

    with office.refusing("usage", Killed()), pytest.raises(Killed):  # type: ignore[arg-type]  # nothing catches it
        office.look()
    assert office.look(HOUR) == []


def test_a_failure_keeps_what_was_read_before(office: Office) -> None:
    office.look()
    before = office.stores.bills.months("2026-11")
    with office.refusing("usage", refusal("AccessDeniedException")):
        office.look(12 * HOUR)
    assert office.stores.bills.months("2026-11") == before
    reading = office.stores.readings.get("bill")
    assert reading is not None and not reading.ok and reading.facts["read_at"] == NOON.isoformat()


def test_a_forecast_that_is_refused_leaves_the_bill(office: Office) -> None:
    with office.refusing("forecast", refusal("AccessDeniedException")):
        assert office.look() == ["usage", "forecast staging"]
    assert office.stores.bills.months("2026-11")["staging"] == pytest.approx(5.1)
    assert office.detail().startswith("Its forecasts could not be read.")


def test_every_page_is_read_and_counted(office: Office) -> None:
    office.explorer.page = 1
    asked = office.look()
    assert asked.count("usage") == 4
    assert len(office.stores.bills.all_days("2026-11-01")) == 7
    reading = office.stores.readings.get("bill")
    assert reading is not None and reading.facts["calls"] == {"2026-11": len(asked)}


def test_an_answer_without_end_is_no_bill(office: Office) -> None:
    office.explorer.page = 0
    assert office.look() == ["usage"] * 60
    assert office.stores.bills.all_days("2026-01-01") == []
    assert "60 pages" in office.detail()


def test_cost_without_any_tag_says_which_tags_to_activate(office: Office) -> None:
    office.explorer.lines, office.explorer.account = {}, 41.5
    assert office.look() == ["usage", "account"]
    assert "$ 41.50" in office.detail() and "Project = todo" in office.detail()
    assert "cost allocation tags Project and Environment" in office.detail()


def test_no_cost_at_all_is_no_trouble(office: Office) -> None:
    office.explorer.lines = {}
    assert office.look() == ["usage", "account"]
    assert office.detail() == ""


def test_an_environment_tag_that_nothing_carries_is_said(office: Office) -> None:
    office.explorer.lines = {("2026-11-22", "", "EC2"): 3.0}
    assert office.look() == ["usage"]
    assert "none of it carries the tag Environment" in office.detail()


def test_an_empty_answer_does_not_wipe_what_is_known(office: Office) -> None:
    office.look()
    office.explorer.lines = {}
    office.look(12 * HOUR)
    assert office.stores.bills.months("2026-11")["staging"] == pytest.approx(5.1)


def test_a_day_that_is_read_again_changes(office: Office) -> None:
    office.look()
    office.explorer.lines["2026-11-22", "staging", "EC2"] = 4.0
    del office.explorer.lines["2026-11-22", "staging", "S3"]
    office.look(12 * HOUR)
    assert office.stores.bills.months("2026-11")["staging"] == pytest.approx(6.5)


def test_the_embedded_aws_is_never_asked(office: Office, catalogue: Catalogue) -> None:
    office.catalogue = catalogue
    assert office.look() == []
    with pytest.raises(RefusedError, match="has no bill"):
        office.worker().read()
    assert office.explorer.asked == []


def test_an_interval_of_nothing_means_never(office: Office) -> None:
    office.interval_h = 0
    assert office.look(1000 * HOUR) == []


def test_a_person_asks_at_once_forecasts_as_well(office: Office) -> None:
    office.look()
    del office.explorer.asked[:]
    reading = office.worker().read(forecasts=True)
    assert office.explorer.asked == ["usage", "forecast staging", "forecast shared"]
    assert reading.facts["calls"] == {"2026-11": 6}
    with office.refusing("usage", refusal("AccessDeniedException")), pytest.raises(AwsError):
        office.worker().read()


def test_another_currency_is_not_taken_for_dollars(office: Office) -> None:
    def in_yuan(day: str) -> dict[str, Any]:
        group = {
            "Keys": ["Environment$staging", "EC2"],
            "Metrics": {"UnblendedCost": {"Amount": "5", "Unit": "CNY"}},
        }
        return {"TimePeriod": {"Start": day, "End": day}, "Groups": [group]}

    office.explorer._day = in_yuan  # type: ignore[method-assign]  # another country's Cost Explorer
    office.look()
    assert "CNY" in office.detail() and office.stores.bills.all_days("2026-01-01") == []


@pytest.mark.parametrize(
    ("today", "read_at", "wanted"),
    [
        ("2026-11-23", None, "2026-10-01"),
        ("2026-11-23", "2026-11-23T00:00:00+00:00", "2026-11-01"),
        ("2026-11-12", "2026-11-09T00:00:00+00:00", "2026-10-01"),
        ("2026-12-01", "2026-11-30T12:00:00+00:00", "2026-11-01"),
        ("2026-12-09", "2026-12-08T12:00:00+00:00", "2026-11-01"),
        ("2027-01-02", "2027-01-01T12:00:00+00:00", "2026-12-01"),
        ("2027-01-02", "2026-11-20T12:00:00+00:00", "2026-11-01"),
        ("2027-06-15", "2026-01-20T12:00:00+00:00", "2026-12-01"),
    ],
)
def test_what_is_not_settled_yet_is_read_again(today: str, read_at: str | None, wanted: str) -> None:
    assert first_day(date.fromisoformat(today), read_at) == date.fromisoformat(wanted)
