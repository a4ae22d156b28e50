"""The SSH key of an environment's instances: made once, kept in the shared stack's keys bucket.

The private half is known to the call that makes it, and to the one with which a person saves it, and to nothing
else: it is in no variable, plan, state, log, error or row of the store.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from panel.aws.s3 import create_object, delete_for_ever, get_object, head_object, put_object
from panel.aws.session import Aws
from panel.catalogue.render import ssh_key_folder, ssh_key_object
from panel.catalogue.schema import SHARED
from panel.errors import BusyError, NotFoundError, OperationError
from panel.store.stores import Stores

# One write makes the whole key: the public half travels as metadata of the private one.
_PUBLIC = "public-key"
_PUBLIC_LINE = re.compile(r"ssh-ed25519 [A-Za-z0-9+/]{60,100}={0,2}")
_TRIES = 3


@dataclass(frozen=True)
class Place:
    """Where an environment's key is kept."""

    bucket: str
    environment: str

    @property
    def private(self) -> str:
        """Name of the object with the private half."""
        return ssh_key_object(self.environment)

    @property
    def public(self) -> str:
        """Name of the object with the public half."""
        return f"{self.private}.pub"


@dataclass(frozen=True)
class KeyPair:
    """A new key pair, both halves in OpenSSH's formats."""

    private: bytes
    public: str

    def __repr__(self) -> str:
        return f"KeyPair(public={self.public!r})"


def key_place(stores: Stores, environment: str) -> Place:
    """Where the key of an environment is kept: in the bucket that the shared stack made for keys.

    Raises:
        NotFoundError: the shared stack is not there, or of a time before it had that bucket.
    """
    bucket = stores.environments.get(SHARED).outputs.get("keys_bucket")
    if not bucket:
        raise NotFoundError(
            f"There is no bucket to keep the SSH key of {environment} in.",
            hint="The shared network makes it: 'panel env apply shared', or create an environment.",
        )
    return Place(str(bucket), environment)


def new_pair() -> KeyPair:
    """A new Ed25519 key pair without a passphrase: who may read the bucket is who may use it."""
    key = Ed25519PrivateKey.generate()
    return KeyPair(
        private=key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()),
        public=key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode(),
    )


def ensure_key(aws: Aws, place: Place, *, make: Callable[[], KeyPair] = new_pair) -> str:
    """Make sure that the environment has a key, and return its public half; may run any number of times at once.

    Of several that make one at the same moment the first to write wins, and all return what it wrote. One that
    dies in between leaves either nothing or a whole key.

    Args:
        make: how a pair is made; only tests need another.

    Raises:
        OperationError: what is kept there is no key that the panel made.
        AwsError, EndpointError: the bucket cannot be read or written.
    """
    for _ in range(_TRIES):
        found = find_key(aws, place)
        if found is not None:
            _keep_public(aws, place, found)
            return found
        pair = make()
        if create_object(
            aws, place.bucket, place.private, pair.private,
            content_type="application/x-pem-file", metadata={_PUBLIC: pair.public},
        ):  # fmt: skip
            _keep_public(aws, place, pair.public)
            return pair.public
    raise BusyError(
        f"The SSH key of {place.environment} is being made and removed by somebody else at this moment.",
        hint="Wait a moment and try again.",
    )


def find_key(aws: Aws, place: Place) -> str | None:
    """The public half of the environment's key; None where there is none. The private half is not read.

    Raises:
        OperationError: what is kept there is no key that the panel made.
    """
    head = head_object(aws, place.bucket, place.private)
    if head is None:
        return None
    public = head.metadata.get(_PUBLIC, "")
    if not _PUBLIC_LINE.fullmatch(public):
        raise OperationError(
            f"{place.private} in the bucket {place.bucket} is no key that the panel made for {place.environment}.",
            hint="Move the object elsewhere, then run this again: the panel makes a new key.",
        )
    return public


def read_private_half(aws: Aws, place: Place) -> bytes:
    """The private half, for a person who saves it.

    Raises:
        NotFoundError: there is none.
    """
    return get_object(aws, place.bucket, place.private)


def remove_key(aws: Aws, place: Place) -> int:
    """Remove both halves with all their versions, for ever; returns how many versions there were."""
    return delete_for_ever(aws, place.bucket, ssh_key_folder(place.environment))


def fingerprint(public: str) -> str:
    """The key's fingerprint as ``ssh-keygen -l`` and OpenSSH's client print it: ``SHA256:…``."""
    digest = hashlib.sha256(base64.b64decode(public.split()[1])).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def _keep_public(aws: Aws, place: Place, public: str) -> None:
    # For people who look into the bucket. Every version is kept, so it is only written where it is not right.
    line = f"{public}\n".encode()
    try:
        right = get_object(aws, place.bucket, place.public) == line
    except NotFoundError:
        right = False
    if not right:
        put_object(aws, place.bucket, place.public, line, content_type="text/plain")
