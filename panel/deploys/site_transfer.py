"""Many files at once: a pool of threads that tells how far it is and stops between files when asked to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from types import TracebackType
from typing import TypeVar

from panel.deploys import Part, Report, Stopped, StoppedError
from panel.deploys.site_manifest import FileEntry

_I = TypeVar("_I")
_T = TypeVar("_T")
# On AWS an upload waits for its answer most of the time; more than the client keeps connections for would only queue.
_AT_ONCE = 24
# Up to so many files are told one by one, beyond that each fiftieth.
_TOLD_SINGLY = 50
_BATCH = 40


class Transfer:
    """The transfer of a publication. Use it as a context manager: leaving it waits for what is under way.

    Args:
        total: how many files the release has.
        tell: takes how far it is.
    """

    def __init__(self, total: int, report: Report, tell: Callable[[Part], None], stopped: Stopped) -> None:
        self._total, self._done, self._bytes = total, 0, 0
        self._report, self._tell, self._stopped = report, tell, stopped
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="publish")

    def __enter__(self) -> Transfer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)

    @property
    def stored(self) -> int:
        """Bytes that were stored so far."""
        return self._bytes

    def look(self, names: Sequence[str], look: Callable[[str], _T]) -> dict[str, _T]:
        """Look at files without changing anything; what ``look`` says, by name.

        Raises:
            StoppedError: somebody asked for it.
        """
        # A look is short: handing each over by itself would take longer than looking.
        batches = [names[start : start + _BATCH] for start in range(0, len(names), _BATCH)]
        found: dict[str, _T] = {}
        with self._under_way(batches, lambda batch: [look(name) for name in batch]) as looking:
            for batch, looks in zip(batches, looking, strict=True):
                found.update(zip(batch, looks.result(), strict=True))
                self.stop_if_asked()
        return found

    def count(self, unchanged: int) -> None:
        """So many files are in place already."""
        self._done += unchanged
        self._tell(self.part("working"))

    def bring(
        self, names: Sequence[str], act: Callable[[str], FileEntry], *, stoppable: bool
    ) -> dict[str, FileEntry]:
        """Bring files into the bucket, all at once; what each became, by name.

        Raises:
            StoppedError: somebody asked for it, and it is ``stoppable``. What is under way ends, nothing else begins.
            PanelError: one of them failed; what is under way ends, nothing else begins.
        """
        brought: dict[str, FileEntry] = {}
        with self._under_way(names, act) as bringing:
            for name, future in zip(names, bringing, strict=True):
                entry = future.result()
                brought[name] = entry
                self._done, self._bytes = self._done + 1, self._bytes + entry.size
                self._tell(self.part("working"))
                if len(names) <= _TOLD_SINGLY or self._done % _TOLD_SINGLY == 0:
                    self._report(f"Stored {name} ({self._done} of {self._total})")
                if stoppable:
                    self.stop_if_asked()
        return brought

    def part(self, state: str) -> Part:
        """How far it is."""
        detail = f"{self._bytes / 1e6:.1f} MB stored" if self._bytes else ""
        return Part("Files", state, self._done, self._total, "files", "files", detail)

    def stop_if_asked(self) -> None:
        """Raise StoppedError when somebody asked for it."""
        if self._stopped():
            raise StoppedError("The publication was stopped; people go on getting the release before it.")

    @contextmanager
    def _under_way(self, items: Sequence[_I], act: Callable[[_I], _T]) -> Iterator[list[Future[_T]]]:
        """Begin all; whoever leaves early leaves nothing behind that would still change something."""
        futures = [self._pool.submit(act, item) for item in items]
        try:
            yield futures
        finally:
            for future in futures:
                future.cancel()
            wait(futures)
