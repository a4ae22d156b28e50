"""``panel cost estimate``: what costs, what the free tier may take off, what is assumed, where prices are from."""

import json

import pytest

from panel.cost.price_answers import SOURCE
from panel.store.cost_tables import LivePrice

PLAN = {
    "format_version": "1.2",
    "planned_values": {
        "root_module": {
            "resources": [
                {"address": "aws_nat_gateway.a", "mode": "managed", "type": "aws_nat_gateway", "name": "a", "values": {}},
                {"address": "aws_msk_cluster.a", "mode": "managed", "type": "aws_msk_cluster", "name": "a", "values": {}},
            ]
        }
    },
    "prior_state": {
        "values": {
            "root_module": {
                "resources": [{"address": "aws_eip.a", "mode": "managed", "type": "aws_eip", "name": "a", "values": {}}]
            }
        }
    },
}  # fmt: skip


@pytest.fixture
def plan_file(tmp_path):
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(PLAN))
    return str(file)


def test_the_free_tier_stands_beside_the_sum_and_not_in_it(terminal):
    said = terminal("cost", "estimate", "staging").stdout
    assert "Within the free tier, if nothing else in the account uses it: - $ 1.2" in said
    assert (
        "In the first 12 months of accounts opened before 2025-07-15, over for all since 2026-07-15" in said
    )
    assert "Nothing of this is taken off above." in said
    found = terminal.json("cost", "estimate", "staging")
    assert sum(item["monthly_usd"] for item in found["items"]) == pytest.approx(
        found["monthly_usd"], abs=0.01
    )


def test_assumptions_are_shown_with_where_they_come_from(terminal, panel):
    panel.settings.catalogue_path.write_text(
        panel.settings.catalogue_path.read_text() + "\nusage: {load_balancer_lcu: 0.5}\n"
    )
    said = terminal("cost", "estimate", "staging", "--usage", "cloudfront_out_gb=2000").stdout
    assumed = {row.split()[0]: row.split()[1:] for row in said.split("ASSUMED", 1)[1].splitlines()[1:] if row}
    assert assumed["cloudfront_out_gb"] == ["2,000", "--usage"]
    assert assumed["load_balancer_lcu"] == ["0.5", "environments.yaml"]
    assert assumed["hours_per_month"] == ["730", "default"]
    assert "lambda_ms" not in assumed  # nothing here asks for it


def test_another_usage_is_another_estimate(terminal):
    little = terminal.json("cost", "estimate", "staging")
    much = terminal.json("cost", "estimate", "staging", "--usage", "cloudfront_out_gb=20")
    assert much["monthly_usd"] - little["monthly_usd"] == pytest.approx(0.85)
    assert much["assumption_origins"]["cloudfront_out_gb"] == "--usage"


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("cloudfront_out_gb", "write KEY=VALUE"),
        ("cloudfront_out_gb=much", "write KEY=VALUE"),
        ("cloudfront_gb=5", "There is no assumption cloudfront_gb"),
        ("cloudfront_out_gb=-5", "which is no usage"),
    ],
)
def test_what_is_no_assumption_is_refused(terminal, given, reason):
    answer = terminal("cost", "estimate", "staging", "--usage", given)
    assert answer.exit_code == 2
    assert reason in " ".join(answer.stderr.replace("│", " ").split())


def test_a_plan_file_is_priced_with_its_change_and_what_is_not_known(terminal, plan_file):
    said = terminal(
        "cost", "estimate", "--plan-json", plan_file, "--region", "us-east-1", "--usage", "nat_processed_gb=100"
    ).stdout  # fmt: skip
    assert "Together $ 37.35 / month in us-east-1" in said
    assert "That is $ 33.70 / month more than what stands now" in said
    assert "Not known: aws_msk_cluster.a" in said


def test_what_all_share_has_an_estimate_too(terminal):
    assert "DNS zone" in terminal("cost", "estimate", "shared").stdout


def test_prices_that_aws_told_are_counted_with_and_said(terminal, panel):
    panel.stores.prices.keep(
        [
            LivePrice(
                resource_type="aws_lb", component="Application Load Balancer", region="us-east-2", unit="hour",
                usd="0.0230", source=f"{SOURCE}, AWSELB", as_of="2026-11-20",
            )
        ]
    )  # fmt: skip
    panel.stores.readings.note("prices", ok=False, detail="AWS refused with AccessDeniedException.")
    said = terminal("cost", "estimate", "staging").stdout
    assert "Prices: 1 told by AWS" in said
    assert "They could not be read from AWS: AWS refused with AccessDeniedException." in said
