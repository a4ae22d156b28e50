"""What kind of refusal an error of AWS is: what passes by itself, what a person has to see to."""

from __future__ import annotations

from botocore.exceptions import ClientError

from panel.aws.session import EXPIRED, THROTTLED, error_code
from panel.errors import EndpointError, PanelError

# Raised by the SDK itself, before it asks AWS, when a sign-in cannot be renewed.
_EXPIRED_HERE = frozenset({
    "UnauthorizedSSOTokenError", "SSOTokenLoadError", "TokenRetrievalError", "CredentialRetrievalError",
})  # fmt: skip


def passes_by_itself(error: PanelError) -> bool:
    """Whether the same call may well succeed in a moment: no answer, too many calls, trouble within AWS."""
    if isinstance(error, EndpointError):
        return True
    return isinstance(error.__cause__, ClientError) and error_code(error.__cause__) in THROTTLED


def sign_in_expired(error: PanelError) -> bool:
    """Whether AWS takes the panel's credentials no more, so that somebody has to sign in again."""
    cause = error.__cause__
    if isinstance(cause, ClientError):
        return error_code(cause) in EXPIRED
    return type(cause).__name__ in _EXPIRED_HERE
