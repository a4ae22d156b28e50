"""Keeping credentials out of everything that is written: events, logs, plans, results, the store, errors."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote, quote_plus, urlsplit

SENSITIVE = "(sensitive)"

# A known secret shorter than this ("test", "admin") would blot out ordinary words of the log.
_SHORTEST_SECRET = 8
_SHORT = 200
_REMEMBERED = 8192
_SECRET_NAME = re.compile(r"SECRET|TOKEN|PASSWORD|PASSWD|PRIVATE_KEY|API_KEY|CREDENTIAL", re.IGNORECASE)
# Variables whose name sounds secret but whose value is a path or an address.
_NOT_SECRET = frozenset({"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_SHARED_CREDENTIALS_FILE"})
# Addresses that are a secret themselves, or hold one.
_SECRET_ADDRESS = re.compile(r"_URL$|_URI$|_DSN$", re.IGNORECASE)
_WHOLE_ADDRESS = re.compile(r"WEBHOOK", re.IGNORECASE)

# name = value, unless the value is a reference, which tells nothing secret and helps the reader.
_ASSIGNMENT = (
    r"((?<![\w:/.-])(?:[\w-]*(?:password|passwd|passphrase|secret|secret_access_key|session_token|api_?key|"
    r"account_?key|private_?key|client_?secret|auth_?token|access_?token)|token|pwd)"
    r"\\?\"?'?\s*(?:=>|[=:])\s*\\?[\"']?)"
    r"(?!var\.|local\.|data\.|module\.|each\.|aws_|random_|terraform_data\.|arn:|null\b|true\b|false\b|\(sensitive)"
    r"[^\s\"',;&\\]{6,}"
)
# What a credential looks like, each with the words one of which such a text holds in lower case: looking for
# a word is a hundred times quicker, and plans have hundreds of thousands of texts. The group, where there is
# one, stays readable in front of the mask.
_LOOKS = (
    (
        ("private key",),
        r"()-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
    ),
    (("akia", "asia"), r"()\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    (("eyj",), r"()\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}"),
    (("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), r"()\bgh[pousr]_[A-Za-z0-9]{30,}\b"),
    (("github_pat_",), r"()\bgithub_pat_\w{20,}"),
    (("glpat-",), r"()\bglpat-[\w-]{16,}"),
    (("xox",), r"()\bxox[abprs]-[A-Za-z0-9-]{10,}"),
    (("hooks.slack.com",), r"(\bhttps://hooks\.slack\.com/)[\w/-]{8,}"),
    (("sk_live_", "rk_live_"), r"()\b[sr]k_live_[A-Za-z0-9]{16,}"),
    (("bearer",), r"(\b[Bb]earer\s+)[\w.~+/=-]{12,}"),
    (("basic",), r"(\b[Aa]uthorization\"?\s*[:=]\s*\"?[Bb]asic\s+)[A-Za-z0-9+/=]{8,}"),
    (("://",), r"(\b[a-z][a-z0-9+.-]*://[^\s/:@\"]*:)[^\s/@\"]+(?=@)"),
    (("x-amz-signature",), r"(X-Amz-Signature=)[0-9a-f]{32,}"),
    (
        ("password", "passwd", "passphrase", "secret", "token", "api_key", "apikey", "accountkey", "account_key",
         "private_key", "privatekey", "pwd"),
        f"(?i:{_ASSIGNMENT})",
    ),
)  # fmt: skip
_CREDENTIALS = tuple((words, re.compile(pattern)) for words, pattern in _LOOKS)


class Masker:
    """Replaces known secrets, and text that looks like a credential, with ``(sensitive)``.

    Args:
        secrets: values known to be secret, masked in every usual spelling; those shorter than eight characters are
            ignored, since they would blot out ordinary words.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = {
            spelling
            for secret in secrets
            if len(secret) >= _SHORTEST_SECRET
            for spelling in _spellings(secret)
        }
        # The longest first: one secret may begin with another.
        self._known = sorted(known, key=lambda secret: (-len(secret), secret))
        # Plans say the same short things thousands of times.
        self._remembered = lru_cache(maxsize=_REMEMBERED)(self._masked)

    @classmethod
    def for_environment(cls, environment: Mapping[str, str]) -> Masker:
        """A masker that knows the secrets among the environment variables of a process."""
        return cls(secret for name, value in environment.items() for secret in _secrets_in(name, value))

    def text(self, text: str) -> str:
        """``text`` with every secret masked."""
        if len(text) < _SHORTEST_SECRET:
            return text
        return self._remembered(text) if len(text) <= _SHORT else self._masked(text)

    def _masked(self, text: str) -> str:
        for secret in self._known:
            if secret in text:
                text = text.replace(secret, SENSITIVE)
        lowered = text.lower()
        for words, pattern in _CREDENTIALS:
            if any(word in lowered for word in words):
                text = pattern.sub(rf"\1{SENSITIVE}", text)
        return text

    def value(self, value: Any) -> Any:
        """A copy of a JSON value with every string masked, keys excepted."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {key: self.value(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(item) for item in value]
        return value


def _secrets_in(name: str, value: str) -> Iterator[str]:
    """What is secret in one environment variable."""
    if name in _NOT_SECRET:
        return
    if _SECRET_NAME.search(name) or (_SECRET_ADDRESS.search(name) and _WHOLE_ADDRESS.search(name)):
        yield value
    elif _SECRET_ADDRESS.search(name) and "@" in value:
        try:
            password = urlsplit(value).password
        except ValueError:
            return
        if password:
            yield password


def _spellings(secret: str) -> set[str]:
    """A secret as it may turn up: as it is, in JSON, in an address, in base64 (also within something longer)."""
    content = secret.encode()
    found = {secret, json.dumps(secret)[1:-1], quote(secret), quote(secret, safe=""), quote_plus(secret)}
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + content).decode().rstrip("=")
        # Of what stands at the edges, some bits belong to the neighbours.
        inner = encoded[-(-offset * 8 // 6) : len(encoded) - ((offset + len(content)) % 3 > 0)]
        found |= {inner, inner.replace("+", "-").replace("/", "_")}
    return {spelling for spelling in found if len(spelling) >= _SHORTEST_SECRET}
