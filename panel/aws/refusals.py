"""What kind of refusal an error of AWS is: what passes by itself, what a person has to see to."""

from __future__ import annotations

import re

from botocore.exceptions import ClientError

from panel.aws.session import EXPIRED, THROTTLED, error_code
from panel.errors import EndpointError, PanelError

# Raised by the SDK itself, before it asks AWS, when a sign-in cannot be renewed.
_EXPIRED_HERE = frozenset({
    "UnauthorizedSSOTokenError", "SSOTokenLoadError", "TokenRetrievalError", "CredentialRetrievalError",
})  # fmt: skip

# Said when the panel's identity may not do what it asked for. S3 answers a HEAD with the bare number.
_DENIED = frozenset({
    "AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "NotAuthorized",
    "UnauthorizedException", "403", "Forbidden",
})  # fmt: skip
_PERMISSION = re.compile(r"perform:? ([a-z0-9-]+:[A-Za-z0-9]+)")
# S3's refusals name no permission, and these calls need one of another name.
_OTHERWISE = {"HeadBucket": "s3:ListBucket", "GetBucketVersioning": "s3:GetBucketVersioning"}


def denied_permission(error: PanelError) -> str | None:
    """The permission that the panel's AWS identity lacks, as ``ecs:ListTasks``; ``None`` for any other error.

    Where the refusal does not name it, the name of the call stands in.
    """
    cause = error.__cause__
    if not isinstance(cause, ClientError) or error_code(cause) not in _DENIED:
        return None
    named = _PERMISSION.search(str(cause))
    operation = str(cause.operation_name)
    return named.group(1) if named else _OTHERWISE.get(operation, operation)


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
