"""The same workload four ways: priced as every estimate is, with break-evens that hold."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from panel.catalogue.load import load_catalogue
from panel.catalogue.schema import Catalogue
from panel.catalogue.usage import Usage
from panel.cost.assumptions import DEFAULT, usage_of
from panel.cost.compare import Comparison, Traffic, compare, to_dict
from panel.cost.compare_bench import Bench
from panel.cost.compare_load import LAMBDA_WHOLE_MB, function_ms, load_of, traffic_of, used
from panel.cost.compare_machines import SIZES, machines
from panel.cost.compare_options import EC2, EKS, FARGATE, LAMBDA, TITLES, memory_of, plain_shape, shape_of
from panel.cost.estimate import catalogue_estimate
from panel.cost.prices import PriceList, packaged_prices
from panel.errors import ConfigurationError, NotFoundError

ROOT = Path(__file__).parents[3]
REGION = "us-east-2"


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    """The project's own catalogue."""
    return load_catalogue(ROOT / "environments.yaml")


@pytest.fixture(scope="module")
def plain() -> Comparison:
    """One service in no environment."""
    return compare(Traffic(), region=REGION)


def with_staging(catalogue: Catalogue, **changes: object) -> Catalogue:
    """The catalogue with another staging."""
    raw = catalogue.model_dump(by_alias=True)
    raw["environments"]["staging"] |= changes
    return Catalogue.model_validate(raw)


def of(catalogue: Catalogue, **changes: float) -> Comparison:
    """Staging's workload, with these figures in the place of its own."""
    usage = usage_of(catalogue, "staging")
    traffic = replace(traffic_of(usage, memory_mb=memory_of(catalogue)), **changes)
    return compare(traffic, region=catalogue.region, usage=usage, shape=shape_of(catalogue, "staging"))


def without(*components: str) -> PriceList:
    """The packaged prices but for these."""
    prices = packaged_prices()
    return PriceList(price for price in prices._prices.values() if price.component not in components)


# ------------------------------------------------------------------------------- agreement with the estimate


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"instance": {"type": "t3.small", "count": 3}, "desired_tasks": 3},
        {"variables": {"instance_volume_gb": 100}},
        {"usage": {"cloudfront_https_requests": 7_000_000.0, "cloudfront_out_gb": 123.4}},
        {"usage": {"cloudfront_https_requests": 20_000_000.0, "log_ingested_gb": 9.0, "load_balancer_lcu": 0.5}},
        {"usage": {"cloudfront_https_requests": 0.0, "cloudfront_out_gb": 0.0}},
    ],
)  # fmt: skip
def test_ecs_on_ec2_at_the_catalogues_usage_is_the_environments_estimate(
    catalogue: Catalogue, changes: dict[str, object]
) -> None:
    asked = with_staging(catalogue, **changes)
    own, compared = catalogue_estimate(asked, "staging"), of(asked).option(EC2).estimate
    assert compared.monthly_usd == own.monthly_usd
    assert {(item.address, item.component, item.monthly_usd) for item in compared.items} == {
        (item.address, item.component, item.monthly_usd) for item in own.items
    }


def test_an_unknown_environment_is_refused(catalogue: Catalogue) -> None:
    with pytest.raises(NotFoundError):
        shape_of(catalogue, "nowhere")


def test_every_option_pays_for_what_it_is_made_of(plain: Comparison) -> None:
    parts = {option.name: set(option.parts) for option in plain.options}
    alike = {"Processors and memory", "Requests and data", "Logs", "Storage"}
    assert parts == {
        EC2: alike | {"Disks", "Load balancer", "Public addresses"},
        FARGATE: alike | {"Load balancer", "Public addresses"},
        EKS: alike | {"Disks", "Load balancer", "Public addresses", "Control plane"},
        LAMBDA: alike,
    }
    for option in plain.options:
        assert sum(option.parts.values()).quantize(Decimal("0.01")) == option.estimate.monthly_usd
        assert option.known and len(option.notes) == 2 and option.assumptions
    assert plain.option(EKS).parts["Control plane"] == 73


def test_machines_and_tasks_have_an_address_each_unless_they_are_private(plain: Comparison) -> None:
    two_of_the_balancer_two_of_theirs = Decimal("14.6")
    for name in (EC2, FARGATE, EKS):
        assert plain.option(name).parts["Public addresses"] == two_of_the_balancer_two_of_theirs, name
    hidden = Usage(addresses_per_instance=0)
    private = compare(Traffic(), region=REGION, usage=hidden, shape=replace(plain_shape(), public=False))
    for name in (EC2, FARGATE, EKS):
        assert private.option(name).parts["Public addresses"] == Decimal("7.3"), name


