"""Images out of a registry that lives in memory: what is unpacked, and what is refused."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import httpx
import pytest

from panel.errors import BuildError, NotFoundError
from panel.localaws.images import ImageStore, parse_reference

HOST = "000000000000.dkr.ecr.us-east-2.amazonaws.com"


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def tarball(*entries: tuple[tarfile.TarInfo, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for entry, content in entries:
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def file(name: str, content: bytes = b"x") -> tuple[tarfile.TarInfo, bytes]:
    return tarfile.TarInfo(name), content


class MemoryRegistry:
    """ECR's API and the blobs behind it."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        self.manifests: dict[str, tuple[str, str]] = {}
        self.fetched: list[str] = []

    def add(self, tag: str, *layers: bytes, config: dict[str, Any] | None = None) -> str:
        settings = json.dumps({"config": config or {"Cmd": ["python"]}}).encode()
        for blob in (settings, *layers):
            self.blobs[digest_of(blob)] = blob
        manifest = json.dumps(
            {
                "config": {"digest": digest_of(settings)},
                "layers": [{"digest": digest_of(layer)} for layer in layers],
            }
        )
        digest = digest_of(manifest.encode())
        self.manifests[tag] = self.manifests[digest] = (digest, manifest)
        return digest

    def batch_get_image(self, *, imageIds: list[dict[str, str]], **request: Any) -> Any:
        found = self.manifests.get(next(iter(imageIds[0].values())))
        if found is None:
            return {"images": [], "failures": [{"failureCode": "ImageNotFound"}]}
        return {"images": [{"imageId": {"imageDigest": found[0]}, "imageManifest": found[1]}]}

    def get_download_url_for_layer(self, *, repositoryName: str, layerDigest: str) -> Any:
        return {"downloadUrl": f"https://{HOST}/v2/{repositoryName}/blobs/{layerDigest}"}

    def answer(self, request: httpx.Request) -> httpx.Response:
        assert request.url.host == "127.0.0.1"
        digest = request.url.path.rsplit("/", 1)[1]
        self.fetched.append(digest)
        blob = self.blobs.get(digest)
        return httpx.Response(404) if blob is None else httpx.Response(200, content=blob)


@pytest.fixture
def registry() -> MemoryRegistry:
    return MemoryRegistry()


@pytest.fixture
def store(registry: MemoryRegistry, tmp_path: Path) -> ImageStore:
    transport = httpx.MockTransport(registry.answer)
    return ImageStore(tmp_path / "images", registry, "http://127.0.0.1:1", transport)


def leftovers(tmp_path: Path) -> list[str]:
    folder = tmp_path / "images"
    return [item.name for item in folder.iterdir()] if folder.exists() else []


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (f"{HOST}/todo/backend:v1", ("todo/backend", "v1", "")),
        (f"{HOST}/backend", ("backend", "latest", "")),
        (f"localhost:4566/backend@sha256:{'a' * 64}", ("backend", "latest", f"sha256:{'a' * 64}")),
        (f"localhost:4566/backend:v1@sha256:{'a' * 64}", ("backend", "v1", f"sha256:{'a' * 64}")),
    ],
)
def test_references_are_split(image: str, expected: tuple[str, str, str]) -> None:
    reference = parse_reference(image)
    assert (reference.repository, reference.tag, reference.digest) == expected


@pytest.mark.parametrize("image", ["", "nginx", "host/UPPER", f"host/a@sha256:{'a' * 63}", "host/../etc:1"])
def test_what_is_no_reference_is_refused(image: str) -> None:
    with pytest.raises(BuildError, match="not an image reference"):
        parse_reference(image)


def test_an_image_is_unpacked_layer_by_layer_with_its_config(
    store: ImageStore, registry: MemoryRegistry
) -> None:
    config = {
        "Env": ["A=1", "B=x=y"],
        "WorkingDir": "/app",
        "Entrypoint": ["python"],
        "Cmd": ["-m", "app"],
    }
    lower = tarball(file("app/a", b"lower"), file("app/b", b"lower"))
    digest = registry.add("v1", lower, tarball(file("./app/b", b"upper")), config=config)
    image = store.prepare(f"{HOST}/app:v1")
    assert image.digest == digest
    assert (image.rootfs / "app/a").read_bytes() == b"lower"
    assert (image.rootfs / "app/b").read_bytes() == b"upper"
    assert image.environment == (("A", "1"), ("B", "x=y"))
    assert (image.entry_point, image.command) == (("python",), ("-m", "app"))
    assert image.working_directory == "/app"


