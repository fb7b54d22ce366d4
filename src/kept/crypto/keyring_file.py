"""How does the keyring survive a power cut in the middle of being replaced?

Written beside the old one, flushed, renamed over it, and the folder flushed: a reader sees the
old ring or the new one, never a torn one. It travels with key backups, never with data backups.
"""

from pathlib import Path

from kept.base.durable import replace_file
from kept.base.errors import MalformedError, NotFoundError, UnavailableError
from kept.crypto.keyring import Keyring
from kept.crypto.keyring_codec import MAX_BYTES, decode, encode

FILE_NAME = "keyring.json"


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
    """Replace the ring; durable on return, a whole one there whatever fails.

    Raises:
        UnavailableError: the disk refuses.
    """
    try:
        replace_file(path, encode(ring))
    except OSError as error:
        raise UnavailableError(
            f"{path} cannot be written: {error.strerror}. "
            "One whole keyring stands there, the old one or the new one."
        ) from None
