"""``panel releases`` and ``panel images``: what runs where, what was released when, and what the registry has."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from panel.cli import options, output, state
from panel.cli.release_documents import grid_document, image_document, release_document

if TYPE_CHECKING:
    from panel.lifecycle.release_overview import Grid, GridCell, ImageView, ReleaseView
    from panel.wiring import Panel

_STATES = {
    "not_created": "not created",
    "never_deployed": "never deployed",
    "deploying": "deploying",
    "asleep": "asleep",
}


def releases(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help="An environment; all side by side when none is named."),
    ] = None,
    service: Annotated[
        str | None, typer.Option("--service", "-s", metavar="SERVICE", help="Only this service.")
    ] = None,
    limit: Annotated[
        int,
        typer.Option("--limit", "-n", min=1, max=10_000, help="How many of an environment, newest first."),
    ] = 20,
    json: options.Json = False,
) -> None:
    """List the releases of an environment, newest first; without one, what runs where and what is behind."""
    panel = state.get_panel()
    _check_service(panel, service)
    if name is None:
        _show_grid(panel.releases.grid(), service, json)
    else:
        _show_timeline(panel.releases.timeline(name, service=service, limit=limit), json)


def _check_service(panel: Panel, service: str | None) -> None:
    from panel.errors import NotFoundError

    known = panel.catalogue().services
    if service is not None and service not in known:
        raise NotFoundError(
            f"There is no service named {service!r}.", hint=f"environments.yaml has: {', '.join(known)}."
        )


def _show_grid(grid: Grid, service: str | None, as_json: bool) -> None:
    rows = [row for row in grid.rows if service in {None, row.service}]
    if as_json:
        output.json_result(grid_document(grid.environments, rows))
        return
    shown = [
        [
            row.service,
            name,
            cell.release.label if cell.release else "",
            cell.release.version if cell.release else "",
            cell_words(cell),
        ]
        for row in rows
        for name, cell in ((name, row.cells[name]) for name in grid.environments)
    ]
    output.table(["SERVICE", "ENVIRONMENT", "RELEASE", "VERSION", "STATE"], shown)


def cell_words(cell: GridCell) -> str:
    """What is to be said of a cell: ``live, 3 commits behind staging``."""
    words = [_STATES.get(cell.state, cell.state)]
    if cell.coming is not None:
        words = [f"{words[0]} {cell.coming.label} {cell.coming.version}"]
    return ", ".join([*words, *([cell.behind] if cell.behind else [])])


def _show_timeline(views: list[ReleaseView], as_json: bool) -> None:
    if as_json:
        output.json_result([release_document(view) for view in views])
        return
    rows = [
        [
            view.label, view.service, view.version, output.digest(view.digest), state_words(view),
            source_words(view), view.author, output.iso(view.started_at) or "",
            output.seconds(view.duration_s) if view.duration_s is not None else "",
            str(view.run_id or ""),
        ]
        for view in views
    ]  # fmt: skip
    header = ["RELEASE", "SERVICE", "VERSION", "DIGEST", "STATE", "FROM", "AUTHOR", "STARTED", "TOOK", "RUN"]
    output.table(header, rows, right=frozenset({8, 9}))


def state_words(view: ReleaseView) -> str:
    """A release's state, and why nobody can go back to one that served: ``superseded, its files are not kept any more``."""
    words = view.status.replace("_", " ")
    return f"{words}, {view.why_not}" if view.status == "superseded" and view.why_not else words


def source_words(view: ReleaseView) -> str:
    """Where a release came from: ``build``, ``tag v1``, ``rollback to r12``, ``promoted from staging r7``."""
    if view.source == "rollback":
        return f"rollback to {view.origin}" if view.origin else "rollback"
    if view.source == "promote":
        return f"promoted from {view.origin}" if view.origin else "promotion"
    return f"tag {view.tag}" if view.source == "tag" and view.tag else view.source


def images(
    service: Annotated[
        str | None, typer.Argument(metavar="[SERVICE]", help="A container service; all when none is named.")
    ] = None,
    json: options.Json = False,
) -> None:
    """List the images in the registry as a worker last saw them: what 'panel deploy --tag' may take."""
    panel = state.get_panel()
    names = [service] if service is not None else [*panel.catalogue().containers]
    found = {name: panel.releases.images(name) for name in names}
    if json:
        output.json_result([image_document(name, one) for name, views in found.items() for one in views])
        return
    moment = datetime.now(UTC)
    output.table(
        ["SERVICE", "DIGEST", "TAGS", "SIZE", "AGE", "SCAN", "RUNS IN"],
        [_image_row(name, one, moment) for name, views in found.items() for one in views],
        right=frozenset({3}),
    )
    for name, views in found.items():
        if views:
            seen = max(one.seen_at for one in views)
            output.say(f"{name}: as a worker saw it {output.age(seen, moment)} ago.")
        else:
            output.say(f"{name}: no worker has seen an image of it in the registry yet.")


def _image_row(service: str, image: ImageView, moment: datetime) -> list[str]:
    return [
        service, output.digest(image.digest), ", ".join(image.tags), output.size(image.size),
        output.age(image.pushed_at, moment) if image.pushed_at else "", image.scan_text,
        ", ".join(image.running_in),
    ]  # fmt: skip
