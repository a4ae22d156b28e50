"""Calls to AWS in Terraform's debug log."""

from pathlib import Path

import pytest

from tests.terraform.provider_calls import Call, calls_in

LOG = """\
2026-01-01T00:00:10.000Z [DEBUG] provider.terraform-provider-aws: HTTP Request Sent: rpc.method=CreateRole rpc.service=IAM
2026-01-01T00:00:10.250Z [DEBUG] provider.terraform-provider-aws: HTTP Response Received: tf_req_id=r1 http.duration=250
  http.response.body=
  | <Response>
  | rpc.method=NotThis
  | </Response>
   aws.region=us-east-2 rpc.service="Auto Scaling" rpc.method=CreateAutoScalingGroup tf_resource_type=aws_autoscaling_group
2026-01-01T00:00:11.000Z [DEBUG] backend-s3: HTTP Response Received: rpc.method=S3/PutObject tf_backend.req_id=b1 http.duration=5
2026-01-01T00:00:12.000Z [INFO]  Waiting for something
"""


@pytest.fixture
def calls(tmp_path: Path) -> list[Call]:
    log = tmp_path / "terraform.log"
    log.write_text(LOG, encoding="utf-8")
    return calls_in(log)


def test_only_answered_requests_count(calls: list[Call]) -> None:
    assert [(call.service, call.operation) for call in calls] == [
        ("Auto Scaling", "CreateAutoScalingGroup"),
        ("S3", "PutObject"),
    ]


def test_fields_are_found_on_either_side_of_a_body_and_not_in_it(calls: list[Call]) -> None:
    first = calls[0]
    assert (first.request, first.region, first.resource_type) == ("r1", "us-east-2", "aws_autoscaling_group")
    assert first.ended - first.began == pytest.approx(0.25)


def test_the_backends_calls_are_for_no_resource(calls: list[Call]) -> None:
    assert (calls[1].resource_type, calls[1].request) == ("", "b1")
