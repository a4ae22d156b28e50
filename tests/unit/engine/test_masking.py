"""Masking: what must never be written, and what must stay readable."""

import pytest

from panel.engine.masking import Masker

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
