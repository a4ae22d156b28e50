"""One container engine, spoken to by the Docker SDK: what it holds, pulling, pushing, removing.

Building is in ``docker_build``: BuildKit speaks to the ``docker`` program alone.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import docker  # type: ignore[import-untyped]  # it comes without types
from docker.context import ContextAPI  # type: ignore[import-untyped]  # the same
from docker.errors import APIError, DockerException, NotFound  # type: ignore[import-untyped]  # the same
from requests.exceptions import RequestException
from urllib3.exceptions import HTTPError

from panel.aws.ecr import RegistryLogin
from panel.deploys import Report, Stopped, StoppedError, never
from panel.deploys.layer_progress import LayerProgress
from panel.errors import BuildError
from panel.settings import child_environment

#: Seconds that an engine may take to answer, and may say nothing while it moves layers.
_ANSWER_S = 15
_SILENCE_S = 300
_LOOK_S = 0.2
_TOKEN_REFUSED = (
    "expired", "no basic auth", "unauthorized", "authentication required", "401",
)  # fmt: skip
_ENDED = object()


class LoginRefusedError(BuildError):
    """The registry did not accept the login: it ran out, or was none."""


class Engine:
    """One engine that answers.

    Args:
        api: the SDK's low-level client; only tests hand over another one than :func:`find_engine` makes.
    """

    def __init__(self, api: Any) -> None:
        self._api = api
        self._answer: Any = None
        # The SDK's streams cannot be ended from outside; what they read from can.
        api.hooks["response"].append(self._note)

    def _note(self, answer: Any, *_: object, **__: object) -> None:
        self._answer = answer

    def _hang_up(self) -> None:
        """End the stream under way: the engine gives up what nobody listens to."""
        raw = getattr(self._answer, "raw", None)
        if raw is not None:
            with suppress(OSError, RuntimeError, ValueError):
                raw.shutdown()

    def close(self) -> None:
        """Let go of its connections."""
        self._api.close()

    def has_image(self, reference: str) -> bool:
        """Whether it holds an image of that name.

        Raises:
            BuildError: it does not answer.
        """
        with _Told(f"look for the image {reference}"):
            try:
                self._api.inspect_image(reference)
            except NotFound:
                return False
            return True

    def pull(self, reference: str, report: Report, stopped: Stopped = never) -> None:
        """Have it fetch an image.

        Raises:
            BuildError: it could not; the message has its reason.
            StoppedError: somebody asked for it to stop.
        """
        what = f"pull the base image {reference}"
        name, _, tag = (
            reference.rpartition(":") if ":" in reference.rpartition("/")[2] else (reference, "", "")
        )
        if "@" in reference:
            name, tag = reference, ""
        with _Told(what):
            events = self._api.pull(name, tag=tag or None, stream=True, decode=True)
            for event in self._heard(events, what, stopped):
                if not event.get("progressDetail") and event.get("status"):
                    report(" ".join(filter(None, (event.get("id", ""), event["status"]))))

    def push(
        self,
        reference: str,
        login: RegistryLogin | None,
        progress: LayerProgress,
        stopped: Stopped = never,
    ) -> str:
        """Have it push an image; the digest that the registry gave it.

        Args:
            login: goes along with this one request and is kept nowhere.

        Raises:
            LoginRefusedError: the registry refused the login.
            BuildError: the push failed or was cut; the message has the reason.
            StoppedError: somebody asked for it to stop.
        """
        what = f"push {reference}"
        # Never None: the SDK would look for a login of its own in the person's configuration.
        auth = {"username": login.username, "password": login.password} if login else {}
        digest = ""
        with _Told(what):
            events = self._api.push(reference, stream=True, decode=True, auth_config=auth)
            for event in self._heard(events, what, stopped):
                progress.take(event)
                digest = str((event.get("aux") or {}).get("Digest", "")) or digest
        if not digest:
            raise BuildError(
                f"The panel could not {what}: the engine ended it before it was complete.",
                hint="Look whether the engine is still running, then deploy again; what was pushed is kept.",
            )
        return digest

    def remove(self, reference: str) -> None:
        """Take the name away from an image, and the image with it when it was its last.

        Raises:
            BuildError: the engine refused, or does not answer.
        """
        with _Told(f"remove the local image {reference}"):
            try:
                self._api.remove_image(reference)
            except NotFound:
                return

    def _heard(
        self, events: Iterable[Mapping[str, Any]], what: str, stopped: Stopped
    ) -> Iterator[Mapping[str, Any]]:
        """The events of a stream, looking all the while whether to stop: also while the engine says nothing."""
        waiting: queue.SimpleQueue[Any] = queue.SimpleQueue()
        threading.Thread(
            target=_read, args=(events, self._answer, waiting.put), name="engine-events", daemon=True
        ).start()
        while True:
            if stopped():
                self._hang_up()
                raise StoppedError
            try:
                event = waiting.get(timeout=_LOOK_S)
            except queue.Empty:
                continue
            if event is _ENDED:
                return
            if isinstance(event, BaseException):
                raise event
            if "error" in event:
                raise _refusal(what, str((event.get("errorDetail") or {}).get("message") or event["error"]))
            yield event


def find_engine(host: str = "") -> Engine:
    """The engine of this machine, or the one at ``host`` (``unix:///...``), once it has answered.

    Raises:
        BuildError: none answers.
    """
    environment = child_environment(network=True)
    try:
        if host:
            place: Mapping[str, Any] = {"base_url": host}
        elif "DOCKER_HOST" in environment:
            place = docker.utils.kwargs_from_env(environment)
        else:
            # Where the docker program would look too: Docker Desktop and rootless engines are contexts.
            place = ContextAPI.kwargs_from_context(environment=environment)
        _look_for_socket(str(place.get("base_url") or "unix:///var/run/docker.sock"))
        api = docker.APIClient(**place, version="auto", timeout=_ANSWER_S)
    except (DockerException, RequestException, OSError) as error:
        raise BuildError(
            "The image cannot be built with Docker: no engine answers.",
            hint="Start the engine, or set PANEL_LOCAL_RUNTIME=process to do without one.",
            detail=str(error)[:500],
        ) from error
    api.timeout = _SILENCE_S
    return Engine(api)


def _look_for_socket(address: str) -> None:
    # The SDK would say that a connection was aborted, and leave half of one behind.
    scheme, _, path = address.partition("://")
    if scheme.endswith("unix") and not Path(path).exists():
        raise FileNotFoundError(f"there is no socket {path}")


class _Told:
    """Turns the SDK's errors into the panel's. ``what`` is the end of "could not ..."."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        return

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, APIError):
            raise _refusal(self._what, str(error.explanation or error)) from error
        if isinstance(error, (DockerException, RequestException, HTTPError, OSError)):
            raise BuildError(
                f"The panel could not {self._what}: the container engine does not answer any more.",
                hint="Look whether the engine is still running, then deploy again.",
                detail=f"{type(error).__name__}: {error}"[:500],
            ) from error


def _read(events: Iterable[Mapping[str, Any]], answer: Any, put: Callable[[Any], None]) -> None:
    try:
        for event in events:
            put(event)
        put(_ENDED)
    except BaseException as error:  # handed to whoever waits for the events
        put(error)
    finally:
        # By the one thread that reads: nobody else may close what is being read.
        if answer is not None:
            answer.close()


def _refusal(what: str, reason: str) -> BuildError:
    lower = reason.lower()
    if "no space left" in lower:
        return BuildError(
            f"The panel could not {what}: the disk is full where the container engine keeps its images.",
            hint="Make room there (for example 'docker system prune'), then deploy again.",
            detail=reason[:500],
        )
    kind = LoginRefusedError if any(words in lower for words in _TOKEN_REFUSED) else BuildError
    return kind(
        f"The panel could not {what}: {reason[:300]}",
        hint="Correct the cause and deploy again.",
        detail=reason[:2000],
    )


#: Makes the engine that images are built with.
FindEngine = Callable[[str], Engine]
