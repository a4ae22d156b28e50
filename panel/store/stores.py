"""All query modules over one database, as one value to hand over."""

from __future__ import annotations

from panel.store.audit import AuditEntries
from panel.store.bills import Bills
from panel.store.claims import Claims
from panel.store.database import Database
from panel.store.environments import Environments
from panel.store.executions import Executions
from panel.store.health import HealthStore
from panel.store.history import RunHistory
from panel.store.locks import StateLocks
from panel.store.logs import Logs
from panel.store.notifications import Notifications
from panel.store.prices import LivePrices
from panel.store.readings import Readings
from panel.store.registry_images import RegistryImages
from panel.store.releases import Releases
from panel.store.runs import Runs
from panel.store.timetable import Timetable
from panel.store.waste import Waste
from panel.store.workers import Workers


class Stores:
    """The store by nouns. Making one touches no database; the schema must be current before the first query."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.runs = Runs(database)
        self.executions = Executions(database)
        self.locks = StateLocks(database)
        self.environments = Environments(database)
        self.releases = Releases(database)
        self.images = RegistryImages(database)
        self.health = HealthStore(database)
        self.readings = Readings(database)
        self.prices = LivePrices(database)
        self.bills = Bills(database)
        self.waste = Waste(database)
        self.logs = Logs(database)
        self.workers = Workers(database)
        self.claims = Claims(database)
        self.audit = AuditEntries(database)
        self.history = RunHistory(database)
        self.timetable = Timetable(database)
        self.notifications = Notifications(database)
