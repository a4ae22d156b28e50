"""Terraform's diagnostics as values, and the panel error each kind of them becomes."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from panel.errors import BusyError, EndpointError, PanelError, ProviderError, StorageError, TerraformError

_PROVIDER_MISSING = (
    "Failed to query available provider packages",
    "Failed to install provider",
    "Failed to resolve provider packages",
)
_LOCKED = "Error acquiring the state lock"
_UNREACHABLE = ("connection refused", "no such host", "i/o timeout", "network is unreachable")
_DISK_FULL = ("no space left on device", "disk quota exceeded", "file too large")
_SHOWN_IN_DETAIL = 20


@dataclass(frozen=True)
class Diagnostic:
    """One error or warning of Terraform.

    Attributes:
        severity: ``error`` or ``warning``.
        summary: one line.
        detail: Terraform's explanation, may be empty.
        address: the resource it is about, when there is one.
        file: the file relative to the ``terraform/`` tree, when Terraform names one.
        line: 1-based line in that file.
        snippet: the source line, as written.
        context: the block the line is in, as ``resource "aws_s3_bucket" "site"``.
    """

    severity: str
    summary: str
    detail: str = ""
    address: str = ""
    file: str = ""
    line: int | None = None
    snippet: str = ""
    context: str = ""

    @property
    def location(self) -> str:
        """``file:line``, or an empty string."""
        if not self.file:
            return ""
        return self.file if self.line is None else f"{self.file}:{self.line}"

    def __str__(self) -> str:
        head = ": ".join(part for part in (self.location, self.address, self.summary) if part)
        code = f"  {self.line} | {self.snippet.strip()}" if self.snippet else ""
        return "\n".join(part for part in (head, code, self.detail) if part)


def parse_diagnostic(value: Mapping[str, Any], *, folder: str = "") -> Diagnostic:
    """A diagnostic out of Terraform's JSON form.

    Args:
        value: the object under ``diagnostic`` of an event, or an item of ``validate -json``.
        folder: where Terraform ran, relative to the ``terraform/`` tree; file names are resolved from it.
    """
    place = value.get("range") or {}
    snippet = value.get("snippet") or {}
    name = str(place.get("filename") or "")
    return Diagnostic(
        severity=str(value.get("severity", "error")),
        summary=str(value.get("summary", "")),
        detail=str(value.get("detail", "")),
        address=str(value.get("address") or ""),
        file=posixpath.normpath(posixpath.join(folder, name)) if name else "",
        line=(place.get("start") or {}).get("line"),
        snippet=str(snippet.get("code") or ""),
        context=str(snippet.get("context") or ""),
    )


def error_for(diagnostics: Sequence[Diagnostic], *, what: str, mirrors: Sequence[str] = ()) -> PanelError:
    """The error that tells a person why an operation ended badly.

    Args:
        diagnostics: what Terraform said; warnings are left out.
        what: what was being done, as "The plan of staging".
        mirrors: folders that were looked into for providers.
    """
    errors = [item for item in diagnostics if item.severity == "error"]
    detail = "\n\n".join(str(item) for item in errors[:_SHOWN_IN_DETAIL])
    if len(errors) > _SHOWN_IN_DETAIL:
        detail += f"\n\n… and {len(errors) - _SHOWN_IN_DETAIL} more."
    if not errors:
        return TerraformError(
            f"{what} failed, and Terraform gave no reason.", hint="Read the log of the run.", detail=detail
        )
    first = errors[0]
    texts = [f"{item.summary} {item.detail}" for item in errors]
    if first.summary in _PROVIDER_MISSING:
        return _provider_error(what, mirrors, detail)
    if any(item.summary == _LOCKED for item in errors):
        return BusyError(
            f"{what} could not begin: the state is locked by someone else.",
            hint="Wait for the other run to end, or unlock the state when nobody is working on it.",
            detail=detail,
        )
    if any(sign in text for text in texts for sign in _DISK_FULL):
        return StorageError(
            f"{what} failed: the disk is full.", hint="Free some space and try again.", detail=detail
        )
    if any(sign in text for text in texts for sign in _UNREACHABLE):
        return EndpointError(
            f"{what} failed: AWS does not answer. {_first_line(first.summary)}",
            hint="Check that the endpoint is up and reachable, then try again.",
            detail=detail,
        )
    place = f" ({first.location})" if first.location else ""
    more = f" {len(errors) - 1} more below." if len(errors) > 1 else ""
    return TerraformError(
        f"{what} failed: {_first_line(first.summary)}{place}.{more}",
        hint="Correct what the diagnostics name and plan again.",
        detail=detail,
    )


def _provider_error(what: str, mirrors: Sequence[str], detail: str) -> ProviderError:
    looked = f"(looked in {', '.join(mirrors)})" if mirrors else "(no mirror was found)"
    return ProviderError(
        f"{what} failed: the Terraform provider is in no local mirror {looked}, "
        "and the provider registry could not be used either.",
        hint="Connect this machine to the registry, or set PANEL_PROVIDER_MIRROR to a folder that holds "
        "unpacked providers.",
        detail=detail,
    )


def _first_line(text: str) -> str:
    line = text.strip().splitlines()[0] if text.strip() else ""
    return line.rstrip(".")
