"""Cost Explorer: what was charged by tag and service, and what AWS expects. Every question to it costs a cent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

from botocore.exceptions import ClientError

from panel.aws.session import Aws, error_code, translated
from panel.errors import AwsError

#: The tags by which Terraform marks everything it makes: whose it is, and for which environment.
PROJECT_TAG, ENVIRONMENT_TAG = "Project", "Environment"
# Where Cost Explorer is, wherever the environments are.
_REGION = "us-east-1"
_METRIC = "UnblendedCost"
_CURRENCY = "USD"
# What AWS gives back is no cost of running something: with it a bill would look as if nothing were used.
_NOT_COUNTED = ["Credit", "Refund"]
# Some hundred environments for two months; a longer answer is one that nobody meant to ask for.
_MOST_PAGES = 60
_TOO_MANY = "LimitExceededException"
_DENIED = frozenset({"AccessDeniedException", "AccessDenied", "UnauthorizedException"})
#: There is nothing to tell: Cost Explorer was just switched on, or too little was charged so far to expect anything.
_NO_DATA = "DataUnavailableException"


@dataclass(frozen=True)
class Charge:
    """What one service of AWS cost an environment on one day (UTC). ``environment`` is empty where its tag is missing.

    ``estimated``: AWS has not settled it yet, and may still tell another amount.
    """

    environment: str
    day: date
    service: str
    usd: float
    estimated: bool


class CostExplorer:
    """Questions about the bill of one project.

    Args:
        aws: the account.
        project: value of the tag ``Project``.

    Attributes:
        calls: questions asked so far, also those that were refused.
    """

    def __init__(self, aws: Aws, project: str) -> None:
        self._aws = aws
        self._project = project
        self.calls = 0

    @property
    def _client(self) -> Any:  # boto3 makes clients at run time
        return self._aws.client("ce", region=_REGION)

    def charges(self, begin: date, end: date) -> tuple[Charge, ...]:
        """What the project was charged by day, environment and service, from ``begin`` until before ``end``.

        Credits and refunds are left out. One question, and one more for each further page of the answer.

        Raises:
            AwsError: Cost Explorer refuses, is not switched on, tells another currency, or does not come to an end.
            EndpointError: it does not answer.
        """
        return tuple(
            charge
            for result in self._pages(begin, end)
            for charge in _charges_of(result)
            if abs(charge.usd) >= 1e-6
        )

    def _pages(self, begin: date, end: date) -> Iterator[Mapping[str, Any]]:
        token = ""
        for _ in range(_MOST_PAGES):
            with _explained("read the bill"):
                self.calls += 1
                answer = self._client.get_cost_and_usage(
                    TimePeriod={"Start": begin.isoformat(), "End": end.isoformat()},
                    Granularity="DAILY",
                    Metrics=[_METRIC],
                    GroupBy=[
                        {"Type": "TAG", "Key": ENVIRONMENT_TAG}, {"Type": "DIMENSION", "Key": "SERVICE"},
                    ],
                    Filter={"And": [_tagged(PROJECT_TAG, self._project), _COUNTED]},
                    **({"NextPageToken": token} if token else {}),
                )  # fmt: skip
            yield from answer["ResultsByTime"]
            token = answer.get("NextPageToken", "")
            if not token:
                return
        raise AwsError(
            f"The bill of {self._project} has more than {_MOST_PAGES} pages: it was not read to its end.",
            hint="See the bill in the console. Nothing of it was kept here.",
        )

    def account_usd(self, begin: date, end: date) -> float:
        """What the whole account was charged, whatever tags it carries, in dollars. One question.

        Raises:
            AwsError, EndpointError: as :meth:`charges`.
        """
        with _explained("read the account's bill"):
            self.calls += 1
            answer = self._client.get_cost_and_usage(
                TimePeriod={"Start": begin.isoformat(), "End": end.isoformat()},
                Granularity="MONTHLY",
                Metrics=[_METRIC],
                Filter=_COUNTED,
            )
        return sum(
            _dollars(result["Total"][_METRIC].get("Amount"), result["Total"][_METRIC].get("Unit"))
            for result in answer["ResultsByTime"]
            if _METRIC in result.get("Total", {})
        )

    def forecast(self, environment: str, begin: date, end: date) -> float | None:
        """What AWS expects an environment to be charged from ``begin`` (today) until before ``end``, in dollars.

        None where it was charged too little so far to expect anything. One question.

        Raises:
            AwsError, EndpointError: as :meth:`charges`.
        """
        with _explained(f"read the forecast of {environment}'s bill"):
            self.calls += 1
            try:
                # By day: what a forecast by month says of the days that are over is nowhere written.
                answer = self._client.get_cost_forecast(
                    TimePeriod={"Start": begin.isoformat(), "End": end.isoformat()},
                    Granularity="DAILY",
                    Metric="UNBLENDED_COST",
                    Filter={
                        "And": [
                            _tagged(PROJECT_TAG, self._project), _tagged(ENVIRONMENT_TAG, environment), _COUNTED,
                        ]
                    },
                )  # fmt: skip
            except ClientError as error:
                if error_code(error) == _NO_DATA:
                    return None
                raise
        days = answer.get("ForecastResultsByTime", [])
        unit = answer.get("Total", {}).get("Unit")
        return sum(_dollars(day.get("MeanValue"), unit) for day in days) if days else None


_COUNTED: Mapping[str, object] = {"Not": {"Dimensions": {"Key": "RECORD_TYPE", "Values": _NOT_COUNTED}}}


def _tagged(key: str, value: str) -> Mapping[str, object]:
    return {"Tags": {"Key": key, "Values": [value], "MatchOptions": ["EQUALS"]}}


def _charges_of(result: Mapping[str, Any]) -> Iterator[Charge]:
    day = date.fromisoformat(result["TimePeriod"]["Start"][:10])
    for group in result.get("Groups", []):
        # A tag's value comes with its key in front, as in Environment$staging.
        tag, service = group["Keys"]
        cost = group["Metrics"][_METRIC]
        yield Charge(
            environment=tag.removeprefix(f"{ENVIRONMENT_TAG}$"),
            day=day,
            service=service,
            usd=_dollars(cost.get("Amount"), cost.get("Unit")),
            estimated=bool(result.get("Estimated", False)),
        )


def _dollars(amount: str | None, unit: str | None) -> float:
    # An amount of nothing may come without a unit.
    if unit not in {_CURRENCY, None, "", "N/A"}:
        raise AwsError(
            f"The bill is in {unit}, and the panel counts in {_CURRENCY}.",
            hint="See the bill in the console.",
        )
    return float(amount or 0)


@contextmanager
def _explained(action: str) -> Iterator[None]:
    """As :func:`translated`; what Cost Explorer alone may have to say gets a hint of its own."""
    try:
        with translated(action):
            yield
    except AwsError as error:
        code = error_code(error.__cause__) if isinstance(error.__cause__, ClientError) else ""
        if code in _DENIED:
            error.hint = (
                "Allow the panel's AWS identity ce:GetCostAndUsage and ce:GetCostForecast (docs/panel-policy.json), and "
                "switch Cost Explorer on, once, under Billing and Cost Management. Then: panel cost actual --refresh."
            )
        elif code == _TOO_MANY:
            error.hint = "Others ask Cost Explorer as well. Ask again later."
        elif code == _NO_DATA:
            error.hint = "Cost Explorer was switched on a short while ago: it takes up to a day to have data."
        raise
