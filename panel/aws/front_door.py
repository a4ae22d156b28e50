"""The address people use: where it is, and what it answers.

Belongs here: finding the front door of an environment in Terraform's outputs, asking it, and reading the
versions it serves. What an answer means for health is decided in :mod:`panel.health`.
"""

from __future__ import annotations

import json
import re
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import httpx

from panel.errors import EndpointError, NotFoundError

#: Bytes of an answer that are kept; a page or a status document is far smaller.
BODY_LIMIT = 256 * 1024
DEFAULT_TIMEOUT_S = 10.0
_MOST_REDIRECTS = 3
_LONGEST_VERSION = 200
_CLOUDFRONT_DOMAIN = re.compile(r"([a-z0-9]+)\.cloudfront\.[a-z.]+")
_HOST_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")
_RELEASE = re.compile(
    r"""window\.APP_CONFIG\s*=\s*\{.*?["']?\brelease\b["']?\s*:\s*["']([^"']{1,200})["']""", re.DOTALL
)


@dataclass(frozen=True)
class FrontDoor:
    """Where people reach an environment.

    Attributes:
        url: what a browser opens; ends with a slash.
        connect: address and port to connect to in place of resolving the name; ``None`` to resolve it.
            The embedded AWS is told apart by name only, and ``*.localhost`` does not resolve everywhere.
        host: the ``Host`` header of each request.
        fallback_url: CloudFront's own name, which works before the domain is delegated; ``None`` where
            there is no second name.
    """

    url: str
    connect: tuple[str, int] | None
    host: str
    fallback_url: str | None = None


@dataclass(frozen=True)
class Answer:
    """What the front door said.

    Attributes:
        status: HTTP status code.
        headers: names in lower case.
        body: at most :data:`BODY_LIMIT` bytes.
        elapsed_ms: from the first byte sent to the last one kept.
        url: the address that answered, as a browser would write it.
        by_fallback: the domain did not resolve and CloudFront's own name answered.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    elapsed_ms: int
    url: str
    by_fallback: bool = False

    @property
    def content_type(self) -> str:
        """The media type without its parameters, for example ``text/html``."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True)
class VersionSeen:
    """The version a service says it runs, and the digest of its image if it knows it.

    ``status`` is the service's own word about itself (``"ok"``), empty if it says none.
    """

    version: str
    image: str | None
    status: str = ""


@dataclass(frozen=True)
class SiteSeen:
    """What the front door serves at ``/``: the page's answer, and the release named in ``/config.js``."""

    page: Answer
    release: str | None

    @property
    def is_page(self) -> bool:
        """Whether a browser gets an HTML page, and not an error or an empty answer."""
        return self.page.status == 200 and self.page.content_type == "text/html" and bool(self.page.body)


def front_door(outputs: Mapping[str, object], *, emulated_endpoint: str | None) -> FrontDoor:
    """Find the address people use in the outputs of an environment's Terraform stack.

    Args:
        outputs: plain values by output name.
        emulated_endpoint: address of the embedded AWS, ``None`` on AWS itself.

    Raises:
        NotFoundError: the outputs name no address (the environment is not, or not fully, created).
    """
    distribution = _text(outputs, "cloudfront_domain_name").lower()
    match = _CLOUDFRONT_DOMAIN.fullmatch(distribution)
    if match is None:
        raise NotFoundError(
            f"The environment's CloudFront address {distribution!r} is not one that CloudFront gives out.",
            hint="Update the environment; if it stays so, look at the output 'cloudfront_domain_name'.",
        )
    if emulated_endpoint is None:
        domain = _text(outputs, "domain_name")
        return FrontDoor(
            url=f"https://{domain}/", connect=None, host=domain, fallback_url=f"https://{distribution}/"
        )
    endpoint = urlsplit(emulated_endpoint)
    port = endpoint.port or 80
    host = f"{match.group(1)}.cloudfront.localhost:{port}"
    return FrontDoor(url=f"http://{host}/", connect=(endpoint.hostname or "127.0.0.1", port), host=host)


