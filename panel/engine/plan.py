"""A saved plan as a value: what changes, attribute by attribute, with nothing sensitive left in it.

The input is the object ``terraform show -json PLAN`` prints (format version 1.x), raw or masked by
`mask_plan`; the result is the same for both.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from panel.engine.attributes import (
    AttributeChange,
    any_mark,
    compare,
    holds_masked,
    masked,
    masked_pair,
)
from panel.engine.events import ChangeCounts
from panel.engine.plan_secrets import declared, hidden, marked
from panel.errors import ConfigurationError
from panel.masking import Masker

# Where `mask_plan` notes which sensitive values differ: masked, before and after look the same.
CHANGED_SENSITIVE = "panel_changed_sensitive"

_ACTIONS = {
    ("no-op",): "no-op",
    ("create",): "create",
    ("read",): "read",
    ("update",): "update",
    ("delete",): "delete",
    ("delete", "create"): "replace",
    ("create", "delete"): "replace",
    ("forget",): "forget",
    ("create", "forget"): "replace",
}


@dataclass(frozen=True)
class ResourceChange:
    """What a plan does to one resource.

    Attributes:
        address: full address, as ``module.environment.aws_lb.main[0]``.
        module: address of its module, empty for the root.
        type, name: as in the configuration.
        action: ``create``, ``update``, ``replace``, ``delete``, ``read``, ``forget``, ``move``, ``import``
            or ``no-op``.
        before, after: the values, sensitive ones masked, unknown ones absent from ``after``.
        after_unknown: which values are known only after the apply.
        replace_paths: the attributes that force a replacement, as ``ingress[0].cidr``.
        attributes: what differs; the unchanged is left out.
        data: whether it is a data source.
        previous_address: where it was, when the configuration moved it.
        import_id: the id it is imported by.
        reason: Terraform's reason for the action, as ``replace_because_cannot_update``.
        deposed: key of a deposed object that is being cleaned up.
        provider: the provider's address.
    """

    address: str
    module: str
    type: str
    name: str
    action: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    after_unknown: Mapping[str, Any]
    replace_paths: tuple[str, ...]
    attributes: tuple[AttributeChange, ...]
    data: bool = False
    previous_address: str = ""
    import_id: str = ""
    reason: str = ""
    deposed: str = ""
    provider: str = ""


@dataclass(frozen=True)
class OutputChange:
    """What a plan does to one root output.

    Values are masked when either side is sensitive: what is no longer marked is still the same secret. ``after``
    is None while unknown, also where only a part of it is.
    """

    name: str
    action: str
    before: Any
    after: Any
    known: bool
    sensitive: bool


@dataclass(frozen=True)
class PlanSummary:
    """A plan.

    Attributes:
        terraform_version: the Terraform that made it, the only one that can apply it.
        changes: every resource of the plan, also those without change (action ``no-op``).
        drift: what is not as the last apply left it, whether it matters or not: see `drifted`.
        outputs: the root outputs.
        counts: as Terraform counts them: a replacement is one added and one destroyed.
        digest: sha256 over the masked changes; the same for two plans that do the same.
        applyable: whether there is anything to apply.
        errored: Terraform saved the plan although planning failed in places.
    """

    terraform_version: str
    changes: tuple[ResourceChange, ...]
    drift: tuple[ResourceChange, ...]
    outputs: tuple[OutputChange, ...]
    counts: ChangeCounts
    digest: str
    applyable: bool = True
    errored: bool = False

    @property
    def add(self) -> int:
        """Resources to add."""
        return self.counts.add

    @property
    def change(self) -> int:
        """Resources to change in place."""
        return self.counts.change

    @property
    def destroy(self) -> int:
        """Resources to destroy."""
        return self.counts.destroy

    @property
    def effective(self) -> tuple[ResourceChange, ...]:
        """The changes that do something: neither ``no-op`` nor the reading of a data source."""
        return tuple(item for item in self.changes if item.action not in ("no-op", "read"))

    @property
    def drifted(self) -> tuple[ResourceChange, ...]:
        """The drift that the plan would undo: what was changed outside and is not as the configuration says.

        The rest is what Terraform learned since the apply and nobody asked for: the rules of a security group that
        are resources of their own, an empty list where there was nothing, the revision that a deployment made.
        """
        acting = {item.address for item in self.effective}
        return tuple(item for item in self.drift if item.address in acting)

    @property
    def has_changes(self) -> bool:
        """Whether applying it would alter resources or outputs."""
        return bool(self.effective) or any(item.action != "no-op" for item in self.outputs)


def parse_plan(show_json: Mapping[str, Any]) -> PlanSummary:
    """The plan as a value, from what ``terraform show -json`` prints.

    Raises:
        ConfigurationError: the object is not a plan of a known format.
    """
    version = str(show_json.get("format_version", ""))
    is_plan = "resource_changes" in show_json or "planned_values" in show_json
    if not version.startswith("1.") or not is_plan:
        raise ConfigurationError(
            "This is not a Terraform plan in JSON form.",
            hint="Give the output of `terraform show -json` on a saved plan.",
        )
    secrets = declared(show_json)
    changes = tuple(_resource(item, secrets) for item in show_json.get("resource_changes") or ())
    # Terraform also lists differences that mean nothing, as tags of null that are read back as {}.
    drifted = (_resource(item, secrets) for item in show_json.get("resource_drift") or ())
    drift = tuple(item for item in drifted if item.attributes or item.action != "update")
    outputs = tuple(
        _output(str(name), item, secrets)
        for name, item in sorted((show_json.get("output_changes") or {}).items())
    )
    return PlanSummary(
        terraform_version=str(show_json.get("terraform_version", "")),
        changes=changes,
        drift=drift,
        outputs=outputs,
        counts=_count(changes),
        digest=_digest(changes, outputs),
        applyable=bool(show_json.get("applyable", True)),
        errored=bool(show_json.get("errored", False)),
    )


def mask_plan(show_json: Mapping[str, Any], masker: Masker | None = None) -> dict[str, Any]:
    """A copy of a plan's JSON form in which every sensitive value is replaced by ``(sensitive)``.

    Args:
        show_json: what ``terraform show -json`` prints.
        masker: masks what else must not be told; what differs only in what it masks is noted as changed.
    """
    result, secrets = dict(show_json), declared(show_json)

    def masked_change(change: Mapping[str, Any]) -> dict[str, Any]:
        return _mask_change(change, secrets | marked(change), masker)

    for key in ("resource_changes", "resource_drift"):
        if key in result:
            result[key] = [
                {**item, "change": masked_change(item.get("change") or {})} for item in result[key] or ()
            ]
    if "output_changes" in result:
        outputs = result["output_changes"] or {}
        result["output_changes"] = {name: masked_change(item) for name, item in outputs.items()}
    result["variables"] = _mask_variables(show_json)
    if "planned_values" in result:
        result["planned_values"] = _mask_values(result["planned_values"] or {})
    if "prior_state" in result:
        prior = result["prior_state"] or {}
        result["prior_state"] = {**prior, "values": _mask_values(prior.get("values") or {})}
    everything: dict[str, Any] = hidden(result, secrets)
    return everything if masker is None else masker.value(everything)


def _resource(item: Mapping[str, Any], known: frozenset[str]) -> ResourceChange:
    change = item.get("change") or {}
    secrets = known | marked(change)
    unknown = change.get("after_unknown")
    replace_paths = tuple(path_text(path) for path in change.get("replace_paths") or ())
    importing = change.get("importing") or {}
    previous = str(item.get("previous_address") or "")
    return ResourceChange(
        address=str(item.get("address", "")),
        module=str(item.get("module_address") or ""),
        type=str(item.get("type", "")),
        name=str(item.get("name", "")),
        action=_action(change.get("actions") or (), moved=bool(previous), importing=bool(importing)),
        before=hidden(masked(change.get("before"), change.get("before_sensitive")), secrets),
        after=hidden(masked(change.get("after"), change.get("after_sensitive")), secrets),
        after_unknown=unknown if isinstance(unknown, Mapping) else {},
        replace_paths=replace_paths,
        attributes=_without(_attributes(change, frozenset(replace_paths)), secrets),
        data=item.get("mode") == "data",
        previous_address=previous,
        import_id=str(importing.get("id") or ""),
        reason=str(item.get("action_reason") or ""),
        deposed=str(item.get("deposed") or ""),
        provider=str(item.get("provider_name") or ""),
    )


def _without(attributes: tuple[AttributeChange, ...], secrets: frozenset[str]) -> tuple[AttributeChange, ...]:
    if not secrets:
        return attributes
    return tuple(
        replace(item, before=hidden(item.before, secrets), after=hidden(item.after, secrets))
        for item in attributes
    )


def _attributes(
    change: Mapping[str, Any], forcing: frozenset[str] = frozenset()
) -> tuple[AttributeChange, ...]:
    if list(change.get("actions") or ()) in (["no-op"], ["forget"]):
        return ()  # what is forgotten stays as it is, though its state's values all go
    return compare(
        change.get("before"),
        change.get("after"),
        unknown=change.get("after_unknown"),
        before_marks=change.get("before_sensitive"),
        after_marks=change.get("after_sensitive"),
        changed_sensitive=frozenset(change.get(CHANGED_SENSITIVE) or ()),
        forcing=forcing,
    )


def _action(actions: Sequence[str], *, moved: bool, importing: bool) -> str:
    action = _ACTIONS.get(tuple(actions), "-".join(actions) or "no-op")
    if action != "no-op":
        return action
    if importing:
        return "import"
    return "move" if moved else action


def _output(name: str, change: Mapping[str, Any], secrets: frozenset[str]) -> OutputChange:
    marks = (change.get("before_sensitive"), change.get("after_sensitive"))
    before, after = masked_pair(change.get("before"), change.get("after"), *marks)
    unknown = any_mark(change.get("after_unknown"))
    return OutputChange(
        name=name,
        action=_ACTIONS.get(tuple(change.get("actions") or ()), "update"),
        before=hidden(before, secrets),
        after=None if unknown else hidden(after, secrets),
        known=not unknown,
        sensitive=True in marks,
    )


def _count(changes: Sequence[ResourceChange]) -> ChangeCounts:
    managed = [item for item in changes if not item.data]
    return ChangeCounts(
        add=sum(item.action in ("create", "replace") for item in managed),
        change=sum(item.action == "update" for item in managed),
        destroy=sum(item.action in ("delete", "replace") for item in managed),
        imported=sum(bool(item.import_id) for item in managed),
    )


def _digest(changes: Sequence[ResourceChange], outputs: Sequence[OutputChange]) -> str:
    acts = [
        [
            item.address,
            item.action,
            item.deposed,
            [[part.path, part.before, part.after, part.known] for part in item.attributes],
        ]
        for item in changes
        if item.action not in ("no-op", "read")
    ]
    results = [
        [item.name, item.action, item.before, item.after] for item in outputs if item.action != "no-op"
    ]
    text = json.dumps([acts, results], sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def path_text(path: Sequence[str | int] | str) -> str:
    """A path of Terraform's JSON form as ``ingress[0].cidr_blocks``."""
    if isinstance(path, str):
        return path
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text


