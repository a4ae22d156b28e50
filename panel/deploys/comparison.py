"""What a deployment changes, as values: what runs, what comes, the commits between them, and the settings. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from panel.deploys.commits import Commit, Range

#: Whether what comes is newer than what runs. ``back``: commits go away.
Direction = Literal["forward", "back", "same", "unknown"]

# Variables that every deployment sets: they say which release it is, and are no settings.
_OWN = frozenset({"APP_VERSION", "IMAGE_DIGEST"})
# Stand-ins that the panel hands to containers on the embedded AWS.
_STAND_INS = frozenset({"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"})
#: Sizes of a container by their name in a task definition, as people read them.
SIZES = {"memory": "memory limit (MB)", "memoryReservation": "memory (MB)", "cpu": "cpu units"}


@dataclass(frozen=True)
class Side:
    """What runs, or what comes.

    Attributes:
        environment: where it runs, or where it is taken from.
        version: what it answers with.
        digest: of the image or the files; empty where it is not known before the build.
        revision: the commit it was made from; empty where that is not known.
        release: the release it is, ``r12``; empty where there is none yet.
        tag: the tag of the image.
        committed_at: when its commit was made, as ISO 8601; empty where that is not known.
    """

    environment: str
    version: str
    digest: str = ""
    revision: str = ""
    release: str = ""
    tag: str = ""
    committed_at: str = ""


@dataclass(frozen=True)
class Setting:
    """One setting that changes; empty where it is not set. Values that look secret are masked."""

    name: str
    before: str
    after: str


@dataclass(frozen=True)
class ServiceChange:
    """What a deployment changes of one service.

    Attributes:
        service, kind: its name, and ``container`` or ``static``.
        before: what runs; None where nothing does.
        after: what comes.
        direction: whether that is newer.
        commits: the commits that come, the newest first; of direction ``back``, those that go away.
        commits_total: how many there are; ``commits`` holds some of them.
        commits_known: whether git could tell.
        settings: what is set differently.
        note: what else there is to say.
    """

    service: str
    kind: str
    before: Side | None
    after: Side
    direction: Direction = "unknown"
    commits: tuple[Commit, ...] = ()
    commits_total: int = 0
    commits_known: bool = False
    settings: tuple[Setting, ...] = ()
    note: str = ""

    def to_dict(self) -> dict[str, Any]:
        """As the store keeps it."""
        stored = asdict(self)
        return stored | {"commits": list(stored["commits"]), "settings": list(stored["settings"])}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> ServiceChange:
        """From what :meth:`to_dict` gave."""
        before = stored.get("before")
        return cls(
            service=stored["service"],
            kind=stored["kind"],
            before=Side(**before) if before else None,
            after=Side(**stored["after"]),
            direction=stored.get("direction", "unknown"),
            commits=tuple(Commit.from_dict(one) for one in stored.get("commits", ())),
            commits_total=int(stored.get("commits_total", 0)),
            commits_known=bool(stored.get("commits_known", False)),
            settings=tuple(Setting(**one) for one in stored.get("settings", ())),
            note=stored.get("note", ""),
        )


def compared(
    service: str,
    kind: str,
    before: Side | None,
    after: Side,
    span: Range,
    *,
    settings: tuple[Setting, ...] = (),
    note: str = "",
) -> ServiceChange:
    """What changes when ``after`` comes where ``before`` runs.

    Args:
        span: the commits between the two revisions.
        settings: what is set differently.
        note: what else there is to say.
    """
    direction = _direction(before, after, span)
    commits, total = (
        (span.back, span.back_total) if direction == "back" else (span.forward, span.forward_total)
    )
    if span.known and span.forward_total and span.back_total:
        note = " ".join(part for part in (note, _parted(span)) if part)
    return ServiceChange(
        service, kind, before, after, direction, commits, total,
        commits_known=span.known, settings=settings, note=note,
    )  # fmt: skip


def _direction(before: Side | None, after: Side, span: Range) -> Direction:
    if before is None:
        return "forward"
    if after.digest and after.digest == before.digest:
        return "same"
    if span.known and (span.forward_total or span.back_total):
        return "forward" if span.forward_total else "back"
    if after.revision and after.revision == before.revision:
        # The same commit, built anew or with content that nobody committed.
        return "same" if after.version == before.version else "unknown"
    if before.committed_at and after.committed_at and before.committed_at != after.committed_at:
        return "forward" if after.committed_at > before.committed_at else "back"
    return "unknown"


def _parted(span: Range) -> str:
    one = span.back_total == 1
    return f"{span.back_total} commit{'' if one else 's'} that run{'s' if one else ''} now {'is' if one else 'are'} not in it."


def settings_between(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Setting, ...]:
    """What two sets of settings (see :func:`settings_of`) differ in, by name."""
    names = sorted({*before, *after})
    return tuple(
        Setting(name, before.get(name, ""), after.get(name, ""))
        for name in names
        if before.get(name, "") != after.get(name, "")
    )


def settings_of(container: Mapping[str, Any]) -> dict[str, str]:
    """What a container is set to by its definition in a task definition: variables, memory and processor."""
    variables = {
        str(item["name"]): str(item["value"])
        for item in container.get("environment", ())
        if item["name"] not in _OWN | _STAND_INS
    }
    sizes = {words: str(container[key]) for key, words in SIZES.items() if container.get(key)}
    return variables | sizes
