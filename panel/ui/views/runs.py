"""Placeholder."""


def show() -> None:
    """Draw."""
