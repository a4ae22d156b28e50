"""What people order of services alone: to deploy, to go back to an earlier release, to promote one to another environment.

What shall run is fixed here as far as it can be: releases by their id, images by tag or digest. A worker looks into the
registry and does the rest.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from panel.access.capabilities import Capability, require
from panel.access.identity import Identity
from panel.catalogue.schema import SHARED, Catalogue, ContainerService
from panel.errors import NotFoundError, RefusedError
from panel.health.rules import LOOKING_BACK
from panel.lifecycle.earlier_releases import EarlierReleases, label
from panel.lifecycle.extension import refuse_asleep
from panel.lifecycle.orders import Orders
from panel.store.tables import Release, Run, now

# As registries have them: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_SICK = frozenset({"degraded", "down"})
#: What looks back does so over ten minutes at the most.
_COUNTED_OVER = timedelta(minutes=10)


@dataclass(frozen=True)
class Pick:
    """An image that is in the registry already, by its tag or by its digest (``sha256:…``): one of the two."""

    tag: str = ""
    digest: str = ""

    def to_dict(self) -> dict[str, str]:
        """As a run's options keep it."""
        return {"digest": self.digest} if self.digest else {"tag": self.tag}


class DeployOrders(Orders):
    """The orders of deployments."""

    def deploy(
        self,
        who: Identity,
        environment: str,
        *,
        services: Sequence[str] = (),
        picks: Mapping[str, Pick] | None = None,
        keep_image: bool = False,
        here: str = "",
        auto_approve: bool = False,
    ) -> Run:
        """Release services to an environment that exists: built from the source, or picked from the registry.

        Args:
            services: these alone; where none is named, those that are picked, and without picks all of them.
            picks: images by service, for services that are not to be built.
            keep_image: leave what was built in the container engine as well.
            here: id of the data directory whose worker must take the run, since what lies beside it is to be built.
            auto_approve: approve in advance what the environment asks approval for.

        Raises:
            NotFoundError: the environment or a service does not exist.
            RefusedError: the environment is asleep, so that nothing could answer with the new version; a pick is
                none, or of a service that has no image.
        """
        catalogue, picks = self._catalogue(), dict(picks or {})
        named = list(services) or list(picks)
        self._known_services(catalogue, [*named, *picks])
        for name, pick in picks.items():
            _check_pick(catalogue, name, pick, named)
        self._known(environment)
        options: dict[str, Any] = {"services": named}
        options |= {"pick": {name: pick.to_dict() for name, pick in picks.items()}} if picks else {}
        options |= {"keep_image": True} if keep_image else {}
        self._refuse("deploy", who, environment, options=options)
        return self._begin(
            who, "deploy", environment, options=options, auto_approve=auto_approve, pinned_instance=here
        )

    def rollback(self, who: Identity, environment: str, service: str, *, to: int | None = None) -> Run:
        """Go back to an earlier release of a service: the same image or files, with the settings of that time.

        Args:
            to: that release's number; the newest good one before the live one, when it is not given.

        Raises:
            NotFoundError: there is no such environment, service or release.
            RefusedError: there is nothing earlier, or one cannot go back to this release.
        """
        self._known_services(self._catalogue(), [service])
        self._ready_for("rollback", who, environment)
        release = self._earlier(environment, service, to)
        options = {"services": [service], "releases": {service: release.id}}
        self._refuse("rollback", who, environment, options=options)
        return self._begin(who, "rollback", environment, options=options)

    def promote(
        self,
        who: Identity,
        source: str,
        target: str,
        *,
        services: Sequence[str] = (),
        auto_approve: bool = False,
    ) -> Run:
        """Bring exactly what runs in one environment to another one, without building anything.

        Args:
            services: these alone; all that the source has live, when none is named. What the target runs already is
                left out.
            auto_approve: approve the promotion in advance.

        Raises:
            NotFoundError: there is no such environment or service, or one of the two does not exist.
            RefusedError: the two are the same, a service does not run in the source or does not look healthy there,
                or there is nothing to promote.
        """
        self._known_services(self._catalogue(), services)
        self._known(source)
        self._ready_for("promote", who, target)
        if source == target:
            raise RefusedError(
                f"{source} cannot be promoted to itself.", hint="Name the environment to promote to."
            )
        self._must_exist(source, "promoted from")
        releases = self._to_promote(source, target, services)
        options = {
            "services": list(releases),
            "releases": {name: release.id for name, release in releases.items()},
            "from": source,
        }
        self._refuse("promote", who, target, options=options)
        return self._begin(who, "promote", target, options=options, auto_approve=auto_approve)

    def _refuse(
        self,
        kind: str,
        who: Identity,
        environment: str,
        *,
        confirm: str = "",
        options: Mapping[str, Any] | None = None,
    ) -> None:
        super()._refuse(kind, who, environment, confirm=confirm, options=options)
        if kind in {"deploy", "rollback", "promote"}:
            refuse_asleep(self._stores.environments.get(environment))
        if kind == "rollback":
            live = self._stores.releases.live(environment)
            for name, number in dict((options or {}).get("releases", {})).items():
                self._refuse_return(environment, self._stores.releases.get(number), live.get(name))

    def _ready_for(self, kind: str, who: Identity, environment: str) -> None:
        """What must be so before it is of use to look for releases."""
        self._known(environment)
        if environment != SHARED:
            require(who, Capability.DEPLOY, environment)
        super()._refuse(kind, who, environment)

    def _known_services(self, catalogue: Catalogue, names: Sequence[str]) -> None:
        unknown = [name for name in names if name not in catalogue.services]
        if unknown:
            raise NotFoundError(
                f"There is no service named {unknown[0]!r}.",
                hint=f"environments.yaml has: {', '.join(catalogue.services)}.",
            )

    def _earlier(self, environment: str, service: str, to: int | None) -> Release:
        if to is None:
            found = EarlierReleases(self._stores).default(environment, service)
            if found is None:
                raise RefusedError(
                    f"There is no earlier good release of {service} in {environment} to go back to.",
                    hint=f"See them with 'panel releases {environment} --service {service}'.",
                )
            return found
        release = self._stores.releases.find(environment, service, to)
        if release is None:
            raise NotFoundError(
                f"{service} has no release r{to} in {environment}.",
                hint=f"See them with 'panel releases {environment} --service {service}'.",
            )
        return release

    def _refuse_return(self, environment: str, release: Release, live: Release | None) -> None:
        why = EarlierReleases(self._stores).why_not(release, live)
        if why:
            raise RefusedError(
                f"{release.service} of {environment} cannot go back to {label(release)}: {why}.",
                hint=f"Choose another one: 'panel releases {environment} --service {release.service}'.",
            )

    def _to_promote(self, source: str, target: str, services: Sequence[str]) -> dict[str, Release]:
        """What the source runs of these services, by name, without what the target runs already."""
        known = self._catalogue().services
        live = {name: one for name, one in self._stores.releases.live(source).items() if name in known}
        there = self._stores.releases.live(target)
        missing = [name for name in services if name not in live]
        if missing or not live:
            what = f"{missing[0]} has" if missing else f"{source} has"
            raise RefusedError(
                f"There is nothing to promote: {what} no live release{f' in {source}' if missing else ''}.",
                hint=f"Deploy it first: panel deploy {source}{f' {missing[0]}' if missing else ''}.",
            )
        chosen = {name: live[name] for name in services or sorted(live)}
        self._refuse_sick(source, chosen)
        new = {name: one for name, one in chosen.items() if not _runs_already(one, there.get(name))}
        if not new:
            what = ", ".join(f"{name} {one.version}" for name, one in chosen.items())
            raise RefusedError(
                f"There is nothing to promote: {target} runs the same as {source} already ({what}).",
                hint=f"Deploy something newer to {source} first.",
            )
        return new

    def _refuse_sick(self, source: str, chosen: Mapping[str, Release]) -> None:
        """What does not work where it is must not go further; an environment that sleeps cannot be asked."""
        sample = self._stores.health.get(source)
        if sample is None or self._stores.environments.get(source).asleep:
            return
        seen = dict(sample.report.get("services", {}))
        for name, release in chosen.items():
            verdict = str(dict(seen.get(name, {})).get("verdict", ""))
            if verdict in _SICK and not _speaks_of_the_past(sample.report, name, release):
                raise RefusedError(
                    f"{name} {release.version} is not promoted: it does not look healthy in {source} ({verdict}).",
                    hint=f"Look at it with 'panel health {source}', and promote it when it works.",
                )


