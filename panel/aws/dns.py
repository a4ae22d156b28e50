"""What the name of an environment leads to, asked of this machine's own resolver, each question with a time limit."""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from panel.errors import EndpointError

_Found = TypeVar("_Found")
_NO_SUCH_NAME = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})
# The resolver of the C library knows no time limit: a question that hangs keeps its thread until it gives up.
_SLOTS = threading.BoundedSemaphore(32)


@dataclass(frozen=True)
class NameSeen:
    """Where two names lead: the domain that people use, and the one that CloudFront gave.

    Attributes:
        addresses: of the domain; empty when nobody knows the name.
        edge_addresses: of CloudFront's name; empty when nobody knows it.
        owners: names that the first addresses of the domain say of themselves.
    """

    domain: str
    addresses: tuple[str, ...]
    edge_name: str
    edge_addresses: tuple[str, ...]
    owners: tuple[str, ...] = ()

    @property
    def leads_to_edge(self) -> bool:
        """Whether the domain leads to CloudFront.

        CloudFront answers with other addresses now and then, so its machines' own names count too.
        """
        shared = set(self.addresses) & set(self.edge_addresses)
        return bool(shared) or any(name.endswith(".cloudfront.net") for name in self.owners)


def name_seen(domain: str, edge_name: str, *, timeout_s: float = 5.0) -> NameSeen:
    """Where the domain of an environment leads, and where CloudFront's own name does.

    Raises:
        EndpointError: the resolver did not answer in time, or has trouble.
    """
    addresses = resolve(domain, timeout_s=timeout_s)
    edge = resolve(edge_name, timeout_s=timeout_s)
    owners: tuple[str, ...] = ()
    if addresses and not set(addresses) & set(edge):
        owners = _owners(addresses[:2], timeout_s)
    return NameSeen(domain, addresses, edge_name, edge, owners)


def resolve(name: str, *, timeout_s: float = 5.0) -> tuple[str, ...]:
    """The addresses of a name, sorted; empty when nobody knows the name.

    Raises:
        EndpointError: the resolver did not answer in time, or has trouble.
    """
    try:
        found = _within(timeout_s, lambda: socket.getaddrinfo(name, 443, type=socket.SOCK_STREAM))
    except socket.gaierror as error:
        if error.errno in _NO_SUCH_NAME:
            return ()
        raise _silent(name, str(error)) from error
    except UnicodeError as error:
        raise _silent(name, f"it is no name: {error}") from error
    except TimeoutError as error:
        raise _silent(name, f"no answer within {timeout_s:g} s") from error
    return tuple(sorted({str(item[4][0]) for item in found}))


def _owners(addresses: Iterable[str], timeout_s: float) -> tuple[str, ...]:
    names = []
    for address in addresses:
        try:
            names.append(_within(timeout_s, partial(socket.gethostbyaddr, address))[0])
        except OSError:
            continue  # an address need not have a name, and this is only a second opinion
    return tuple(names)


def _within(timeout_s: float, ask: Callable[[], _Found]) -> _Found:
    """The answer of a question that knows no time limit of its own; what it raises is raised here."""
    answers: queue.SimpleQueue[tuple[_Found | None, Exception | None]] = queue.SimpleQueue()

    def work() -> None:
        try:
            answers.put((ask(), None))
        except Exception as error:  # raised again below, in the thread that asked
            answers.put((None, error))
        finally:
            _SLOTS.release()

    if not _SLOTS.acquire(timeout=timeout_s):
        raise TimeoutError
    threading.Thread(target=work, name="name-question", daemon=True).start()
    try:
        found, error = answers.get(timeout=timeout_s)
    except queue.Empty:
        raise TimeoutError from None
    if error is not None:
        raise error
    return found  # type: ignore[return-value] # None only beside an error


def _silent(name: str, why: str) -> EndpointError:
    return EndpointError(
        f"The panel could not find out where {name} leads: the resolver of this machine has trouble.",
        hint="Check the network of the machine that the panel runs on.",
        detail=why,
    )
