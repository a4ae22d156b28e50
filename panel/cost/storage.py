"""Pricing rules of what keeps things: buckets, image repositories, databases, secrets and keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from panel.cost.charges import Charge, Finding, Rule, Scene, Unpriced, number, tiered
from panel.cost.resources import Resource

_ONE = Decimal(1)
_TB = 1024
_BUCKET_TIERS = (
    ("Standard storage, first 50 TB", 50 * _TB),
    ("Standard storage, next 450 TB", 450 * _TB),
    ("Standard storage, over 500 TB", None),
)

# Engines in the price list, by what Terraform calls them.
_ENGINES = {"mysql": "MySQL", "postgres": "PostgreSQL"}
# What RDS charges at least, and what gp3 includes: more from the size on at which RDS stripes it over volumes.
_LEAST_IO1_IOPS = Decimal(1000)
_GP3_IOPS, _GP3_IOPS_STRIPED, _GP3_STRIPED_GB = Decimal(3000), Decimal(12_000), Decimal(400)


def _bucket(resource: Resource, scene: Scene) -> Iterator[Finding]:
    amount = scene.amount
    yield from tiered("bucket storage", resource.type, amount("bucket_stored_gb"), _BUCKET_TIERS)
    writes, reads = "Standard PUT/COPY/POST/LIST requests", "Standard GET and other requests"
    yield Charge("bucket writes", resource.type, writes, amount("bucket_put_requests"))
    yield Charge("bucket reads", resource.type, reads, amount("bucket_get_requests"))


def _repository(resource: Resource, scene: Scene) -> Iterator[Finding]:
    stored = scene.amount("repository_stored_gb")
    yield Charge("image storage", resource.type, "private repository storage", stored)


def _database(resource: Resource, scene: Scene) -> Iterator[Finding]:
    engine, kind = _ENGINES.get(resource.text("engine")), resource.text("instance_class")
    if engine is None or not kind:
        named = resource.text("engine") or "an engine that is not known yet"
        yield Unpriced(f"the price list has MySQL and PostgreSQL databases only, not {named}")
        return
    zones = "Multi-AZ" if resource.values.get("multi_az") is True else "Single-AZ"
    yield Charge(f"database ({kind})", resource.type, f"{kind} {engine} {zones}", scene.hours)
    backup = "backup storage beyond the free allocation (non-Aurora)"
    yield Charge("database backups", resource.type, backup, scene.amount("database_backup_gb"))
    yield from _database_storage(resource, engine, zones)


def _database_storage(resource: Resource, engine: str, zones: str) -> Iterator[Finding]:
    size, iops = number(resource.values.get("allocated_storage")), number(resource.values.get("iops"))
    if size is None:
        yield Unpriced("the size of its storage is not known before it exists")
        return
    storage = resource.text("storage_type") or ("io1" if iops else "gp2")
    name = "magnetic" if storage == "standard" else storage
    yield Charge("database storage", resource.type, f"{engine} {name} storage {zones}", size)
    if storage == "io1":
        price = f"{engine} io1 provisioned IOPS {zones}"
        yield Charge("database operations", resource.type, price, max(iops or Decimal(0), _LEAST_IO1_IOPS))
    included = _GP3_IOPS_STRIPED if size >= _GP3_STRIPED_GB else _GP3_IOPS
    if storage == "gp3" and iops is not None and iops > included:
        price = f"{engine} gp3 provisioned IOPS above included, {zones}"
        yield Charge("database operations", resource.type, price, iops - included)


def _secret(resource: Resource, scene: Scene) -> Iterator[Finding]:
    yield Charge("secrets", resource.type, "secret", _ONE)
    yield Charge("secret requests", resource.type, "API requests", scene.amount("secret_requests"))


def _key(resource: Resource, scene: Scene) -> Iterator[Finding]:
    yield Charge("encryption keys", resource.type, "customer managed key", _ONE)
    requests = scene.amount("key_requests")
    yield Charge("encryption requests", resource.type, "API requests (symmetric)", requests)


RULES: Mapping[str, Rule] = {
    "aws_s3_bucket": _bucket,
    "aws_ecr_repository": _repository,
    "aws_db_instance": _database,
    "aws_secretsmanager_secret": _secret,
    "aws_kms_key": _key,
}
