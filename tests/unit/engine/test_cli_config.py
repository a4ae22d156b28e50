"""Mirrors are found by their layout, and Terraform is told what comes from where."""

import platform
from pathlib import Path

import hcl2
import pytest

from panel.engine.cli_config import Mirror, discover_mirrors, needs_cache, write_cli_config
from panel.errors import StorageError

MACHINE = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine().lower(), platform.machine().lower())
TARGET = f"{platform.system().lower()}_{MACHINE}"
AWS = "registry.example.com/hashicorp/aws"


def put(folder: Path, name: str = AWS, *, version="5.100.0", target=TARGET, packed=False) -> Path:
    kind = name.rsplit("/", 1)[1]
    if packed:
        path = folder / name / f"terraform-provider-{kind}_{version}_{target}.zip"
    else:
        path = folder / name / version / target / f"terraform-provider-{kind}_v{version}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("")
    return folder


def test_a_mirror_is_recognised_by_its_layout(tmp_path):
    put(tmp_path / "m")
    (mirror,) = discover_mirrors(None, searched=[tmp_path, tmp_path / "absent", tmp_path / "m"])
    assert mirror == Mirror(tmp_path / "m", (AWS,), (AWS,))


@pytest.mark.parametrize("options", [{"target": "plan9_mips"}, {"name": "no-host/hashicorp/aws"}])
def test_what_terraform_could_not_use_is_no_mirror(tmp_path, options):
    put(tmp_path, **options)
    assert discover_mirrors(None, searched=[tmp_path]) == ()


def test_an_empty_folder_of_a_version_is_no_provider(tmp_path):
    (tmp_path / AWS / "5.100.0" / TARGET).mkdir(parents=True)
    assert discover_mirrors(None, searched=[tmp_path]) == ()


def test_the_folder_of_the_setting_comes_first_and_only_once(tmp_path):
    put(tmp_path / "usual")
    put(tmp_path / "chosen")
    found = discover_mirrors(tmp_path / "chosen", searched=[tmp_path / "usual", tmp_path / "chosen"])
    assert [mirror.path.name for mirror in found] == ["chosen", "usual"]


def read(path):
    with path.open() as file:
        return hcl2.load(file)


def plain(value):
    """hcl2 keeps the quotes of strings and adds marks of its own."""
    if isinstance(value, str):
        return value.strip('"')
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items() if not key.startswith("__")}
    return value


def test_what_a_mirror_holds_comes_from_it_alone(tmp_path):
    mirrors = (Mirror(Path("/m/one"), (AWS,), (AWS,)), Mirror(Path("/m/two"), (AWS, "h.example/a/b")))
    write_cli_config(tmp_path / "x" / "cli.tfrc", mirrors, tmp_path / "cache")
    config = plain(read(tmp_path / "x" / "cli.tfrc"))
    (installation,) = config["provider_installation"]
    assert installation["filesystem_mirror"] == [
        {"path": "/m/one", "include": [AWS]},
        {"path": "/m/two", "include": ["h.example/a/b"]},
    ]
    assert installation["direct"] == [{"exclude": [AWS, "h.example/a/b"]}]
    assert "plugin_cache_dir" not in config
    assert not (tmp_path / "cache").exists()


def test_without_a_mirror_downloads_are_shared_by_all_workspaces(tmp_path):
    write_cli_config(tmp_path / "cli.tfrc", (), tmp_path / "cache")
    config = plain(read(tmp_path / "cli.tfrc"))
    assert config["plugin_cache_dir"] == str(tmp_path / "cache")
    assert (tmp_path / "cache").is_dir()


def test_a_packed_provider_needs_the_cache_and_an_unpacked_one_does_not(tmp_path):
    put(tmp_path / "packed", packed=True)
    put(tmp_path / "unpacked")
    assert needs_cache(discover_mirrors(None, searched=[tmp_path / "packed"]))
    assert not needs_cache(discover_mirrors(None, searched=[tmp_path / "unpacked"]))


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="file"):
        write_cli_config(tmp_path / "file" / "cli.tfrc", (), tmp_path / "cache")
