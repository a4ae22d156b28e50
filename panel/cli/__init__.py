"""The panel for a terminal and for CI: one file per command group over the services of ``panel.wiring``, no logic."""
