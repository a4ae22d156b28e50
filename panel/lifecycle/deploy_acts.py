"""What the steps of a deployment do outside of the store, as one value: the real acts, unless a test plays them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from panel.deploys.declared import Settings, settings_before_and_after
from panel.deploys.rollout import Baseline, Rollout, RolloutFailedError, go_back, read_baseline, roll_out
from panel.deploys.shipping import Shipment, pick_image, ship_from_source
from panel.deploys.site import Publication, publish_site, republish_site
from panel.deploys.site_build import SiteBuild, build_site
from panel.deploys.site_prune import prune_site
from panel.lifecycle.context import Context
from panel.lifecycle.registry import look_at_images


@dataclass(frozen=True)
class DeployActs:
    """The acts; each as the function of its name says."""

    settings: Callable[..., tuple[Settings, Settings]] = settings_before_and_after
    ship_from_source: Callable[..., Shipment] = ship_from_source
    pick_image: Callable[..., Shipment] = pick_image
    read_baseline: Callable[..., Baseline] = read_baseline
    roll_out: Callable[..., Rollout] = roll_out
    go_back: Callable[..., RolloutFailedError] = go_back
    build_site: Callable[..., SiteBuild] = build_site
    publish_site: Callable[..., Publication] = publish_site
    republish_site: Callable[..., Publication] = republish_site
    prune_site: Callable[..., int] = prune_site
    look_at_images: Callable[[Context], None] = look_at_images
