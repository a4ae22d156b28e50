"""What runs where: services by environments, as a table that becomes a list on a narrow screen."""

from __future__ import annotations

from urllib.parse import urlencode

from panel.lifecycle.release_overview import Grid, GridCell, GridRow
from panel.ui import releases_text as words
from panel.ui.components.facts import short_digest
from panel.ui.components.markup import badge, esc, page_link, quiet, table, when
from panel.ui.components.releases import deployments_link, version

#: More environments than these stand below each other, with the services beside each other.
_BESIDE = 5
#: Parameters of the address that open the dialog about a promotion: from where, to where, what.
FROM, TO, SERVICE = "promote", "to", "service"


def release_grid(grid: Grid, *, may_promote: bool) -> str:
    """Markup of the grid.

    Args:
        may_promote: whether cells that are behind lead to the dialog that promotes.
    """
    names = grid.environments
    if len(names) > max(_BESIDE, len(grid.rows)):
        head = [words.ENVIRONMENT, *(row.service for row in grid.rows)]
        body = [[_environment(name), *(_cell(row, name, may_promote) for row in grid.rows)] for name in names]
    else:
        head = [words.SERVICE, *names]
        body = [[_service(row), *(_cell(row, name, may_promote) for name in names)] for row in grid.rows]
    return table(head, body)


def is_empty(grid: Grid) -> bool:
    """Whether nothing runs anywhere, nor is coming."""
    return not any(cell.release or cell.coming for row in grid.rows for cell in row.cells.values())


def _environment(name: str) -> str:
    link = page_link("environment", "environment", name, name)
    return f'<div><div class="p-subject">{link}</div></div>'


def _service(row: GridRow) -> str:
    return f'<div><div class="p-subject">{esc(row.service)}</div>{quiet(esc(row.title))}</div>'


def _cell(row: GridRow, environment: str, may_promote: bool) -> str:
    cell = row.cells[environment]
    state = badge(*words.CELLS.get(cell.state, ("unknown", cell.state)))
    if cell.coming is not None:
        state += f" {deployments_link(environment, version(cell.coming))}"
    lines = [state]
    release = cell.release
    if release is not None and cell.state != "not_created":
        named = deployments_link(environment, version(release))
        if release.digest:
            named += f" {quiet(short_digest(release.digest))}"
        lines = [named, f"{state} {quiet(when(release.ended_at or release.started_at))}"]
    elif cell.state != "not_created" and cell.coming is None:
        lines.append(deployments_link(environment, esc(words.DEPLOYMENTS)))
    if cell.behind:
        lines.append(_behind(row.service, environment, cell, may_promote))
    return f'<div class="p-cell">{"".join(f"<div>{line}</div>" for line in lines)}</div>'


def _behind(service: str, environment: str, cell: GridCell, may_promote: bool) -> str:
    if not (may_promote and cell.behind_of and cell.state == "live"):
        return esc(cell.behind)
    query = urlencode({FROM: cell.behind_of, TO: environment, SERVICE: service})
    name = words.PROMOTE_LINK_NAME.format(service=service, source=cell.behind_of, target=environment)
    link = (
        f'<a class="p-next" href="releases?{esc(query)}" target="_self" aria-label="{esc(name)}" '
        f'title="{esc(name)}">{words.PROMOTE_LINK}</a>'
    )
    return f"{esc(cell.behind)} {link}"