def get(door: FrontDoor, path: str, timeout_s: float = DEFAULT_TIMEOUT_S) -> Answer:
    """Ask the front door for ``path`` (starting with a slash), as a browser would.

    Redirects are followed on the same host only; any other is handed back as it is. Where the domain does
    not resolve, CloudFront's own name is asked, and the answer says so.

    Args:
        timeout_s: seconds for connecting, and for the whole answer.

    Raises:
        EndpointError: nothing answered in time, or the connection could not be trusted.
    """
    if not path.startswith("/"):
        raise ValueError(f"a path starts with a slash: {path!r}")
    try:
        return _ask(door, path, timeout_s)
    except httpx.HTTPError as error:
        # Behind a proxy, a name that nobody knows reads as the proxy's refusal.
        unknown = _name_unknown(error) or isinstance(error, httpx.ProxyError)
        if door.fallback_url is None or not unknown:
            raise _no_answer(door, error, timeout_s) from error
    second = FrontDoor(door.fallback_url, None, urlsplit(door.fallback_url).netloc)
    try:
        return replace(_ask(second, path, timeout_s), by_fallback=True)
    except httpx.HTTPError as error:
        raise _no_answer(second, error, timeout_s) from error


def require_listening(endpoint: str, timeout_s: float = 2.0) -> None:
    """Make sure that something listens at ``endpoint`` (an ``http://host:port``), without asking it anything.

    Raises:
        EndpointError: nothing does.
    """
    address = urlsplit(endpoint)
    try:
        socket.create_connection((address.hostname or "127.0.0.1", address.port or 80), timeout_s).close()
    except OSError as error:
        raise EndpointError(
            f"The embedded AWS at {endpoint} does not answer.",
            hint="Run 'panel local status', and 'panel local start' if it is not running.",
            detail=str(error),
        ) from error


def version_seen(
    door: FrontDoor, version_path: str, timeout_s: float = DEFAULT_TIMEOUT_S
) -> VersionSeen | None:
    """The version that answers at ``version_path``; ``None`` while what answers there names none.

    Raises:
        EndpointError: the front door did not answer at all.
    """
    return version_in(get(door, version_path, timeout_s))


def version_in(answer: Answer) -> VersionSeen | None:
    """The version named in an answer of a version path; ``None`` unless it is a 200 that names one."""
    if answer.status != 200:
        return None
    try:
        document = json.loads(answer.body)
    except ValueError:
        return None
    if not isinstance(document, dict):
        return None
    version, image, status = (document.get(key) for key in ("version", "image", "status"))
    if not isinstance(version, str) or not 0 < len(version) <= _LONGEST_VERSION:
        return None
    return VersionSeen(
        version=version,
        image=image[:_LONGEST_VERSION] if isinstance(image, str) and image else None,
        status=status[:_LONGEST_VERSION] if isinstance(status, str) else "",
    )


def site_seen(door: FrontDoor, timeout_s: float = DEFAULT_TIMEOUT_S) -> SiteSeen:
    """Open the site as a browser would: its page, then the release in its ``/config.js``.

    Raises:
        EndpointError: the front door did not answer.
    """
    page = get(door, "/", timeout_s)
    if page.status != 200:
        return SiteSeen(page, None)
    return SiteSeen(page, release_in(get(door, "/config.js", timeout_s)))


def site_release_seen(door: FrontDoor, timeout_s: float = DEFAULT_TIMEOUT_S) -> str | None:
    """The release of the site that people get now; ``None`` while no page or no release is served.

    Raises:
        EndpointError: the front door did not answer.
    """
    seen = site_seen(door, timeout_s)
    return seen.release if seen.is_page else None


def release_in(answer: Answer) -> str | None:
    """The release in an answer of ``/config.js`` (``window.APP_CONFIG = {"release": "..."};``), if any."""
    if answer.status != 200:
        return None
    match = _RELEASE.search(answer.body.decode("utf-8", "replace"))
    return match.group(1) if match else None


