"""A run's log and progress: what is written, when, and what a refusing store costs (nothing)."""

from collections.abc import Callable

from panel.engine.diagnostics import parse_diagnostic
from panel.engine.events import Event, EventKind
from panel.errors import StorageError
from panel.runs.journal import Journal
from panel.store.runs import Runs
from panel.store.stores import Stores

Make = Callable[..., Event]


class _RefusingRuns:
    """A store whose disk is full until it is given room."""

    def __init__(self, runs: Runs) -> None:
        self._runs = runs
        self.full = True

    def append(self, *args: object) -> None:
        self._refuse()
        self._runs.append(*args)

    def update(self, *args: object, **fields: object) -> None:
        self._refuse()
        self._runs.update(*args, **fields)

    def _refuse(self) -> None:
        if self.full:
            raise StorageError("The disk is full.")


def _texts(stores: Stores, run_id: int) -> list[str]:
    return [line.text for line in stores.runs.lines(run_id)]


def test_what_is_said_is_there_at_once(stores: Stores, run_id: int) -> None:
    journal = Journal(stores.runs, run_id, "plan")

    journal.say("Created the state bucket.")
    journal.report("Pushed the image.")
    journal.say("Careful.", "warn")

    assert [(line.text, line.level, line.stage) for line in stores.runs.lines(run_id)] == [
        ("Created the state bucket.", "info", "plan"),
        ("Pushed the image.", "info", "plan"),
        ("Careful.", "warn", "plan"),
    ]


def test_leaving_writes_what_was_held_back(stores: Stores, run_id: int, event: Make) -> None:
    with Journal(stores.runs, run_id, "apply", source="apply") as journal:
        for number in range(1, 51):
            journal.event(event(EventKind.LOG, f"line {number}", offset=number))

    assert _texts(stores, run_id) == [f"line {number}" for number in range(1, 51)]


def test_a_flush_from_another_thread_writes_what_was_held_back(
    stores: Stores, run_id: int, event: Make
) -> None:
    journal = Journal(stores.runs, run_id, "apply", source="apply")
    for number in (1, 2):
        journal.event(event(EventKind.LOG, f"line {number}", offset=number))

    journal.flush()

    assert _texts(stores, run_id) == ["line 1", "line 2"]


def test_many_lines_are_not_held_back_for_long(stores: Stores, run_id: int, event: Make) -> None:
    journal = Journal(stores.runs, run_id, "apply", source="apply")
    for number in range(1, 1001):
        journal.event(event(EventKind.LOG, f"line {number}", offset=number))

    assert len(stores.runs.lines(run_id, limit=5000)) >= 800


def test_reading_the_same_output_again_adds_nothing(stores: Stores, run_id: int, event: Make) -> None:
    output = [event(EventKind.LOG, f"line {number}", offset=number) for number in range(1, 6)]
    with Journal(stores.runs, run_id, "apply", source="apply") as journal:
        for item in output[:3]:
            journal.event(item)

    with Journal(stores.runs, run_id, "apply", source="apply") as journal:
        for item in output:
            journal.event(item)

    assert _texts(stores, run_id) == [f"line {number}" for number in range(1, 6)]


def test_the_chatter_of_terraform_is_left_out_and_its_levels_kept(
    stores: Stores, run_id: int, event: Make
) -> None:
    with Journal(stores.runs, run_id, "plan", source="plan") as journal:
        journal.event(event(EventKind.VERSION, "Terraform 1.15.5", 1))
        journal.event(event(EventKind.REFRESH_START, "Refreshing", 2))
        journal.event(event(EventKind.REFRESH_COMPLETE, "Refreshed", 3))
        journal.event(event(EventKind.RESOURCE_DRIFT, "aws_a.b: Drift detected (update)", 7))
        journal.event(event(EventKind.OUTPUTS, "Outputs: 3", 4))
        journal.event(event(EventKind.APPLY_START, "Reading a data source", 5, action="read"))
        journal.event(event(EventKind.LOG, "Careful", 6, level="warn"))

    assert [(line.text, line.level) for line in stores.runs.lines(run_id)] == [("Careful", "warn")]


def test_a_diagnostic_is_written_with_its_place(stores: Stores, run_id: int, event: Make) -> None:
    diagnostic = parse_diagnostic(
        {
            "severity": "error",
            "summary": "Unsupported argument",
            "detail": 'An argument named "sise" is not expected here.',
            "range": {"filename": "main.tf", "start": {"line": 7, "column": 3}},
        },
        folder="stacks/environment",
    )
    with Journal(stores.runs, run_id, "plan", source="plan") as journal:
        journal.event(
            event(
                EventKind.DIAGNOSTIC, "Error: Unsupported argument", 9, level="error", diagnostic=diagnostic
            )
        )

    (text,) = _texts(stores, run_id)
    assert "Unsupported argument" in text
    assert "sise" in text
    assert "main.tf" in text
    assert "7" in text


def test_progress_counts_what_is_done_and_names_what_is_waited_for(
    stores: Stores, run_id: int, event: Make
) -> None:
    seen = []
    with Journal(stores.runs, run_id, "apply", source="apply") as journal:
        for offset, (kind, address) in enumerate(
            [
                (EventKind.APPLY_START, "aws_lb.main"),
                (EventKind.APPLY_START, "aws_vpc.main"),
                (EventKind.APPLY_COMPLETE, "aws_lb.main"),
                (EventKind.APPLY_ERRORED, "aws_vpc.main"),
            ],
            start=1,
        ):
            journal.event(event(kind, offset=offset, address=address, action="create"))
            journal.flush()
            run = stores.runs.get(run_id)
            seen.append((run.progress_done, run.waiting_for))

    assert seen == [(0, "aws_lb.main"), (0, "aws_lb.main"), (1, "aws_vpc.main"), (1, "")]


def test_reading_data_is_no_progress_and_a_plan_leaves_the_progress_alone(
    stores: Stores, run_id: int, event: Make
) -> None:
    stores.runs.update(run_id, progress_done=5, waiting_for="something")
    with Journal(stores.runs, run_id, "plan", source="plan") as journal:
        journal.event(event(EventKind.PLANNED_CHANGE, "will be created", 1))
        journal.event(event(EventKind.APPLY_START, "reading", 2, address="data.x", action="read"))
        journal.event(event(EventKind.APPLY_COMPLETE, "read", 3, address="data.x", action="read"))

    run = stores.runs.get(run_id)
    assert (run.progress_done, run.waiting_for) == (5, "something")


def test_a_full_disk_holds_lines_and_progress_back_and_loses_nothing(
    stores: Stores, run_id: int, event: Make
) -> None:
    runs = _RefusingRuns(stores.runs)
    with Journal(runs, run_id, "apply", source="apply") as journal:
        journal.event(event(EventKind.APPLY_START, "creating", 1, address="aws_lb.main", action="create"))
        journal.say("Still going.")
        journal.flush()
        assert _texts(stores, run_id) == []

        runs.full = False
        journal.event(event(EventKind.APPLY_COMPLETE, "created", 2, address="aws_lb.main", action="create"))

    assert _texts(stores, run_id) == ["creating", "Still going.", "created"]
    assert stores.runs.get(run_id).progress_done == 1


def test_a_disk_that_stays_full_does_not_end_the_work(stores: Stores, run_id: int, event: Make) -> None:
    reached = False
    with Journal(_RefusingRuns(stores.runs), run_id, "apply", source="apply") as journal:
        for number in range(1, 20_001):
            journal.event(event(EventKind.LOG, f"line {number}", offset=number))
        reached = True

    assert reached
