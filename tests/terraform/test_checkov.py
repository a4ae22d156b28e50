"""The check with Checkov notices what it has to: a violation, a skip without a reason, a skip of nothing."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.terraform.checkov_check import CHECKOV, CheckovError, Finding, Skip, read_report

REPOSITORY = Path(__file__).resolve().parents[2]

PLANTED = """
resource "aws_ebs_volume" "open" {
  availability_zone = "us-east-2a"
  size              = 1
}

resource "aws_ebs_volume" "accepted" {
  # checkov:skip=CKV_AWS_3: Holds what anybody may read, and is thrown away.
  # checkov:skip=CKV_AWS_189
  # checkov:skip=CKV_AWS_18: This is no bucket, and so not a thing to skip.
  availability_zone = "us-east-2a"
  size              = 1
}
"""


def check(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.terraform.checkov_check", str(folder)],
        cwd=REPOSITORY,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.skipif(
    not CHECKOV.exists(), reason="Checkov is not installed: make test and make check install it"
)
def test_planted_violations_are_told_and_so_are_skips_without_a_reason_or_a_use(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(PLANTED, encoding="utf-8")

    # Whoever runs it may have settings of their own: they change nothing.
    done = check(tmp_path, CKV_SKIP_CHECK="CKV_AWS_3,CKV_AWS_189", CHECKOV_SKIP_CHECK="CKV_AWS_3")

    assert done.returncode == 3, done.stderr
    said = re.findall(r"^main\.tf:(\d+): (.*?)(CKV_AWS_\d+)(.*)$", done.stdout, re.MULTILINE)
    assert {(int(line), before, name) for line, before, name, _ in said} == {
        (2, "", "CKV_AWS_3"),
        (2, "", "CKV_AWS_189"),
        (9, "the skip of ", "CKV_AWS_189"),
        (10, "the skip of ", "CKV_AWS_18"),
    }
    assert {after for line, _, _, after in said if line == "9"} == {" gives no reason"}
    assert {after for line, _, _, after in said if line == "10"} == {" accepts nothing: remove it"}


def test_a_file_that_checkov_cannot_read_is_no_success(tmp_path: Path) -> None:
    report = {"results": {"failed_checks": [], "parsing_errors": [str(tmp_path / "broken.tf")]}}

    with pytest.raises(CheckovError, match=r"^Checkov cannot read broken\.tf\.$"):
        read_report(report, tmp_path)


def test_a_skip_counts_in_its_own_block_alone() -> None:
    finding = Finding("main.tf", first=10, last=20, check="CKV_AWS_3", title="Encrypted")

    def accepted(file: str, line: int, check: str) -> bool:
        return Skip(file, line, check, "A reason that is long enough.").accepts(finding)

    assert accepted("main.tf", 11, "CKV_AWS_3")
    assert not accepted("main.tf", 21, "CKV_AWS_3")
    assert not accepted("main.tf", 11, "CKV_AWS_33")
    assert not accepted("other.tf", 11, "CKV_AWS_3")
