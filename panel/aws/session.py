"""How the panel talks to AWS: one session per account and region, clients made once, errors translated."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from io import BytesIO
from typing import Any, Literal, Protocol

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
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


#: What became of a call: AWS said something, be it a refusal, or nothing came back.
Outcome = Literal["answered", "silent"]


class Gate(Protocol):
    """Stands before every call of a client, in place of the SDK's own way to wait and try again."""

    def before(self, service: str) -> None:
        """Wait until a call of ``service`` may be made; raises a PanelError where none may."""

    def after(self, code: str, outcome: Outcome, attempts: int) -> bool:
        """Take note of what became of a call (``code``: AWS's error code); whether to make it again, now."""


class Aws:
    """boto3 clients of one account, made on first use and shared between threads.

    Args:
        gate: stands before every call; the SDK then neither waits nor tries again by itself.
        connections: how many are kept open to each service.
    """

    def __init__(self, account: Account, *, gate: Gate | None = None, connections: int = 32) -> None:
        self.account = account
        self._gate = gate
        self._connections = connections
        # The stubs know no session.client(name) for a name that is a variable.
        core = botocore.session.get_session()
        core.register_component("data_loader", _descriptions())
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
                client = self._session.client(
                    service, region_name=key[1], endpoint_url=self.account.endpoint_url, config=self._config()
                )
                if service == "s3":
                    client.meta.events.register("before-sign.s3.PutObject", _send_at_once)
                if self._gate is not None:
                    _guard(client, service, self._gate)
                self._clients[key] = client
            return self._clients[key]

    def _config(self) -> Config:
        emulated, gated = self.account.emulated, self._gate is not None
        retries: Any = (  # a part of the stubs that cannot be named at run time
            {"mode": "standard", "total_max_attempts": 1}
            if gated
            else {"mode": "standard" if emulated else "adaptive", "max_attempts": 5}
        )
        return Config(
            # Whoever stands before a gate asks again soon: what does not answer is not waited for.
            connect_timeout=3 if gated else 5,
            read_timeout=10 if gated else 30,
            retries=retries,
            max_pool_connections=self._connections,
            s3={"addressing_style": "path"} if emulated else {},
        )


@lru_cache(maxsize=1)
def _descriptions() -> Any:
    """The SDK's descriptions of services, read once for all sessions of this process: they take tens of megabytes."""
    return botocore.session.get_session().get_component("data_loader")


def _guard(client: Any, service: str, gate: Gate) -> None:
    """Put the gate before each request of a client, those of its paginators too."""

    def before(**_: Any) -> None:
        gate.before(service)

    def after(
        response: tuple[Any, dict[str, Any]] | None,
        caught_exception: Exception | None,
        attempts: int,
        **_: Any,
    ) -> int | None:
        if response is None and not isinstance(caught_exception, HTTPClientError | ConnectionError):
            return None  # the gate was closed, or the request could not be made: nothing was asked
        outcome: Outcome = "silent" if response is None else "answered"
        code = "" if response is None else str(response[1].get("Error", {}).get("Code", ""))
        return 0 if gate.after(code, outcome, attempts) else None

    client.meta.events.register_first("before-send", before)
    client.meta.events.register_first("needs-retry", after)


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


#: Codes of refusals because of what was asked for: among many things, one that AWS cannot read.
UNREADABLE = frozenset({"ValidationError", "ValidationException", "InvalidParameterException", "InvalidParameterValue",
                        "LoadBalancerNotFound"})  # fmt: skip


def refusal_code(error: BaseException) -> str:
    """The AWS error code behind one of the panel's errors; empty where AWS did not refuse."""
    cause = error.__cause__
    return error_code(cause) if isinstance(cause, ClientError) else ""


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
    except (ConnectionError, HTTPClientError) as error:
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
