"""Waiting for an invalidation ends when it is done, or says that it is not."""

import pytest

from panel.aws.cloudfront import Invalidation, wait_for_invalidation
from panel.errors import TimeLimitError


class FakeCloudFront:
    def __init__(self, states):
        self.states = states

    def client(self, service):
        return self

    def get_invalidation(self, DistributionId, Id):
        return {"Invalidation": {"Id": Id, "Status": self.states.pop(0)}}


def test_it_is_followed_until_done():
    waited = []
    aws = FakeCloudFront(["InProgress", "InProgress", "Completed", "never asked"])

    done = wait_for_invalidation(aws, "D1", Invalidation("I1", False), pause=waited.append)

    assert done == Invalidation("I1", True)
    assert len(waited) == 3
    assert aws.states == ["never asked"]


def test_one_that_takes_too_long_is_said():
    aws = FakeCloudFront(["InProgress"] * 100)

    with pytest.raises(TimeLimitError, match="I1 within 10 s"):
        wait_for_invalidation(aws, "D1", Invalidation("I1", False), deadline_s=10, pause=lambda s: None)
