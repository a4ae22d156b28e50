"""Terraform's event lines as values. The lines are shaped as Terraform 1.15 prints them."""

import json
from datetime import UTC, datetime

import pytest

from panel.engine.diagnostics import Diagnostic
from panel.engine.events import ChangeCounts, EventKind, OutputValue, parse_event


def event(text, **options):
    return parse_event(json.loads(text), **options)


def test_an_apply_that_completes():
    parsed = event(
        '{"@level":"info","@message":"aws_sqs_queue.a: Creation complete after 25s [id=q]","@module":"terraform.ui",'
        '"@timestamp":"2026-01-02T03:04:05.234014Z","hook":{"resource":{"addr":"aws_sqs_queue.a","module":"",'
        '"resource":"aws_sqs_queue.a","implied_provider":"aws","resource_type":"aws_sqs_queue",'
        '"resource_name":"a","resource_key":null},"action":"create","id_key":"id","id_value":"q",'
        '"elapsed_seconds":25},"type":"apply_complete"}',
        offset=42,
    )
    assert parsed.kind is EventKind.APPLY_COMPLETE
    assert (parsed.address, parsed.resource_type, parsed.action) == (
        "aws_sqs_queue.a",
        "aws_sqs_queue",
        "create",
    )
    assert (parsed.elapsed_s, parsed.resource_id, parsed.offset) == (25.0, "q", 42)
    assert parsed.timestamp == datetime(2026, 1, 2, 3, 4, 5, 234014, UTC)


@pytest.mark.parametrize("kind", ["planned_change", "resource_drift"])
def test_a_planned_change_tells_action_and_reason(kind):
    change = {
        "resource": {"addr": "module.x.aws_lb.m[0]", "resource_type": "aws_lb"},
        "action": "replace",
        "reason": "cannot_update",
    }
    parsed = parse_event({"@message": "m: Plan to replace", "change": change, "type": kind})
    assert parsed.kind == kind
    assert (parsed.address, parsed.action, parsed.reason) == (
        "module.x.aws_lb.m[0]",
        "replace",
        "cannot_update",
    )


def test_a_change_summary_counts():
    parsed = event(
        '{"@level":"info","@message":"Plan: 2 to add","changes":{"add":2,"change":1,"import":3,"remove":4,'
        '"action_invocation":0,"operation":"plan"},"type":"change_summary"}'
    )
    assert parsed.counts == ChangeCounts(add=2, change=1, destroy=4, imported=3)
    assert parsed.operation == "plan"


def test_outputs_never_carry_a_sensitive_value():
    parsed = event(
        '{"@level":"info","@message":"Outputs: 2","outputs":{"url":{"sensitive":false,"type":"string",'
        '"value":"http://x"},"key":{"sensitive":true,"type":"string","value":"canary"}},"type":"outputs"}'
    )
    assert parsed.outputs == {"url": OutputValue("http://x"), "key": OutputValue(None, sensitive=True)}


def test_a_diagnostic_has_file_and_line_in_the_tree():
    parsed = event(
        '{"@level":"error","@message":"Error: Unsupported argument","diagnostic":{"severity":"error",'
        '"summary":"Unsupported argument","detail":"Not expected here.","range":{"filename":'
        '"../../modules/network/main.tf","start":{"line":14,"column":3,"byte":9},"end":{"line":14,"column":8,'
        '"byte":14}},"snippet":{"context":"resource \\"aws_vpc\\" \\"main\\"","code":"  cidr = 1",'
        '"start_line":14,"values":[]}},"type":"diagnostic"}',
        folder="stacks/shared",
    )
    assert parsed.kind is EventKind.DIAGNOSTIC
    assert parsed.level == "error"
    assert parsed.diagnostic == Diagnostic(
        severity="error",
        summary="Unsupported argument",
        detail="Not expected here.",
        file="modules/network/main.tf",
        line=14,
        snippet="  cidr = 1",
        context='resource "aws_vpc" "main"',
    )
    assert parsed.diagnostic.location == "modules/network/main.tf:14"


def test_an_unknown_type_is_a_log_line():
    parsed = event('{"@level":"warn","@message":"news","type":"from_the_future","hook":7,"changes":[]}')
    assert (parsed.kind, parsed.message, parsed.level) == (EventKind.LOG, "news", "warn")


@pytest.mark.parametrize("moment", ["not a time", 7, None])
def test_an_unreadable_time_is_none(moment):
    assert parse_event({"type": "log", "@message": "x", "@timestamp": moment}).timestamp is None
