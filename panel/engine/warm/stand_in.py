"""A script: what Terraform starts in a provider's place. It prints the address of one that is up, and stays with it.

It imports nothing of the panel, since Terraform waits for it several times in every plan.
"""

import os
import socket
import sys


def main(path: str) -> int:
    """Ask for a provider, print its handshake, and wait for its end."""
    with socket.socket(socket.AF_UNIX) as link:
        link.connect(path)
        link.sendall(f"{os.getpid()}\n".encode())
        line = b""
        while not line.endswith(b"\n"):
            part = link.recv(4096)
            if not part:
                return 1
            line += part
        os.write(1, line)
        link.recv(1)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
