"""The guard of this folder itself."""

import asyncio
import socket

import pytest
from pytest_socket import SocketBlockedError


def test_an_internet_socket_is_refused_and_an_event_loop_still_starts() -> None:
    # The plugin warns before it refuses, and here warnings are errors.
    with pytest.raises((SocketBlockedError, UserWarning)):
        socket.socket(socket.AF_INET, socket.SOCK_STREAM)

    assert asyncio.run(asyncio.sleep(0, result="ran")) == "ran"
