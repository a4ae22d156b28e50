"""How far the layers of an image are on their way into the registry, as parts of a stage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from panel.deploys import Part, Parts

_SHORT = 12  # characters of a digest that people compare
_STATES = {"waiting": 0, "working": 1, "done": 2, "kept": 2, "failed": 2}


def short_digest(digest: str) -> str:
    """The first characters of a digest, without its algorithm: what people and engines call a layer."""
    return digest.rpartition(":")[2][:_SHORT]


class LayerProgress:
    """The layers of one push, in the order in which they were first heard of.

    Args:
        parts: gets all layers after each change.
    """

    def __init__(self, parts: Parts) -> None:
        self._tell = parts
        self._layers: dict[str, Part] = {}

    @property
    def layers(self) -> tuple[Part, ...]:
        """All layers as they are now."""
        return tuple(self._layers.values())

    def at(self, name: str, state: str, *, done: int = 0, total: int = 0, detail: str = "") -> None:
        """Note where a layer is; one that has arrived does not go back to being on its way.

        Args:
            name: digest or id.
            state: as :class:`panel.deploys.Part` has them.
            done, total: bytes; total 0 keeps what was known.
        """
        name = short_digest(name)
        before = self._layers.get(name, Part(name, "waiting", unit="B", kind="layer"))
        if _STATES[state] < _STATES[before.state]:
            return
        total = total or before.total
        if state in ("done", "kept"):
            done = total
        # Engines count what they read and announce what they will send: the one may pass the other.
        after = replace(before, state=state, done=min(done, total) if total else done, total=total)
        after = replace(after, detail=detail or before.detail)
        if after != before or name not in self._layers:
            self._layers[name] = after
            self._tell(self.layers)

    def fail(self, detail: str) -> None:
        """Note that the push has failed: what was on its way did not arrive."""
        for name, layer in self._layers.items():
            if layer.state == "working":
                self._layers[name] = replace(layer, state="failed", detail=detail)
        self._tell(self.layers)

    def take(self, event: Mapping[str, Any]) -> None:
        """Take one event of a container engine's push."""
        name, status = str(event.get("id", "")), str(event.get("status", "")).lower()
        if not name:
            return
        if "already exists" in status or status.startswith("mounted from"):
            self.at(name, "kept", detail="in the registry already")
        elif status.startswith("pushed"):
            self.at(name, "done")
        elif status.startswith("pushing"):
            progress = event.get("progressDetail") or {}
            self.at(
                name, "working", done=int(progress.get("current", 0)), total=int(progress.get("total", 0))
            )
        elif status in ("preparing", "waiting"):
            self.at(name, "waiting")
