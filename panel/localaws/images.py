"""Images for the process runtime: fetched from ECR, every digest checked, unpacked once per digest.

The formats are those of the OCI image specification (manifest, config, layer as a tar):
https://github.com/opencontainers/image-spec
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tarfile
import tempfile
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from panel.errors import BuildError, EndpointError, NotFoundError
from panel.localaws.clients import Ecr

_REFERENCE = re.compile(
    r"^(?P<host>[^/]+)/(?P<repository>[a-z0-9][a-z0-9._/-]*?)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9._-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?$"
)
_MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_CHUNK = 1024 * 1024


@dataclass(frozen=True)
class ImageReference:
    """``host/repository:tag`` or ``host/repository@digest``."""

    repository: str
    tag: str
    digest: str


@dataclass(frozen=True)
class UnpackedImage:
    """An image on this machine.

    Args:
        digest: of its manifest.
        rootfs: folder that holds the content of its layers.
        entry_point, command, environment, working_directory: of its config.
    """

    digest: str
    rootfs: Path
    entry_point: tuple[str, ...]
    command: tuple[str, ...]
    environment: tuple[tuple[str, str], ...]
    working_directory: str


def parse_reference(image: str) -> ImageReference:
    """Split an image reference of a task definition.

    Raises:
        BuildError: it is none, or names no registry.
    """
    match = _REFERENCE.match(image)
    if match is None:
        raise BuildError(
            f"{image!r} is not an image reference with a registry, a repository and a tag or digest.",
            hint="Deploy the service again from the panel.",
        )
    return ImageReference(match["repository"], match["tag"] or "latest", match["digest"] or "")


class ImageStore:
    """Unpacked images under one folder.

    Args:
        folder: one sub-folder per manifest digest.
        ecr: the registry's API.
        endpoint: where registry hosts of AWS are found here.
        transport: how blobs are fetched; by default over the network.
    """

    def __init__(
        self, folder: Path, ecr: Ecr, endpoint: str, transport: httpx.BaseTransport | None = None
    ) -> None:
        self._folder = folder
        self._transport = transport
        self._ecr = ecr
        self._endpoint = endpoint

    def prepare(self, image: str) -> UnpackedImage:
        """Make sure an image is unpacked here, and tell what to run.

        Raises:
            NotFoundError: the repository holds no such image.
            BuildError: a digest does not match, or the image cannot run as a process.
            EndpointError: the registry does not answer.
        """
        reference = parse_reference(image)
        if reference.digest:
            kept = self._kept(reference.digest)
            if kept:
                return kept
        digest, manifest = self._manifest(image, reference)
        return self._kept(digest) or self._unpack(image, reference, digest, manifest)

    def prune(self, in_use: Collection[str], newest: int = 8) -> None:
        """Remove unpacked images but those in use and the newest few, and what a kill left half unpacked."""
        if not self._folder.is_dir():
            return
        folders = sorted(self._folder.iterdir(), key=lambda folder: folder.stat().st_mtime, reverse=True)
        images = [folder for folder in folders if not folder.name.startswith(".")]
        needed = {self._place(digest) for digest in in_use} | set(images[:newest])
        for folder in folders:
            if folder not in needed:
                shutil.rmtree(folder, ignore_errors=True)

    def _kept(self, digest: str) -> UnpackedImage | None:
        folder = self._place(digest)
        if not (folder / "config.json").is_file():
            return None
        return _described(digest, folder, json.loads((folder / "config.json").read_bytes()))

    def _place(self, digest: str) -> Path:
        return self._folder / digest.replace(":", "-")

    def _manifest(self, image: str, reference: ImageReference) -> tuple[str, dict[str, Any]]:
        wanted = {"imageDigest": reference.digest} if reference.digest else {"imageTag": reference.tag}
        try:
            answer = self._ecr.batch_get_image(
                repositoryName=reference.repository, imageIds=[wanted], acceptedMediaTypes=list(_MANIFESTS)
            )
        except Exception as error:
            if "RepositoryNotFound" not in f"{type(error).__name__} {error}":
                raise
            answer = {"images": []}
        if not answer["images"]:
            raise NotFoundError(
                f"There is no image {image} yet.", hint="Deploy the service: that builds and pushes one."
            )
        found = answer["images"][0]
        digest = str(found["imageId"]["imageDigest"])
        text = found["imageManifest"].encode()
        _check(image, "manifest", digest, hashlib.sha256(text).hexdigest())
        if reference.digest and digest != reference.digest:
            raise BuildError(f"The registry answered for {image} with another image, {digest}.")
        manifest = json.loads(text)
        if "layers" not in manifest:
            raise BuildError(f"{image} is a list of images for several platforms; expected a single one.")
        return digest, manifest

    def _unpack(
        self, image: str, reference: ImageReference, digest: str, manifest: dict[str, Any]
    ) -> UnpackedImage:
        self._folder.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=".unpacking-", dir=self._folder))
        try:
            rootfs = work / "rootfs"
            rootfs.mkdir()
            for layer in manifest["layers"]:
                blob = self._fetch(image, reference, layer["digest"], work / "layer")
                _extract(image, blob, rootfs)
                blob.unlink()
            # The config comes last: its presence says that all of it is here.
            self._fetch(image, reference, manifest["config"]["digest"], work / "config.json")
            try:
                work.rename(self._place(digest))
            except OSError:
                if self._kept(digest) is None:  # Else somebody else was quicker.
                    raise
        finally:
            shutil.rmtree(work, ignore_errors=True)
        kept = self._kept(digest)
        if kept is None:
            raise BuildError(f"{image} could not be unpacked into {self._folder}.", hint="Deploy it again.")
        return kept

    def _fetch(self, image: str, reference: ImageReference, digest: str, target: Path) -> Path:
        answer = self._ecr.get_download_url_for_layer(repositoryName=reference.repository, layerDigest=digest)
        url = self._reachable(str(answer["downloadUrl"]))
        found = hashlib.sha256()
        try:
            with (
                httpx.Client(
                    trust_env=False, timeout=60, follow_redirects=True, transport=self._transport
                ) as client,
                client.stream("GET", url) as response,
                target.open("wb") as file,
            ):
                if response.status_code != 200:
                    raise NotFoundError(
                        f"The registry has no {digest} of {image} (HTTP {response.status_code}).",
                        hint="Deploy the service again: that pushes what is missing.",
                    )
                for chunk in response.iter_bytes(_CHUNK):
                    found.update(chunk)
                    file.write(chunk)
        except httpx.HTTPError as error:
            raise EndpointError(f"The registry did not hand out {digest} of {image}: {error}.") from error
        _check(image, "blob", digest, found.hexdigest())
        return target

    def _reachable(self, url: str) -> str:
        """The emulator names the registry as AWS does; here it answers on the endpoint itself."""
        parts = urlsplit(url)
        if ".dkr.ecr." not in (parts.hostname or ""):
            return url
        return f"{self._endpoint}{parts.path}{f'?{parts.query}' if parts.query else ''}"


def _check(image: str, kind: str, digest: str, found: str) -> None:
    if digest != f"sha256:{found}":
        raise BuildError(
            f"A {kind} of {image} is damaged: its digest should be {digest}, but it is sha256:{found}.",
            hint="Deploy the service again.",
        )


def _extract(image: str, blob: Path, rootfs: Path) -> None:
    try:
        with tarfile.open(blob) as layer:
            # The data filter refuses what would land or point outside, and devices.
            layer.extractall(rootfs, filter="data")
    except (tarfile.TarError, OSError) as error:
        raise BuildError(
            f"A layer of {image} could not be unpacked: {error}.",
            hint="Only images built by the panel run as processes; others need a Docker engine.",
        ) from error


def _described(digest: str, folder: Path, config: dict[str, Any]) -> UnpackedImage:
    settings = config.get("config") or {}
    pairs = (item.partition("=") for item in settings.get("Env") or ())
    return UnpackedImage(
        digest=digest,
        rootfs=folder / "rootfs",
        entry_point=tuple(settings.get("Entrypoint") or ()),
        command=tuple(settings.get("Cmd") or ()),
        environment=tuple((name, value) for name, _, value in pairs),
        working_directory=settings.get("WorkingDir") or "/",
    )
