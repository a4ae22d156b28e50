"""The panel: a self-hosted web control panel for AWS environments."""
