"""A canary in every place a secret may come from: after a run that fails, none of them is in anything that was written."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.integration.lifecycle.moments import ANA, Scene
from tests.terraform.emulator import running_emulator

pytestmark = [pytest.mark.terraform]

# Put together here, so that no scanner takes this file for a leak.
_CANARIES = {
    "TF_VAR_canary_password": "can/ary-sensitive=variable",
    "AWS_SECRET_ACCESS_KEY": "can+ary/aws" + "SecretAccessKey0123456789",
    "AWS_SESSION_TOKEN": "canary/session+" + "token==0123456789",
    # Their names say nothing: only what they look like, where they are printed, does.
    "PLAIN_WORD": "canary-by-its-look",
    "PLAIN_KEY": "AKIA" + "CANARYCANARYCANA",
    "PLAIN_ADDRESS": "postgres://app:canary-in-an-address@db/x",
}
_COMMENT = "canary-in-a-comment"
_STACK = """
variable "rounds" { type = number }

variable "canary_password" {
  type      = string
  sensitive = true
}

resource "terraform_data" "secret" {
  input = var.canary_password
}

resource "terraform_data" "talks" {
  input = terraform_data.secret.id

  provisioner "local-exec" {
    command = <<-EOT
      echo "password = $PLAIN_WORD and $PLAIN_KEY at $PLAIN_ADDRESS"
      echo "the key is $AWS_SECRET_ACCESS_KEY, in base64 $(printf 'user:%s' "$AWS_SECRET_ACCESS_KEY" | base64 -w0)"
      env | grep AWS_ >&2
    EOT
  }
}

resource "terraform_data" "fails" {
  input = terraform_data.talks.id

  provisioner "local-exec" {
    command     = "echo it is $IT; echo token: $PLAIN_WORD >&2; exit 7"
    environment = { IT = var.canary_password }
  }
}

output "domain_name" { value = "x.example.com" }

output "password" {
  value     = var.canary_password
  sensitive = true
}
"""


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with running_emulator(tmp_path) as emulator:
        scene = Scene(tmp_path / "project", f"http://127.0.0.1:{emulator.port}", _STACK, ("one",))
        yield scene
        scene.close()


def _spellings(secret: str) -> set[bytes]:
    """A secret raw, in an address, and in base64 wherever it may begin within something longer."""
    found = {secret.encode(), quote(secret).encode(), quote(secret, safe="").encode()}
    for offset in range(3):
        encoded = base64.b64encode(b"x" * offset + secret.encode() + b"xxx")
        found.add(encoded[4:-8])
    return found


def test_no_canary_is_in_any_file_or_row(scene: Scene) -> None:
    secrets = [value for name, value in _CANARIES.items() if name != "PLAIN_ADDRESS"]
    secrets += ["canary-in-an-address", _COMMENT]
    scene.start(**_CANARIES)
    number = scene.operations.update(ANA, "one").id
    assert number is not None
    scene.until(lambda: scene.stores.runs.get(number).state == "planned", "the plan waits")
    scene.operations.approve(ANA, number, comment=f"with token={_COMMENT}")
    run = scene.ended(number)
    scene.kill()

    assert run.state == "errored", f"{run.error} {run.error_detail}"
    assert "exit status 7" in run.error_detail
    texts = "\n".join(line.text for line in scene.stores.runs.lines(number, limit=5000))
    assert "password = (sensitive) and (sensitive) at postgres://app:(sensitive)@db/x" in texts
    assert "the key is (sensitive), in base64 " in texts
    leaks = {
        f"{path.relative_to(scene.root)}: {secret}"
        for path in scene.root.rglob("*")
        if path.is_file() and path.suffix != ".tfplan"
        for secret in secrets
        if any(spelling in path.read_bytes() for spelling in _spellings(secret))
    }
    assert leaks == set()
    plans = [*scene.root.rglob("*.tfplan")]
    assert plans
    assert {path.stat().st_mode & 0o777 for path in plans} == {0o600}
