"""terraform/ is in Terraform's own format, and the check that says so notices when it is not."""

import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


def check(*folder: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.terraform.format_check", *folder],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_file_is_formatted() -> None:
    done = check()
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def test_an_unformatted_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "crooked.tf").write_text('variable "x" {\ntype=string\n}\n', encoding="utf-8")
    done = check(str(tmp_path))
    assert done.returncode != 0
    assert "crooked.tf" in done.stdout
