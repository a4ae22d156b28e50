"""Terraform as the panel uses it: workspaces, detached executions, typed events, plans and states as values.

Nothing here decides anything: what may be planned, reviewed or applied is the business of ``panel.runs``.
The runner process (``python -m panel.engine.runner``) imports this package too: keep it light to import.
"""
