"""``panel source``: which version of a service lies in this checkout, and whether an environment runs that very one."""

from __future__ import annotations

from typing import Annotated

import typer

from panel.cli import options, output, state
from panel.cli.errors import DONE, FAILED


def source(
    service: Annotated[str, typer.Argument(metavar="SERVICE", help="A service of environments.yaml.")],
    *,
    within: Annotated[
        str | None,
        typer.Option(
            "--in", metavar="NAME", help="Whether this environment runs it: exit code 0, or else 1."
        ),
    ] = None,
    json: options.Json = False,
) -> None:
    """Tell which version of a service's source lies here; nothing is built and nothing is ordered.

    With --in the exit code is 0 only where the environment's live release is of exactly this source, with nothing in
    it that is in no commit: what 'panel promote' from there would bring is then what lies here.
    """
    from panel.catalogue.render import environment_of
    from panel.lifecycle.source_version import source_here

    panel = state.get_panel()
    here = source_here(panel.settings.root, panel.catalogue(), service)
    live = None
    if within is not None:
        environment_of(panel.catalogue(), within)
        view = panel.releases.live(within).get(service)
        live = view.version if view is not None else None
    # What is in no commit has a version too, but it is no version that others could have.
    same = here.commit is not None and not here.dirty and live == here.tag
    if json:
        document = {"service": service, "version": here.tag, "revision": here.commit, "dirty": here.dirty}
        output.json_result(document | ({"environment": within, "live": live, "same": same} if within else {}))
    elif within is None:
        output.result(here.tag)
    else:
        output.result(f"{service}: {here.tag} lies here, {within} runs {live or 'none'}.")
    raise typer.Exit(DONE if same or within is None else FAILED)
