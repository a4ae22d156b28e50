"""Kinds of text in environments.yaml: names, paths, addresses, ARNs, times. Each says what it must look like, for errors and forms."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field

from panel.catalogue import rules

_LABEL = re.compile(r"[a-z]([a-z0-9-]*[a-z0-9])?")
_HOST = re.compile(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_PATH = re.compile(r"/[A-Za-z0-9._~/*-]*")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}")
_SECRET = re.compile(
    r"arn:aws[a-z-]*:(secretsmanager:[a-z0-9-]+:\d{12}:secret:|ssm:[a-z0-9-]+:\d{12}:parameter/)[\w+=,.@/:{}-]+"
)
_POLICY = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}|aws):policy/[\w+=,.@/-]+")

# Load balancer and target group names hold 32 characters, and "<project>-<environment>" goes into them.
LONGEST_LABEL = 20


def _label(value: str) -> str:
    if not _LABEL.fullmatch(value) or len(value) > LONGEST_LABEL:
        raise ValueError(
            f"must be a DNS label: lower-case letters, digits and hyphens, starting with a letter, at most {LONGEST_LABEL} characters"
        )
    return value


def _host(value: str) -> str:
    if not _HOST.fullmatch(value) or len(value) > 253:
        raise ValueError("must be a domain name such as todo.example.com")
    return value


def _bucket(value: str) -> str:
    if not _BUCKET.fullmatch(value):
        raise ValueError("must be an S3 bucket name: 3 to 63 lower-case letters, digits, dots and hyphens")
    return value


def _path(value: str) -> str:
    if not _PATH.fullmatch(value):
        raise ValueError("must be a path such as /api/* or /status")
    return value


def _variable_name(value: str) -> str:
    if not _VARIABLE.fullmatch(value):
        raise ValueError("must be an environment variable's name: letters, digits and underscores")
    return value


def _secret(value: str) -> str:
    place = value.replace(rules.ENVIRONMENT_MARK, "environment")
    if not _SECRET.fullmatch(value) or "{" in place or "}" in place:
        raise ValueError(
            "must be the ARN of a secret in Secrets Manager or of a parameter in Parameter Store, never the secret itself"
        )
    return value


def _policy(value: str) -> str:
    if not _POLICY.fullmatch(value):
        raise ValueError("must be the ARN of an IAM policy")
    return value


def _header_value(value: str) -> str:
    if not value.isprintable() or not value.isascii() or value != value.strip():
        raise ValueError("must be one line of plain text, as it goes into the header")
    return value


def _source(value: str) -> str:
    if value.startswith("/") or ".." in value.split("/") or not value:
        raise ValueError("must be a folder inside the project, without '..'")
    return value


Label = Annotated[
    str,
    AfterValidator(_label),
    Field(
        description=f"a name of lower-case letters, digits and hyphens, at most {LONGEST_LABEL} characters"
    ),
]
HostName = Annotated[str, AfterValidator(_host), Field(description="a domain name such as todo.example.com")]
BucketName = Annotated[
    str, AfterValidator(_bucket), Field(description="an S3 bucket name such as example-terraform-state")
]
UrlPath = Annotated[str, AfterValidator(_path), Field(description="a path such as /api/* or /status")]
# The longer pattern is asked first, and there are places for this many characters.
PathPattern = Annotated[
    str,
    AfterValidator(_path),
    Field(max_length=48, description="a path such as /api/*, of 48 characters at most"),
]
VariableName = Annotated[
    str, AfterValidator(_variable_name), Field(description="a name such as DATABASE_URL")
]
SecretArn = Annotated[
    str,
    AfterValidator(_secret),
    Field(description="the ARN of a secret in Secrets Manager or of a parameter in Parameter Store"),
]
PolicyArn = Annotated[str, AfterValidator(_policy), Field(description="the ARN of an IAM policy")]
HeaderValue = Annotated[str, AfterValidator(_header_value), Field(min_length=1, max_length=2048)]
SourceFolder = Annotated[
    str, AfterValidator(_source), Field(description="a folder inside the project such as backend")
]
Region = Annotated[
    str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$", description="an AWS region such as us-east-2")
]


@lru_cache(maxsize=1)
def _time_zones() -> frozenset[str]:
    # Looked up in folders of the system: too slow for every environment of every reading.
    return frozenset(available_timezones())


def _time_zone(value: str) -> str:
    if value not in _time_zones():
        raise ValueError("must be a time zone's name such as America/Sao_Paulo")
    return value


TimeOfDay = Annotated[
    str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description='a time of day in quotes such as "08:00"')
]
TimeZone = Annotated[
    str, AfterValidator(_time_zone), Field(description="a time zone such as America/Sao_Paulo")
]
MailAddress = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$",
        max_length=254,
        description="an e-mail address such as team@example.com",
    ),
]
