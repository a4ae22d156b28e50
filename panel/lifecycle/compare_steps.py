"""The step that finds out what a deployment changes, before anything is: what a reviewer sees, and the log keeps."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from panel.catalogue.schema import ContainerService, StaticService
from panel.deploys.commits import commits_between
from panel.deploys.comparison import ServiceChange, Setting, Side, compared, settings_between
from panel.deploys.revision import Revision, source_revision
from panel.lifecycle.earlier_releases import label
from panel.lifecycle.shipping_steps import ShippingSteps, service_target
from panel.masking import SENSITIVE, Masker
from panel.settings import own_environment
from panel.store.tables import Release, Run

_SHORT = 12  # characters of a digest in a version
_MASKER = Masker.for_environment(own_environment())


class CompareSteps(ShippingSteps):
    """Comparing."""

    def compare(self, run_id: int) -> None:
        """Find out what the run changes and keep it with the run.

        Raises:
            DeployError, NotFoundError, AwsError, EndpointError: it cannot succeed; nothing was changed.
        """
        run = self._runs.get(run_id)
        services: dict[str, Any] = {**self._containers(run), **self._sites(run)}
        with self._at_work(run, "compare") as work:
            live = self._releases.live(run.environment)
            changes = [self._change(run, name, one, live.get(name)) for name, one in services.items()]
            self._runs.update(run_id, changes=[change.to_dict() for change in changes])
            for change in changes:
                work.journal.say(_said(change))
        self._runs.set_stage(run_id, "compare", "done", detail="; ".join(map(_short, changes)))

    def _change(
        self, run: Run, name: str, service: ContainerService | StaticService, live: Release | None
    ) -> ServiceChange:
        before = _side(live) if live is not None else None
        after, note = self._after(run, name, service)
        paths = [service.source, *_requirements(name, service)]
        span = commits_between(
            self._context.settings.root, before.revision if before else "", after.revision, paths
        )
        settings = self._settings(run, name, service) if isinstance(service, ContainerService) else ()
        return compared(name, service.kind, before, after, span, settings=settings, note=note)

    def _after(self, run: Run, name: str, service: ContainerService | StaticService) -> tuple[Side, str]:
        """What comes, and what else there is to say of it."""
        origin = self._origin(run, name)
        if origin is not None:
            return _side(origin), ""
        pick = dict(dict(run.options.get("pick") or {}).get(name) or {})
        if pick:
            return self._picked(run, name, str(pick.get("tag", "")), str(pick.get("digest", "")))
        revision = source_revision(
            self._context.settings.root, service.source, also=_requirements(name, service)
        )
        note = "Built with changes that are in no commit." if revision.commit and revision.dirty else ""
        return _source_side(run.environment, revision), note

    def _picked(self, run: Run, name: str, tag: str, digest: str) -> tuple[Side, str]:
        found = self._image(name, tag, digest)
        version = tag or digest.removeprefix("sha256:")[:_SHORT]
        earlier = self._releases.of_digest(name, found)
        if earlier is None:
            return Side(
                run.environment, version, digest=found, tag=tag
            ), "Nobody knows what it was built from."
        known = _side(earlier)
        return (
            Side(
                run.environment, version, digest=found, revision=known.revision, tag=tag,
                committed_at=known.committed_at,
            ),
            "",
        )  # fmt: skip

    def _image(self, name: str, tag: str, digest: str) -> str:
        """The digest of a picked image, as a worker last saw it; the image step asks the registry itself."""
        if digest:
            return digest
        return next((one.digest for one in self._context.stores.images.of(name) if tag in one.tags), "")

    def _settings(self, run: Run, name: str, service: ContainerService) -> tuple[Setting, ...]:
        """What the service is set to differently from now on."""
        target = service_target(self._outputs(run.environment), name, service.port)
        origin = self._origin(run, name)
        like = origin.task_definition if run.kind == "rollback" and origin is not None else ""
        before, after = self._acts.settings(self._context.aws(), target, dict(service.environment), like=like)
        return tuple(_masked(setting) for setting in settings_between(before, after))


def _requirements(name: str, service: ContainerService | StaticService) -> list[str]:
    return [f"requirements/{name}.txt"] if isinstance(service, ContainerService) else []


def _side(release: Release) -> Side:
    return Side(
        environment=release.environment, version=release.version, digest=release.digest,
        revision=release.revision, release=label(release), tag=release.tag,
        committed_at=_iso(release.committed_at),
    )  # fmt: skip


def _source_side(environment: str, revision: Revision) -> Side:
    return Side(
        environment, revision.tag, revision=revision.commit or "", tag=revision.tag,
        committed_at=_iso(revision.committed_at),
    )  # fmt: skip


def _iso(moment: datetime | None) -> str:
    if moment is None:
        return ""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).isoformat()


def _masked(setting: Setting) -> Setting:
    """A value is masked by its name (what is called a token is not shown) and by its looks."""
    probe = "x" * 16
    named = Masker.for_environment({setting.name: probe}).text(probe) != probe

    def shown(value: str) -> str:
        return SENSITIVE if value and (named or _MASKER.text(value) != value) else value

    return Setting(setting.name, shown(setting.before), shown(setting.after))


def _short(change: ServiceChange) -> str:
    before = change.before.version if change.before else "nothing"
    return f"{change.service} {before} → {change.after.version}"


def _said(change: ServiceChange) -> str:
    before, after = change.before, change.after
    runs = f"{before.version} ({before.release})" if before else "nothing yet"
    comes = f"{after.version}{f' ({after.environment} {after.release})' if after.release else ''}"
    words = [f"{change.service}: {runs} runs, {comes} comes"]
    if change.commits_known and change.commits_total:
        one = change.commits_total == 1
        verb = (
            ("goes" if one else "go") + " away"
            if change.direction == "back"
            else "come" + ("s" if one else "")
        )
        words.append(f"{change.commits_total} commit{'' if one else 's'} {verb}")
    if change.settings:
        words.append(f"{len(change.settings)} setting{'s' if len(change.settings) != 1 else ''} will differ")
    return "; ".join([*words, *([change.note.rstrip(".")] if change.note else [])]) + "."
