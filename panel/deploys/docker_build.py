"""The same image by a container engine, from the source's Dockerfile: where tasks run as real containers."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from panel.aws.ecr import (
    Repository,
    StoredImage,
    find_image,
    get_repository,
    image_reference,
    registry_host,
    registry_login,
)
from panel.aws.session import Aws
from panel.deploys import Report
from panel.deploys.dependencies import install_dependencies
from panel.deploys.image import DEFAULT_BASE
from panel.deploys.push import PushedImage
from panel.deploys.revision import Revision, source_files
from panel.deploys.tool import run_tool
from panel.errors import BuildError, DeployError
from panel.settings import child_environment

_VERSION_TIMEOUT_S = 15


class Docker:
    """The ``docker`` program, speaking to one engine.

    Args:
        report: where its lines go.
        host: address of the engine (``unix:///...``); empty for the usual one.
    """

    def __init__(self, report: Report, host: str = "") -> None:
        self._report = report
        self._command = ["docker", *(["--host", host] if host else [])]

    def answers(self) -> bool:
        """Whether there is such a program and its engine answers."""
        if shutil.which("docker") is None:
            return False
        return self._quietly("version", "--format", "{{.Server.Version}}")

    def has_image(self, reference: str) -> bool:
        """Whether the engine holds an image of that name."""
        return self._quietly("image", "inspect", "--format", "{{.Id}}", reference)

    def run(self, what: str, *arguments: str, stdin: str = "", cwd: Path | None = None) -> None:
        """Run one command to its end.

        Raises:
            BuildError: it failed; ``what`` is the end of "could not ...".
        """
        run_tool(
            [*self._command, *arguments],
            what=what,
            report=self._report,
            environment=child_environment(network=True),
            stdin=stdin,
            cwd=cwd,
        )

    def _quietly(self, *arguments: str) -> bool:
        try:
            done = subprocess.run(
                [*self._command, *arguments],
                env=child_environment(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_VERSION_TIMEOUT_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
        return done.returncode == 0


def ship_with_docker(
    aws: Aws,
    root: Path,
    source: str,
    revision: Revision,
    repository: str,
    *,
    data_dir: Path,
    report: Report,
    requirements: str = "requirements/backend.txt",
    base: str = DEFAULT_BASE,
    docker_host: str = "",
    keep_local: bool = False,
) -> PushedImage:
    """Build the image of a service with Docker and push it; a revision that the registry has is not built again.

    Args:
        base: what the Dockerfile's build argument ``BASE_IMAGE`` becomes.
        keep_local: leave the image in the engine afterwards.
        The others as for :func:`panel.deploys.image.assemble_image` and :func:`panel.deploys.push.push_image`.

    Raises:
        BuildError: no engine answers, the base image cannot be had, or the build or push failed.
        NotFoundError: there is no such repository.
        DeployError: the registry does not show what was pushed.
    """
    found = get_repository(aws, repository)
    stored = find_image(aws, repository, tag=revision.tag)
    if stored is not None:
        report(f"The registry has {source} {revision.tag} already ({stored.digest[:19]})")
        return _pushed(aws, found, stored, revision.tag, already_there=True)
    docker = _answering(Docker(report, docker_host))
    reference = f"{registry_host(aws, found)}/{repository}:{revision.tag}"
    _have_base(docker, base)
    with tempfile.TemporaryDirectory(prefix="image-") as folder:
        context = Path(folder)
        _fill_context(context, root, source, requirements, data_dir=data_dir, report=report)
        docker.run(
            f"build the image of {source}", *_build_arguments(source, revision, reference, base), cwd=context
        )
    try:
        _push(docker, aws, reference)
    finally:
        if not keep_local:
            docker.run("remove the local image", "image", "rm", reference)
    return _pushed(aws, found, _shown(aws, repository, revision.tag), revision.tag, already_there=False)


def _shown(aws: Aws, repository: str, tag: str) -> StoredImage:
    stored = find_image(aws, repository, tag=tag)
    if stored is None:
        raise DeployError(
            f"The registry does not show {repository}:{tag}, which was just pushed.",
            hint="Deploy again; if it stays so, look at the repository.",
        )
    return stored


def _answering(docker: Docker) -> Docker:
    if docker.answers():
        return docker
    raise BuildError(
        "The image cannot be built with Docker: no engine answers.",
        hint="Start the engine, or set PANEL_LOCAL_RUNTIME=process to do without one.",
    )


def _pushed(
    aws: Aws, repository: Repository, stored: StoredImage, tag: str, *, already_there: bool
) -> PushedImage:
    return PushedImage(
        repository_uri=repository.uri,
        image_ref=image_reference(aws, repository, stored.digest),
        digest=stored.digest,
        tag=tag,
        size=stored.size,
        already_there=already_there,
    )


def _have_base(docker: Docker, base: str) -> None:
    if docker.has_image(base):
        return
    try:
        docker.run(f"pull the base image {base}", "pull", base)
    except BuildError as error:
        raise BuildError(
            f"The base image {base} cannot be pulled, so the image cannot be built.",
            hint="Name one that your engine has or can reach: it becomes the build argument BASE_IMAGE.",
            detail=error.detail,
        ) from error


def _fill_context(
    context: Path, root: Path, source: str, requirements: str, *, data_dir: Path, report: Report
) -> None:
    """Only what the image is made of: an engine without BuildKit would be sent the whole project."""
    for part in (source, requirements):
        for path in source_files(root, part):
            place = context / path.relative_to(root)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, place)
    # Compiled modules of another system are of no use in the image: there the Dockerfile runs pip itself.
    if sys.platform == "linux":
        installed = install_dependencies(root / requirements, data_dir, report)
        shutil.copytree(
            installed, context / "deps", ignore=shutil.ignore_patterns("bin", ".lock", "__pycache__")
        )


def _build_arguments(source: str, revision: Revision, reference: str, base: str) -> list[str]:
    labels = {
        "org.opencontainers.image.revision": revision.commit or revision.digest,
        "org.opencontainers.image.source": source,
        "org.opencontainers.image.version": revision.tag,
    }
    return [
        "build",
        "--file", f"{source}/Dockerfile",
        "--build-arg", f"BASE_IMAGE={base}",
        "--build-arg", f"APP_VERSION={revision.tag}",
        *[word for name, value in labels.items() for word in ("--label", f"{name}={value}")],
        "--tag", reference,
        ".",
    ]  # fmt: skip


def _push(docker: Docker, aws: Aws, reference: str) -> None:
    if aws.account.emulated:
        docker.run(f"push {reference}", "push", reference)
        return
    login = registry_login(aws)
    # A configuration folder of its own: the login must not stay in the person's.
    with tempfile.TemporaryDirectory(prefix="login-") as folder:
        own = ("--config", folder)
        docker.run(
            "log in to the image registry",
            *own, "login", "--username", login.username, "--password-stdin", reference.partition("/")[0],
            stdin=login.password,
        )  # fmt: skip
        docker.run(f"push {reference}", *own, "push", reference)
