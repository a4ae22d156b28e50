"""How much an environment is used, where the plan cannot tell: the catalogue's ``usage``, as figures to reckon with.

Every figure is shown beside the estimate, with the place it comes from.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from pydantic import ValidationError

from panel.catalogue.schema import Catalogue
from panel.catalogue.usage import Usage, usage_for
from panel.catalogue.written import over
from panel.errors import ConfigurationError

#: One definition serves the catalogue and the estimates. Free tiers are not in it: they belong to the account.
Assumptions = Usage

#: What is assumed where nobody says anything.
DEFAULT = Usage()

#: Where a figure may come from.
OF_DEFAULT, OF_CATALOGUE = "default", "environments.yaml"


def usage_of(catalogue: Catalogue, environment: str) -> Usage:
    """The usage of an environment by environments.yaml; that of the project for what environments share."""
    entry = catalogue.environments.get(environment)
    return usage_for(catalogue.usage, entry.usage if entry else None)


def figures(usage: Usage) -> dict[str, float]:
    """Name and figure of every assumption."""
    return {name: getattr(usage, name) for name in type(usage).model_fields}


def origins(usage: Usage) -> dict[str, str]:
    """Where each figure comes from: whatever was not written anywhere is a default."""
    said = usage.model_fields_set
    return {name: OF_CATALOGUE if name in said else OF_DEFAULT for name in type(usage).model_fields}


def amount(usage: Usage, name: str) -> Decimal:
    """One figure, exactly as written."""
    return Decimal(str(getattr(usage, name)))


def with_figures(usage: Usage, said: Mapping[str, float]) -> Usage:
    """``usage`` with these figures in the place of its own.

    Raises:
        ConfigurationError: there is no such assumption, or the figure is none that it can have.
    """
    try:
        return over(usage, Usage.model_validate({name: _whole(value) for name, value in said.items()}))
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        if first["type"] == "extra_forbidden":
            reason = f"There is no assumption {name}; there are {', '.join(sorted(Usage.model_fields))}."
        else:
            reason = f"The assumption {name} is {first['input']}, which is no usage: {first['msg'].lower()}."
        raise ConfigurationError(
            reason, hint="docs/cost.md lists what may be said, each with its unit."
        ) from None


def _whole(value: float) -> float:
    """Numbers of things are whole: 2.0 typed in a terminal is 2."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
