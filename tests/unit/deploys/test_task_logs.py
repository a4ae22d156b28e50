"""The last lines of what failed are shown, masked and within bounds."""

import pytest

from panel.deploys.rollout import RolloutFailedError

KEY = "AKIA" + "ABCDEFGHIJKLMNOP"


def stream(number):
    """Where the tasks of the service in memory log, the first of them being 0."""
    return f"backend/backend/{number:08x}{'0' * 24}"


@pytest.fixture
def fail(aws, deploy):
    """A release whose tasks print these lines and stop."""

    def fail(printed, **changes):
        aws.ecs.crashing.add("v1")
        for number in range(3):
            aws.logs.streams[stream(number)] = printed
        with pytest.raises(RolloutFailedError) as failure:
            deploy("v1", **changes)
        return failure.value

    return fail


def test_the_last_lines_of_stopped_tasks_are_in_the_error_and_in_the_log(fail, lines):
    error = fail(["Traceback", "ImportError: no module named falcon"])

    assert "Last lines of backend in task 00000000:" in error.detail
    assert "  ImportError: no module named falcon" in error.detail.splitlines()
    assert "  ImportError: no module named falcon" in lines


def test_credentials_are_masked(fail, lines):
    error = fail([f"using {KEY}", "password=correct-horse-battery"])

    assert KEY not in error.detail
    assert "correct-horse" not in error.detail
    assert not [line for line in lines if KEY in line or "correct-horse" in line]


def test_lines_are_kept_within_bounds(fail):
    error = fail(["x" * 10_000] * 500)

    assert len(error.detail) < 2 * 21 * 410


def test_of_many_tasks_two_have_to_do(fail):
    assert fail(["no"]).detail.count("Last lines of backend") == 2


def test_what_the_task_runtime_knows_comes_first(fail):
    detail = fail(["from the log"], diagnose=lambda: "from the runtime").detail

    assert detail.index("from the runtime") < detail.index("from the log")


def test_a_log_that_may_not_be_read_is_said_and_hides_nothing(aws, fail, refused):
    aws.logs.refusal = refused("AccessDeniedException", "GetLogEvents", "logs:GetLogEvents")

    error = fail(["x"])

    assert "could not be read" in error.detail
    assert "logs:GetLogEvents" in error.detail
    assert "exit code 3" in error.message


def test_lines_that_reach_the_log_only_after_the_way_back_are_still_told(aws, deploy):
    deploy("v1")
    aws.ecs.crashing.add("v2")

    def arrive(ecs):
        aws.logs.streams[stream(2)] = ["late"]

    def diagnose():
        aws.ecs.after_next_update(arrive)
        return ""

    with pytest.raises(RolloutFailedError) as failure:
        deploy("v2", diagnose=diagnose)

    assert "late" in failure.value.detail


def test_a_release_that_runs_and_does_not_answer_shows_what_it_prints(aws, deploy):
    aws.logs.streams[stream(0)] = ["listening on the wrong port"]

    with pytest.raises(RolloutFailedError) as failure:
        deploy("v1", verify=lambda: None)

    assert "listening on the wrong port" in failure.value.detail
