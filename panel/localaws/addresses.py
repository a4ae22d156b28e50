"""Where on the loopback interface a task listens: an address of its own, and a free port there.

Each task has its own address, as it has its own network interface on AWS: a target group knows a target by
its address, so two tasks on one address would be one target to it.
"""

from __future__ import annotations

import secrets
import socket
from collections.abc import Collection

_FIRST, _LAST = 64, 127  # Tasks get 127.64.0.1 to 127.127.255.254.


def is_task_address(target: str) -> bool:
    """Whether a registered target can be one of ours: any spelling of a loopback address."""
    return target.startswith("127.")


def choose_address(taken: Collection[str]) -> tuple[str, int]:
    """Choose an address that is not in ``taken`` and a port that is free on it.

    Raises:
        OSError: this machine has no usable loopback interface.
    """
    for candidate in _candidates():
        if candidate in taken:
            continue
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
                probe.bind((candidate, 0))
                return candidate, int(probe.getsockname()[1])
        except OSError:
            continue
    raise OSError("no loopback address is left for another task")


def _candidates() -> list[str]:
    drawn = [
        f"127.{_FIRST + secrets.randbelow(_LAST - _FIRST + 1)}.{secrets.randbelow(256)}.{1 + secrets.randbelow(254)}"
        for _ in range(8)
    ]
    # Where only 127.0.0.1 exists (macOS), its other spellings still tell targets apart.
    spelled = [f"127.{'0' * zeros}.0.1" for zeros in range(1, 33)]
    return drawn + spelled
