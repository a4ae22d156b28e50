"""The tables at the end of Terraform's READMEs, from the HCL: `python -m tests.terraform.readme_tables [--write]`.

Between two marks stand the inputs, the outputs, what is made and what is needed. What is written above them and
below is a person's, and is left alone. Without `--write` nothing is written: exit code 3 when a README is not what
it would be.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from panel.catalogue.variables import Variable, read_variables
from tests.terraform.configuration import Block, Configuration, read_configuration

REPOSITORY = Path(__file__).resolve().parents[2]
TERRAFORM = REPOSITORY / "terraform"
BEGIN = "<!-- generated: inputs and outputs -->"
END = "<!-- end of generated -->"

_WIDTH = 100
_LONGEST_IN_A_CELL = 80
_MARKED = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)


def folders(root: Path = TERRAFORM) -> list[Path]:
    """The modules and stacks: each has a README with tables."""
    return sorted(path.parent for kind in ("modules", "stacks") for path in root.glob(f"{kind}/*/main.tf"))


def renewed(text: str, tables: str) -> str:
    """A README with new tables between its marks, or at its end where it has none yet."""
    part = f"{BEGIN}\n{tables}{END}"
    if _MARKED.search(text):
        return _MARKED.sub(lambda _: part, text, count=1)
    return f"{text.rstrip()}\n\n{part}\n"


def tables_of(folder: Path) -> str:
    """The tables of one module or stack, as Markdown."""
    variables, made = read_variables(folder), read_configuration(folder)
    parts = [
        _inputs(variables),
        *(_long(variable) for variable in variables if _is_long(variable)),
        _outputs(made),
        _made(made),
        _needed(made, folder),
    ]
    return "\n".join(part for part in parts if part)


def wrapped(type_: str, indent: int = 0) -> str:
    """A type on several lines, one attribute of an object a line, in Terraform's own format."""
    opened = type_.find("{")
    if opened < 0 or (indent and indent + len(type_) <= _WIDTH):
        return type_
    closed = _closing(type_, opened)
    pad = " " * (indent + 2)
    lines: list[str] = []
    for group in _runs(list(_split(type_[opened + 1 : closed])), indent + 2):
        width = max(len(name) for name, _ in group)
        lines += [f"{pad}{name.ljust(width)} = {wrapped(value, indent + 2)}" for name, value in group]
    return "\n".join([type_[: opened + 1], *lines, " " * indent + type_[closed:]])


def main(arguments: list[str]) -> int:
    """Compare the READMEs of all modules and stacks, of another tree where a folder is named, or write them."""
    parser = argparse.ArgumentParser(prog="python -m tests.terraform.readme_tables")
    parser.add_argument("root", nargs="?", type=Path, default=TERRAFORM, metavar="FOLDER")
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args(arguments)
    stale = dict(_stale(asked.root))
    for readme, text in stale.items():
        if asked.write:
            readme.write_text(text, encoding="utf-8")
        said = "written" if asked.write else "does not say what the .tf files say"
        print(f"{readme.relative_to(asked.root.parent)}: {said}")
    if stale and not asked.write:
        print("Run make docs, and look at what it changes.")
        return 3
    return 0


def _stale(root: Path) -> Iterator[tuple[Path, str]]:
    """READMEs that are not what they would be, with what they would be."""
    for folder in folders(root):
        readme = folder / "README.md"
        text = readme.read_text(encoding="utf-8") if readme.exists() else ""
        new = renewed(text or f"# {folder.name}\n", tables_of(folder))
        if new != text:
            yield readme, new


def _inputs(variables: Iterable[Variable]) -> str:
    rows = [
        [
            _code(variable.name),
            _prose(variable.description),
            f"[object](#type-of-{variable.name})" if _is_long(variable) else _code(variable.type),
            "required" if variable.required else _default(variable),
        ]
        for variable in sorted(variables, key=lambda one: not one.required)
    ]
    return _table("## Inputs", ["Name", "What it is", "Type", "Default"], rows)


def _is_long(variable: Variable) -> bool:
    return "object(" in variable.type


def _long(variable: Variable) -> str:
    return f"### Type of {variable.name}\n\n```hcl\n{wrapped(variable.type)}\n```\n"


def _default(variable: Variable) -> str:
    text = _hcl(variable.default)
    return _code(text) if len(text) <= _LONGEST_IN_A_CELL else "see `variables.tf`"


def _outputs(made: Configuration) -> str:
    rows = [[_code(output.name), _prose(output.description)] for output in made.outputs]
    return _table("## Outputs", ["Name", "What it is"], rows)


def _made(made: Configuration) -> str:
    rows = [[_code(one.address), _often(one)] for one in made.resources]
    rows += [[f"{_code(f'module.{one.name}')} from `{one.type}`", _often(one)] for one in made.modules]
    rows += [[f"{_code(f'data.{one.address}')}, read", _often(one)] for one in made.data]
    return _table("## Resources and modules", ["Address", "How often"], rows)


def _often(block: Block) -> str:
    return {"": "once", "count": "by `count`", "for_each": "by `for_each`"}[block.repeated]


def _needed(made: Configuration, folder: Path) -> str:
    rows = [["Terraform", _code(made.terraform_version)]]
    for provider in made.providers:
        passed = "".join(f", passed as `{name}` too" for name in provider.configurations)
        rows.append([f"Provider `{provider.source}`{passed}", _code(provider.version)])
    table = _table("## Needs", ["What", "Version"], rows)
    if (folder / "examples" / "basic" / "main.tf").exists():
        table += "\nExample: [examples/basic](examples/basic/main.tf)\n"
    return table


def _table(title: str, header: list[str], rows: list[list[str]]) -> str:
    if not rows:
        return ""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join([title, "", *(f"| {' | '.join(cells)} |" for cells in lines)]) + "\n"


def _code(text: str) -> str:
    return f"`{text.replace('|', chr(92) + '|')}`" if text else ""


def _prose(text: str) -> str:
    """A description in one cell: no line ends, no bar that ends the cell, nothing else that Markdown would read."""
    return re.sub(r"([|*\[\]])", r"\\\1", " ".join(text.split())).replace("<", "&lt;")


def _hcl(value: object) -> str:
    if isinstance(value, dict):
        inner = ", ".join(f"{name} = {_hcl(item)}" for name, item in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list):
        return f"[{', '.join(_hcl(item) for item in value)}]"
    return json.dumps(value, ensure_ascii=False)


def _closing(text: str, opened: int) -> int:
    depth = 0
    for position in range(opened, len(text)):
        depth += {"{": 1, "}": -1}.get(text[position], 0)
        if depth == 0:
            return position
    raise ValueError(f"a brace is never closed in {text!r}")


def _split(inner: str) -> Iterator[tuple[str, str]]:
    """Name and type of each attribute, split at the commas that stand in no bracket and no string."""
    depth, quoted, begin = 0, False, 0
    for position, letter in enumerate(f"{inner},"):
        quoted ^= letter == '"'
        depth += 0 if quoted else {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(letter, 0)
        if letter == "," and depth == 0 and not quoted:
            name, _, type_ = inner[begin:position].partition("=")
            if name.strip():
                yield name.strip(), type_.strip()
            begin = position + 1


def _runs(pairs: list[tuple[str, str]], indent: int) -> Iterator[list[tuple[str, str]]]:
    """Neighbours whose equals signs stand under each other: those that take one line each."""
    run: list[tuple[str, str]] = []
    for name, type_ in pairs:
        if "\n" in wrapped(type_, indent):
            if run:
                yield run
            yield [(name, type_)]
            run = []
        else:
            run.append((name, type_))
    if run:
        yield run


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
