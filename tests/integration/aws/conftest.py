"""AWS in this process, by moto."""

import pytest
from moto import mock_aws

from panel.aws.session import Account, Aws

REGION = "us-east-2"


@pytest.fixture
def aws(monkeypatch):
    # Neither the machine's endpoint, profile nor credentials may matter.
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        yield Aws(Account(REGION, access_key="test", secret_key="test"))
