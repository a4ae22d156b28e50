"""Keeping credentials out of everything the engine writes: events, logs, plans and results."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

SENSITIVE = "(sensitive)"

# A known secret shorter than this ("test", "admin") would blot out ordinary words of the log.
_SHORTEST_SECRET = 8
_SECRET_NAME = re.compile(r"SECRET|TOKEN|PASSWORD|PASSWD|PRIVATE_KEY|API_KEY|CREDENTIAL", re.IGNORECASE)
# Variables whose name sounds secret but whose value is a path or an address.
_NOT_SECRET = frozenset({"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_SHARED_CREDENTIALS_FILE"})

# name = value, unless the value is a reference, which tells nothing secret and helps the reader.
_ASSIGNMENT = (
    r"((?<![\w:/.-])(?:\w*(?:password|passwd|secret|secret_access_key|session_token|api_?key)|token)"
    r"\"?\s*[=:]\s*\"?)"
    r"(?!var\.|local\.|data\.|module\.|each\.|aws_|random_|null\b|true\b|false\b|\(sensitive)"
    r"[^\s\"',;]{6,}"
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
    (("xox",), r"()\bxox[abprs]-[A-Za-z0-9-]{10,}"),
    (("bearer",), r"(\b[Bb]earer\s+)[\w.~+/=-]{12,}"),
    (("://",), r"(\b[a-z][a-z0-9+.-]*://[^\s/:@\"]+:)[^\s/@\"]+(?=@)"),
    (("password", "passwd", "secret", "token", "api_key", "apikey"), f"(?i:{_ASSIGNMENT})"),
)
_CREDENTIALS = tuple((words, re.compile(pattern)) for words, pattern in _LOOKS)


class Masker:
    """Replaces known secrets, and text that looks like a credential, with ``(sensitive)``.

    Args:
        secrets: values known to be secret; those shorter than eight characters are ignored, since they
            would blot out ordinary words.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = {secret for secret in secrets if len(secret) >= _SHORTEST_SECRET}
        # The longest first: one secret may begin with another.
        self._known = sorted(known, key=lambda secret: (-len(secret), secret))

    @classmethod
    def for_environment(cls, environment: Mapping[str, str]) -> Masker:
        """A masker that knows the secrets among the environment variables of a process."""
        return cls(
            value
            for name, value in environment.items()
            if _SECRET_NAME.search(name) and name not in _NOT_SECRET
        )

    def text(self, text: str) -> str:
        """``text`` with every secret masked."""
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
        if isinstance(value, dict):
            return {key: self.value(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.value(item) for item in value]
        return value
