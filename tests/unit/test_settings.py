"""Settings: every variable is read, wrong ones are named, nothing secret is shown or handed on."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from panel import settings as module
from panel.errors import ConfigurationError
from panel.settings import Settings, child_environment, load_settings, own_environment

_GOOD = {
    "PANEL_ROOT": ("/srv/project", Path("/srv/project")),
    "PANEL_DATA_DIR": ("/var/panel", Path("/var/panel")),
    "PANEL_CATALOGUE": ("other.yaml", Path("other.yaml")),
    "PANEL_DATABASE_URL": ("postgresql://ana:hunter2@db/panel", "postgresql://ana:hunter2@db/panel"),
    "PANEL_LOCAL_PORT": ("14760", 14760),
    "PANEL_LOCAL_RUNTIME": ("docker", "docker"),
    "PANEL_BASE_IMAGE": ("python:3.11-slim", "python:3.11-slim"),
    "PANEL_PROVIDER_MIRROR": ("/mirror", Path("/mirror")),
    "PANEL_TERRAFORM": ("tofu", "tofu"),
    "PANEL_CHECKOV": ("/srv/checkov", "/srv/checkov"),
    "PANEL_HOST": ("127.0.0.1", "127.0.0.1"),
    "PANEL_PORT": ("14761", 14761),
    "PANEL_APPROVAL_TIMEOUT_S": ("60", 60),
    "PANEL_PLAN_TIMEOUT_S": ("90", 90),
    "PANEL_APPLY_TIMEOUT_S": ("120", 120),
    "PANEL_WORKER_CONCURRENCY": ("3", 3),
    "PANEL_DRAIN_TIMEOUT_S": ("0", 0),
    "PANEL_WARM_IDLE_S": ("0", 0),
    "PANEL_WARM_MEMORY_MB": ("900", 900),
    "PANEL_WARM_COMMANDS": ("7", 7),
    "PANEL_ARTIFACTS": ("s3://acme-panel/runs", "s3://acme-panel/runs"),
    "PANEL_PUBLIC_URL": ("https://panel.example.com", "https://panel.example.com"),
    "PANEL_WEBHOOK_URL": ("https://hooks.example.com/T1/hunter2", "https://hooks.example.com/T1/hunter2"),
    "PANEL_SMTP_URL": ("smtp://ana:hunter2@mail:587", "smtp://ana:hunter2@mail:587"),
    "PANEL_MAIL_FROM": ("panel@example.com", "panel@example.com"),
    "PANEL_MAIL_TO": ("team@example.com", "team@example.com"),
    "PANEL_ROLLOUT_TIMEOUT_S": ("30", 30),
    "PANEL_HEALTH_INTERVAL_S": ("5.5", 5.5),
    "PANEL_SWEEP_CONCURRENCY": ("16", 16),
    "PANEL_API_CALLS_PER_S": ("12.5", 12.5),
    "PANEL_BILL_INTERVAL_H": ("0", 0),
    "PANEL_LIVE_PRICES": ("false", False),
    "PANEL_STATUS_EXPORT": ("s3://acme-status/panel", "s3://acme-status/panel"),
    "PANEL_POLL_INTERVAL_S": ("0.1", 0.1),
    "PANEL_USER": ("ana", "ana"),
}
_BAD = {
    "PANEL_LOCAL_PORT": ["80", "70000", "many"],
    "PANEL_PORT": ["0", "-1"],
    "PANEL_LOCAL_RUNTIME": ["podman"],
    "PANEL_APPROVAL_TIMEOUT_S": ["0", "a week"],
    "PANEL_PLAN_TIMEOUT_S": ["9"],
    "PANEL_APPLY_TIMEOUT_S": ["59"],
    "PANEL_WORKER_CONCURRENCY": ["0", "65"],
    "PANEL_DRAIN_TIMEOUT_S": ["-1"],
    "PANEL_WARM_IDLE_S": ["-1"],
    "PANEL_WARM_MEMORY_MB": ["1"],
    "PANEL_WARM_COMMANDS": ["0"],
    "PANEL_ARTIFACTS": ["/tmp/here", "s3://", "s3://Bucket", "https://example.com"],
    "PANEL_PUBLIC_URL": ["panel.example.com"],
    "PANEL_ROLLOUT_TIMEOUT_S": ["9"],
    "PANEL_HEALTH_INTERVAL_S": ["0.5"],
    "PANEL_SWEEP_CONCURRENCY": ["0", "129"],
    "PANEL_API_CALLS_PER_S": ["0", "many"],
    "PANEL_BILL_INTERVAL_H": ["-1"],
    "PANEL_STATUS_EXPORT": ["s3://", "https://example.com"],
    "PANEL_POLL_INTERVAL_S": ["0", "11"],
}


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in [*os.environ]:
        if name.startswith("PANEL_"):
            monkeypatch.delenv(name)
    load_settings.cache_clear()
    yield
    load_settings.cache_clear()


@pytest.mark.parametrize("name", sorted(_GOOD))
def test_an_empty_variable_counts_as_not_set(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "")

    field = name.removeprefix("PANEL_").lower()
    default = Settings.model_fields[field].get_default(call_default_factory=True)
    assert getattr(load_settings(), field) == default


def test_every_setting_has_a_line_in_the_tables_above() -> None:
    fields = {f"PANEL_{name.upper()}" for name in Settings.model_fields}

    assert fields == set(_GOOD)
    assert set(_BAD) <= fields


@pytest.mark.parametrize("name", sorted(_GOOD))
def test_every_variable_is_read(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text, wanted = _GOOD[name]
    monkeypatch.setenv(name, text)

    value = getattr(load_settings(), name.removeprefix("PANEL_").lower())

    assert (value.get_secret_value() if isinstance(value, SecretStr) else value) == wanted


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in _BAD.items() for text in texts])
def test_a_wrong_value_is_refused_by_the_name_of_its_variable(
    name: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, text)

    with pytest.raises(ConfigurationError, match=name) as caught:
        load_settings()
    assert caught.value.hint


def test_all_wrong_values_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PANEL_PORT", "0")
    monkeypatch.setenv("PANEL_LOCAL_PORT", "x")

    with pytest.raises(ConfigurationError, match=r"PANEL_LOCAL_PORT.*PANEL_PORT"):
        load_settings()


def test_a_password_is_in_no_picture_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PANEL_DATABASE_URL", "postgresql://ana:hunter2@db/panel")
    settings = load_settings()

    for picture in (repr(settings), str(settings), settings.model_dump_json(), str(settings.model_dump())):
        assert "hunter2" not in picture
    assert "hunter2" in settings.store_url


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        Settings().port = 1


def test_relative_paths_are_below_the_root_and_absolute_ones_stay(tmp_path: Path) -> None:
    inside = Settings(root=tmp_path)
    outside = Settings(root=tmp_path, data_dir=Path("/var/panel"), catalogue=Path("/etc/environments.yaml"))

    assert inside.data_path == tmp_path / ".panel"
    assert inside.catalogue_path == tmp_path / "environments.yaml"
    assert inside.terraform_path == tmp_path / "terraform"
    assert outside.data_path == Path("/var/panel")
    assert outside.catalogue_path == Path("/etc/environments.yaml")


def test_without_a_database_both_stores_are_files_of_the_data_directory(tmp_path: Path) -> None:
    settings = Settings(root=tmp_path)

    assert settings.store_url == f"sqlite:///{tmp_path}/.panel/panel.db"
    assert settings.workflows_url == f"sqlite:///{tmp_path}/.panel/workflows.db"


def test_with_a_database_both_stores_are_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PANEL_DATABASE_URL", "postgresql://db/panel")

    assert load_settings().store_url == load_settings().workflows_url == "postgresql://db/panel"


@pytest.mark.parametrize(
    ("asked", "mine"),
    [
        ({}, set()),
        ({"network": True}, {"HTTPS_PROXY"}),
        ({"aws": True}, {"AWS_SECRET_ACCESS_KEY"}),
        ({"packages": True}, {"PIP_INDEX_URL"}),
        ({"network": True, "aws": True, "packages": True}, {"HTTPS_PROXY", "AWS_SECRET_ACCESS_KEY", "PIP_INDEX_URL"}),
    ],
)  # fmt: skip
def test_a_child_gets_what_was_asked_for_and_no_more(
    asked: dict[str, bool], mine: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    marked = {
        "HTTPS_PROXY",
        "AWS_SECRET_ACCESS_KEY",
        "PIP_INDEX_URL",
        "GITHUB_TOKEN",
        "CANARY_SECRET",
        "PANEL_DATABASE_URL",
    }
    for name in marked:
        monkeypatch.setenv(name, "canary")
    monkeypatch.setenv("PATH", "/bin")

    child = child_environment(**asked)

    assert {name for name, value in child.items() if value == "canary"} == mine
    assert child["PATH"] == "/bin"


def test_another_process_of_the_panel_gets_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PANEL_USER", "ana")

    assert own_environment() == dict(os.environ)
    assert own_environment() is not os.environ


def test_every_setting_says_what_it_is_for() -> None:
    for name, field in module.Settings.model_fields.items():
        assert field.description, name


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "panel.example.com"])
def test_an_address_that_others_can_reach_is_refused(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PANEL_HOST", host)
    with pytest.raises(ValidationError, match="loopback"):
        Settings()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_addresses_of_the_loopback_are_taken(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PANEL_HOST", host)
    assert Settings().host == host
