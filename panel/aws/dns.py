"""What the name of an environment leads to, asked of this machine's own resolver, each question with a time limit."""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from panel.errors import EndpointError

_Found = TypeVar("_Found")
_NO_SUCH_NAME = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})
_OWNERS_ASKED = 2
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


def addresses_of(name: str) -> tuple[str, ...]:
    """The addresses of a name, as this machine's resolver has them; takes as long as that takes.

    Raises:
        socket.gaierror: the name is not known, or the resolver has trouble.
    """
    found = socket.getaddrinfo(name, 443, type=socket.SOCK_STREAM)
    return tuple(sorted({str(item[4][0]) for item in found}))


def owner_of(address: str) -> str:
    """The name that an address says of itself.

    Raises:
        OSError: it says none, or the resolver has trouble.
    """
    return socket.gethostbyaddr(address)[0]


def name_seen(
    domain: str,
    edge_name: str,
    *,
    timeout_s: float = 5.0,
    ask: Callable[[str], tuple[str, ...]] = addresses_of,
    ask_owner: Callable[[str], str] = owner_of,
) -> NameSeen:
    """Where the domain of an environment leads, and where CloudFront's own name does.

    Args:
        timeout_s: seconds for each question.
        ask, ask_owner: the resolver.

    Raises:
        EndpointError: the resolver did not answer in time, or has trouble.
    """
    addresses = resolve(domain, timeout_s=timeout_s, ask=ask)
    edge = resolve(edge_name, timeout_s=timeout_s, ask=ask)
    owners: list[str] = []
    if addresses and not set(addresses) & set(edge):
        for address in addresses[:_OWNERS_ASKED]:
            # An address need not have a name, and this is only a second opinion.
            with suppress(OSError):
                owners.append(_within(timeout_s, partial(ask_owner, address)))
    return NameSeen(domain, addresses, edge_name, edge, tuple(owners))


def resolve(
    name: str, *, timeout_s: float = 5.0, ask: Callable[[str], tuple[str, ...]] = addresses_of
) -> tuple[str, ...]:
    """The addresses of a name, sorted; empty when nobody knows the name.

    Raises:
        EndpointError: the resolver did not answer in time, or has trouble.
    """
    try:
        return _within(timeout_s, partial(ask, name))
    except socket.gaierror as error:
        if error.errno in _NO_SUCH_NAME:
            return ()
        raise _silent(name, str(error)) from error
    except UnicodeError as error:
        raise _silent(name, f"it is no name: {error}") from error
    except TimeoutError as error:
        raise _silent(name, f"no answer within {timeout_s:g} s") from error


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
