"""The step that publishes the static site: built from its source, or put back from what is kept of a release."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from panel.aws.front_door import SiteSeen, front_door, site_seen
from panel.catalogue.schema import StaticService
from panel.deploys import StoppedError
from panel.deploys.revision import source_revision
from panel.deploys.site import Publication
from panel.deploys.site_manifest import Manifest, SitePlace
from panel.errors import DeployError, EndpointError, PanelError, SupersededError
from panel.lifecycle.earlier_releases import label
from panel.lifecycle.shipping_steps import ShippingSteps, Work, descent
from panel.lifecycle.stopping import ForcedEndError
from panel.store.tables import Release, Run

#: Detail of a release that people may already see something of: a repeated step brings it to its end.
_BEGUN = "being published"
#: Releases of a site that can be gone back to; files that only older ones need are deleted.
RELEASES_KEPT = 10
_MOST_LOOKED_AT = 100


class SiteSteps(ShippingSteps):
    """The site."""

    def site(self, run_id: int) -> None:
        """Publish the site, where the run is about it.

        Raises:
            BuildError, DeployError, AwsError, EndpointError: people get what they got before.
            CanceledRunError: somebody stopped it.
        """
        run = self._runs.get(run_id)
        sites = self._sites(run)
        if not sites:
            self._skip(run_id, "site")
            return
        done: list[str] = []
        with self._at_work(run, "site") as work:
            for name, service in sites.items():
                done.append(self._ship_site(run, name, service, work))
        self._runs.set_stage(run_id, "site", "done", detail=", ".join(done))

    def _ship_site(self, run: Run, name: str, service: StaticService, work: Work) -> str:
        origin = self._origin(run, name)
        release = self._begin_site(run, name, service, origin)
        number, text = release.id or 0, f"{name} {release.version} ({label(release)})"
        if release.status == "live":
            return text  # it was recorded before the step was cut
        try:
            publication = self._publish(run, service, origin, release, work)
        except StoppedError:
            self._releases.finish(
                number, "stopped", detail="It was stopped before people saw anything of it."
            )
            raise
        except ForcedEndError:
            self._releases.finish(
                number, "stopped", detail="It was ended by force: what people get now was not looked at."
            )
            raise
        except PanelError as error:
            self._releases.finish(number, "failed", detail=error.message)
            raise
        self._releases.keep_files(number, publication.manifest.to_dict())
        self._releases.finish(
            number, "live", detail="", digest=publication.digest, reference=label(release),
            durations=publication.durations,
        )  # fmt: skip
        self._prune(run, name, work)
        return text

    def _prune(self, run: Run, name: str, work: Work) -> None:
        """Files of releases that nobody can go back to any more only cost money: a failure to delete them is no harm."""
        kept: list[Manifest] = []
        for release in self._releases.good(run.environment, name, limit=_MOST_LOOKED_AT):
            files = self._releases.files(release.id or 0)
            if files is None:
                continue
            if len(kept) < RELEASES_KEPT:
                kept.append(Manifest.from_dict(files))
            else:
                self._releases.forget_files(release.id or 0)
        place = _place(self._outputs(run.environment))
        try:
            self._acts.prune_site(self._context.aws(), place, kept, report=work.journal.report)
        except SupersededError:
            raise
        except PanelError as error:
            work.journal.say(f"Files of older releases could not be removed: {error.message}", "warn")

    def _begin_site(self, run: Run, name: str, service: StaticService, origin: Release | None) -> Release:
        if origin is not None:
            source = "rollback" if run.kind == "rollback" else "promote"
            return self._start_release(
                run, name, "static", origin.version, source, origin_id=origin.id, **descent(origin)
            )
        self._be_where_the_source_is(run)
        root = self._context.settings.root
        revision = source_revision(root, service.source)
        return self._start_release(
            run, name, "static", revision.tag, "build", revision=revision.commit or "",
            committed_at=revision.committed_at, position=revision.position,
        )  # fmt: skip

    def _publish(
        self, run: Run, service: StaticService, origin: Release | None, release: Release, work: Work
    ) -> Publication:
        context, aws, outputs = self._context, self._context.aws(), self._outputs(run.environment)
        report, begun = work.journal.report, release.detail == _BEGUN

        def stopped() -> bool:
            # What was cut midway may show already: it is brought to its end, and the run ends after it.
            return work.stopping.stopped() and not begun

        more: dict[str, Any] = {
            "config": {"apiBase": "/api", "stateName": "default", "environment": run.environment},
            "release": label(release), "report": report, "verify": lambda: self._seen(outputs),
            "live": self._live_files(run.environment, release.service), "parts": work.journal.parts,
            "stopped": stopped, "clock": work.clock,
        }  # fmt: skip
        if origin is not None:
            manifest = self._kept_files(origin)
            self._releases.note(release.id or 0, detail=_BEGUN)
            return self._acts.republish_site(aws, manifest, _place(outputs), **more)
        cache = context.settings.data_path / "cache" / "sites"
        build = self._acts.build_site(context.settings.root / service.source, cache, report)
        self._releases.note(release.id or 0, detail=_BEGUN)
        return self._acts.publish_site(aws, build, _place(outputs), **more)

    def _kept_files(self, origin: Release) -> Manifest:
        kept = self._releases.files(origin.id or 0)
        if kept is None:
            raise DeployError(
                f"What {origin.service} {label(origin)} of {origin.environment} is made of is not kept any more.",
                hint="Choose a newer release, or deploy that revision again.",
            )
        return Manifest.from_dict(kept)

    def _live_files(self, environment: str, service: str) -> Manifest | None:
        live = self._releases.live(environment).get(service)
        kept = self._releases.files(live.id or 0) if live is not None else None
        return Manifest.from_dict(kept) if kept is not None else None

    def _seen(self, outputs: Mapping[str, Any]) -> SiteSeen | None:
        try:
            return site_seen(front_door(outputs, emulated_endpoint=self._context.emulated_endpoint))
        except EndpointError:
            return None


def _place(outputs: Mapping[str, Any]) -> SitePlace:
    return SitePlace(str(outputs["site_bucket"]), str(outputs["cloudfront_distribution_id"]))