def test_services_of_an_environment_have_tasks_and_functions_of_their_own(catalogue: Catalogue) -> None:
    raw = catalogue.model_dump(by_alias=True)
    raw["services"]["more"] = raw["services"]["backend"] | {"path_pattern": "/more/*"}
    two = Catalogue.model_validate(raw)
    one_service, two_services = of(catalogue), of(two)
    assert one_service.option(FARGATE).carried_by.startswith("2 × ")
    assert two_services.option(FARGATE).carried_by.startswith("4 × ")
    # Small services share machines, and functions cost by request: only Fargate pays for each of them.
    assert two_services.option(EC2).carried_by == one_service.option(EC2).carried_by
    function = [
        item for item in two_services.option(LAMBDA).estimate.items if item.component == "function requests"
    ]
    assert [item.quantity for item in function] == [50_000, 50_000]


# ----------------------------------------------------------------------------------- traffic becomes machines


@pytest.mark.parametrize(
    ("requests", "expected"),
    [
        (0, {EC2: "2 × t3a.nano", FARGATE: "2 × 0.25 vCPU, 0.5 GB"}),
        (1_000_000, {EC2: "2 × t3a.nano", FARGATE: "2 × 0.25 vCPU, 0.5 GB"}),
        # 100 million of 50 ms are 1.9 processors on average, 3.8 with their head room.
        (100_000_000, {EC2: "5 × t3a.small", FARGATE: "2 × 2 vCPU, 4 GB"}),
        (1_000_000_000, {EC2: "48 × t3a.small", FARGATE: "10 × 4 vCPU, 8 GB"}),
    ],
)  # fmt: skip
def test_more_traffic_asks_for_more_machines(requests: float, expected: dict[str, str]) -> None:
    bench = Bench(REGION, DEFAULT, plain_shape(), packaged_prices())
    traffic = Traffic(requests_per_month=requests)
    assert {name: bench.option(name, traffic).carried_by for name in expected} == expected


def test_the_environments_machines_stay_as_long_as_they_carry_the_load(catalogue: Catalogue) -> None:
    # Two t3.micro carry 0.4 processors all day: 21 million requests of 50 ms.
    assert of(catalogue, requests_per_month=20e6).option(EC2).carried_by == "2 × t3.micro"
    more = of(catalogue, requests_per_month=22e6).option(EC2)
    assert more.carried_by != "2 × t3.micro"
    assert "The environment's 2 × t3.micro do not." in more.assumptions


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("t3.nano", 20), ("t3.micro", 10), ("t2.micro", 20), ("t3.large", 4), ("c5.large", 2), ("m5.xlarge", 2)],
)
def test_a_burstable_machine_carries_its_baseline_a_whole_one_its_share(kind: str, expected: int) -> None:
    two_processors = Traffic(requests_per_month=105.12e6)
    load = load_of(two_processors, DEFAULT)
    assert load.processors == pytest.approx(2)
    found = machines(SIZES[kind], two_processors, load, least_copies=2, reserved_mb=0)
    assert found == expected


def test_memory_decides_where_it_is_the_scarcer() -> None:
    large = Traffic(memory_mb=3000)
    load = load_of(large, DEFAULT)
    assert machines(SIZES["t3.micro"], large, load, least_copies=2, reserved_mb=256) is None
    assert machines(SIZES["t3.medium"], large, load, least_copies=4, reserved_mb=256) == 4
    assert machines(SIZES["t3.large"], large, load, least_copies=4, reserved_mb=256) == 2


@pytest.mark.parametrize(
    ("memory", "computing", "expected"),
    [(LAMBDA_WHOLE_MB, 100, 100), (LAMBDA_WHOLE_MB / 2, 100, 200), (LAMBDA_WHOLE_MB / 2, 50, 150), (4000, 100, 100),
     (64, 100, 100 * LAMBDA_WHOLE_MB / 128)],
)  # fmt: skip
def test_a_function_with_part_of_a_processor_takes_longer_to_compute(
    memory: float, computing: float, expected: float
) -> None:
    assert function_ms(Traffic(memory_mb=memory, computing_percent=computing)) == pytest.approx(expected)


def test_a_load_balancers_units_follow_connections_or_data_whichever_is_more() -> None:
    own = DEFAULT.cloudfront_https_requests
    connections = used(DEFAULT, Traffic(requests_per_month=own + 2.628e9, response_kb=0), services=1)
    assert connections.load_balancer_lcu == pytest.approx(0.1 + 1000 / 25)
    data = used(DEFAULT, Traffic(requests_per_month=own + 730 * 1024, response_kb=10_240), services=1)
    assert data.load_balancer_lcu == pytest.approx(0.1 + 10)


@pytest.mark.parametrize("requests", [1, DEFAULT.cloudfront_https_requests])
def test_what_the_catalogue_says_holds_up_to_its_own_traffic(requests: float) -> None:
    found = used(DEFAULT, Traffic(requests_per_month=requests), services=1)
    assert (found.load_balancer_lcu, found.log_ingested_gb, found.log_stored_gb) == (0.1, 0.5, 0.5)


