"""Prices as AWS tells them: read once a day, looked at for mistakes and kept in the store."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from panel.aws.price_list import listed_prices
from panel.aws.session import Aws
from panel.catalogue.schema import Catalogue
from panel.cost.price_answers import answered
from panel.cost.price_questions import questions
from panel.cost.prices import Price, packaged_prices
from panel.errors import PanelError
from panel.store.cost_tables import LivePrice
from panel.store.readings import Readings
from panel.store.stores import Stores
from panel.store.tables import now

#: What the reading is called in the store.
READING = "prices"
#: Prices change a few times a year; what failed is tried again sooner.
_EVERY, _AGAIN = timedelta(days=1), timedelta(hours=1)
_OF_INSTANCE = re.compile(r"^(\S+) Linux on-demand shared tenancy$")
_OF_DATABASE = re.compile(r"^(db\.\S+) ")

_log = logging.getLogger(__name__)


class PriceReading:
    """Reads what AWS says its services cost.

    Args:
        live: whether prices are to be read at all.
    """

    def __init__(
        self, catalogue: Callable[[], Catalogue], stores: Stores, aws: Callable[[], Aws], *, live: bool
    ) -> None:
        self._catalogue, self._stores, self._aws, self._live = catalogue, stores, aws, live

    def look(self) -> None:
        """Read prices, unless that was done in the last day or failed in the last hour.

        Nothing on the embedded AWS, which has none, or where it is switched off. Where AWS refuses or does not answer,
        what was told before and the packaged prices count on; the store knows why.
        """
        catalogue = self._catalogue()
        if catalogue.target != "aws" or not self._live or not _due(self._stores.readings, now()):
            return
        kept: list[Price] = []
        left_out: list[str] = []
        failed = ""
        try:
            for question in questions(*_kinds(catalogue)):
                told = listed_prices(self._aws(), question.service, question.asked(catalogue.region))
                found = answered(question, told, region=catalogue.region, known=packaged_prices())
                kept += found.prices
                left_out += found.left_out
        except PanelError as error:
            failed = error.message
            _log.warning("Prices count as they are, with their dates: %s", error)
        self._stores.prices.keep([_row(price) for price in kept])
        facts = {"kept": len(kept), "left_out": left_out, "region": catalogue.region}
        self._stores.readings.note(READING, ok=not failed, detail=failed, facts=facts)


def _due(readings: Readings, at: datetime) -> bool:
    last = readings.get(READING)
    return last is None or at - last.at >= (_EVERY if last.ok else _AGAIN)


def _kinds(catalogue: Catalogue) -> tuple[set[str], set[str]]:
    """Types of instances and classes of databases to ask for: the catalogue's own, and all that the package has."""
    components = [(price.resource_type, price.component) for price in packaged_prices()]
    own = {entry.instance.type for entry in catalogue.environments.values()}
    return (
        own | _named(_OF_INSTANCE, components, "aws_instance"),
        _named(_OF_DATABASE, components, "aws_db_instance"),
    )


def _named(pattern: re.Pattern[str], components: Iterable[tuple[str, str]], kind: str) -> set[str]:
    return {
        found[1]
        for of, component in components
        if of == kind and (found := pattern.match(component)) is not None
    }


def _row(price: Price) -> LivePrice:
    return LivePrice(
        resource_type=price.resource_type,
        component=price.component,
        region=price.region,
        unit=price.unit,
        usd=f"{price.usd:f}",
        source=price.source,
        as_of=price.as_of,
    )