def _ask(door: FrontDoor, path: str, timeout_s: float) -> Answer:
    """One request and the redirects that stay on its host."""
    started = time.monotonic()
    base = f"http://{door.connect[0]}:{door.connect[1]}" if door.connect else door.url.rstrip("/")
    # A proxy knows nothing of this machine's loopback; to AWS it may be the only way.
    with httpx.Client(
        timeout=timeout_s, trust_env=door.connect is None, verify=_trust(), follow_redirects=False
    ) as client:
        target = path
        for _ in range(_MOST_REDIRECTS + 1):
            answer = _one_request(client, base, door, target, started + timeout_s)
            next_target = _same_host_redirect(door, answer)
            if next_target is None:
                break
            target = next_target
    return replace(answer, elapsed_ms=round((time.monotonic() - started) * 1000))


def _one_request(client: httpx.Client, base: str, door: FrontDoor, path: str, deadline: float) -> Answer:
    # Uncompressed, so that the size limit is one of memory too.
    headers = {"Host": door.host, "Accept-Encoding": "identity", "User-Agent": "panel-health"}
    with client.stream("GET", base + path, headers=headers) as response:
        body = bytearray()
        for chunk in response.iter_raw():
            body += chunk
            if len(body) >= BODY_LIMIT:
                break
            if time.monotonic() > deadline:
                raise httpx.ReadTimeout("the answer did not end in time", request=response.request)
        found = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, found, bytes(body[:BODY_LIMIT]), 0, door.url.rstrip("/") + path)


def _same_host_redirect(door: FrontDoor, answer: Answer) -> str | None:
    """Path and query of a redirect that stays at the same scheme and host, ``None`` for everything else."""
    location = answer.headers.get("location")
    if answer.status not in (301, 302, 303, 307, 308) or not location:
        return None
    try:
        target = urlsplit(str(httpx.URL(answer.url).join(location)))
    except (httpx.InvalidURL, ValueError):
        return None
    here = urlsplit(door.url)
    if (target.scheme, target.netloc) != (here.scheme, here.netloc):
        return None
    return (target.path or "/") + (f"?{target.query}" if target.query else "")


@lru_cache(maxsize=1)
def _trust() -> ssl.SSLContext:
    # Reading the certificate bundle takes longer than a request on loopback: once is enough.
    return httpx.create_ssl_context()


def _reasons(error: BaseException) -> Iterator[BaseException]:
    reason: BaseException | None = error
    while reason is not None:
        yield reason
        reason = reason.__cause__ or reason.__context__


def _name_unknown(error: Exception) -> bool:
    return any(isinstance(reason, socket.gaierror) for reason in _reasons(error))


def _no_answer(door: FrontDoor, error: httpx.HTTPError, timeout_s: float) -> EndpointError:
    """The panel's error for a front door that gave no usable answer."""
    hint = "Look at the environment's health page for which part is broken."
    if _name_unknown(error):
        why = f"the name {urlsplit(door.url).hostname} is not known"
        hint = "Delegate the domain to the environment's hosted zone, or wait until the name has spread."
    elif any(isinstance(reason, ssl.SSLCertVerificationError) for reason in _reasons(error)):
        why = "its certificate is not valid"
        hint = "Look at the certificate's state and at the names that it covers."
    elif isinstance(error, httpx.ProxyError):
        why = "the proxy refused to pass the request on"
        hint = "Check the proxy settings of the machine that the panel runs on."
    elif isinstance(error, httpx.TimeoutException):
        why = f"it did not answer within {timeout_s:g} s"
    elif door.connect is not None and isinstance(error, httpx.ConnectError):
        why = "nothing listens there"
        hint = "Run 'panel local status', and 'panel local start' if the embedded AWS is not running."
    else:
        why = "the connection failed"
    return EndpointError(
        f"The address {door.url} gave no answer: {why}.", hint=hint, detail=f"{type(error).__name__}: {error}"
    )


def _text(outputs: Mapping[str, object], name: str) -> str:
    value: Any = outputs.get(name)
    if not isinstance(value, str) or not _HOST_NAME.fullmatch(value):
        raise NotFoundError(
            f"The environment has no address yet: Terraform's output {name!r} is missing.",
            hint="Create or update the environment, then look again.",
        )
    return value
