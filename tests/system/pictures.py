"""Screenshots of the panel for people to judge."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

NARROW = 380
WIDE = 1280
HEIGHT = 900
_TALLEST = 6000

# Pages scroll in a frame of their own: how much there is to see is known to that frame alone.
_CONTENT_HEIGHT = """() => Math.max(0, ...Array.from(
    document.querySelectorAll('[data-testid="stMain"], html'), part => part.scrollHeight))"""


class Pictures:
    """A folder of screenshots."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def take(self, page: Page, name: str, *, width: int = WIDE) -> None:
        """Keep all of what a page shows now."""
        page.set_viewport_size({"width": width, "height": HEIGHT})
        page.wait_for_timeout(400)
        height = min(_TALLEST, max(HEIGHT, int(page.evaluate(_CONTENT_HEIGHT))))
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(400)
        page.screenshot(path=self._folder / f"{name}.png")
        page.set_viewport_size({"width": WIDE, "height": HEIGHT})

    def take_every_way(self, page: Page, name: str) -> None:
        """Keep it as it is, on a phone, and in the dark; the page is left as it was."""
        self.take(page, name)
        self.take(page, f"{name}-narrow", width=NARROW)
        page.emulate_media(color_scheme="dark")
        self.take(page, f"{name}-dark")
        page.emulate_media(color_scheme="light")
        page.wait_for_timeout(400)
