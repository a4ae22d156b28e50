"""``panel deploy``, ``panel rollback`` and ``panel promote``: what brings another release to an environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from panel.cli import options, state
from panel.cli.follow import follow

if TYPE_CHECKING:
    from panel.wiring import Panel

Services = Annotated[
    list[str] | None,
    typer.Argument(metavar="SERVICE", help="Only these services; all when none is named."),
]


def deploy(
    name: options.Environment,
    service: Services = None,
    *,
    build: Annotated[bool, typer.Option("--build", help="Build from the source; so it is anyway.")] = False,
    tag: Annotated[
        str | None, typer.Option("--tag", metavar="TAG", help="Take the image with this tag instead.")
    ] = None,
    digest: Annotated[
        str | None,
        typer.Option(
            "--digest", metavar="DIGEST", help="Take the image with this digest (sha256:…) instead."
        ),
    ] = None,
    keep_image: Annotated[
        bool, typer.Option("--keep-image", help="Leave the image that was built in the container engine too.")
    ] = False,
    here: Annotated[
        bool,
        typer.Option(
            "--here", help="Build what lies here: no worker of another data directory takes the run."
        ),
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Approve in advance, where the environment asks for approval.")
    ] = False,
    wait: options.Wait = False,
    timeout: options.Timeout = None,
    json: options.Json = False,
    verbose: options.Verbose = False,
) -> None:
    """Release services to an environment that exists, then check that they answer.

    Built from the source, or with --tag or --digest an image of one service that is in the registry already. With
    --wait the exit code is 0 only when the address that people use answered with the new release.
    """
    from panel.lifecycle.deploy_orders import Pick
    from panel.lifecycle.instance import instance_id

    panel = state.get_panel()
    named = tuple(service or ())
    picks = {}
    if tag is not None or digest is not None:
        picks = {_picked(panel, named, build, tag, digest): Pick(tag=tag or "", digest=digest or "")}
    run = panel.operations.deploy(
        panel.identity, name, services=named, picks=picks, keep_image=keep_image,
        here=instance_id(panel.settings.data_path) if here else "", auto_approve=yes,
    )  # fmt: skip
    follow(panel, run, wait=wait, timeout_s=timeout, as_json=json)


def _picked(panel: Panel, services: tuple[str, ...], build: bool, tag: str | None, digest: str | None) -> str:
    """The one service that an image is picked for.

    Raises:
        typer.BadParameter: it is not one, it is a site, or more than one way of getting an image was asked for.
    """
    option = "--digest" if tag is None else "--tag"
    if build or (tag is not None and digest is not None):
        raise typer.BadParameter("--build, --tag and --digest exclude each other: give one of them.")
    if not (tag or digest):
        raise typer.BadParameter(f"{option} is empty: say which image to take.")
    if len(services) != 1:
        raise typer.BadParameter(f"{option} takes the image of one service: name that service, and no other.")
    catalogue = panel.catalogue()
    if services[0] in catalogue.services and services[0] not in catalogue.containers:
        raise typer.BadParameter(
            f"{services[0]} is a site and has no image: {option} is for container services. Leave it out to build "
            f"the site, or put an earlier release back with 'panel rollback'."
        )
    return services[0]


def rollback(
    name: options.Environment,
    service: Annotated[str, typer.Argument(metavar="SERVICE", help="A service of environments.yaml.")],
    *,
    to: Annotated[
        int | None,
        typer.Option(
            "--to",
            min=1,
            metavar="NUMBER",
            help="The release to go back to: 12 for r12. See 'panel releases'.",
        ),
    ] = None,
    wait: options.Wait = False,
    timeout: options.Timeout = None,
    json: options.Json = False,
    verbose: options.Verbose = False,
) -> None:
    """Put an earlier release of a service back: the same image or files, nothing is built.

    Without --to it is the newest one that served before what serves now. It is a release of its own, and nobody has to
    approve it.
    """
    panel = state.get_panel()
    run = panel.operations.rollback(panel.identity, name, service, to=to)
    follow(panel, run, wait=wait, timeout_s=timeout, as_json=json)


def promote(
    source: Annotated[str, typer.Argument(metavar="FROM", help="The environment that runs it.")],
    target: Annotated[str, typer.Argument(metavar="TO", help="The environment that is to run it.")],
    service: Services = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Approve the promotion in advance.")] = False,
    wait: options.Wait = False,
    timeout: options.Timeout = None,
    json: options.Json = False,
    verbose: options.Verbose = False,
) -> None:
    """Bring exactly what runs in one environment to another: the same images and files, nothing is built.

    What changes is shown and has to be approved: you are asked on a terminal, and told how elsewhere.
    """
    panel = state.get_panel()
    run = panel.operations.promote(
        panel.identity, source, target, services=tuple(service or ()), auto_approve=yes
    )
    follow(panel, run, wait=wait, timeout_s=timeout, as_json=json)
