"""The bytes of container images: the OCI distribution protocol (version 2) that ECR serves.

ECR's layer API would do the same on AWS, but the embedded AWS accepts those calls without keeping the
bytes; its registry protocol is complete. So both are spoken to in the one way that keeps what it is given.
Source: https://github.com/opencontainers/distribution-spec/blob/main/spec.md
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import httpx

from panel.aws.ecr import Repository, registry_host, registry_login
from panel.aws.session import Aws
from panel.errors import AwsError, EndpointError, NotFoundError

_CHUNK = 1024 * 1024
_TIMEOUT = httpx.Timeout(connect=10, read=120, write=120, pool=10)


class Registry:
    """One registry, spoken to as one user. Use it as a context manager: it keeps connections open.

    Args:
        renew: gives a fresh password when the registry refuses the one it had: they are good for twelve hours.
        proxies: whether the machine's proxy settings apply; not for an emulator on this machine.
        transport: only for tests.
    """

    def __init__(
        self,
        base_url: str,
        username: str,
        password: str,
        *,
        renew: Callable[[], str] | None = None,
        proxies: bool = True,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.base_url = base_url
        self._username, self._renew = username, renew
        self._http = httpx.Client(
            base_url=base_url,
            auth=(username, password),
            timeout=_TIMEOUT,
            transport=transport,
            trust_env=proxies,
        )

    def __enter__(self) -> Registry:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def has_blob(self, repository: str, digest: str) -> bool:
        """Whether the repository holds this blob."""
        answer = self._send("HEAD", f"/v2/{repository}/blobs/{digest}", expect=(200, 307, 404))
        return answer.status_code != 404

    def upload_blob(
        self,
        repository: str,
        digest: str,
        path: Path,
        progress: Callable[[int], None] = lambda sent: None,
    ) -> None:
        """Upload one file as a blob; the registry checks the digest.

        Args:
            progress: called with the bytes sent so far.

        Raises:
            AwsError: the registry refused, for example because the file does not have this digest.
        """
        started = self._send("POST", f"/v2/{repository}/blobs/uploads/", expect=(202,))
        place = self._location(started)
        sent = self._send(
            "PATCH",
            place,
            expect=(202,),
            content=lambda: _chunks(path, progress),
            headers={"Content-Type": "application/octet-stream", "Content-Length": str(path.stat().st_size)},
        )
        finish = httpx.URL(self._location(sent)).copy_merge_params({"digest": digest})
        self._send("PUT", str(finish), expect=(201,))

    def download_blob(self, repository: str, digest: str, target: Path) -> None:
        """Write a blob to ``target``, checked against its digest.

        Raises:
            NotFoundError: the repository has no such blob.
            AwsError: what came does not have this digest.
        """
        seen = hashlib.sha256()
        with (
            self._translated(f"read {digest} of {repository}"),
            self._http.stream("GET", f"/v2/{repository}/blobs/{digest}", follow_redirects=True) as answer,
            target.open("wb") as file,
        ):
            self._check("GET", answer, (200,), f"{repository}@{digest}")
            for chunk in answer.iter_bytes(_CHUNK):
                seen.update(chunk)
                file.write(chunk)
        if f"sha256:{seen.hexdigest()}" != digest:
            raise AwsError(f"The registry answered for {digest} of {repository} with other content.")

    def manifest(self, repository: str, reference: str, media_type: str) -> bytes | None:
        """The manifest of a tag or digest as it was stored, or ``None``."""
        answer = self._send(
            "GET",
            f"/v2/{repository}/manifests/{reference}",
            expect=(200, 404),
            headers={"Accept": media_type},
        )
        return None if answer.status_code == 404 else answer.content

    def put_manifest(self, repository: str, reference: str, manifest: bytes, media_type: str) -> None:
        """Store a manifest under a tag or under its own digest. The same again is fine."""
        self._send(
            "PUT",
            f"/v2/{repository}/manifests/{reference}",
            expect=(201,),
            content=manifest,
            headers={"Content-Type": media_type},
        )

    def _location(self, answer: httpx.Response) -> str:
        return str(answer.request.url.join(answer.headers.get("Location", "")))

    def _send(
        self,
        method: str,
        url: str,
        *,
        expect: tuple[int, ...],
        content: bytes | Callable[[], Iterator[bytes]] | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        def once() -> httpx.Response:
            body = content() if callable(content) else content
            with self._translated(f"talk to the image registry ({method})"):
                return self._http.request(method, url, content=body, headers=headers)

        answer = once()
        if _login_refused(answer) and self._renew is not None:
            self._http.auth = (self._username, self._renew())
            answer = once()
        self._check(method, answer, expect, httpx.URL(url).path)
        return answer

    def _check(self, method: str, answer: httpx.Response, expect: tuple[int, ...], what: str) -> None:
        if answer.status_code in expect:
            return
        answer.read()
        if answer.status_code == 404:
            raise NotFoundError(
                f"The image registry does not know {what}.",
                hint="The image repository is made with the shared network: create or update an environment first.",
                detail=answer.text[:500],
            )
        if answer.status_code in (401, 403):
            # By now a fresh login was refused too, where one can be made.
            hint = "The registry's login may have run out or lack a permission: try again, then check the identity."
        elif answer.status_code == 429:
            hint = "The registry is asked too often just now: try again in a minute."
        else:
            hint = "Try again; the technical detail holds the registry's answer."
        raise AwsError(
            f"The image registry refused {method} {what}: status {answer.status_code}.",
            hint=hint,
            detail=answer.text[:500],
        )

    @contextmanager
    def _translated(self, action: str) -> Iterator[None]:
        try:
            yield
        except httpx.HTTPError as error:
            raise EndpointError(
                f"The panel could not {action}: no proper answer from {self.base_url}.",
                hint="Check the network; for the embedded AWS run 'panel local status'.",
                detail=f"{type(error).__name__}: {error}",
            ) from error


def _login_refused(answer: httpx.Response) -> bool:
    # A login that ran out is "denied" in ECR's words, as a missing permission is: there only the text tells.
    return answer.status_code == 401 or (answer.status_code == 403 and "expired" in answer.text.lower())


def open_registry(aws: Aws, repository: Repository) -> Registry:
    """The registry that holds ``repository``, logged in with a fresh ECR token."""
    login = registry_login(aws)
    base_url = aws.account.endpoint_url or f"https://{registry_host(aws, repository)}"
    return Registry(
        base_url,
        login.username,
        login.password,
        renew=lambda: registry_login(aws).password,
        proxies=not aws.account.emulated,
    )


def _chunks(path: Path, progress: Callable[[int], None]) -> Iterator[bytes]:
    sent = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk
            sent += len(chunk)
            progress(sent)
