"""What of these bytes goes into a part, and are these the bytes of that blob?

A blob is a piece of a file (`data`) or a folder's list (`tree`), named by the SHA-256 of its plain
bytes. Rules: data is stored plain where zstd does not shrink it; trees are always compressed, or
restic's `prune` would write each of them again; an empty blob does not exist; what is opened is
compared with its name before anybody sees it.
Source: restic design document, "Pack Format" and "Trees and Data"; `docs/formats/backup.md`.
"""

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from kept.backup.repo.frames import compress, expand_exactly
from kept.base.errors import MalformedError, TamperedError
from kept.crypto.repo_sealing import SEAL_OVERHEAD_BYTES, Buffer, RepoKey, open_sealed

ID_BYTES = 32
MAX_PLAIN_BYTES = 2**30  # ours are 4 MiB at most; a folder of a million files is 400 MB of tree


class BlobKind(StrEnum):
    """The kinds of blobs; the value is the index's word."""

    DATA = "data"
    TREE = "tree"


@dataclass(frozen=True, slots=True)
class Payload:
    """A blob made ready for a part: compressed or not, and not sealed yet."""

    kind: BlobKind
    id: bytes  # 32 bytes, SHA-256 of the plain bytes
    content: bytes | memoryview  # what is sealed: a zstd frame, or the plain bytes
    plain_length: int | None  # bytes before compression, 1 or more; None: not compressed

    @property
    def sealed_bytes(self) -> int:
        """The room it takes in a part."""
        return len(self.content) + SEAL_OVERHEAD_BYTES


def blob_id(plain: Buffer) -> bytes:
    """The name of a blob, 32 bytes."""
    return hashlib.sha256(plain).digest()


def prepare(kind: BlobKind, plain: bytes | memoryview, *, named: bytes | None = None) -> Payload:
    """Compress a blob, or decide not to.

    Args:
        kind: of the blob.
        plain: 1 byte to 1 GiB.
        named: its id, if the caller has hashed it already.

    Raises:
        MalformedError: empty or too long.
    """
    if not 0 < len(plain) <= MAX_PLAIN_BYTES:
        raise MalformedError("blob", "must be 1 byte to 1 GiB long")
    name = blob_id(plain) if named is None else named
    frame = compress(plain)
    if kind is BlobKind.DATA and len(frame) >= len(plain):
        return Payload(kind, name, plain, None)
    return Payload(kind, name, frame, len(plain))


def open_blob(
    key: RepoKey, sealed: Buffer, named: bytes, *, plain_length: int | None, what: str = "a blob"
) -> bytes:
    """The plain bytes of a blob. Hostile input.

    Args:
        key: of the repository.
        sealed: its bytes in the part.
        named: the id it must have, 32 bytes.
        plain_length: as index or header tell; None: it is not compressed.
        what: named in the error.

    Raises:
        TamperedError: the MAC or the hash does not match.
        MalformedError: the index promises another length than the blob has.
    """
    plain = open_sealed(key, sealed, what=what)
    if plain_length is not None:
        if not 0 < plain_length <= MAX_PLAIN_BYTES:
            raise MalformedError(what, "is said to be empty or longer than 1 GiB")
        plain = expand_exactly(plain, plain_length, where=what)
    if blob_id(plain) != named:
        raise TamperedError(what)
    return plain
