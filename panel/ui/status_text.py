"""Texts of the status page that its exports have no use for. All others are in :mod:`panel.lifecycle.status_words`."""

from __future__ import annotations

#: Where the browser has lost the panel: the page stands still and cannot know any more what works.
LOST_TITLE = "This page may be out of date."
LOST = (
    "It was last refreshed {span} ago. Reload it; if that does not help, tell whoever looks after this page."
)
ELSEWHERE = "Also as data for other screens:"
ADDRESS = "status.json"
