"""``panel status``: what works, in plain words, and the same as files for where the panel cannot be reached."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from panel.cli import options, output, state

if TYPE_CHECKING:
    from panel.lifecycle.status_board import Board

app = typer.Typer(
    invoke_without_command=True, no_args_is_help=False, help="What works, in plain words: for everybody."
)


@app.callback()
def status(context: typer.Context, json: options.Json = False) -> None:
    """Tell which applications work, since when, what people notice, and whom to call; from what was last seen."""
    if context.invoked_subcommand is not None:
        return
    from panel.lifecycle.status_messages import to_dict

    board = state.get_panel().status_board.look()
    if json:
        output.json_result(to_dict(board))
    else:
        _show(board)


@app.command("export")
def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder; it is made where it is missing.")],
) -> None:
    """Write the status page into a folder: index.html, which needs nothing else, and status.json."""
    from panel.lifecycle.status_export import DOCUMENT, PAGE, write_folder

    write_folder(folder, state.get_panel().status_board.look())
    output.result(f"Written: {folder / PAGE} and {folder / DOCUMENT}")


def _show(board: Board) -> None:
    from panel.lifecycle import status_messages as said
    from panel.lifecycle import status_words as words
    from panel.lifecycle.status_markup import SHAPES

    now = board.made_at
    zone = datetime.now().astimezone().tzinfo or now.tzinfo
    old = said.warning(board, now, zone) if zone is not None else ""
    if old:
        output.result(f"{words.OLD_TITLE}. {old}")
    how, told = said.headline(board)
    output.result(f"{SHAPES['unknown' if old else how]} {told}")
    if not board.lines:
        return
    output.result("")
    output.table(
        ["Application", "State", "Since", "People notice", "Call"],
        [
            [
                said.name(line),
                f"{SHAPES[line.state]} {words.STATES[line.state]}",
                words.moment(line.since, now, zone) if line.since is not None and zone is not None else "",
                " ".join(line.notices),
                ", ".join(f"{owner.team} <{owner.contact}>" for owner in line.calls)
                if line.calls_for
                else "",
            ]
            for line in board.lines
        ],
    )
