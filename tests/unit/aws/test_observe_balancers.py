"""Load balancers by ARN: in twenties, and around those that are gone."""

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from panel.aws.observe_balancers import load_balancers
from panel.aws.session import Account, Aws
from panel.errors import AwsError


def arn(number):
    return f"arn:aws:elasticloadbalancing:us-east-2:1:loadbalancer/app/b{number:03}/50dc"


@pytest.fixture(scope="module")
def aws():
    return Aws(Account("us-east-2", None, "test", "test"))


def read(aws, known, asked, monkeypatch):
    """Load balancers as AWS describes them: twenty at a time, all or none."""
    sizes = []

    def describe(*, LoadBalancerArns):
        sizes.append(len(LoadBalancerArns))
        if set(LoadBalancerArns) - set(known):
            raise ClientError({"Error": {"Code": "LoadBalancerNotFound"}}, "DescribeLoadBalancers")
        return {"LoadBalancers": [{"LoadBalancerArn": item} for item in LoadBalancerArns]}

    monkeypatch.setattr(aws.client("elbv2"), "describe_load_balancers", describe)
    return set(load_balancers(aws, asked)), sizes


def test_twenty_at_a_time(aws, monkeypatch):
    wanted = [arn(number) for number in range(45)]

    assert read(aws, wanted, wanted, monkeypatch) == (set(wanted), [20, 20, 5])


def test_one_that_is_gone_does_not_hide_the_others(aws, monkeypatch):
    wanted = [arn(number) for number in range(20)]
    known = [item for item in wanted if item != arn(13)]

    found, sizes = read(aws, known, wanted, monkeypatch)

    assert found == set(known)
    assert len(sizes) < 12


def test_none_are_no_question(aws, monkeypatch):
    assert read(aws, [], [], monkeypatch) == (set(), [])


def test_any_other_refusal_is_one(aws):
    with Stubber(aws.client("elbv2")) as stub:
        stub.add_client_error("describe_load_balancers", "AccessDenied")
        with pytest.raises(AwsError, match="AccessDenied"):
            load_balancers(aws, [arn(1)])