def test_more_requests_log_more_in_the_logs_of_every_service() -> None:
    traffic = Traffic(requests_per_month=DEFAULT.cloudfront_https_requests + 4 * 1024 * 1024)
    assert used(DEFAULT, traffic, services=1).log_ingested_gb == pytest.approx(0.5 + 2)
    assert used(DEFAULT, traffic, services=2).log_ingested_gb == pytest.approx(0.5 + 1)


@pytest.mark.parametrize(
    ("field", "value"),
    [("requests_per_month", -1), ("ms_per_request", 0), ("memory_mb", float("nan")), ("zones", 1),
     ("busy_percent", 100), ("response_kb", float("inf"))],
)  # fmt: skip
def test_what_is_no_traffic_is_refused(field: str, value: float) -> None:
    with pytest.raises(ConfigurationError, match="cannot be compared"):
        Traffic(**{field: value})


# -------------------------------------------------------------------------------------------- unknown prices


def test_an_option_without_a_price_is_named_and_never_wins() -> None:
    prices = without("requests x86")
    found = compare(Traffic(), region=REGION, prices=prices)
    assert found.partial == (LAMBDA,)
    assert found.cheapest == EC2
    assert "function requests" in found.option(LAMBDA).estimate.unknown[0].reason
    assert all(point.usd[LAMBDA] is None for point in found.series)
    assert all(LAMBDA not in {one.before, one.after} for one in found.break_evens)


def test_nothing_wins_where_nothing_can_be_priced() -> None:
    found = compare(Traffic(), region="eu-nowhere-1")
    assert found.cheapest is None and found.break_evens == ()
    assert set(found.partial) == set(TITLES)


def test_what_cannot_carry_the_program_says_so() -> None:
    found = compare(Traffic(memory_mb=12_000), region=REGION)
    assert found.partial == (LAMBDA,)
    assert found.option(LAMBDA).estimate.unknown[0].reason == "a function has 10,240 MB at most"


def test_an_instance_type_of_unknown_size_is_not_guessed(catalogue: Catalogue) -> None:
    odd = with_staging(catalogue, instance={"type": "m7i.large", "count": 2})
    found = of(odd)
    assert EC2 in found.partial
    assert "m7i.large" in " ".join(gap.reason for gap in found.option(EC2).estimate.unknown)


# ------------------------------------------------------------------------------------------------ break-evens


@settings(max_examples=8, deadline=None)
@given(
    ms=some.floats(1, 1000),
    memory=some.sampled_from([128, 512, 2048]),
    computing=some.sampled_from([10, 50, 100]),
    region=some.sampled_from(["us-east-1", "us-east-2", "sa-east-1"]),
)
def test_at_every_break_even_the_cheapest_changes(
    ms: float, memory: float, computing: float, region: str
) -> None:
    traffic = Traffic(ms_per_request=ms, memory_mb=memory, computing_percent=computing)
    found = compare(traffic, region=region)
    bench = Bench(region, DEFAULT, plain_shape(), packaged_prices())

    def cheapest(requests: float) -> str | None:
        return bench.cheapest(replace(traffic, requests_per_month=requests))

    for one in found.break_evens:
        assert cheapest(one.requests_per_month) == one.before
        assert cheapest(one.requests_per_month + 1) == one.after
    # Between them nothing changes, as far as the series tells.
    for point in found.series:
        passed = [one for one in found.break_evens if one.requests_per_month < point.requests_per_month]
        first = (
            found.break_evens[0].before if found.break_evens else cheapest(found.series[0].requests_per_month)
        )
        assert cheapest(point.requests_per_month) == (passed[-1].after if passed else first)
    for before, after in pairwise(found.series):
        for name in TITLES:
            assert (before.usd[name] or 0) <= (after.usd[name] or 0), name


def test_lambda_is_cheapest_where_few_come_and_machines_where_many_do(plain: Comparison) -> None:
    assert plain.cheapest == LAMBDA
    assert plain.break_evens[0].before == LAMBDA
    assert plain.break_evens[-1].after == EC2
    assert 10e6 < plain.break_evens[0].requests_per_month < 100e6


# ------------------------------------------------------------------------------------------------- documents


def test_the_series_holds_the_traffic_that_was_asked_about() -> None:
    found = compare(Traffic(requests_per_month=123_457), region=REGION)
    at = next(point for point in found.series if point.requests_per_month == 123_457)
    for name in TITLES:
        assert round(at.usd[name] or 0, 2) == float(found.option(name).estimate.monthly_usd)
        assert at.same_usd < (at.usd[name] or 0)


def test_the_document_says_all_there_is(plain: Comparison) -> None:
    document = to_dict(plain)
    assert set(document) == {
        "region", "traffic", "cheapest", "not_compared", "options", "break_evens", "series", "assumptions",
    }  # fmt: skip
    assert document["traffic"] == Traffic().to_dict()
    assert len(document["series"]) == len(plain.series)
    words = " ".join(plain.assumptions)
    assert "NAT gateway" in words and "$ 32.85" in words and "the time of those who look after it" in words
