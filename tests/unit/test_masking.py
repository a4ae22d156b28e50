"""Masking: what must never be written, and what must stay readable."""

import base64
import json
from urllib.parse import quote, quote_plus

import pytest

from panel.masking import Masker

# Put together here, so that no scanner takes this file for a leak.
ACCESS_KEY = "AKIA" + "IOSFODNN7EXAMPLE"
JWT = "eyJhbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiIxMjM0In0" + ".c2lnbmF0dXJlLWhlcmU"
PEM = "-----BEGIN RSA " + "PRIVATE KEY-----\nabc\ndef\n-----END RSA " + "PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"key {ACCESS_KEY} used", "key (sensitive) used"),
        (f"token is {JWT}", "token is (sensitive)"),
        (f"a {PEM} b", "a (sensitive) b"),
        (PEM[:40], "(sensitive)"),
        ("Authorization: Bearer abcdef.1234567890", "Authorization: Bearer (sensitive)"),
        ("postgres://app:hunter22@db/x", "postgres://app:(sensitive)@db/x"),
        ('  password = "hunter22"', '  password = "(sensitive)"'),
        ("AWS_SECRET_ACCESS_KEY=abc/def+ghi", "AWS_SECRET_ACCESS_KEY=(sensitive)"),
        ('{"db_password": "hunter22"}', '{"db_password": "(sensitive)"}'),
        ("ghp_" + "a" * 36, "(sensitive)"),
        ("https://hooks.slack.com/services/T0/B0/abc", "https://hooks.slack.com/(sensitive)"),
        ("amqps://:hunter22@queue/x", "amqps://:(sensitive)@queue/x"),
        ("Server=db;Password=hunter22;Database=x", "Server=db;Password=(sensitive);Database=x"),
        ("AccountKey=abc123def456==;EndpointSuffix=x", "AccountKey=(sensitive);EndpointSuffix=x"),
        ("?X-Amz-Signature=" + "a1" * 32 + "&x=1", "?X-Amz-Signature=(sensitive)&x=1"),
        ("Authorization: Basic dXNlcjpodW50ZXIy", "Authorization: Basic (sensitive)"),
        (r"{\"api_key\": \"hunter2222\"}", r"{\"api_key\": \"(sensitive)\"}"),
        ("'client-secret' => 'hunter2222'", "'client-secret' => '(sensitive)'"),
        ("--db-password=hunter2222", "--db-password=(sensitive)"),
    ],
)
def test_what_looks_like_a_credential_is_masked(text, expected):
    assert Masker().text(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "aws_secretsmanager_secret.token: Creating...",
        "random_password.password: Creation complete after 0s [id=none]",
        'module.x["token"]: Refreshing state...',
        "arn:aws:secretsmanager:us-east-2:000000000000:secret:app/key-abcdef",
        "  password = var.database_password",
        "password = (sensitive value)",
        "http://127.0.0.1:4566/000000000000/queue",
        "git@example.com:team/repository",
        "sha256:" + "ab" * 32,
        '{"secret": "arn:aws:secretsmanager:us-east-2:000000000000:secret:app/key-abcdef"}',
        "Created state_lock 2c0a8f0e-1111-4222-8333-944455556666 by root@box",
        "arn:aws:acm:us-east-2:000000000000:certificate/2c0a8f0e-1111-4222-8333-944455556666",
        "tokens: 12000 input, 300 output",
        "secrets_manager_arn = (known after apply)",
        'terraform_data.part["1-1"]: Creation complete after 0s [id=94c1d7a2-7f4c-4f4e-a3f1-0e6b6f0a1b2c]',
        "vpc-0a1b2c3d4e5f67890 subnet-0123456789abcdef0 eni-0a1b2c3d4e5f67890",
        "000000000000.dkr.ecr.us-east-2.amazonaws.com/backend@sha256:" + "0f" * 32,
        "Plan: 42 to add, 0 to change, 0 to destroy.",
    ],
)
def test_what_people_need_to_read_stays(text):
    assert Masker().text(text) == text


def test_known_secrets_are_masked_wherever_they_are():
    masker = Masker(["known-secret", "known-secret-longer", "short"])
    assert masker.text("known-secret-longer known-secret short") == "(sensitive) (sensitive) short"
    assert masker.value({"a": ["x known-secret"], "n": 1, "none": None}) == {
        "a": ["x (sensitive)"],
        "n": 1,
        "none": None,
    }


def test_the_secrets_of_an_environment_are_those_named_so():
    masker = Masker.for_environment(
        {
            "AWS_SECRET_ACCESS_KEY": "aaaabbbbcccc",
            "AWS_SESSION_TOKEN": "ddddeeeeffff",
            "AWS_REGION": "us-east-2-long",
            "AWS_WEB_IDENTITY_TOKEN_FILE": "/var/run/identity",
        }
    )
    text = "aaaabbbbcccc ddddeeeeffff us-east-2-long /var/run/identity"
    assert masker.text(text) == "(sensitive) (sensitive) us-east-2-long /var/run/identity"


def test_known_secrets_are_masked_in_every_spelling():
    secret = "s3cr/et+with=signs"
    masker = Masker([secret])
    for text in (quote(secret), quote(secret, safe=""), quote_plus(secret), json.dumps({"a": secret})):
        assert "s3cr" not in masker.text(text)
    for before in ("", "u", "us", "user:"):
        encoded = base64.b64encode(f"{before}{secret} and more".encode()).decode()
        assert masker.text(encoded) != encoded
        assert "(sensitive)" in masker.text(encoded)


def test_an_address_with_a_password_in_the_environment_makes_the_password_known():
    masker = Masker.for_environment(
        {
            "PANEL_DATABASE_URL": "postgresql://panel:known-passw0rd@db/panel",
            "PANEL_WEBHOOK_URL": "https://chat.example.com/hook/abcdef",
            "PANEL_PUBLIC_URL": "https://panel.example.com",
        }
    )
    text = "known-passw0rd https://chat.example.com/hook/abcdef https://panel.example.com"
    assert masker.text(text) == "(sensitive) (sensitive) https://panel.example.com"
