"""SSH keys of instances against moto: given to the plan, told to nobody, saved by admins, removed with the environment."""

from __future__ import annotations

import base64
import json
import logging
import shutil
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_ssh_private_key

from panel.access.identity import Identity, Role
from panel.audit.trail import Trail
from panel.aws.s3 import put_object
from panel.aws.session import Aws
from panel.catalogue.load import parse_catalogue
from panel.catalogue.schema import SHARED
from panel.engine.operation import Operation
from panel.engine.outcome import Outcome, Status
from panel.engine.workspace import render_workspace
from panel.errors import (
    AccessDeniedError,
    AwsError,
    NotFoundError,
    OperationError,
    RefusedError,
    StorageError,
)
from panel.lifecycle.context import Context
from panel.lifecycle.deploy_steps import DeploySteps
from panel.lifecycle.instance_keys import (
    Place,
    ensure_key,
    find_key,
    fingerprint,
    read_private_half,
)
from panel.lifecycle.keys import Keys
from panel.lifecycle.terraform_steps import TerraformSteps
from panel.runs.artifacts import FolderArtifacts, KeptPlans
from panel.runs.mark import ReviewMark
from panel.runs.stack import StackJob
from panel.settings import Settings
from panel.store.database import Database
from panel.store.stores import Stores

BUCKET = "todo-keys-123456789012"
PLACE = Place(BUCKET, "staging")
ANA, OTTO = Identity("ana", Role.ADMIN), Identity("otto", Role.OPERATOR)
_CATALOGUE = """\
project: todo
region: us-east-2
domain: todo.example.com
target: aws
terraform: {state_bucket: todo-terraform-state}
services:
  frontend: {kind: static, title: TODO list, source: frontend, owner: {team: Web team, contact: web@example.com}}
environments:
  production: {owner: {team: API team, contact: api@example.com}, subnet_slot: 0, desired_tasks: 2,
    instance: {type: t3.micro, count: 2}, monthly_budget_usd: 80}
  staging: {owner: {team: API team, contact: api@example.com}, subnet_slot: 1, desired_tasks: 2,
    instance: {type: t3.micro, count: 2}, monthly_budget_usd: 80, ssh_key: true}
"""


def public_of(private: bytes) -> str:
    """The public half that belongs to a private one."""
    key = load_ssh_private_key(private, password=None)
    return key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


class RenderedStacks:
    """Terraform without Terraform: the workspace is real, the plan and the apply are said to have happened."""

    def __init__(self, source: Path) -> None:
        self._source = source
        self.asked: list[tuple[str, Mapping[str, Any]]] = []

    def plan(self, job: StackJob) -> Outcome:
        self.asked.append(("destroy" if job.destroy else "plan", job.variables))
        render_workspace(
            self._source, job.workspace, stack=job.stack, variables=job.variables, backend=job.backend
        )
        change = {
            "address": "aws_lb.this", "type": "aws_lb", "name": "this", "mode": "managed",
            "provider_name": "hashicorp/aws",
            "change": {"actions": ["create"], "before": None, "after": {"name": "x"}, "after_unknown": {}},
        }  # fmt: skip
        path = job.workspace / "plan.json"
        path.write_text(
            json.dumps({"format_version": "1.2", "resource_changes": [change], "planned_values": {}})
        )
        return self._outcome(plan_path=path, plan_json_path=path, plan_digest="d1")

    def apply(self, job: StackJob, plan_path: Path, plan_digest: str) -> Outcome:
        self.asked.append(("apply", job.variables))
        return self._outcome(
            outputs={"cloudfront_domain_name": "d1.cloudfront.net", "domain_name": "x.example.com"}
        )

    def review_mark(self, job: StackJob) -> ReviewMark:
        return ReviewMark(sources={"main.tf": "1"}, variables=job.variables)

    def changed_since(self, job: StackJob, *_: Any) -> tuple[str, ...]:
        return ()

    @staticmethod
    def _outcome(**fields: Any) -> Outcome:
        moment = datetime.now(UTC)
        return Outcome(Operation.plan(), Status.SUCCEEDED, 0, moment, moment, **fields)


@dataclass
class House:
    """The steps of a worker over a data directory, and what people may do with keys."""

    folder: Path
    stores: Stores
    stacks: RenderedStacks
    terraform: TerraformSteps
    deploys: DeploySteps
    keys: Keys

    def create(self, environment: str, kind: str = "create") -> int:
        """A run, planned."""
        number = (
            self.stores.runs.create(environment, kind, "ana", ["plan", "review", "apply", "cleanup"]).id or 0
        )
        self.terraform.begin(number, "worker")
        self.terraform.plan(number)
        return number

    def written(self) -> bytes:
        """Everything that is on disk."""
        return b"".join(path.read_bytes() for path in sorted(self.folder.rglob("*")) if path.is_file())


