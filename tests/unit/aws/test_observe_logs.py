"""Which lines look like errors, and how far a log is read."""

from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from botocore.stub import Stubber

from panel.aws.observe_logs import LogErrors, log_errors, looks_like_error
from panel.aws.session import Account, Aws
from panel.errors import AwsError, NotFoundError

END = datetime(2026, 5, 1, 12, tzinfo=UTC)
BEGIN = END - timedelta(minutes=5)
GROUP = "/ecs/todo-staging/backend"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("2026-05-01 12:00:00 ERROR could not write", True),
        ("[CRITICAL] WORKER TIMEOUT (pid:8)", True),
        ("Traceback (most recent call last):", True),
        ("botocore.exceptions.SomeException: no", True),
        ('{"level": "error", "message": "no"}', True),
        ('{"severity":"FATAL"}', True),
        ("level=error msg=no", True),
        ("panic: runtime error", True),
        ("GET /api/errors 200", False),
        ("0 errors, 3 warnings", False),
        ('{"level": "info", "message": "no error"}', False),
        ("INFO exceptional weather", False),
        ("TERROR", False),
        ("", False),
    ],
)
def test_lines_that_look_like_errors(line, expected):
    assert looks_like_error(line) == expected


# Making clients takes longer than all that is done with them.
@cache
def account(endpoint=None):
    return Aws(Account("us-east-2", endpoint, "test", "test"))


def page(*lines, token=None):
    events = [{"message": line, "timestamp": number} for number, line in enumerate(lines)]
    return {"events": events, **({"nextToken": token} if token else {})}


def read(pages, aws=None):
    """What is read when the log answers with these pages, and what it was asked."""
    aws, questions = aws or account(), []
    client = aws.client("logs")
    client.meta.events.register(
        "before-parameter-build.cloudwatch-logs.FilterLogEvents",
        lambda params, **_: questions.append(dict(params)),
    )
    with Stubber(client) as stub:
        for answer in pages:
            stub.add_response("filter_log_events", answer)
        seen = log_errors(aws, GROUP, begin=BEGIN, end=END)
        stub.assert_no_pending_responses()
    return seen, questions


def test_errors_are_counted_over_pages_and_the_newest_is_kept():
    seen, questions = read([page("ERROR a", "fine", token="2"), page("fine", "fine", "ERROR b\n")])

    assert seen == LogErrors(2, "ERROR b", 2, complete=True)
    assert questions[1]["nextToken"] == "2"
    assert questions[0]["endTime"] - questions[0]["startTime"] == 300_000


def test_no_more_than_three_pages_are_read():
    seen, questions = read([page("ERROR a", token=str(number)) for number in range(3)])

    assert (seen.count, seen.complete) == (3, False)
    assert len(questions) == 3


def test_a_long_line_is_cut():
    seen, _ = read([page("ERROR " + "x" * 5000)])

    assert len(seen.newest) == 500


def test_the_embedded_aws_is_asked_without_a_pattern():
    _, on_aws = read([page()])
    _, embedded = read([page()], account("http://127.0.0.1:9"))

    assert "?ERROR" in on_aws[0]["filterPattern"]
    assert "filterPattern" not in embedded[0]


@pytest.mark.parametrize(
    ("code", "error"), [("ResourceNotFoundException", NotFoundError), ("AccessDeniedException", AwsError)]
)
def test_a_log_that_cannot_be_read(code, error):
    aws = account()
    with Stubber(aws.client("logs")) as stub:
        stub.add_client_error("filter_log_events", code)
        with pytest.raises(error):
            log_errors(aws, GROUP, begin=BEGIN, end=END)