def _mask_change(change: Mapping[str, Any], secrets: frozenset[str], masker: Masker | None) -> dict[str, Any]:
    result = dict(change)
    for side in ("before", "after"):
        if change.get(side) is not None:
            result[side] = hidden(masked(change[side], change.get(f"{side}_sensitive")), secrets)
    if change.get("before") is None or change.get("after") is None:
        return result  # everything of it is new, or gone
    # What differs in its secrets alone looks the same once they are masked.
    changed = [item.path for item in _attributes(change) if _differs_unseen(item, secrets, masker)]
    if changed:
        result[CHANGED_SENSITIVE] = changed
    return result


def _differs_unseen(item: AttributeChange, secrets: frozenset[str], masker: Masker | None) -> bool:
    if item.sensitive or holds_masked(item.before) or holds_masked(item.after):
        return True
    if item.before is None or not item.known:
        return False
    before, after = hidden(item.before, secrets), hidden(item.after, secrets)
    return bool(before == after if masker is None else masker.value(before) == masker.value(after))


def _mask_variables(document: Mapping[str, Any]) -> dict[str, Any]:
    configuration = (document.get("configuration") or {}).get("root_module") or {}
    declared = configuration.get("variables") or {}
    return {
        name: {**item, "value": masked(item.get("value"), bool((declared.get(name) or {}).get("sensitive")))}
        for name, item in (document.get("variables") or {}).items()
    }


def _mask_values(values: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(values)
    if "outputs" in result:
        result["outputs"] = {
            name: {**item, "value": masked(item.get("value"), item.get("sensitive"))}
            if "value" in item
            else item
            for name, item in result["outputs"].items()
        }
    if "root_module" in result:
        result["root_module"] = _mask_module(result["root_module"])
    return result


def _mask_module(module: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(module)
    if "resources" in result:
        result["resources"] = [_mask_resource(item) for item in result["resources"]]
    if "child_modules" in result:
        result["child_modules"] = [_mask_module(item) for item in result["child_modules"]]
    return result


def _mask_resource(item: Mapping[str, Any]) -> dict[str, Any]:
    values, marks = item.get("values"), item.get("sensitive_values")
    own = marked({"before": values, "before_sensitive": marks})
    return {**item, "values": hidden(masked(values, marks), own)}
