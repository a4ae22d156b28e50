"""What counts as proof that people get a version: the answer of the address they use."""

from __future__ import annotations

from panel.aws.front_door import VersionSeen


def mismatch(seen: VersionSeen | None, version: str, digest: str) -> str | None:
    """``None`` when what answers is what shall answer; otherwise what answers, in words.

    An answer without a version is one of a service that cannot be asked for it: its tasks and targets have to
    do. A digest counts where both sides know it.
    """
    if seen is None:
        return "the public address does not answer with a version yet"
    if not seen.version:
        return None
    if seen.version != version:
        return f"the public address still answers with version {seen.version}"
    if digest and seen.image and seen.image != digest:
        return f"the public address answers with version {seen.version} of another image ({seen.image})"
    return None
