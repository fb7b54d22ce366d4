"""How does an upload lie on disk for a while without being readable there?

The file is a row of envelopes (`kept.crypto.sealing`), one for each 64 KiB: every chunk is bound to
its number and to whether it is the last one (`kept.crypto.places.object_chunk`), so nothing can be
changed, swapped, taken from another file or cut off. Only a writer that was closed in peace writes
the last chunk: what a crash left behind is refused as a whole.
The key is drawn for this one file and lives no longer than it; the owner is therefore nobody.
Source: `docs/formats/envelope.md`, associated data.
"""

import io
import os
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self, cast

from kept.base.errors import TamperedError, UnavailableError
from kept.crypto import places
from kept.crypto.sealing import OVERHEAD_BYTES, SealKey, open_sealed, seal

CHUNK_BYTES = 64 * 1024  # of plaintext; only the last chunk may be shorter
SEALED_CHUNK_BYTES = CHUNK_BYTES + OVERHEAD_BYTES
KEY_VERSION = 1  # one key for one file: it never rotates
MODE = 0o600
WHAT = "a sealed file"


class _Place:
    """Whose chunk it is: the vault and the file."""

    __slots__ = ("_object_id", "_vault_id")

    def __init__(self, vault_id: bytes, object_id: bytes) -> None:
        self._vault_id, self._object_id = vault_id, object_id

    def of(self, chunk_no: int, *, is_last: bool) -> bytes:
        """Associated data of one chunk."""
        return places.object_chunk(
            vault_id=self._vault_id,
            object_id=self._object_id,
            owner_id=places.NOBODY,
            chunk_no=chunk_no,
            is_last=is_last,
            key_version=KEY_VERSION,
        )


class SealedWriter:
    """Takes plaintext in pieces of any size and puts sealed chunks into a new file.

    `close` makes it durable and whole; leaving a `with` by an exception deletes it.
    """

    def __init__(self, path: Path, key: SealKey, *, vault_id: bytes, object_id: bytes) -> None:
        """Begin a file at `path`, where none may be yet.

        Raises:
            UnavailableError: the disk refuses, or something stands there already.
            MalformedError: an id is not 16 bytes.
        """
        self._place = _Place(vault_id, object_id)
        self._place.of(0, is_last=True)  # refuses wrong ids before a file is made
        self._path, self._key = path, key
        self._held = bytearray()  # the newest plaintext: at least a byte of it once any came
        self._count = 0
        self.size_bytes = 0
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE)
        except OSError as error:
            raise UnavailableError(_reason(error)) from None
        self._file = os.fdopen(handle, "wb", buffering=0)

    def write(self, piece: bytes) -> None:
        """Take the next bytes. A chunk is written once it is known not to be the last one.

        Raises:
            UnavailableError: the disk refuses; the file is of no use any more.
        """
        self._held += piece
        self.size_bytes += len(piece)
        while len(self._held) > CHUNK_BYTES:
            self._put(bytes(self._held[:CHUNK_BYTES]), is_last=False)
            del self._held[:CHUNK_BYTES]

    def close(self) -> None:
        """Write the last chunk; durable on return. A second call does nothing.

        Raises:
            UnavailableError: the disk refuses.
        """
        if self._file.closed:
            return
        self._put(bytes(self._held), is_last=True)
        self._held.clear()
        try:
            os.fsync(self._file.fileno())
        except OSError as error:
            raise UnavailableError(_reason(error)) from None
        finally:
            self._file.close()

    def discard(self) -> None:
        """Give up: the file is gone on return."""
        self._held.clear()
        self._file.close()
        self._path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if error is None:
            self.close()
        else:
            self.discard()

    def _put(self, plain: bytes, *, is_last: bool) -> None:
        aad = self._place.of(self._count, is_last=is_last)
        rest = memoryview(seal(self._key, plain, aad, key_version=KEY_VERSION, pad=False))
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            raise UnavailableError(_reason(error)) from None
        self._count += 1


def open_sealed_file(path: Path, key: SealKey, *, vault_id: bytes, object_id: bytes) -> BinaryIO:
    """The plaintext of a whole sealed file, to be read from anywhere. Hostile input.

    Its end is checked here, every other chunk when it is read: a read may raise TamperedError.

    Raises:
        UnavailableError: it is gone or cannot be read.
        TamperedError: cut off, changed, or sealed for another file.
        MalformedError: an id is not 16 bytes.
    """
    try:
        file = path.open("rb", buffering=0)
    except OSError as error:
        raise UnavailableError(_reason(error)) from None
    try:
        reader = _Reader(file, key, _Place(vault_id, object_id))
    except BaseException:
        file.close()
        raise
    return cast("BinaryIO", io.BufferedReader(reader, CHUNK_BYTES))


class _Reader(io.RawIOBase):
    """Opens one chunk at a time and keeps the newest."""

    def __init__(self, file: io.FileIO, key: SealKey, place: _Place) -> None:
        self._file, self._key, self._place = file, key, place
        size = file.seek(0, os.SEEK_END)
        self._count = -(-size // SEALED_CHUNK_BYTES)
        if size - (self._count - 1) * SEALED_CHUNK_BYTES < OVERHEAD_BYTES or not self._count:
            raise TamperedError(WHAT)
        self._size = size - self._count * OVERHEAD_BYTES
        self._at = 0
        self._open_no = self._count - 1
        self._open = self._chunk(self._open_no)

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Go to a place of the plaintext.

        Raises:
            ValueError: before its beginning.
        """
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError("there is nothing before the beginning of a file")
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        """Where the next read begins, in bytes of plaintext."""
        return self._at

    def readinto(self, buffer: "memoryview", /) -> int:  # type: ignore[override]
        """Fill `buffer` from the chunk at hand.

        Raises:
            TamperedError: the chunk was changed.
            UnavailableError: the disk refuses.
        """
        if self._at >= self._size:
            return 0
        number, begin = divmod(self._at, CHUNK_BYTES)
        if number != self._open_no:
            self._open, self._open_no = self._chunk(number), number
        piece = self._open[begin : begin + len(buffer)]
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def close(self) -> None:
        """Let go of the file and of the plaintext at hand."""
        self._open = b""
        self._open_no = -1
        self._file.close()
        super().close()

    def _chunk(self, number: int) -> bytes:
        try:
            self._file.seek(number * SEALED_CHUNK_BYTES)
            sealed = self._file.read(SEALED_CHUNK_BYTES)
        except OSError as error:
            raise UnavailableError(_reason(error)) from None
        aad = self._place.of(number, is_last=number == self._count - 1)
        plain = open_sealed(self._key, sealed, aad, key_version=KEY_VERSION, pad=False, what=WHAT)
        if number < self._count - 1 and len(plain) != CHUNK_BYTES:
            raise TamperedError(WHAT)
        return plain


def _reason(error: OSError) -> str:
    return f"A sealed file cannot be used: {error.strerror}."
