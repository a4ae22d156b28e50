"""How each file of a site is served: its content type, how long it may be kept, and in which order it goes out."""

from __future__ import annotations

import gzip
import json
import mimetypes
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from urllib.parse import quote

INDEX = "index.html"
CONFIG = "config.js"

IMMUTABLE = "public, max-age=31536000, immutable"
REVALIDATE = "no-cache"
SHORT = "public, max-age=300"

# Said here because the machine's own table differs from one system to the next.
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".gif": "image/gif",
    ".htm": "text/html; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/vnd.microsoft.icon",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".md": "text/markdown; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".xml": "application/xml",
}
# The hash that build tools put into a name: site-L2624VMO.js, index.0f3c9a1b.css.
_HASHED = re.compile(r"[-.]([A-Za-z0-9_]+)\.[A-Za-z0-9.]+$")
_HEXADECIMAL = re.compile(r"[0-9a-f]+")
_HASH_LENGTHS = {8, 10, 12, 16, 20, 32, 40, 64}
# With more paths than this one "/*" is cheaper and as good.
_MOST_PATHS = 15
# What packs well, besides everything that is text.
_PACKABLE = {
    "application/json",
    "application/manifest+json",
    "application/wasm",
    "application/xml",
    "image/svg+xml",
}
# Below this an answer fits into the first packets anyway, above it a file is not held in memory to be packed. Bytes.
_SMALLEST_PACKED = 1024
LARGEST_PACKED = 64 * 1024 * 1024
_WORTH = 0.9
_LEVEL = 6


def content_type(name: str) -> str:
    """The content type of a file by its name."""
    suffix = PurePosixPath(name).suffix.lower()
    return _TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"


def is_immutable(name: str) -> bool:
    """Whether a file's content never changes under its name: below ``assets/``, with a hash in the name."""
    path = PurePosixPath(name)
    match = _HASHED.search(path.name)
    if "assets" not in path.parts[:-1] or match is None:
        return False
    word = match.group(1)
    # What only looks like a hash: words (lower case, not hexadecimal) and dates (no letters).
    hexadecimal = _HEXADECIMAL.fullmatch(word) and not word.isalpha() and not word.isdigit()
    mixed = any(c.isupper() for c in word) and not word.istitle()
    return len(word) in _HASH_LENGTHS and bool(hexadecimal or mixed)


def cache_control(name: str) -> str:
    """How long browsers and edges may keep a file without asking again."""
    if is_immutable(name):
        return IMMUTABLE
    if name == CONFIG or is_page(name):
        return REVALIDATE
    return SHORT


def may_be_packed(name: str, size: int) -> bool:
    """Whether a file of so many bytes is worth a try with gzip.

    Only what is immutable: it is uploaded once and fetched for a year, by browsers, all of which take gzip. Pages and
    the configuration stay plain for whoever takes nothing else; CloudFront packs those on their way.
    """
    kind = content_type(name).partition(";")[0]
    packable = kind.startswith("text/") or kind in _PACKABLE
    return packable and is_immutable(name) and _SMALLEST_PACKED <= size <= LARGEST_PACKED


def packed(name: str, content: bytes) -> tuple[bytes, str]:
    """The content as it is stored, and its encoding: ``gzip`` where that saves a tenth or more, or empty.

    The same content always gives the same bytes: no time of day is written into them.
    """
    if may_be_packed(name, len(content)):
        smaller = gzip.compress(content, _LEVEL, mtime=0)
        if len(smaller) <= len(content) * _WORTH:
            return smaller, "gzip"
    return content, ""


def upload_waves(names: Sequence[str]) -> list[list[str]]:
    """The order of upload: nothing is named by a file that people get before it is there itself.

    Assets first, then the configuration, then other pages, the index last of all.
    """

    def wave(name: str) -> int:
        if name == INDEX:
            return 3
        if is_page(name):
            return 2
        return 1 if name == CONFIG else 0

    waves: list[list[str]] = [[], [], [], []]
    for name in sorted(names):
        waves[wave(name)].append(name)
    return [names for names in waves if names]


def is_page(name: str) -> bool:
    """Whether a file is a page, which names other files."""
    return name.endswith((".html", ".htm"))


def paths_to_invalidate(names: Iterable[str]) -> tuple[str, ...]:
    """The paths that edges must forget where these files have changed; ``/*`` where that is cheaper.

    Source: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/invalidation-specifying-objects.html
    """
    paths = set()
    for name in names:
        path = f"/{quote(name)}"
        paths.add(path)
        # A folder's page is asked for by the folder's name, and a function at the edge makes the file's name of it.
        if path.endswith(f"/{INDEX}"):
            folder = path.removesuffix(INDEX)
            paths |= {folder, folder.rstrip("/") or "/"}
    return tuple(sorted(paths)) if len(paths) <= _MOST_PATHS else ("/*",)


def config_script(config: Mapping[str, str]) -> bytes:
    """``config.js``: the environment's settings as ``window.APP_CONFIG``, safe wherever a script may stand."""
    # ASCII only, so the line separators that end a JavaScript string do not occur as such; and nothing
    # that could end a <script> element or open a comment in one.
    text = json.dumps(dict(config), ensure_ascii=True)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return f"window.APP_CONFIG = {text};\n".encode()
