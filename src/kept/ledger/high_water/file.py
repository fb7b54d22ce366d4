"""The high-water mark as one file of two slots beside the data, outside every backup.

Rules: each slot of 4 KiB holds a generation, the note, and a hash over both; the highest whole
generation is the mark. A swap writes over the *other* slot, in place, and flushes it: a write that
was torn leaves the mark as it was. Nothing whole in the file is damage, not absence. A lock on the
folder makes comparing and writing one step among processes.
Source: `docs/formats/ledger.md`, sequencing; `docs/decisions/0030-mark-in-two-slots.md`.
"""

import fcntl
import os
import re
from collections.abc import Generator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from kept.base.durable import overwrite, replace_file
from kept.base.errors import ConflictError, MalformedError, UnavailableError

SLOT_BYTES = 4096  # a page: what disks and file systems write as one, where they can
DAMAGED = b""  # what `read` answers when the file is there and no slot of it is whole

_HEADER = re.compile(rb"kept high-water 1 generation ([0-9]{20}) sha256 [0-9a-f]{64}\n")


class FileHighWater:
    """`HighWater` in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> bytes | None:
        """The signed note; None when there is no file, `DAMAGED` when none of it is whole.

        Raises:
            UnavailableError: the file cannot be read.
        """
        found = self._newest()
        return found[1] if found else None

    def swap(self, old: bytes | None, new: bytes) -> None:
        """Compare, then write over the slot that is not the mark, durably.

        Raises:
            ConflictError: something else than `old` stands there, or what stands is damaged.
            UnavailableError: the file cannot be written; the old mark stands, or the new one.
            MalformedError: the note does not fit a slot.
        """
        try:
            with _alone(self._path.parent):
                generation, standing = self._newest() or (0, None)
                if standing != old or standing == DAMAGED:
                    raise ConflictError(
                        "Another process signed for this ledger. Nothing was signed here."
                    )
                self._write(generation + 1, new, is_first=standing is None)
        except OSError as error:
            raise UnavailableError("The ledger's high-water mark cannot be written.") from error

    def _write(self, generation: int, note: bytes, *, is_first: bool) -> None:
        slot, at = encode_slot(generation, note), generation % 2 * SLOT_BYTES
        if is_first:  # both slots get their place on the disk now, so that later none is needed
            replace_file(self._path, b"\n" * at + slot.ljust(2 * SLOT_BYTES - at, b"\n"))
        else:
            overwrite(self._path, slot, at=at)

    def _newest(self) -> tuple[int, bytes] | None:
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise UnavailableError("The ledger's high-water mark cannot be read.") from error
        return _newest_whole(data) or (0, DAMAGED)


def encode_slot(generation: int, note: bytes) -> bytes:
    """A slot: one line of its own, the note, newlines up to 4 KiB.

    Raises:
        MalformedError: the note does not fit.
    """
    number = b"%020d" % generation
    digest = sha256(number + note).hexdigest().encode()
    slot = b"kept high-water 1 generation %b sha256 %b\n%b" % (number, digest, note)
    if len(slot) > SLOT_BYTES or note != note.rstrip(b"\n") + b"\n":
        raise MalformedError("high-water", "a mark is a note of less than 4 KiB")
    return slot.ljust(SLOT_BYTES, b"\n")


def _newest_whole(data: bytes) -> tuple[int, bytes] | None:
    """Generation and note of the newest slot that is exactly what was written there."""
    starts = ((at, _HEADER.match(data, at)) for at in (0, SLOT_BYTES))
    for generation, at, start in sorted(((int(m[1]), at, m.end()) for at, m in starts if m))[::-1]:
        slot = data[at : at + SLOT_BYTES]
        note = slot[start - at :].rstrip(b"\n") + b"\n"
        if generation % 2 * SLOT_BYTES == at and slot == encode_slot(generation, note):
            return generation, note
    return None


@contextmanager
def _alone(folder: Path) -> Generator[None]:
    """While this holds, no other process compares or writes a mark in this folder."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
