"""Which data directory on which machine this is: what lies in it can be followed from here alone."""

from __future__ import annotations

import socket
import uuid
from pathlib import Path

from filelock import FileLock

from panel.errors import StorageError

_FILE = "instance"


def instance_id(data_path: Path) -> str:
    """Id of this data directory on this machine, as ``HOST/UUID``; made at the first call.

    The host is part of it and read anew, so that a copied or shared directory is not taken for its original.

    Raises:
        StorageError: the data directory cannot be written.
    """
    path = data_path / _FILE
    try:
        data_path.mkdir(parents=True, exist_ok=True, mode=0o700)
        with FileLock(data_path / f"{_FILE}.lock"):
            if not path.exists():
                path.write_text(uuid.uuid4().hex, encoding="ascii")
            return f"{socket.gethostname()}/{path.read_text(encoding='ascii').strip()}"
    except OSError as error:
        raise StorageError(
            f"The panel cannot write in its data directory {data_path}: {error.strerror}.",
            hint="Free some space or set PANEL_DATA_DIR to a folder it may write.",
        ) from error
