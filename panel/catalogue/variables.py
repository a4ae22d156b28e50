"""The typed variables that a Terraform stack or module declares, read from its .tf files with python-hcl2.

For forms and checks. What the panel itself gives to the stacks is in :mod:`panel.catalogue.render`.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import hcl2
from hcl2 import SerializationOptions

from panel.catalogue.document import Document, parse
from panel.catalogue.load import read_text
from panel.catalogue.problems import Problem, catalogue_error
from panel.catalogue.render import ASLEEP, EMULATOR_PORT, SSH_PUBLIC_KEY, panel_variables
from panel.catalogue.schema import Catalogue
from panel.catalogue.types import VariableType, parse_type
from panel.catalogue.wording import did_you_mean
from panel.errors import ConfigurationError

_PLAIN = SerializationOptions(with_comments=False, explicit_blocks=False, strip_string_quotes=True)
_HEREDOC = re.compile(r"<<(?P<indented>-?)(?P<word>\w+)\n(?P<body>.*?)[ \t]*(?P=word)", re.DOTALL)


@dataclass(frozen=True)
class Validation:
    """A rule of a variable: the condition as HCL, and what Terraform says when it does not hold."""

    condition: str
    error_message: str


@dataclass(frozen=True)
class Variable:
    """A declared variable.

    ``type`` is Terraform's own words on one line, such as ``list(string)``; ``any`` where none is given.
    ``default`` is a plain value, and has no meaning where ``required``.
    """

    name: str
    type: str
    default: object
    required: bool
    description: str
    validations: tuple[Validation, ...]
    sensitive: bool
    nullable: bool

    @property
    def parsed_type(self) -> VariableType:
        """The type as a value, with what is optional in it and its defaults.

        Raises:
            ValueError: Terraform would not take it either.
        """
        return parse_type(self.type)


def read_variables(folder: Path) -> tuple[Variable, ...]:
    """The variables that the .tf files of a folder declare, by file and order in it.

    Raises:
        ConfigurationError: the folder is missing, cannot be read, or a file is not HCL.
    """
    if not folder.is_dir():
        raise ConfigurationError(
            f"There is no Terraform folder {folder}.",
            hint="Check PANEL_ROOT and the project's terraform/ tree.",
        )
    return tuple(variable for path in sorted(folder.glob("*.tf")) for variable in _of_file(path))


def check_variables(catalogue: Catalogue, terraform_root: Path, *, source: Path | None = None) -> None:
    """Check that environments only set variables that the environment stack declares and the panel does not set.

    Args:
        catalogue: what environments.yaml says.
        terraform_root: the project's ``terraform/`` folder.
        source: the catalogue's file; where given, the problems name its lines.

    Raises:
        CatalogueError: naming every variable that is unknown, set by the panel, or of another type.
        ConfigurationError: the stack's variables cannot be read.
    """
    declared = {
        variable.name: variable for variable in read_variables(terraform_root / "stacks" / "environment")
    }
    document = parse(read_text(source)) if source else Document(None, {}, ())
    problems = []
    for name, environment in catalogue.environments.items():
        taken = {*panel_variables(catalogue, name), EMULATOR_PORT, ASLEEP}
        if environment.ssh_key:
            taken.add(SSH_PUBLIC_KEY)
        for key, value in environment.variables.items():
            text = _wrong_with(key, value, declared, taken)
            if text:
                path = ("environments", name, "variables", key)
                problems.append(Problem(document.line_of(path), path, text))
    if problems:
        raise catalogue_error(source.name if source else "environments.yaml", problems)


def _wrong_with(key: str, value: object, declared: Mapping[str, Variable], taken: set[str]) -> str:
    if key in taken:
        return "is set by the panel, from the rest of the catalogue or from this machine: leave it out"
    if key not in declared:
        free = sorted(set(declared) - taken)
        return f"the environment stack has no variable {key!r}: {did_you_mean(key, free)}"
    wanted = declared[key].type
    if not declared[key].parsed_type.accepts(value):
        return f"the environment stack expects {wanted} here"
    return ""


def _of_file(path: Path) -> Sequence[Variable]:
    try:
        return _parse(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"{path} cannot be read: {error}.", hint="Check that the file is UTF-8 text the panel may read."
        ) from error
    except Exception as error:  # python-hcl2 lets its parser's own errors through, of several kinds
        raise ConfigurationError(
            f"{path} is not HCL that can be read.", hint="Run terraform fmt on it.", detail=str(error)
        ) from error


@lru_cache(maxsize=64)
def _parse(text: str) -> tuple[Variable, ...]:
    if "variable" not in text:
        return ()
    blocks = hcl2.loads(text, serialization_options=_PLAIN).get("variable", [])
    return tuple(_variable(name, body) for block in blocks for name, body in block.items())


def _variable(name: str, body: Mapping[str, object]) -> Variable:
    rules = body.get("validation", [])
    validations = tuple(
        Validation(_expression(rule["condition"]), str(_value(rule.get("error_message", ""))))
        for rule in (rules if isinstance(rules, list) else [])
    )
    return Variable(
        name=name,
        type=_expression(body.get("type", "any")),
        default=_value(body.get("default")),
        required="default" not in body,
        description=str(_value(body.get("description", ""))),
        validations=validations,
        sensitive=body.get("sensitive") is True,
        nullable=body.get("nullable") is not False,
    )


def _expression(value: object) -> str:
    """An expression without the ``${ }`` that python-hcl2 puts around it."""
    text = str(value)
    return text[2:-1] if text.startswith("${") and text.endswith("}") else text


def _value(value: object) -> object:
    """A literal as Terraform reads it: heredocs without their fence, ``$${`` and ``%%{`` standing for themselves."""
    if isinstance(value, str):
        return _heredoc(value).replace("$${", "${").replace("%%{", "%{")
    if isinstance(value, list):
        return [_value(item) for item in value]
    if isinstance(value, dict):
        return {key: _value(item) for key, item in value.items()}
    return value


def _heredoc(text: str) -> str:
    fence = _HEREDOC.fullmatch(text)
    if fence is None:
        return text
    return textwrap.dedent(fence["body"]) if fence["indented"] else fence["body"]