def test_an_image_known_by_its_digest_is_not_fetched_again(
    store: ImageStore, registry: MemoryRegistry
) -> None:
    digest = registry.add("v1", tarball(file("a")))
    first = store.prepare(f"{HOST}/app:v1")
    fetched = len(registry.fetched)
    registry.manifests.clear()
    assert store.prepare(f"{HOST}/app@{digest}") == first
    assert len(registry.fetched) == fetched


def test_a_missing_image_says_so(store: ImageStore) -> None:
    with pytest.raises(NotFoundError, match=r"no image .*app:bootstrap yet"):
        store.prepare(f"{HOST}/app:bootstrap")


def test_a_damaged_layer_is_refused_and_nothing_is_left(
    store: ImageStore, registry: MemoryRegistry, tmp_path: Path
) -> None:
    layer = tarball(file("a"))
    registry.add("v1", layer)
    registry.blobs[digest_of(layer)] = tarball(file("evil"))
    with pytest.raises(BuildError, match="damaged"):
        store.prepare(f"{HOST}/app:v1")
    assert leftovers(tmp_path) == []


def test_a_damaged_manifest_is_refused(store: ImageStore, registry: MemoryRegistry) -> None:
    digest = registry.add("v1", tarball(file("a")))
    registry.manifests["v1"] = (digest, registry.manifests["v1"][1] + " ")
    with pytest.raises(BuildError, match=r"manifest .* damaged"):
        store.prepare(f"{HOST}/app:v1")


def test_another_image_than_the_one_asked_for_is_refused(store: ImageStore, registry: MemoryRegistry) -> None:
    asked = registry.add("v1", tarball(file("a")))
    registry.add("v2", tarball(file("b")))
    registry.manifests[asked] = registry.manifests["v2"]
    with pytest.raises(BuildError, match="another image"):
        store.prepare(f"{HOST}/app@{asked}")


def link(name: str, target: str) -> tuple[tarfile.TarInfo, bytes]:
    entry = tarfile.TarInfo(name)
    entry.type = tarfile.SYMTYPE
    entry.linkname = target
    return entry, b""


def device(name: str) -> tuple[tarfile.TarInfo, bytes]:
    entry = tarfile.TarInfo(name)
    entry.type = tarfile.CHRTYPE
    return entry, b""


@pytest.mark.parametrize(
    "entries",
    [
        [file("../outside")],
        [link("app", "/etc")],
        [link("app", "../../.."), file("app/outside")],
        [device("app/null")],
    ],
    ids=["parent", "absolute link", "link up", "device"],
)
def test_nothing_gets_out_of_the_folder(
    store: ImageStore, registry: MemoryRegistry, tmp_path: Path, entries: list[tuple[tarfile.TarInfo, bytes]]
) -> None:
    registry.add("v1", tarball(*entries))
    with pytest.raises(BuildError, match="could not be unpacked"):
        store.prepare(f"{HOST}/app:v1")
    assert leftovers(tmp_path) == []
    assert not list(tmp_path.rglob("outside"))


def test_a_layer_that_is_no_archive_is_refused(store: ImageStore, registry: MemoryRegistry) -> None:
    registry.add("v1", gzip.compress(b"no tar"))
    with pytest.raises(BuildError, match="could not be unpacked"):
        store.prepare(f"{HOST}/app:v1")


def test_a_missing_layer_is_named(store: ImageStore, registry: MemoryRegistry) -> None:
    layer = tarball(file("a"))
    registry.add("v1", layer)
    del registry.blobs[digest_of(layer)]
    with pytest.raises(NotFoundError, match=digest_of(layer)):
        store.prepare(f"{HOST}/app:v1")


def test_old_images_are_removed_but_those_in_use(
    store: ImageStore, registry: MemoryRegistry, tmp_path: Path
) -> None:
    digests = [registry.add(f"v{n}", tarball(file("a", str(n).encode()))) for n in range(4)]
    for number in range(4):
        store.prepare(f"{HOST}/app:v{number}")
    (tmp_path / "images" / ".unpacking-left").mkdir()
    store.prune({digests[0]}, newest=0)
    assert leftovers(tmp_path) == [digests[0].replace(":", "-")]
