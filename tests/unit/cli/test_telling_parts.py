"""What a stage is made of, in a line: layers and megabytes, tasks, files."""

from __future__ import annotations

import pytest

from panel.cli import output
from panel.cli.progress import measure, parts_text, progress_text
from panel.deploys import Part
from panel.store.tables import Run

LAYERS = [
    Part("a", "kept", 5_000_000, 5_000_000, "B", "layer"),
    Part("b", "done", 40_000_000, 40_000_000, "B", "layer"),
    Part("c", "working", 1_000_000, 51_000_000, "B", "layer"),
]


@pytest.mark.parametrize(
    ("parts", "said", "measured"),
    [
        ([], "", (0, 0)),
        (LAYERS, "2 of 3 layers, 46 of 96 MB", (2, 3)),
        ([Part("t1", "done", kind="task"), Part("t2", "waiting", kind="task")], "1 of 2 tasks", (1, 2)),
        ([Part("t1", "failed", kind="task"), Part("t2", "done", kind="task")], "1 of 1 task, 1 failed", (1, 2)),
        (
            [Part("old", "kept", kind="task"), Part("new", "done", kind="task"), Part("next", "working", kind="task")],
            "1 of 2 tasks, 1 earlier", (1, 2),
        ),
        ([Part("Files", "working", unit="files", kind="files", detail="compared")], "Files: compared", (0, 0)),
        ([Part("files", "working", 120, 2000, "files", "files")], "120 of 2000 files", (120, 2000)),
        (
            [Part("files", "done", 9, 9, "files", "files"), Part("pages", "working", kind="invalidation")],
            "9 of 9 files, pages: working", (9, 9),
        ),
        (
            [Part("t1", "done", kind="task"), Part("t2", "done", kind="task"), Part("x", "waiting", kind="target")],
            "2 of 2 tasks, 0 of 1 target", (2, 3),
        ),
    ],
)  # fmt: skip
def test_parts_by_kind(parts, said, measured):
    stored = [part.to_dict() for part in parts]
    assert parts_text(stored) == said
    assert measure(stored) == measured


def test_the_service_stands_before_its_parts():
    run = Run(environment="staging", kind="deploy", author="ana", stage="image")
    assert progress_text(run, "backend") == "Image, backend"
    run.parts = [part.to_dict() for part in LAYERS]
    assert progress_text(run, "backend") == "Image, backend: 2 of 3 layers, 46 of 96 MB"
    run.stage, run.parts, run.progress_done, run.progress_total = "apply", [], 31, 42
    assert progress_text(run) == "Apply, 31 of 42"


@pytest.mark.parametrize(
    ("number", "said"),
    [(0, ""), (999, "999 B"), (1000, "1.0 kB"), (41_500_000, "42 MB"), (2_340_000_000, "2.3 GB")],
)
def test_amounts_of_bytes(number, said):
    assert output.size(number) == said
