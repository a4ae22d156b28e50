"""Building an image from a service's Dockerfile, with BuildKit or with the builder that came before it."""

from __future__ import annotations

import errno
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from panel.deploys import Report, Stopped, never
from panel.deploys.dependencies import install_dependencies
from panel.deploys.revision import Revision, source_files
from panel.deploys.tool import run_tool
from panel.errors import BuildError, StorageError
from panel.settings import child_environment

_ASK_TIMEOUT_S = 15
# The builder without BuildKit tells at each build that it is old; nobody who reads a deployment's log can change that.
_NOISE = (
    "DEPRECATED: The legacy builder",
    "BuildKit is currently disabled",
    "environment-variable.",
    "Install the buildx component",
    "https://docs.docker.com/go/buildx/",
)


@dataclass(frozen=True)
class DockerSource:
    """What is built, and with what.

    Attributes:
        root: the project.
        source: folder of the service, with its ``Dockerfile``, relative to ``root``.
        requirements: the file that pins its dependencies, relative to ``root``.
        revision: of both.
        base: what the Dockerfile's build argument ``BASE_IMAGE`` becomes.
        data_dir: where dependencies are kept.
    """

    root: Path
    source: str
    requirements: str
    revision: Revision
    base: str
    data_dir: Path


def build_image(
    what: DockerSource, reference: str, *, report: Report, stopped: Stopped = never, docker_host: str = ""
) -> None:
    """Build an image with BuildKit where the ``docker`` program has it, with the classic builder otherwise.

    Args:
        reference: the name it gets in the engine.

    Raises:
        BuildError: there is no ``docker`` program, or the build failed.
        StorageError: this machine's disk refused.
        StoppedError: somebody asked for it to stop.
    """
    docker = ["docker", *(["--host", docker_host] if docker_host else [])]
    modern = has_buildkit(docker)
    report(
        f"Building {what.source} {what.revision.tag} with {'BuildKit' if modern else 'the classic builder'}"
    )
    try:
        with tempfile.TemporaryDirectory(prefix="image-") as folder:
            context = Path(folder)
            _fill_context(context, what, report, stopped)
            run_tool(
                [*docker, *(_MODERN if modern else _OLDER), *_build_arguments(what, reference)],
                what=f"build the image of {what.source}",
                report=report if modern else _without_noise(report),
                environment=child_environment(network=True) | _builder_environment(modern=modern),
                cwd=context,
                stopped=stopped,
            )
    except BuildError as error:
        raise _explained(error, what) from error
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
            raise
        raise StorageError(
            f"The panel could not gather what the image of {what.source} is made of: {error.strerror}.",
            hint="Make room where temporary files are kept, then deploy again.",
        ) from error


#: ``--load``: some builders keep their results to themselves otherwise.
_MODERN = ["buildx", "build", "--load", "--progress=plain"]
# A build that fails would leave the container of its last step behind.
_OLDER = ["build", "--force-rm"]


def has_buildkit(docker: list[str]) -> bool:
    """Whether this ``docker`` command can build with BuildKit."""
    try:
        done = subprocess.run(
            [*docker, "buildx", "version"],
            env=child_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_ASK_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _builder_environment(*, modern: bool) -> dict[str, str]:
    if modern:
        # Attestations would make an index of the image, with a second manifest that is no image.
        return {"BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}
    return {"DOCKER_BUILDKIT": "0"}


def _without_noise(report: Report) -> Callable[[str], None]:
    def tell(line: str) -> None:
        if not line.strip().startswith(_NOISE):
            report(line)

    return tell


def _explained(error: BuildError, what: DockerSource) -> BuildError:
    if "no space left on device" in error.detail.lower():
        return BuildError(
            f"The image of {what.source} cannot be built: the disk is full where the container engine keeps its images.",
            hint="Make room there (for example 'docker system prune'), then deploy again.",
            detail=error.detail,
        )
    if "cannot connect to the docker daemon" in error.detail.lower():
        return BuildError(
            f"The image of {what.source} cannot be built: the container engine does not answer any more.",
            hint="Look whether it is still running, then deploy again.",
            detail=error.detail,
        )
    return error


def _fill_context(context: Path, what: DockerSource, report: Report, stopped: Stopped) -> None:
    """Only what the image is made of: an engine without BuildKit would be sent the whole project."""
    for part in (what.source, what.requirements):
        for path in source_files(what.root, part):
            place = context / path.relative_to(what.root)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, place)
    # Compiled modules of another system are of no use in the image: there the Dockerfile runs pip itself.
    if sys.platform == "linux":
        installed = install_dependencies(what.root / what.requirements, what.data_dir, report, stopped)
        shutil.copytree(
            installed, context / "deps", ignore=shutil.ignore_patterns("bin", ".lock", "__pycache__")
        )


def _build_arguments(what: DockerSource, reference: str) -> list[str]:
    revision = what.revision
    labels = {
        "org.opencontainers.image.created": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "org.opencontainers.image.revision": revision.commit or revision.digest,
        "org.opencontainers.image.source": what.source,
        "org.opencontainers.image.version": revision.tag,
    }
    return [
        "--file", f"{what.source}/Dockerfile",
        "--build-arg", f"BASE_IMAGE={what.base}",
        "--build-arg", f"APP_VERSION={revision.tag}",
        *[word for name, value in labels.items() for word in ("--label", f"{name}={value}")],
        "--tag", reference,
        ".",
    ]  # fmt: skip
