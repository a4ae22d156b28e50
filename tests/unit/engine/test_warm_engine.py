"""The warm engine's identity, its provider and what it keeps from the log; no process is started."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from panel.engine.warm.client import end_warm
from panel.engine.warm.place import Config, Limits, Place, place_of, places_for, socket_folder
from panel.engine.warm.provider import Provider, provider_of, write_stand_in, write_warm_cli_config
from panel.engine.warm.work import WarmLog
from panel.masking import Masker

AWS = Provider("registry.terraform.io/hashicorp/aws", "5.100.0", "/mirror/provider")
ENVIRONMENT = {"AWS_REGION": "us-east-2", "AWS_SECRET_ACCESS_KEY": "canary-secret-key"}


@pytest.mark.parametrize(
    "other",
    [
        ENVIRONMENT | {"AWS_REGION": "us-east-1"},
        ENVIRONMENT | {"AWS_SECRET_ACCESS_KEY": "another"},
        ENVIRONMENT | {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"},
    ],
)
def test_another_environment_has_another_process(tmp_path, other):
    mine = place_of(tmp_path, ENVIRONMENT, AWS)
    assert place_of(tmp_path, dict(reversed(ENVIRONMENT.items())), AWS) == mine
    assert place_of(tmp_path, other, AWS) != mine
    assert "canary" not in str(mine.folder)


def test_another_provider_has_another_process_of_the_same_environment(tmp_path):
    newer = Provider(AWS.address, "6.0.0", "/mirror/newer")
    places = [place_of(tmp_path, ENVIRONMENT, provider) for provider in (AWS, newer, None)]
    for place in places:
        place.folder.mkdir(parents=True)
    place_of(tmp_path, {}, AWS).folder.mkdir(parents=True)
    assert places_for(tmp_path, ENVIRONMENT) == sorted(places, key=lambda place: str(place.folder))


def test_what_a_process_is_told_comes_back_as_it_was_written():
    for provider in (AWS, None):
        config = Config(Path("/data/workspaces"), Path("/data/cli.tfrc"), provider, Limits(1, 2, 3))
        assert Config.from_json(json.loads(json.dumps(config.to_json()))) == config


def test_one_that_is_dead_is_neither_asked_nor_waited_for(tmp_path):
    place = place_of(tmp_path, ENVIRONMENT, None)
    place.folder.mkdir(parents=True)
    gone = {"pid": 1, "create_time": 4e9, "socket": str(tmp_path / "s")}
    (place.folder / "record.json").write_text(json.dumps(gone))
    assert place.process() is None
    assert place.socket() is None
    end_warm(tmp_path)


def test_sockets_are_below_its_folder_unless_that_name_is_too_long_for_one(tmp_path):
    deep = tmp_path / ("deep" * 20)
    deep.mkdir()
    found = socket_folder(deep)
    assert len(str(found)) < 80 and not found.is_relative_to(deep)
    assert stat.S_IMODE(found.stat().st_mode) == 0o700
    found.rmdir()


def test_the_provider_of_a_stack_is_the_one_that_init_has_chosen(tmp_path):
    assert provider_of(tmp_path) is None
    real = tmp_path / "mirror" / "terraform-provider-aws_v5.100.0_x5"
    real.parent.mkdir()
    real.touch()
    folder = tmp_path / ".terraform/providers/registry.terraform.io/hashicorp/aws/5.100.0"
    folder.mkdir(parents=True)
    (folder / "linux_amd64").symlink_to(real.parent, target_is_directory=True)
    assert provider_of(tmp_path) == Provider(AWS.address, "5.100.0", str(real))
    (folder.parent / "6.0.0").mkdir()
    (folder.parent / "6.0.0" / "linux_amd64").symlink_to(real.parent, target_is_directory=True)
    assert provider_of(tmp_path) is None, "which of two it is nobody can tell"


def test_the_stand_in_takes_the_providers_place(tmp_path):
    folder = write_stand_in(tmp_path / "with space", AWS, tmp_path / "p")
    program = folder / "terraform-provider-aws"
    assert stat.S_IMODE(program.stat().st_mode) == 0o700
    assert program.read_text().startswith("#!/bin/sh\nexec ")
    config = tmp_path / "cli.tfrc"
    write_warm_cli_config(config, AWS, folder)
    assert f'"{AWS.address}" = "{folder}"' in config.read_text()
    write_warm_cli_config(config, None, folder)
    assert "dev_overrides" not in config.read_text()


@pytest.fixture
def log(tmp_path):
    return WarmLog(tmp_path / "events.jsonl", Masker(["canary-secret-key"]))


FAULT = json.dumps({"@level": "error", "@message": "Error: canary-secret-key", "type": "diagnostic"})
STEP = json.dumps({"@level": "info", "@message": "Refreshing", "type": "refresh_start"})


@pytest.mark.parametrize(
    ("tell", "told"), [(True, ["Refreshing", "Error: (sensitive)"]), (False, ["Refreshing"])]
)
def test_errors_are_held_back_until_it_is_known_whom_they_concern(log, tell, told):
    masked = log.line(FAULT)
    log.line(STEP)
    assert masked is not None and masked["@message"] == "Error: (sensitive)"
    log.settle(tell=tell)
    log.settle(tell=True)
    log.close()
    assert [json.loads(line)["@message"] for line in log.path.read_text().splitlines()] == told


def test_how_the_stand_in_is_found_is_nobodys_business(log):
    warning = {"@level": "warn", "@message": "Warning: Provider development overrides are in effect"}
    assert log.line(json.dumps(warning)) == {}
    log.close()
    assert not log.path.exists()


def test_a_place_without_anything_is_no_process(tmp_path):
    assert Place(tmp_path / "nothing").process() is None
