"""Read environments.yaml. Whatever is wrong with it is reported at once, with lines, in one error."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from pydantic import ValidationError

from panel.catalogue.document import Document, parse
from panel.catalogue.problems import Problem, catalogue_error
from panel.catalogue.rules import inconsistencies
from panel.catalogue.schema import Catalogue
from panel.catalogue.wording import problems_of
from panel.errors import CatalogueError

_LARGEST_BYTES = 1_000_000


def load_catalogue(path: Path) -> Catalogue:
    """Read and check the catalogue file.

    The answer may be shared between callers (it is kept by content): do not change what is inside.

    Raises:
        CatalogueError: the file is missing, unreadable, not YAML, or says something the schema does not
            allow. ``detail`` has one line per problem: file, line, key, what was expected and what was found.
    """
    return parse_catalogue(read_text(path), path.name)


def read_text(path: Path) -> str:
    """The file's text.

    Raises:
        CatalogueError: it is missing, unreadable, too large, or not UTF-8.
    """
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise CatalogueError(
                f"{path.name} is larger than {_LARGEST_BYTES // 1_000_000} MB, which no catalogue is.",
                hint="Check that PANEL_CATALOGUE names the right file.",
            )
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise CatalogueError(
            f"There is no catalogue at {path}.",
            hint="Create environments.yaml there, or point PANEL_CATALOGUE or PANEL_ROOT at it.",
        ) from None
    except UnicodeDecodeError as error:
        raise CatalogueError(
            f"{path.name} is not UTF-8 text (byte {error.start + 1}).", hint="Save it as UTF-8 text."
        ) from None
    except OSError as error:
        raise CatalogueError(
            f"{path.name} cannot be read: {error.strerror or error}.",
            hint="Check that it is a file and that the panel's user may read it.",
        ) from None


@lru_cache(maxsize=16)
def parse_catalogue(text: str, file_name: str = "environments.yaml") -> Catalogue:
    """Check a catalogue's text; ``file_name`` is only used in messages.

    Raises:
        CatalogueError: with every problem, as :func:`load_catalogue`.
    """
    document = parse(text)
    problems = list(document.problems)
    if document.data is None:
        raise catalogue_error(
            file_name, problems or [Problem(1, (), "is empty: expected project, region, …")]
        )
    if not isinstance(document.data, dict):
        raise catalogue_error(file_name, [*problems, Problem(1, (), "expected keys and values at the top")])
    catalogue, wrong = _validated(document)
    problems += wrong
    if problems or catalogue is None:
        raise catalogue_error(file_name, problems)
    return catalogue


def _validated(document: Document) -> tuple[Catalogue | None, list[Problem]]:
    across = [Problem(document.line_of(path), path, text) for path, text in inconsistencies(document.data)]
    try:
        return Catalogue.model_validate(document.data), across
    except ValidationError as error:
        return None, [*problems_of(error, document), *across]
