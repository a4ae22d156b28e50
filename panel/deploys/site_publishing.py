"""One publication under way: what goes out first, what people see change, and the way back where that fails."""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from panel.aws.cloudfront import invalidate
from panel.aws.s3_versions import NO_VERSION, ObjectVersion, copy_version
from panel.aws.session import Aws
from panel.deploys import Part, Parts, Stopped, seconds
from panel.deploys.site_files import CONFIG, is_immutable, is_page, paths_to_invalidate, upload_waves
from panel.deploys.site_manifest import FileEntry, Manifest, SitePlace
from panel.deploys.site_origins import Origin, upload
from panel.deploys.site_serving import Serving, forget, invalidation_part, prove
from panel.deploys.site_stock import Stock
from panel.deploys.site_transfer import Transfer
from panel.errors import PanelError


@dataclass
class Publishing:
    """A publication of what ``origin`` holds to ``place``.

    Attributes:
        stock: the bucket as it was at the beginning.
        live: the release that it shows, where that is known.
        script: the content of ``config.js``.
        entries: the files that are in place, by name, ``config.js`` among them.
        changed, bytes_stored: files and bytes that were stored.
        paths: what the edges were asked to forget.
        begun: files whose turn to change in people's eyes has come.
        durations: seconds, by ``publish`` and ``verify``.
    """

    aws: Aws
    origin: Origin
    place: SitePlace
    stock: Stock
    live: Manifest | None
    script: bytes
    serving: Serving
    parts: Parts
    entries: dict[str, FileEntry] = field(default_factory=dict)
    changed: int = 0
    bytes_stored: int = 0
    paths: tuple[str, ...] = ()
    begun: set[str] = field(default_factory=set)
    durations: dict[str, float] = field(default_factory=dict)

    def run(self, stopped: Stopped) -> Manifest:
        """Publish, and answer what the release is made of.

        Raises:
            StoppedError, PanelError: as :func:`panel.deploys.site.publish_site` says.
        """
        began = time.monotonic()
        with Transfer(len(self.origin.names) + 1, self.serving.report, self._moving, stopped) as transfer:
            try:
                self._switch(transfer, self._prepare(transfer))
                stored = time.monotonic()
                self._serve(transfer)
            except PanelError as error:
                stored_all = len(self.entries) > len(self.origin.names)
                self.parts([transfer.part("done" if stored_all else "failed"), invalidation_part("failed")])
                raise self._back(error) from error
        self.serving.report(f"The site's release {self.serving.release} is served")
        self.durations = seconds({"publish": stored - began, "verify": time.monotonic() - stored})
        files = {name: self.entries[name] for name in self.origin.names}
        return Manifest(self.place.bucket, self.origin.digest, files, self.entries[CONFIG])

    def _moving(self, files: Part) -> None:
        self.parts([files, invalidation_part("waiting")])

    def _prepare(self, transfer: Transfer) -> list[str]:
        """Bring what nobody asks for yet, and answer what is left: the files that people see change."""
        names = list(self.origin.names)
        looks = transfer.look(names, lambda name: self.origin.in_place(name, self.stock))
        self.entries = {name: entry for name, entry in looks.items() if entry is not None}
        digest = hashlib.md5(self.script, usedforsecurity=False).hexdigest()
        if self.stock.shows(CONFIG, digest):
            there = self.stock.current[CONFIG]
            known = hashlib.sha256(self.script).hexdigest()
            self.entries[CONFIG] = FileEntry(known, there.etag, there.size, there.version)
        missing = [name for name in (*names, CONFIG) if name not in self.entries]
        self.changed = len(missing)
        self.serving.report(f"{self.changed} of {len(names) + 1} files are new or changed")
        transfer.count(len(self.entries))
        new = [name for name in missing if not self._is_seen(name)]
        self.entries |= transfer.bring(new, self._bring, stoppable=True)
        transfer.stop_if_asked()
        return [name for name in missing if self._is_seen(name)]

    def _is_seen(self, name: str) -> bool:
        """Whether people see it when this file goes out: it is there in another form, or it names other files."""
        return name in self.stock.current or is_page(name) or name == CONFIG

    def _switch(self, transfer: Transfer, switch: Sequence[str]) -> None:
        for wave in upload_waves(switch):
            self.begun |= set(wave)
            self.entries |= transfer.bring(wave, self._bring, stoppable=False)
        self.bytes_stored = transfer.stored

    def _bring(self, name: str) -> FileEntry:
        if name == CONFIG:
            return upload(self.aws, self.place.bucket, CONFIG, self.script)
        return self.origin.bring(name, self.place.bucket)

    def _serve(self, transfer: Transfer) -> None:
        self.paths = paths_to_invalidate(self._stale())
        done = transfer.part("done")
        forget(
            self.aws,
            self.place.distribution_id,
            self.paths,
            self.serving,
            lambda edges: self.parts([done, edges]),
        )
        prove(self.serving)

    def _stale(self) -> list[str]:
        """The files that edges may keep in an earlier form.

        Compared with the live release, not only with the bucket: a publication that was cut had brought files into the
        bucket without making the edges forget.
        """
        known = self.live.files if self.live is not None else {}
        stale = {CONFIG}
        for name in self.origin.names:
            before = known.get(name)
            differs = before is None or before.sha256 != self.entries[name].sha256
            # A name with a hash in it is kept for ever, and does not change, whatever the build tool promised.
            hashed = is_immutable(name)
            if (differs and (before is not None or not hashed)) or (name in self.begun and not hashed):
                stale.add(name)
        return sorted(stale)

    def _back(self, error: PanelError) -> PanelError:
        """Put back what people saw before; the error, with what became of that."""
        before = {name: self._before(name) for name in sorted(self.begun | self._astray())}
        kept = {name: each for name, each in before.items() if each and each.version != NO_VERSION}
        said = "People get the release before it again."
        try:
            for wave in reversed(upload_waves(list(kept))):
                for name in wave:
                    self._restore(name, kept[name])
            if kept:
                paths = paths_to_invalidate(kept)
                invalidate(self.aws, self.place.distribution_id, paths, reference=f"back-{uuid.uuid4()}")
        except PanelError as second:
            said = f"Putting back the release before it failed too: {second.message}"
        if len(kept) < sum(each is not None for each in before.values()):
            said = "The bucket keeps no versions, so the release before it could not be put back."
        if any(before.values()):
            self.serving.report(said)
            return type(error)(f"{error.message} {said}", hint=error.hint, detail=error.detail)
        return error

    def _astray(self) -> set[str]:
        """What showed something else than the live release already at the beginning: left by one that was cut."""
        return {
            name for name, entry in self._live_entries().items() if not self.stock.shows(name, entry.etag)
        }

    def _live_entries(self) -> dict[str, FileEntry]:
        if self.live is None:
            return {}
        return {**self.live.files, **({CONFIG: self.live.config} if self.live.config is not None else {})}

    def _before(self, name: str) -> ObjectVersion | None:
        """What people saw under a name before: of the live release where it is known, otherwise what was there."""
        entry = self._live_entries().get(name)
        return (self.stock.find(name, entry) if entry else None) or self.stock.current.get(name)

    def _restore(self, name: str, version: ObjectVersion) -> None:
        copy_version(self.aws, self.place.bucket, name, source=self.place.bucket, version=version.version)
