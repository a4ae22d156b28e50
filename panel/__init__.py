"""The panel: a self-hosted web control panel for AWS environments."""

__version__ = "0.1.0"
