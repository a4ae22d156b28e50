"""Where names lead, from a resolver that the test writes."""

import socket
import threading

import pytest

from panel.aws.dns import name_seen, resolve
from panel.errors import EndpointError

DOMAIN, EDGE = "staging.todo.example.com", "d1.cloudfront.net"


def resolver(names):
    """A resolver that knows these names; what it does not know is unknown to everybody."""

    def ask(name):
        if name not in names:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return names[name]

    return ask


def owner(names):
    def ask(address):
        if address not in names:
            raise socket.herror(1, "Unknown host")
        return names[address]

    return ask


def test_a_name_that_shares_an_address_with_cloudfronts_leads_there():
    seen = name_seen(
        DOMAIN, EDGE, ask=resolver({DOMAIN: ("1.1.1.1", "1.1.1.2"), EDGE: ("1.1.1.2", "1.1.1.3")})
    )

    assert seen.leads_to_edge
    assert seen.owners == ()


@pytest.mark.parametrize(
    ("owners", "leads"),
    [
        ({"1.1.1.1": "server-1.fra2.r.cloudfront.net"}, True),
        ({"1.1.1.1": "www.cloudfront.net.other.example"}, False),
        ({}, False),
    ],
)
def test_other_addresses_lead_there_if_they_say_that_they_are_cloudfronts(owners, leads):
    names = resolver({DOMAIN: ("1.1.1.1",), EDGE: ("1.1.1.9",)})

    assert name_seen(DOMAIN, EDGE, ask=names, ask_owner=owner(owners)).leads_to_edge == leads


def test_a_name_that_nobody_knows_has_no_address():
    seen = name_seen(DOMAIN, EDGE, ask=resolver({EDGE: ("1.1.1.1",)}))

    assert (seen.addresses, seen.edge_addresses) == ((), ("1.1.1.1",))
    assert not seen.leads_to_edge


def test_a_resolver_with_trouble_is_not_an_unknown_name():
    def ask(_):
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    with pytest.raises(EndpointError, match="resolver") as caught:
        resolve(DOMAIN, ask=ask)
    assert "Temporary failure" in caught.value.detail


def test_a_resolver_that_hangs_is_not_waited_for():
    done = threading.Event()

    def ask(_):
        done.wait(30)
        return ()

    try:
        with pytest.raises(EndpointError) as caught:
            resolve(DOMAIN, timeout_s=0.01, ask=ask)
    finally:
        done.set()
    assert "no answer within" in caught.value.detail


def test_what_can_be_no_name_is_said_so():
    with pytest.raises(EndpointError) as caught:
        resolve("a" * 70 + ".example.com", ask=lambda name: (name.encode("idna").decode(),))
    assert "no name" in caught.value.detail
