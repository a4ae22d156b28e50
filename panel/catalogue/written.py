"""Sections that stand both at the top of environments.yaml and in an environment: what the environment says counts, key by key."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, SerializerFunctionWrapHandler, model_serializer


class Written(BaseModel):
    """A section that remembers which of its keys were written: only those count where two sections meet."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    # So that a section which was written out and read again still knows what was said in it.
    @model_serializer(mode="wrap")
    def _as_written(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        said = self.model_fields_set
        return {name: value for name, value in handler(self).items() if name in said}


Section = TypeVar("Section", bound=Written)


def over(below: Section, above: Section) -> Section:
    """What ``below`` says, with everything that was written in ``above`` in its place."""
    changed: dict[str, Any] = {}
    for name in above.model_fields_set:
        value, under = getattr(above, name), getattr(below, name)
        changed[name] = over(under, value) if isinstance(value, Written) else value
    return below.model_copy(update=changed)
