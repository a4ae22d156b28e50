"""Which error of the panel a diagnostic of Terraform becomes."""

import pickle

import pytest

from panel.engine.diagnostics import Diagnostic, error_for
from panel.errors import BusyError, EndpointError, ProviderError, StorageError, TerraformError

REFUSED = "operation error S3: ListObjectsV2, dial tcp 127.0.0.1:4566: connect: connection refused"


@pytest.mark.parametrize(
    ("summary", "detail", "kind", "words"),
    [
        ("Unsupported argument", "Not here.", TerraformError, "Unsupported argument"),
        ("Error acquiring the state lock", "Lock Info:\n  ID: x", BusyError, "locked"),
        ("Failed to get existing workspaces: " + REFUSED, "", EndpointError, "does not answer"),
        ("Failed to save plan", "write x: no space left on device", StorageError, "disk is full"),
        (
            "Failed to query available provider packages",
            "dial tcp: no such host",
            ProviderError,
            "PANEL_PROVIDER_MIRROR",
        ),
    ],
)
def test_each_kind_says_what_to_do(summary, detail, kind, words):
    error = error_for([Diagnostic("error", summary, detail)], what="The plan of staging")
    assert type(error) is kind
    assert str(error).startswith("The plan of staging ")
    assert words in str(error)
    assert error.hint
    assert summary in error.detail


def test_the_mirrors_that_were_tried_are_named():
    diagnostic = Diagnostic("error", "Failed to install provider", "")
    assert "/m/one" in str(error_for([diagnostic], what="The plan", mirrors=["/m/one"]))


def test_place_address_and_source_line_are_in_the_detail():
    diagnostic = Diagnostic(
        "error", "Invalid value", "Too big.", "aws_a.b", "stacks/x/main.tf", 7, "  size = 9", "resource"
    )
    error = error_for([Diagnostic("warning", "Deprecated"), diagnostic], what="The plan of staging")
    assert "(stacks/x/main.tf:7)" in error.message
    assert error.detail == "stacks/x/main.tf:7: aws_a.b: Invalid value\n  7 | size = 9\nToo big.", (
        "warnings are left out"
    )


def test_many_errors_are_counted_and_cut():
    many = [Diagnostic("error", f"Error {number}") for number in range(30)]
    error = error_for(many, what="The apply")
    assert "29 more" in error.message
    assert error.detail.endswith("… and 10 more.")


def test_no_reason_is_said_to_be_none():
    assert "gave no reason" in str(error_for([], what="The plan"))


def test_an_error_survives_being_stored():
    error = error_for([Diagnostic("error", "Unsupported argument", "Not here.")], what="The plan")
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.detail) == (type(error), str(error), error.detail)
