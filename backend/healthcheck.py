"""``python -m backend.healthcheck PORT``: what the image asks itself; exits 0 when the process answers.

A socket and no library: it runs every half minute within the memory of the task.
"""

from __future__ import annotations

import socket
import sys

_LIMIT_S = 2.0
_ASKED = b"GET /status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def answers(port: int) -> bool:
    """Whether ``/status`` on this machine's ``port`` says 200 within two seconds."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=_LIMIT_S) as connection:
            connection.sendall(_ASKED)
            return connection.recv(64).startswith(b"HTTP/1.1 200 ")
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(0 if answers(int(sys.argv[1])) else 1)
