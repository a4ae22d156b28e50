"""The identity of what the embedded AWS holds, and whether it survived the emulator's last run.

MiniStack writes its state only when it is asked to end; S3 objects it writes at once. After a kill the two
would be of different instants (Terraform's state would speak of resources that are gone), so a world whose
last run did not end with a written state is *lost*, and the next start begins an empty one with a new id.

The proof is on disk, not in a flag that somebody has to set in time: each run puts a new mark (world and
session) into the emulator itself, as a parameter. If the written state holds the mark of the last run, it
was written at the end of that run, whoever asked for it.
"""

from __future__ import annotations

import shutil
import uuid
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from panel.errors import StorageError
from panel.localaws.processes import ProcessRef, tail
from panel.localaws.records import read_record, write_record
from panel.localaws.runtime import Runtime

_FAILED_SAVES = ("failed to save", "error getting state")


@dataclass(frozen=True)
class Run:
    """One run of the emulator, as recorded in ``emulator.json``."""

    world: str
    session: str
    ready: bool
    pid: int
    created: float
    port: int
    region: str
    runtime: Runtime
    runtime_reason: str
    version: str
    started_at: float

    @property
    def process(self) -> ProcessRef:
        """The emulator's process."""
        return ProcessRef(self.pid, self.created, self.session)

    @property
    def mark(self) -> str:
        """What the emulator keeps as proof of this world and this run."""
        return f"{self.world} {self.session}"


@dataclass(frozen=True)
class WorldFiles:
    """Where one data directory keeps its embedded AWS."""

    folder: Path

    @property
    def record(self) -> Path:
        """Who runs, and which world."""
        return self.folder / "emulator.json"

    @property
    def log(self) -> Path:
        """What the emulator prints."""
        return self.folder / "emulator.log"

    @property
    def lock(self) -> Path:
        """Held by whoever starts, stops or resets."""
        return self.folder / "emulator.lock"

    @property
    def state(self) -> Path:
        """MiniStack's written state."""
        return self.folder / "state"

    @property
    def objects(self) -> Path:
        """The content of S3."""
        return self.folder / "s3"

    @property
    def temporary(self) -> Path:
        """The emulator's own temporary files."""
        return self.folder / "tmp"

    def read(self) -> Run | None:
        """The last recorded run; None when there is none."""
        content = read_record(self.record)
        try:
            return Run(**content) if content else None
        except TypeError:
            return None

    def write(self, run: Run) -> None:
        """Record a run."""
        write_record(self.record, asdict(run))

    def prepare(self) -> None:
        """Make the folders and put the log of the run before aside.

        Raises:
            StorageError: the disk refused.
        """
        try:
            for folder in (self.state, self.objects, self.temporary):
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if self.log.exists():
                self.log.replace(self.log.with_suffix(".log.1"))
        except OSError as error:
            raise StorageError(
                f"The folder {self.folder} of the embedded AWS cannot be written: {error.strerror}.",
                hint="Free some space, correct its rights, or set PANEL_DATA_DIR to another folder.",
            ) from error

    def was_written(self, run: Run) -> bool:
        """Whether the state on disk is the whole of what the emulator held when ``run`` ended."""
        if not run.ready:
            return True  # It never took a request of ours: what is on disk is what the run before wrote.
        if (self.temporary / f"ministack-{run.port}.pid").exists():
            return False  # It removes this file as its very last act, after everything is written.
        try:
            parameters = (self.state / "ssm.json").read_text(encoding="utf-8")
        except FileNotFoundError:
            return False
        last_words = tail(self.log, lines=400)
        return run.mark in parameters and not any(words in last_words for words in _FAILED_SAVES)

    def empty(self) -> None:
        """Remove everything the world held. The emulator must not be running."""
        for folder in (self.state, self.objects, self.temporary):
            shutil.rmtree(folder, ignore_errors=True)
            if folder.exists():
                raise StorageError(
                    f"{folder} could not be emptied.", hint="Correct its rights or remove it by hand."
                )


def new_world_id() -> str:
    """A new world's id."""
    return f"world-{uuid.uuid4().hex[:12]}"


def readied(run: Run, version: str) -> Run:
    """The same run, now taking requests."""
    return replace(run, ready=True, version=version)
