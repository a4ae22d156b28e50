"""Rules of the house that a machine can check: sizes, where the environment is read, what no file may name."""

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[2]
_LONGEST_FILE = 400
_LONGEST_FUNCTION = 50
#: Alembic writes these: one function for each direction, as long as the schema is.
_GENERATED = _ROOT / "panel" / "store" / "migrations" / "versions"
#: The settings of each program. gunicorn's configuration file is Python and has no other place.
_READS_ENVIRONMENT = {"panel/settings.py", "backend/settings.py", "backend/gunicorn.conf.py"}
#: Files that nobody writes by hand or reads as text.
_BINARY = {".png", ".jpg", ".ico", ".woff2", ".gz", ".zip"}


def _sources() -> list[Path]:
    return [
        path
        for room in ("panel", "backend")
        for path in sorted((_ROOT / room).rglob("*.py"))
        if _GENERATED not in path.parents
    ]


def _name(path: Path) -> str:
    return path.relative_to(_ROOT).as_posix()


@pytest.fixture(scope="module")
def trees() -> dict[str, ast.Module]:
    return {_name(path): ast.parse(path.read_text(encoding="utf-8")) for path in _sources()}


def test_no_file_is_too_long() -> None:
    lengths = {_name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in _sources()}

    assert {name: length for name, length in lengths.items() if length > _LONGEST_FILE} == {}


def _functions(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Each function with its lines of code, without its signature and docstring."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            yield node.name, (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_no_function_is_too_long(trees: dict[str, ast.Module]) -> None:
    long = {
        f"{name}: {function}": lines
        for name, tree in trees.items()
        for function, lines in _functions(tree)
        if lines > _LONGEST_FUNCTION
    }

    assert long == {}


def test_every_module_says_what_belongs_in_it(trees: dict[str, ast.Module]) -> None:
    assert [name for name, tree in trees.items() if not ast.get_docstring(tree)] == []


def _public(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.ClassDef]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from (
                    child
                    for child in node.body
                    if isinstance(child, ast.FunctionDef) and not child.name.startswith("_")
                )


def test_every_public_function_and_class_of_the_panel_has_a_docstring(trees: dict[str, ast.Module]) -> None:
    bare = [
        f"{name}: {node.name}"
        for name, tree in trees.items()
        if name.startswith("panel/")
        for node in _public(tree)
        if not ast.get_docstring(node)
    ]

    assert bare == []


def _reads_environment(tree: ast.Module) -> bool:
    return any(
        (
            isinstance(node, ast.Attribute)
            and ast.unparse(node) in {"os.environ", "os.environb", "os.getenv", "os.getenvb"}
        )
        or (
            isinstance(node, ast.ImportFrom)
            and node.module == "os"
            and any("env" in n.name for n in node.names)
        )
        for node in ast.walk(tree)
    )


def test_the_environment_is_read_in_the_settings_alone(trees: dict[str, ast.Module]) -> None:
    assert {name for name, tree in trees.items() if _reads_environment(tree)} == _READS_ENVIRONMENT


def test_subprocesses_are_started_without_a_shell(trees: dict[str, ast.Module]) -> None:
    shells = [
        f"{name}:{node.lineno}"
        for name, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and (
            any(
                word.arg == "shell" and getattr(word.value, "value", None) is not False
                for word in node.keywords
            )
            or (isinstance(node.func, ast.Attribute) and ast.unparse(node.func) in {"os.system", "os.popen"})
        )
    ]

    assert shells == []


def test_nothing_is_left_to_be_done_later() -> None:
    marks = ("TO" + "DO:", "FIX" + "ME", "XX" + "X:")

    assert [_name(path) for path in _sources() if any(mark in path.read_text() for mark in marks)] == []


def _committed() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=_ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("this copy of the project is no git checkout")
    paths = [_ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in paths if path.is_file() and path.suffix not in _BINARY]


def test_no_committed_file_names_the_host_of_a_package_registry() -> None:
    # In parts, so that this file does not name them either.
    hosts = [
        ".".join(parts)
        for parts in (
            ("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("npmjs", "com"), ("yarnpkg", "com"),
            ("crates", "io"), ("rubygems", "org"), ("proxy", "golang", "org"),
        )
    ]  # fmt: skip

    found = [
        f"{_name(path)}: {host}"
        for path in _committed()
        for host in hosts
        if host in path.read_text(encoding="utf-8", errors="replace")
    ]

    assert found == []


def test_no_committed_file_names_a_path_of_the_machine_it_was_written_on() -> None:
    parts = str(_ROOT).split("/")
    if len(parts) < 3 or parts[1] in {"", "src", "repo", "app", "home", "tmp"}:
        pytest.skip("this checkout lies at a path that prose may name")

    assert [_name(path) for path in _committed() if str(_ROOT) in path.read_text(errors="replace")] == []
