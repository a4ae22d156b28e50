"""What people may do with the SSH keys of instances: look where they are, and save the private half.

Making and removing keys is part of runs: see :mod:`panel.lifecycle.instance_keys`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from panel.access.capabilities import Capability, require
from panel.access.identity import Identity
from panel.audit.trail import Trail
from panel.aws.observe import machine_group
from panel.aws.session import Aws
from panel.catalogue.render import environment_of
from panel.catalogue.schema import Catalogue
from panel.errors import NotFoundError, RefusedError, StorageError
from panel.lifecycle.instance_keys import Place, find_key, fingerprint, key_place, read_private_half
from panel.store.stores import Stores


@dataclass(frozen=True)
class KeyFacts:
    """What may be told of a key.

    Attributes:
        environment: whose instances take it.
        bucket, private_object, public_object: where its halves are kept.
        fingerprint: as ``ssh-keygen -l`` prints it.
        public_key: the public half, on one line.
        region: where the instances are.
        instances: ids of the instances that are in service now.
        emulated: the instances are the embedded AWS's, which nobody can sign in to.
    """

    environment: str
    bucket: str
    private_object: str
    public_object: str
    fingerprint: str
    public_key: str
    region: str
    instances: tuple[str, ...]
    emulated: bool

    @property
    def session_command(self) -> str:
        """How to sign in without any key: Session Manager asks AWS who you are, and keeps a record."""
        target = self.instances[0] if self.instances else "INSTANCE_ID"
        return f"aws ssm start-session --region {self.region} --target {target}"


class Keys:
    """The acts. Each is checked against the person's role; saving is written to the audit trail before it is done."""

    def __init__(
        self, catalogue: Callable[[], Catalogue], stores: Stores, trail: Trail, aws: Callable[[], Aws]
    ) -> None:
        self._catalogue = catalogue
        self._stores = stores
        self._trail = trail
        self._aws = aws

    def show(self, who: Identity, environment: str) -> KeyFacts:
        """Where the key of an environment is, and how to do without it. The private half is not read.

        Raises:
            NotFoundError: there is no such environment, or it has no key.
            AccessDeniedError: the person may not look.
        """
        require(who, Capability.VIEW, environment)
        place, public = self._key(environment)
        aws = self._aws()
        group = self._stores.environments.get(environment).outputs.get("autoscaling_group_name")
        machines = machine_group(aws, str(group)).machines if group else ()
        return KeyFacts(
            environment=environment, bucket=place.bucket, private_object=place.private,
            public_object=place.public, fingerprint=fingerprint(public), public_key=public,
            region=aws.account.region, instances=tuple(one.id for one in machines if one.in_service),
            emulated=aws.account.emulated,
        )  # fmt: skip

    def save(self, who: Identity, environment: str, path: Path) -> str:
        """Write the private half into a new file that only its owner may read, and return its fingerprint.

        Raises:
            NotFoundError: there is no such environment, or it has no key.
            AccessDeniedError: the person may not.
            RefusedError: there is such a file already; it was not touched.
            StorageError: the file or the audit record cannot be written; no file is left behind.
        """
        require(who, Capability.SAVE_KEY, environment)
        place, public = self._key(environment)
        with _new_private_file(path) as file:
            self._trail.record(
                who.name, who.role, "save ssh key", environment,
                fingerprint=fingerprint(public), file=str(path.absolute()),
            )  # fmt: skip
            file.write(read_private_half(self._aws(), place))
        return fingerprint(public)

    def _key(self, environment: str) -> tuple[Place, str]:
        entry = environment_of(self._catalogue(), environment)
        place = key_place(self._stores, environment)
        public = find_key(self._aws(), place)
        if public is not None:
            return place, public
        if entry.ssh_key:
            raise NotFoundError(
                f"The SSH key of {environment} is not made yet.",
                hint=f"The next plan makes it: panel env update {environment}.",
            )
        raise NotFoundError(
            f"{environment} has no SSH key: Session Manager is the way to its instances.",
            hint=f"Set 'ssh_key: true' for {environment} in environments.yaml and update it, if it must have one.",
        )


@contextmanager
def _new_private_file(path: Path) -> Iterator[IO[bytes]]:
    """A file that did not exist, for its owner alone; taken away again where anything goes wrong."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise RefusedError(
            f"{path} exists already and was not touched.", hint="Name another file, or remove this one."
        ) from None
    except OSError as error:
        raise _refused(path, error) from error
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(handle, 0o600)  # whatever the umask says
            yield file
            file.flush()
            os.fsync(handle)
    except BaseException as error:
        with suppress(OSError):
            path.unlink()
        if isinstance(error, OSError):
            raise _refused(path, error) from error
        raise


def _refused(path: Path, error: OSError) -> StorageError:
    return StorageError(
        f"{path} cannot be written: {error.strerror or error}.",
        hint="Name a file in a folder that exists and that you may write in.",
    )
