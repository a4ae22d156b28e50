"""What runs leave behind as files: kept privately, brought to the worker that applies, forgotten with their run."""

import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from moto import mock_aws

from panel.aws.s3 import list_objects
from panel.aws.session import Account, Aws
from panel.engine.operation import Operation
from panel.engine.outcome import Outcome, Status
from panel.engine.workspace import Backend
from panel.errors import ConfigurationError, NotFoundError, StaleError
from panel.runs.artifacts import Artifacts, FolderArtifacts, KeptPlans, S3Artifacts, open_artifacts
from panel.runs.stack import StackJob


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """An empty account of moto's."""
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        yield Aws(Account("us-east-2", access_key="test", secret_key="test"))


_PLAN = b"a plan with secrets in it"
_DIGEST = hashlib.sha256(_PLAN).hexdigest()


@pytest.fixture
def job(tmp_path: Path) -> Callable[[str], StackJob]:
    """Run 7's job on a machine of this name."""
    backend = Backend(bucket="todo-state", key="staging.tfstate", region="us-east-2", emulated=True)
    return lambda machine: StackJob(
        run_id=7, subject="staging", stage="apply", stack="environment",
        workspace=tmp_path / machine / "staging", variables={}, backend=backend,
    )  # fmt: skip


@pytest.fixture
def planned(job: Callable[[str], StackJob]) -> Outcome:
    """What planning left on machine ``one``."""
    folder = job("one").workspace / "executions" / "run-7-environment-plan"
    folder.mkdir(parents=True)
    for name, content in (("plan.tfplan", _PLAN), ("plan.json", b"{}"), ("events.jsonl", b"{}\n")):
        (folder / name).write_bytes(content)
    moment = datetime.now(UTC)
    return Outcome(
        Operation.plan(), Status.SUCCEEDED, 0, moment, moment,
        plan_path=folder / "plan.tfplan", plan_json_path=folder / "plan.json", plan_digest=_DIGEST,
    )  # fmt: skip


@pytest.fixture(params=["folder", "s3"])
def artifacts(request: pytest.FixtureRequest, tmp_path: Path) -> Artifacts:
    if request.param == "folder":
        return FolderArtifacts(tmp_path / "artifacts")
    aws = request.getfixturevalue("aws")
    aws.client("s3").create_bucket(
        Bucket="kept", CreateBucketConfiguration={"LocationConstraint": "us-east-2"}
    )
    return S3Artifacts(lambda: aws, "kept", "panel")


def test_a_plan_is_brought_to_the_machine_that_applies_it(
    artifacts: Artifacts, job: Callable[[str], StackJob], planned: Outcome
) -> None:
    KeptPlans(artifacts).keep(job("one"), planned)
    there = planned.plan_path
    assert there is not None
    assert KeptPlans(artifacts).bring(job("one"), there, _DIGEST) == there
    lost = there.rename(there.with_name("on-another-machine"))

    brought = KeptPlans(artifacts).bring(job("two"), there, _DIGEST)

    assert brought.read_bytes() == _PLAN
    assert brought.stat().st_mode & 0o777 == 0o600
    assert brought.is_relative_to(job("two").workspace)
    lost.unlink()
    assert KeptPlans(artifacts).bring(job("two"), there, _DIGEST) == brought  # once fetched, it stays


def test_a_plan_that_is_not_the_reviewed_one_is_not_brought(
    artifacts: Artifacts, job: Callable[[str], StackJob], planned: Outcome, tmp_path: Path
) -> None:
    KeptPlans(artifacts).keep(job("one"), planned)
    with pytest.raises(StaleError, match="not the plan that was reviewed"):
        KeptPlans(artifacts).bring(job("two"), tmp_path / "gone", "0" * 64)
    assert not (job("two").workspace / "fetched").exists()


def test_everything_of_a_run_is_forgotten_and_of_no_other(
    artifacts: Artifacts, job: Callable[[str], StackJob], planned: Outcome, tmp_path: Path
) -> None:
    plans = KeptPlans(artifacts)
    prefix = plans.keep(job("one"), planned)
    artifacts.put("runs/70/environment/plan.json", planned.plan_json_path or tmp_path)
    assert artifacts.get(f"{prefix}/events.jsonl") == b"{}\n"

    plans.forget(7)

    with pytest.raises(NotFoundError):
        artifacts.get(f"{prefix}/plan.json")
    assert artifacts.get("runs/70/environment/plan.json") == b"{}"
    assert plans.bring(job("two"), tmp_path / "gone", _DIGEST) == tmp_path / "gone"


def test_in_a_folder_only_the_owner_reads(tmp_path: Path, planned: Outcome) -> None:
    assert planned.plan_path is not None
    planned.plan_path.chmod(0o644)

    open_artifacts("", tmp_path / "data", _no_aws).put("runs/7/environment/plan.tfplan", planned.plan_path)

    root = tmp_path / "data" / "artifacts"
    assert [path.stat().st_mode & 0o077 for path in (root, root / "runs/7/environment/plan.tfplan")] == [0, 0]


def test_in_s3_keys_begin_with_the_prefix_and_no_object_has_an_acl_of_its_own(
    aws: Aws, planned: Outcome
) -> None:
    client = aws.client("s3")
    client.create_bucket(Bucket="kept", CreateBucketConfiguration={"LocationConstraint": "us-east-2"})
    assert planned.plan_path is not None

    open_artifacts("s3://kept/team/panel", Path("/nowhere"), lambda: aws).put("runs/7/x", planned.plan_path)

    assert [item.key for item in list_objects(aws, "kept")] == ["team/panel/runs/7/x"]
    grants = client.get_object_acl(Bucket="kept", Key="team/panel/runs/7/x")["Grants"]
    assert all(grant["Grantee"]["Type"] == "CanonicalUser" for grant in grants)
    with pytest.raises(ConfigurationError, match="does not exist"):
        S3Artifacts(lambda: aws, "not-there", "").check()


def _no_aws() -> Aws:
    raise AssertionError("the data directory needs no AWS")
