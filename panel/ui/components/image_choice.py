"""Picking an image of a service from those in the registry, as a worker last saw them."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from panel.lifecycle.release_overview import ImageView
from panel.ui import readers, session
from panel.ui import releases_text as words
from panel.ui.components.markup import SHAPES, badge, draw_apart, esc, quiet, when
from panel.ui.format import ago, digest
from panel.ui.navigation import plain
from panel.ui.state import Facade

#: More images than these are searched for.
_SHOWN = 6
_TAG, _TAGS = 40, 3
#: Tones of a scan's worst finding.
_TONES = {
    "critical": "bad",
    "high": "bad",
    "medium": "warn",
    "low": "none",
    "informational": "none",
    "undefined": "none",
}
#: Colours of Streamlit's own texts by tone.
_COLOURS = {"ok": "green", "busy": "blue", "warn": "orange", "bad": "red", "none": "gray", "unknown": "gray"}


def choose_image(panel: Facade, environment: str, service: str, running: str | None) -> str | None:
    """Draw the images and return the digest of the chosen one; None while none is chosen, or there is none.

    Args:
        running: digest of what runs in the environment now.
    """
    images = readers.images(panel, service)
    if not images:
        _none(panel, service)
        return None
    subject = f"{environment}-{service}"
    shown = _found(images, service, subject)
    chosen: str | None = None
    if shown:
        by_digest = {image.digest: image for image in shown}
        chosen = st.radio(
            words.IMAGE.format(service=service), list(by_digest), index=None,
            key=session.of(session.DEPLOY_IMAGE, subject), format_func=lambda key: _name(by_digest[key]),
            captions=[_about(image) for image in shown],
        )  # fmt: skip
    draw_apart(f"<p>{quiet(f'{words.IMAGES_SEEN} {when(max(image.seen_at for image in images))}.')}</p>")
    if chosen is not None and chosen == running:
        draw_apart(f"<p>{badge('none', words.SAME_IMAGE.format(name=environment))}</p>")
    return chosen


def _none(panel: Facade, service: str) -> None:
    """Why there is nothing to pick from, and what to do."""
    following = words.NO_IMAGES_NEXT if panel.overview.workers() else words.NO_IMAGES_WORKER
    title = badge("none", words.NO_IMAGES.format(service=service))
    draw_apart(f"<p>{title}</p><p>{esc(following)}</p>")


def _found(images: list[ImageView], service: str, subject: str) -> list[ImageView]:
    """The images to choose from: the newest, or those that are searched for."""
    if len(images) <= _SHOWN:
        return images
    key = session.of(session.DEPLOY_FIND, subject)
    wanted = st.text_input(words.FIND_IMAGE, key=key).strip().lower()
    found = [image for image in images if _fits(image, wanted)]
    if not found:
        draw_apart(f"<p>{esc(words.FOUND_NONE.format(service=service, words=wanted))}</p>")
    elif len(found) > _SHOWN:
        draw_apart(f"<p>{quiet(words.SHOWN.format(shown=_SHOWN, count=len(found)))}</p>")
    return found[:_SHOWN]


def _fits(image: ImageView, wanted: str) -> bool:
    hexadecimal = image.digest.removeprefix("sha256:")
    return any(wanted in tag.lower() for tag in image.tags) or hexadecimal.startswith(
        wanted.removeprefix("sha256:")
    )


def _name(image: ImageView) -> str:
    """Tags and digest, for a label of Streamlit's."""
    tags = [plain(_short(tag)) for tag in image.tags[:_TAGS]]
    if len(image.tags) > _TAGS:
        tags.append(f"+{len(image.tags) - _TAGS}")
    named = f"**{', '.join(tags)}**" if tags else words.UNTAGGED
    return f"{named} · {digest(image.digest)}"


def _short(tag: str) -> str:
    return tag if len(tag) <= _TAG else f"{tag[: _TAG - 1]}…"


def _about(image: ImageView) -> str:
    """Size, age, findings and where it runs, for a caption of Streamlit's."""
    parts = [size(image.size) if image.size else ""]
    if image.pushed_at is not None:
        parts.append(ago(image.pushed_at, datetime.now(UTC)))
    tone = scan_tone(image)
    parts.append(f":{_COLOURS[tone]}[{SHAPES[tone]} {plain(image.scan_text)}]")
    if image.running_in:
        parts.append(words.RUNS_IN.format(environments=plain(", ".join(image.running_in))))
    return " · ".join(part for part in parts if part)


def scan_tone(image: ImageView) -> str:
    """The tone of what a scan found."""
    if image.scan_severity:
        return _TONES.get(image.scan_severity, "none")
    return "ok" if image.scan_text == words.SCAN_CLEAN else "unknown"


def size(count: int) -> str:
    """A number of bytes in megabytes, or gigabytes where it is large: ``42 MB``."""
    if count >= 1_000_000_000:
        return f"{count / 1e9:.1f} GB"
    return f"{count / 1e6:.0f} MB" if count >= 1_000_000 else f"{max(count / 1e6, 0.1):.1f} MB"