def _speaks_of_the_past(report: Mapping[str, Any], service: str, release: Release) -> bool:
    """Whether all that is amiss was counted over minutes in which this release did not serve alone yet."""
    if release.ended_at is None or now() - release.ended_at > _COUNTED_OVER:
        return False
    amiss = {
        str(probe.get("name", ""))
        for probe in report.get("probes", ())
        if probe.get("service") in (service, None) and probe.get("verdict") in _SICK
    }
    return bool(amiss) and amiss <= LOOKING_BACK


def _runs_already(release: Release, there: Release | None) -> bool:
    return there is not None and bool(release.digest) and release.digest == there.digest


def _check_pick(catalogue: Catalogue, name: str, pick: Pick, named: Sequence[str]) -> None:
    if not isinstance(catalogue.services[name], ContainerService):
        raise RefusedError(
            f"{name} is a site: it has no image to pick.",
            hint="Build it, go back to an earlier release of it, or promote it from another environment.",
        )
    if name not in named:
        raise RefusedError(
            f"An image of {name} is picked, but {name} is not among the services to deploy.",
            hint=f"Name {name} as well.",
        )
    if bool(pick.tag) == bool(pick.digest):
        raise RefusedError(f"Pick an image of {name} either by its tag or by its digest.")
    if pick.digest and not _DIGEST.fullmatch(pick.digest):
        raise RefusedError(
            f"{pick.digest!r} is no digest of an image.", hint="One is sha256: and 64 of 0-9 and a-f."
        )
    if pick.tag and not _TAG.fullmatch(pick.tag):
        raise RefusedError(
            f"{pick.tag!r} is no tag of an image.",
            hint="One is letters, digits, '_', '.' and '-', 128 of them at the most.",
        )