@pytest.fixture(scope="module")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the whole schema, made once."""
    path = tmp_path_factory.mktemp("store") / "panel.db"
    database = Database(f"sqlite:///{path}")
    database.upgrade()
    database.close()
    return path


@pytest.fixture
def house(aws: Aws, tmp_path: Path, empty_store: Path) -> Iterator[House]:
    settings = Settings(root=tmp_path, data_dir=tmp_path / "data")
    settings.terraform_path.symlink_to(Settings().terraform_path)
    (tmp_path / "environments.yaml").write_text(_CATALOGUE)
    settings.data_path.mkdir()
    shutil.copy(empty_store, settings.data_path / "panel.db")
    database = Database(settings.store_url)
    stores = Stores(database)
    stores.environments.save(SHARED, exists=True, ready=True, outputs={"keys_bucket": BUCKET})
    stacks = RenderedStacks(settings.terraform_path)

    def catalogue() -> Any:
        return parse_catalogue(_CATALOGUE)

    context = Context(
        settings=settings, catalogue=catalogue, stores=stores, aws=lambda: aws,
        stacks=stacks,  # type: ignore[arg-type]  # plays the runner
        plans=KeptPlans(FolderArtifacts(settings.data_path / "artifacts")),
        emulated_endpoint=None, world=lambda: "aws", ensure_endpoint=lambda: None,
        keep_tasks_running=lambda: None, runtime=lambda: "aws", tasks=lambda: None,
    )  # fmt: skip
    keys = Keys(catalogue, stores, Trail(stores.audit), lambda: aws)
    yield House(tmp_path, stores, stacks, TerraformSteps(context), DeploySteps(context), keys)
    database.close()


def test_the_public_half_reaches_the_plan_where_the_catalogue_asks_for_a_key(house: House, aws: Aws) -> None:
    house.create("staging")
    house.create("production")

    (_, staging), (_, production) = house.stacks.asked
    assert staging["ssh_public_key"] == find_key(aws, PLACE)
    assert "ssh_public_key" not in production
    assert find_key(aws, Place(BUCKET, "production")) is None


def test_a_destruction_makes_no_key(house: House, aws: Aws) -> None:
    house.create("staging", "destroy")

    assert [(what, "ssh_public_key" in given) for what, given in house.stacks.asked] == [("destroy", False)]
    assert find_key(aws, PLACE) is None


def test_without_the_shared_stacks_bucket_the_plan_says_what_is_missing(house: House) -> None:
    house.stores.environments.save(SHARED, outputs={})

    with pytest.raises(NotFoundError, match="no bucket to keep the SSH key of staging in"):
        house.create("staging")


def test_after_a_destruction_the_key_is_gone_and_a_repetition_finds_nothing(house: House, aws: Aws) -> None:
    ensure_key(aws, PLACE)
    number = house.create("staging", "destroy")

    house.deploys.cleanup(number)
    house.deploys.cleanup(number)

    assert "Versions" not in aws.client("s3").list_object_versions(Bucket=BUCKET)
    said = [line.text for line in house.stores.runs.lines(number) if "SSH key" in line.text]
    assert said == [f"Removed the SSH key of staging from the bucket {BUCKET}, with all versions."]


def test_a_key_that_cannot_be_removed_is_told_with_what_to_do(house: House, aws: Aws) -> None:
    ensure_key(aws, PLACE)
    number = house.create("staging", "destroy")

    class Refusing:
        """S3 that deletes nothing."""

        def __init__(self, real: Any) -> None:
            self._real = real

        def delete_objects(self, **_: Any) -> dict[str, Any]:
            return {"Errors": [{"Key": PLACE.private, "Message": "Access Denied"}]}

        def __getattr__(self, name: str) -> Any:
            return getattr(self._real, name)

    aws._clients["s3", "us-east-2"] = Refusing(aws.client("s3"))

    with pytest.raises(OperationError, match="staging is destroyed, but its SSH key is still in") as caught:
        house.deploys.cleanup(number)
    assert "Access Denied" in caught.value.message
    assert "once more" in caught.value.hint
    assert find_key(aws, PLACE)


def test_what_is_told_of_a_key(house: House, aws: Aws) -> None:
    public = ensure_key(aws, PLACE)

    facts = house.keys.show(OTTO, "staging")

    assert (facts.public_key, facts.fingerprint) == (public, fingerprint(public))
    assert (facts.bucket, facts.private_object) == (BUCKET, "ssh/staging/id_ed25519")
    assert facts.session_command == "aws ssm start-session --region us-east-2 --target INSTANCE_ID"
    assert not facts.emulated
    assert house.stores.audit.chain() == []


@pytest.mark.parametrize(
    ("name", "words", "hint"),
    [
        ("staging", "The SSH key of staging is not made yet", "panel env update staging"),
        ("production", "production has no SSH key", "ssh_key: true"),
        ("stagin", "no environment 'stagin'", "production, staging"),
    ],
)
def test_where_there_is_no_key_the_way_on_is_named(
    name: str, words: str, hint: str, house: House, tmp_path: Path
) -> None:
    for act in (lambda: house.keys.show(ANA, name), lambda: house.keys.save(ANA, name, tmp_path / "key")):
        with pytest.raises(NotFoundError, match=words) as caught:
            act()
        assert hint in caught.value.hint
    assert not (tmp_path / "key").exists()


def test_saving_takes_an_admin_is_recorded_and_makes_a_file_for_its_owner_alone(
    house: House, aws: Aws, tmp_path: Path
) -> None:
    public = ensure_key(aws, PLACE)
    path = tmp_path / "key"

    with pytest.raises(AccessDeniedError, match="save the private SSH key of staging"):
        house.keys.save(OTTO, "staging", path)
    assert not path.exists()
    assert house.keys.save(ANA, "staging", path) == fingerprint(public)

    assert public_of(path.read_bytes()) == public
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    (entry,) = house.stores.audit.chain()
    assert (entry.actor, entry.action, entry.environment) == ("ana", "save ssh key", "staging")
    assert entry.detail == {"fingerprint": fingerprint(public), "file": str(path)}


def test_saving_overwrites_nothing_and_leaves_nothing_behind(house: House, aws: Aws, tmp_path: Path) -> None:
    ensure_key(aws, PLACE)
    path, link = tmp_path / "key", tmp_path / "link"
    path.write_text("precious")
    link.symlink_to(tmp_path / "elsewhere")

    for taken in (path, link):
        with pytest.raises(RefusedError, match="exists already"):
            house.keys.save(ANA, "staging", taken)
    with pytest.raises(StorageError, match="cannot be written"):
        house.keys.save(ANA, "staging", tmp_path / "nowhere" / "key")
    assert (path.read_text(), (tmp_path / "elsewhere").exists()) == ("precious", False)
    assert house.stores.audit.chain() == []


class _NoPaper:
    """An audit record that cannot be written."""

    def append(self, *_: object) -> None:
        raise StorageError("The disk is full.")


def test_what_cannot_be_recorded_is_not_saved(house: House, aws: Aws, tmp_path: Path) -> None:
    ensure_key(aws, PLACE)
    keys = Keys(lambda: parse_catalogue(_CATALOGUE), house.stores, Trail(_NoPaper()), lambda: aws)  # type: ignore[arg-type]  # the one method that is used

    with pytest.raises(StorageError, match="disk is full"):
        keys.save(ANA, "staging", tmp_path / "key")
    assert not (tmp_path / "key").exists()


def test_no_part_of_the_private_half_is_in_anything_that_the_panel_wrote(
    house: House, aws: Aws, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory,
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    caplog.set_level(logging.INFO)
    number = house.create("staging")
    house.terraform.settle_plan(
        number, {"changes": True, "plan_path": "", "plan_digest": "d1", "blocked": False}
    )
    house.stores.runs.transition(number, "approved", "ana")
    plan = tmp_path / "data" / "workspaces" / "staging" / "plan.json"
    house.terraform.apply(
        number, {"changes": True, "plan_path": str(plan), "plan_digest": "d1", "blocked": False}
    )
    private = read_private_half(aws, PLACE)
    said = [repr(house.keys.show(ANA, "staging"))]
    house.keys.save(ANA, "staging", tmp_path_factory.mktemp("home") / "key")
    put_object(aws, BUCKET, PLACE.private, private)  # without its metadata: no key of the panel's any more
    with pytest.raises(OperationError) as unknown:
        ensure_key(aws, PLACE)
    with pytest.raises(AwsError) as nowhere:
        ensure_key(aws, Place("no-such-bucket-anywhere", "staging"))
    said += [f"{error!r} {error.detail} {error.__cause__!r}" for error in (unknown.value, nowhere.value)]
    house.stores.database.close()

    everywhere = (
        house.written()
        + "\n".join(said).encode()
        + caplog.text.encode()
        + "".join(capfd.readouterr()).encode()
    )
    # The canary sings where it should: the public half, which belongs there, is found by the same search.
    assert find_pieces(everywhere, str(house.stacks.asked[0][1]["ssh_public_key"]).split()[1].encode())
    for secret in spellings_of_the_secret(private):
        assert not find_pieces(everywhere, secret)
    assert b"PRIVATE KEY" not in everywhere


def spellings_of_the_secret(private: bytes) -> list[bytes]:
    """The secret number of a key file as it is, in hexadecimal, and as the file spells it.

    The rest of such a file is the same in all of them, or the public half once more.
    """
    key = load_ssh_private_key(private, password=None)
    assert isinstance(key, Ed25519PrivateKey)
    secret = key.private_bytes_raw()
    body = b"".join(private.splitlines()[1:-1])
    begin = base64.b64decode(body).index(secret)
    spelled = body[-(-begin // 3) * 4 : (begin + len(secret)) // 3 * 4]
    return [secret, secret.hex().encode(), base64.b64encode(secret), spelled]


def find_pieces(text: bytes, secret: bytes, size: int = 16) -> list[bytes]:
    """Pieces of a secret that stand in a text."""
    return [secret[at : at + size] for at in range(len(secret) - size + 1) if secret[at : at + size] in text]
