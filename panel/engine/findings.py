"""What the runner learns while Terraform works: the matter of ``result.json``."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from panel.engine.events import ChangeCounts, EventKind, parse_event
from panel.engine.plan import mask_plan
from panel.masking import Masker

# Colours, and the frame Terraform draws around errors in plain text.
_DECORATION = re.compile(r"\x1b\[[0-9;]*m|[╷│╵]")
_DIAGNOSTICS_KEPT = 200


@dataclass
class Findings:
    """Collected from masked events and from the documents some commands print.

    Attributes:
        masker: masks what comes from documents; events are masked already.
    """

    masker: Masker
    diagnostics: list[dict[str, Any]] = field(default_factory=list)
    counts: ChangeCounts = field(default_factory=ChangeCounts)
    outputs: dict[str, Any] = field(default_factory=dict)
    sensitive_outputs: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    terraform_version: str = ""

    def observe(self, value: Mapping[str, Any]) -> None:
        """Learn from one masked event."""
        event = parse_event(value)
        if event.kind is EventKind.VERSION:
            self.terraform_version = str(value.get("terraform") or value.get("tofu") or "")
        elif event.kind is EventKind.DIAGNOSTIC:
            self._diagnose(value.get("diagnostic"))
        elif event.counts is not None:
            self.counts = event.counts
        elif event.kind is EventKind.OUTPUTS:
            self._take_outputs(value.get("outputs") or {})

    def has_errors(self) -> bool:
        """Whether Terraform named a reason to fail."""
        return any(item.get("severity") == "error" for item in self.diagnostics)

    def explain(self, stage: str, exit_code: int, text: str) -> None:
        """Make a diagnostic of plain text, where a command failed without naming a reason as data."""
        lines = [_DECORATION.sub("", line).strip() for line in self.masker.text(text).splitlines()]
        lines = [line for line in lines if line]
        first = next((line for line in lines if line.startswith("Error: ")), "")
        summary = first.removeprefix("Error: ") or f"terraform {stage} ended with exit code {exit_code}"
        detail = "\n".join(line for line in lines if line != first)
        self._diagnose({"severity": "error", "summary": summary, "detail": detail})

    def read_document(self, stage: str, lines: Sequence[str]) -> None:
        """Learn from the output of ``output``, ``state list`` or ``validate``."""
        if stage == "output":
            self._take_outputs(json.loads("\n".join(lines) or "{}"))
        elif stage == "state_list":
            self.addresses = [line for line in lines if line.strip()]
        elif stage == "validate":
            for item in json.loads("\n".join(lines) or "{}").get("diagnostics") or ():
                self._diagnose(self.masker.value(item))

    def masked_plan(self, lines: Sequence[str]) -> dict[str, Any]:
        """The plan that ``show -json`` printed, without anything sensitive."""
        return mask_plan(json.loads("\n".join(lines)), self.masker)

    def to_json(self) -> dict[str, Any]:
        """The findings as a part of ``result.json``."""
        return {
            "diagnostics": self.diagnostics,
            "counts": {
                "add": self.counts.add,
                "change": self.counts.change,
                "destroy": self.counts.destroy,
                "imported": self.counts.imported,
            },
            "outputs": self.outputs,
            "sensitive_outputs": self.sensitive_outputs,
            "addresses": self.addresses,
            "terraform_version": self.terraform_version,
        }

    def _diagnose(self, value: object) -> None:
        if isinstance(value, dict) and value not in self.diagnostics:
            self.diagnostics.append(value)
            del self.diagnostics[:-_DIAGNOSTICS_KEPT]

    def _take_outputs(self, values: Mapping[str, Any]) -> None:
        self.sensitive_outputs = sorted(name for name, item in values.items() if item.get("sensitive"))
        self.outputs = {
            name: self.masker.value(item["value"])
            for name, item in values.items()
            if not item.get("sensitive") and "value" in item
        }
