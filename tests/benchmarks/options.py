"""What the command line hands to every benchmark."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Options:
    """How to measure.

    Attributes:
        repeat: how often; None for the benchmark's own choice.
        peer: which bare Terraform ``create`` is compared with; ``auto`` takes the binary where there is one.
    """

    repeat: int | None = None
    peer: Literal["auto", "binary", "library"] = "auto"

    def times(self, usual: int) -> int:
        """How often to repeat, where ``usual`` is the benchmark's own choice."""
        return max(1, self.repeat or usual)
