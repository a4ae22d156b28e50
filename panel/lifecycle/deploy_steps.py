"""The steps of a run that ship, as one value: compare, image, roll-out, site, checks, and the clean-up of a destruction.

Each may be repeated from its start. By topic: ``compare_steps``, ``image_steps``, ``rollout_steps``, ``site_steps``,
``checks_steps``, ``cleanup_steps``.
"""

from __future__ import annotations

from panel.lifecycle.checks_steps import ChecksSteps
from panel.lifecycle.cleanup_steps import CleanupSteps
from panel.lifecycle.compare_steps import CompareSteps
from panel.lifecycle.image_steps import ImageSteps, Shipped
from panel.lifecycle.rollout_steps import RolloutSteps
from panel.lifecycle.site_steps import SiteSteps

__all__ = ["DeploySteps", "Shipped"]


class DeploySteps(CompareSteps, ImageSteps, RolloutSteps, SiteSteps, ChecksSteps, CleanupSteps):
    """Steps over one context."""

    def begin(self, run_id: int) -> None:
        """Enter the part of the run that ships."""
        self._runs.transition(run_id, "deploying", "worker")
