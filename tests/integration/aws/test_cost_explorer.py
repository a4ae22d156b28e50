"""The bill, as Cost Explorer tells it; moto answers what was laid ready."""

from datetime import date

import pytest
import requests
from botocore.exceptions import ClientError

from panel.aws.cost_explorer import Charge, CostExplorer
from panel.errors import AwsError

BEGIN, END = date(2026, 11, 1), date(2026, 11, 3)


def group(tag, service, amount, unit="USD"):
    return {"Keys": [tag, service], "Metrics": {"UnblendedCost": {"Amount": amount, "Unit": unit}}}


def day(number, *groups, estimated=False):
    period = {"Start": f"2026-11-{number:02}", "End": f"2026-11-{number + 1:02}"}
    return {"TimePeriod": period, "Total": {}, "Groups": list(groups), "Estimated": estimated}


def lay_ready(*answers):
    reply = requests.post(
        "http://motoapi.amazonaws.com/moto-api/static/ce/cost-and-usage-results",
        json={"results": list(answers)},
    )
    assert reply.status_code == 201


def test_what_was_charged_by_day_environment_and_service(aws):
    lay_ready(
        {
            "ResultsByTime": [
                day(1, group("Environment$staging", "Amazon Elastic Compute Cloud - Compute", "1.2480000001"),
                    group("Environment$", "AWS Key Management Service", "0.03")),
                day(2, group("Environment$staging", "Amazon Simple Storage Service", "0"),
                    group("Environment$production", "EC2 - Other", "0.5"), estimated=True),
            ],
        }
    )  # fmt: skip
    explorer = CostExplorer(aws, "todo")
    assert explorer.charges(BEGIN, END) == (
        Charge("staging", BEGIN, "Amazon Elastic Compute Cloud - Compute", 1.2480000001, False),
        Charge("", BEGIN, "AWS Key Management Service", 0.03, False),
        Charge("production", date(2026, 11, 2), "EC2 - Other", 0.5, True),
    )
    assert explorer.calls == 1


def test_an_answer_of_several_pages_is_one_bill(aws):
    lay_ready(
        {"ResultsByTime": [day(1, group("Environment$staging", "EC2", "1"))], "NextPageToken": "next"},
        {"ResultsByTime": [day(1, group("Environment$staging", "S3", "2"))]},
    )
    explorer = CostExplorer(aws, "todo")
    assert [charge.usd for charge in explorer.charges(BEGIN, END)] == [1, 2]
    assert explorer.calls == 2


def test_what_the_account_was_charged_whatever_tags_it_has(aws):
    cost = {"UnblendedCost": {"Amount": "41.5", "Unit": "USD"}}
    lay_ready(
        {
            "ResultsByTime": [
                {"TimePeriod": {}, "Total": cost, "Groups": []},
                {"TimePeriod": {}, "Total": cost},
            ]
        }
    )
    assert CostExplorer(aws, "todo").account_usd(BEGIN, END) == 83.0


def test_nothing_was_charged(aws):
    assert CostExplorer(aws, "todo").charges(BEGIN, END) == ()


class Listener:
    """In the place of the account: keeps the question about a forecast, gives an answer."""

    def __init__(self, answer):
        self.answer, self.question = answer, {}

    def client(self, service, *, region=None):
        return self

    def get_cost_forecast(self, **question):
        self.question = question
        if isinstance(self.answer, str):
            raise ClientError({"Error": {"Code": self.answer, "Message": "no"}}, "GetCostForecast")
        return self.answer


def test_a_forecast_is_of_one_environment_from_today_on_by_day():
    days = [{"MeanValue": "1.5"}, {"MeanValue": "2"}]
    aws = Listener({"Total": {"Amount": "99", "Unit": "USD"}, "ForecastResultsByTime": days})
    assert CostExplorer(aws, "todo").forecast("staging", date(2026, 11, 29), date(2026, 12, 1)) == 3.5
    assert aws.question["TimePeriod"] == {"Start": "2026-11-29", "End": "2026-12-01"}
    assert aws.question["Granularity"] == "DAILY"
    tags = [one["Tags"] for one in aws.question["Filter"]["And"] if "Tags" in one]
    assert [(tag["Key"], tag["Values"]) for tag in tags] == [
        ("Project", ["todo"]),
        ("Environment", ["staging"]),
    ]
    assert {"Not": {"Dimensions": {"Key": "RECORD_TYPE", "Values": ["Credit", "Refund"]}}} in aws.question[
        "Filter"
    ]["And"]


def test_too_little_history_is_no_forecast_and_no_error():
    assert CostExplorer(Listener("DataUnavailableException"), "todo").forecast("staging", BEGIN, END) is None


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("AccessDeniedException", "ce:GetCostAndUsage"),
        ("LimitExceededException", "Ask again later"),
        ("ValidationException", "permissions"),
    ],
)
def test_a_refusal_says_what_to_do(code, hint):
    with pytest.raises(AwsError) as refused:
        CostExplorer(Listener(code), "todo").forecast("staging", BEGIN, END)
    assert hint in refused.value.hint
