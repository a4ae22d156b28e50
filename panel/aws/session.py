"""How the panel talks to AWS: one session per account and region, clients made once, errors translated."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    HTTPClientError,
    NoCredentialsError,
)
from botocore.utils import parse_timestamp

from panel.errors import AwsError, EndpointError

# Bytes of an object that is sent without asking first whether S3 will take it.
_SENT_AT_ONCE = 1024 * 1024


@dataclass(frozen=True)
class Account:
    """Which AWS to talk to.

    Attributes:
        region: where the environments live.
        endpoint_url: address of an emulator; ``None`` for AWS itself.
        access_key, secret_key: fixed credentials (an emulator's); ``None`` for the usual credential chain.
    """

    region: str
    endpoint_url: str | None = None
    access_key: str | None = None
    secret_key: str | None = field(default=None, repr=False)

    @property
    def emulated(self) -> bool:
        """Whether this is the embedded AWS."""
        return self.endpoint_url is not None


class Aws:
    """boto3 clients of one account, made on first use and shared between threads."""

    def __init__(self, account: Account) -> None:
        self.account = account
        # The stubs know no session.client(name) for a name that is a variable.
        core = botocore.session.get_session()
        core.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=_timestamp)
        self._session: Any = boto3.Session(
            botocore_session=core,
            region_name=account.region,
            aws_access_key_id=account.access_key,
            aws_secret_access_key=account.secret_key,
        )
        self._clients: dict[tuple[str, str], Any] = {}
        self._lock = threading.Lock()

    def client(self, service: str, *, region: str | None = None) -> Any:  # boto3 makes clients at run time
        """The client of ``service``, in the account's region unless another is named."""
        key = (service, region or self.account.region)
        with self._lock:
            if key not in self._clients:
                self._clients[key] = self._session.client(
                    service,
                    region_name=key[1],
                    endpoint_url=self.account.endpoint_url,
                    config=Config(
                        connect_timeout=5,
                        read_timeout=30,
                        retries={
                            "mode": "adaptive" if not self.account.emulated else "standard",
                            "max_attempts": 5,
                        },
                        max_pool_connections=32,
                        s3={"addressing_style": "path"} if self.account.emulated else {},
                    ),
                )
                if service == "s3":
                    self._clients[key].meta.events.register("before-sign.s3.PutObject", _send_at_once)
            return self._clients[key]


def _timestamp(text: Any) -> datetime:
    """A time in an answer: most are ISO 8601, which Python reads fifty times as fast as the SDK's general parser."""
    if isinstance(text, str) and text.endswith("Z"):
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            pass
    parsed: datetime = parse_timestamp(text)
    return parsed


def _send_at_once(request: Any, **_: Any) -> None:
    """Send what is small without waiting for S3's "100 Continue" first, which costs each upload a round trip."""
    # Over HTTPS the SDK wraps the content, to send its checksum behind it, and says how long it is without that.
    length = request.headers.get("X-Amz-Decoded-Content-Length")
    if length is None and isinstance(request.body, BytesIO):
        length = request.body.getbuffer().nbytes
    if length is not None and int(length) <= _SENT_AT_ONCE:
        del request.headers["Expect"]


#: Codes of refusals that pass by themselves: too many calls, trouble within AWS.
THROTTLED = frozenset({
    "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "RequestThrottledException",
    "RequestLimitExceeded", "TooManyRequestsException", "SlowDown",
    "ServerException", "InternalFailure", "InternalError", "ServiceUnavailable", "ServiceUnavailableException",
})  # fmt: skip
#: Codes of credentials that AWS takes no more.
EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired", "InvalidClientTokenId",
                     "UnrecognizedClientException"})  # fmt: skip


def error_code(error: ClientError) -> str:
    """The AWS error code of an answer, for example ``NoSuchBucket``."""
    return str(error.response.get("Error", {}).get("Code", ""))


def _hint(code: str) -> str:
    if code in THROTTLED:
        return "AWS has too much to do just now, or is in trouble itself: try again in a minute."
    if code in EXPIRED:
        return "Sign in again (for example with 'aws sso login'), then try again."
    return "Check the permissions of the panel's AWS identity."


@contextmanager
def translated(action: str) -> Iterator[None]:
    """Turn boto3's errors into the panel's.

    Args:
        action: what was tried, as the end of "could not ...": ``"read the site bucket todo-staging-site"``.

    Raises:
        EndpointError: AWS could not be reached, or there are no credentials.
        AwsError: AWS answered with a refusal.
    """
    try:
        yield
    except NoCredentialsError:
        raise EndpointError(
            f"The panel could not {action}: it found no AWS credentials.",
            hint="Sign in (for example with 'aws sso login') or set a profile, then try again.",
        ) from None
    except (EndpointConnectionError, HTTPClientError) as error:
        raise EndpointError(
            f"The panel could not {action}: AWS did not answer.",
            hint="Check the network; for the embedded AWS run 'panel local status'.",
            detail=str(error),
        ) from error
    except ClientError as error:
        reason = str(error.response.get("Error", {}).get("Message", ""))
        raise AwsError(
            f"The panel could not {action}: AWS refused with {error_code(error) or 'an error'}. {reason}".strip(),
            hint=_hint(error_code(error)),
            detail=str(error),
        ) from error
    except BotoCoreError as error:
        raise AwsError(f"The panel could not {action}: {error}", detail=type(error).__name__) from error
