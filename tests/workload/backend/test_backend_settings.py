"""What the environment may say, and what stops the start."""

from __future__ import annotations

from pathlib import Path

import pytest

from backend.settings import Settings


def test_settings_come_from_the_environment() -> None:
    settings = Settings.from_environment(
        {
            "STORAGE_BUCKET": "lists",
            "STORAGE_DIR": "/somewhere",
            "AWS_REGION": "us-east-2",
            "AWS_ENDPOINT_URL": "http://127.0.0.1:4566",
            "APP_VERSION": "2",
            "IMAGE_DIGEST": "",
            "MAX_BODY_BYTES": "10",
            "ALLOWED_ORIGINS": "https://Todo.example.com/, http://localhost:8080",
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318",
        }
    )
    assert settings == Settings(
        storage_bucket="lists",
        storage_dir=Path("/somewhere"),
        aws_region="us-east-2",
        aws_endpoint_url="http://127.0.0.1:4566",
        version="2",
        max_body_bytes=10,
        allowed_origins=("https://todo.example.com", "http://localhost:8080"),
        telemetry=True,
    )
    assert Settings.from_environment({}) == Settings()


@pytest.mark.parametrize("value", ["0", "-1", "1k", "²"])
def test_a_limit_that_is_no_number_stops_the_start(value: str) -> None:
    with pytest.raises(ValueError, match="MAX_BODY_BYTES"):
        Settings.from_environment({"MAX_BODY_BYTES": value})


@pytest.mark.parametrize("value", ["*", "todo.example.com", "https://a.example/path", "https://a b", "null"])
def test_an_origin_that_is_no_site_stops_the_start(value: str) -> None:
    with pytest.raises(ValueError, match="ALLOWED_ORIGINS"):
        Settings.from_environment({"ALLOWED_ORIGINS": value})


def test_lists_cannot_be_kept_in_two_places() -> None:
    with pytest.raises(ValueError, match="STORAGE_BUCKET and DATABASE_URL"):
        Settings.from_environment({"STORAGE_BUCKET": "lists", "DATABASE_URL": "sqlite:////lists.db"})


def test_the_password_of_the_database_stays_out_of_listings() -> None:
    assert "secret" not in repr(Settings(database_url="postgresql://backend:secret@db/lists"))


def test_the_usual_switch_silences_telemetry() -> None:
    told = {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector:4318/v1/traces"}
    assert Settings.from_environment(told).telemetry
    assert not Settings.from_environment({**told, "OTEL_SDK_DISABLED": "true"}).telemetry
