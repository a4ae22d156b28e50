"""What a plan was made from, noted for its review: state, sources, variables, Terraform.

Right before a plan is applied the same is read once more. Any difference means that what was reviewed is not what is
there any more: the run becomes stale, and the difference is told in plain words.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from panel.aws.s3 import get_object
from panel.aws.session import Aws
from panel.engine.atomic import read_json
from panel.engine.state import parse_state
from panel.engine.workspace import VARIABLES_FILE, Backend, source_digests
from panel.errors import NotFoundError
from panel.masking import SENSITIVE, Masker

# Names of files, and characters of a value, that are told before the rest is only counted.
_FILES_TOLD = 5
_VALUE_TOLD = 80
_NOT_SET = "not set"
# Enough to tell two hidden values apart, too little to find one out.
_HINT_LENGTH = 8


@dataclass(frozen=True)
class ReviewMark:
    """What a plan was made from.

    Attributes:
        lineage: identity of the state; empty where there was none.
        serial: number of the state's version; grows with every write.
        sources: sha256 (hex) of each file of the stack and its modules, by path.
        variables: as given to Terraform; what looks like a credential is masked.
        terraform_version: the Terraform that planned.
    """

    lineage: str = ""
    serial: int = 0
    sources: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, Any] = field(default_factory=dict)
    terraform_version: str = ""

    def to_dict(self) -> dict[str, Any]:
        """As the store keeps it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> ReviewMark | None:
        """What the store kept; None where nothing was noted."""
        if not kept.get("sources"):
            return None
        return cls(
            lineage=str(kept.get("lineage", "")),
            serial=int(kept.get("serial") or 0),
            sources=dict(kept["sources"]),
            variables=dict(kept.get("variables") or {}),
            terraform_version=str(kept.get("terraform_version", "")),
        )


def take_mark(
    aws: Aws,
    backend: Backend,
    tree: Path,
    stack: str,
    *,
    variables: Mapping[str, Any],
    terraform_version: str,
) -> ReviewMark:
    """What a plan was made from, or would be made from now.

    Args:
        tree: the workspace that was planned in, or the project's ``terraform/`` tree.
        stack: folder below its ``stacks``.
        variables: what Terraform is given.

    Raises:
        AwsError, EndpointError, StorageError: the state cannot be read.
        ConfigurationError: a source file cannot be read.
    """
    lineage, serial = _state_of(aws, backend)
    return ReviewMark(
        lineage=lineage,
        serial=serial,
        sources=source_digests(tree, stack),
        # Through JSON: a tuple and a list are the same to Terraform.
        variables=_masked(json.loads(json.dumps(variables)), Masker()),
        terraform_version=terraform_version,
    )


def rendered_variables(workspace: Path, stack: str) -> dict[str, Any]:
    """The variables that a workspace was rendered with.

    Raises:
        StorageError: their file cannot be read.
    """
    return read_json(workspace / "stacks" / stack / VARIABLES_FILE) or {}


def _state_of(aws: Aws, backend: Backend) -> tuple[str, int]:
    try:
        state = parse_state(get_object(aws, backend.bucket, backend.key))
    except NotFoundError:
        return "", 0
    return state.lineage, state.serial


def _masked(value: Any, masker: Masker, name: str = "") -> Any:
    """The value without anything that looks like a credential; two different secrets stay different."""
    if isinstance(value, dict):
        return {key: _masked(item, masker, key) for key, item in value.items()}
    if isinstance(value, list):
        return [_masked(item, masker, name) for item in value]
    if not isinstance(value, str):
        return value
    said = f'{name}="{value}"'  # a name may tell what the value alone does not
    if masker.text(said) == said:
        return value
    return f"{SENSITIVE} {hashlib.sha256(value.encode()).hexdigest()[:_HINT_LENGTH]}"


def differences(then: ReviewMark, now: ReviewMark) -> tuple[str, ...]:
    """What changed between two marks, in plain words; nothing where they are the same."""
    return (
        *_state_words(then, now),
        *_source_words(then, now),
        *_variable_words(then, now),
        *_version_words(then, now),
    )


def file_differences(plan_path: Path, plan_digest: str) -> tuple[str, ...]:
    """What is wrong with a saved plan file; nothing where it is the reviewed one, or is not here to be looked at."""
    if not plan_path.is_file() or hashlib.sha256(plan_path.read_bytes()).hexdigest() == plan_digest:
        return ()
    return ("the saved plan file is not, byte for byte, the one that was reviewed",)


def _state_words(then: ReviewMark, now: ReviewMark) -> Iterator[str]:
    if then.lineage == now.lineage and then.serial == now.serial:
        return
    if not then.lineage:
        yield f"the state was written by somebody since: there was none, now its serial is {now.serial}"
    elif not now.lineage:
        yield f"the state is gone: its serial was {then.serial}"
    elif then.lineage != now.lineage:
        yield "the state is another one: somebody put it in the place of the reviewed one"
    else:
        yield f"the state was written by somebody since: serial {then.serial} → {now.serial}"


def _source_words(then: ReviewMark, now: ReviewMark) -> Iterator[str]:
    old, new = then.sources, now.sources
    groups = {
        "changed": [name for name in old if name in new and old[name] != new[name]],
        "added": [name for name in new if name not in old],
        "removed": [name for name in old if name not in new],
    }
    for what, names in groups.items():
        if names:
            told, rest = sorted(names)[:_FILES_TOLD], len(names) - _FILES_TOLD
            more = f" and {rest} more" if rest > 0 else ""
            yield f"{'a source file was' if len(names) == 1 else 'source files were'} {what}: {', '.join(told)}{more}"


def _variable_words(then: ReviewMark, now: ReviewMark) -> Iterator[str]:
    for name in sorted({*then.variables, *now.variables}):
        yield from _value_words(name, then.variables.get(name), now.variables.get(name))


def _value_words(path: str, old: Any, new: Any) -> Iterator[str]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in sorted({*old, *new}):
            yield from _value_words(f"{path}.{name}", old.get(name), new.get(name))
    elif old != new:
        yield f"the variable {path} was {_told(old)} and is {_told(new)}"


def _told(value: Any) -> str:
    if value is None:
        return _NOT_SET
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _VALUE_TOLD else f"{text[: _VALUE_TOLD - 1]}…"


def _version_words(then: ReviewMark, now: ReviewMark) -> Iterator[str]:
    if then.terraform_version != now.terraform_version:
        yield f"Terraform was {then.terraform_version or 'unknown'} and is {now.terraform_version or 'unknown'}"
