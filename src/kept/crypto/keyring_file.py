"""How does the keyring survive a power cut in the middle of being replaced?

Written beside the old one, flushed, renamed over it, and the folder flushed: a reader sees the
old ring or the new one, never a torn one. It travels with key backups, never with data backups.
"""

import contextlib
import os
from pathlib import Path

from kept.base.errors import MalformedError, NotFoundError, UnavailableError
from kept.crypto.keyring import Keyring
from kept.crypto.keyring_codec import MAX_BYTES, decode, encode

FILE_NAME = "keyring.json"
_MODE = 0o600


def load(path: Path) -> Keyring:
    """Read the ring.

    Raises:
        NotFoundError: there is none.
        UnavailableError: it cannot be read now.
        MalformedError: it is no keyring, or a newer Kept wrote it.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise NotFoundError(f"no keyring at {path}") from None
    except OSError as error:
        raise UnavailableError(f"{path} cannot be read: {error.strerror}") from None
    if len(raw) > MAX_BYTES:
        raise MalformedError("keyring", f"longer than {MAX_BYTES} bytes")
    return decode(raw)


def save(path: Path, ring: Keyring) -> None:
    """Replace the ring; durable on return, the old one whole if anything fails before.

    Raises:
        UnavailableError: the disk refuses; the old ring still stands.
    """
    try:
        _replace(path, encode(ring))
    except OSError as error:
        raise UnavailableError(
            f"{path} cannot be written: {error.strerror}. The old keyring still stands."
        ) from None


def _replace(path: Path, raw: bytes) -> None:
    beside = path.with_name(path.name + ".new")
    with contextlib.suppress(FileNotFoundError):
        beside.unlink()  # left by a crash; never had effect
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
    with os.fdopen(handle, "wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
