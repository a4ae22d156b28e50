"""What the leading worker does again and again beside runs: who is told, what is read now and then, what is kept short.

Belongs here: building each duty and how often it looks. Duties that ask for money or patience (bills, prices, waste)
keep their own, longer time; a look of theirs is only a look at the clock.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from panel.cost.prices import PriceList
from panel.cost.values import Estimate
from panel.errors import ConfigurationError
from panel.lifecycle.bill_reading import BillReading
from panel.lifecycle.budget_news import BudgetNews
from panel.lifecycle.context import Context
from panel.lifecycle.cost_overview import CostView
from panel.lifecycle.health_news import HealthNews
from panel.lifecycle.log_watching import LogWatching
from panel.lifecycle.operations import Operations
from panel.lifecycle.price_reading import PriceReading
from panel.lifecycle.registry import look_at_images
from panel.lifecycle.run_news import RunNews
from panel.lifecycle.scheduled_orders import ScheduledOrders
from panel.lifecycle.schedules import Schedules
from panel.lifecycle.status_board import Board
from panel.lifecycle.status_export import StatusExport
from panel.lifecycle.telling import Teller
from panel.lifecycle.waste_looking import WasteLooking
from panel.lifecycle.worker import Duty
from panel.notify.channels import Channel
from panel.notify.outbox import Outbox
from panel.store.health_rollup import HealthRollup

_log = logging.getLogger(__name__)

# Schedules are hours apart, and news is to be had while it is news.
_SCHEDULES_S, _NEWS_S = 20.0, 5.0
# Pushes of the panel itself are looked at right away; this is for what others push.
_IMAGES_S = 30.0
_ROLLUP_S = 300.0
# Whoever looks at a log waits for its next line; the status is written where it has changed.
_LOGS_S, _STATUS_S = 2.0, 10.0
# How often it is looked whether something is due that is hours apart: the bill, waste. Budgets are read from the store.
_COSTS_S = 60.0


@dataclass(frozen=True)
class Means:
    """What duties work with.

    Attributes:
        channels: the ways to people; raises ConfigurationError where one of them cannot be used.
        mail_to: addresses that are told of everything.
        estimate: what an environment costs by the catalogue.
        prices: the prices that count now.
        costs: costs of all environments, from the store.
        status: what the status page shows now.
    """

    context: Context
    operations: Operations
    channels: Callable[[], Mapping[str, Channel]]
    mail_to: tuple[str, ...]
    estimate: Callable[[str], Estimate]
    prices: Callable[[], PriceList]
    costs: Callable[[], list[CostView]]
    status: Callable[[], Board]


def duties_of(means: Means) -> dict[str, Duty]:
    """All duties by name: every how many seconds, and what."""
    return {**_telling(means), **_keeping(means), **_costs(means)}


def _telling(means: Means) -> dict[str, Duty]:
    context = means.context
    catalogue, stores, settings = context.catalogue, context.stores, context.settings
    outbox = _outbox(means)
    teller = Teller(catalogue, outbox, settings.public_url)
    schedules = Schedules(catalogue, stores, ScheduledOrders(means.operations), teller, context.world)
    news = RunNews(stores, teller, approval_timeout_s=settings.approval_timeout_s)
    health = HealthNews(catalogue, stores, teller, interval_s=settings.health_interval_s)
    return {
        "schedules": (_SCHEDULES_S, schedules.look),
        "news": (_NEWS_S, news.look),
        "health_news": (_NEWS_S, health.look),
        "budgets": (_COSTS_S, BudgetNews(stores, means.costs, teller).look),
        "delivery": (_NEWS_S, outbox.deliver_all),
    }


def _outbox(means: Means) -> Outbox:
    try:
        channels = means.channels()
    except ConfigurationError as error:
        # Runs must go on where nobody can be told; 'panel notify test' says the same to whoever asks.
        _log.error("Nobody is told anything: %s", error)
        channels = {}
    return Outbox(means.context.stores.notifications, channels, mail_to=means.mail_to)


def _keeping(means: Means) -> dict[str, Duty]:
    context = means.context
    settings = context.settings
    export = StatusExport(
        means.status, context.stores, context.aws,
        own=settings.data_path / "status", place=settings.status_export, root=settings.root,
    )  # fmt: skip
    return {
        "images": (_IMAGES_S, lambda: look_at_images(context)),
        "health_rollup": (_ROLLUP_S, HealthRollup(context.stores.database).roll_up_now),
        "logs": (_LOGS_S, LogWatching(context.catalogue, context.stores, context.aws).look),
        "status": (_STATUS_S, export.write),
    }


def _costs(means: Means) -> dict[str, Duty]:
    context = means.context
    where = (context.catalogue, context.stores, context.aws)
    waste = WasteLooking(*where, world=context.world, estimate=means.estimate, prices=means.prices)
    return {
        "bill": (_COSTS_S, BillReading(*where, interval_h=context.settings.bill_interval_h).look),
        "prices": (_COSTS_S, PriceReading(*where, live=context.settings.live_prices).look),
        "waste": (_COSTS_S, waste.look),
    }
