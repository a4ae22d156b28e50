"""What the engine masks with: the panel's one masker."""

from panel.masking import SENSITIVE, Masker

__all__ = ["SENSITIVE", "Masker"]
