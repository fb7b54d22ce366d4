"""Into which part goes this blob?

A packer fills one part at a time and belongs to one thread. Blobs come to packers by chance, at
least two of them, so that the sizes of neighbours do not tell a file; a blob as large as a part
gets one of its own. What is left at the end becomes one part where it fits.
"""

from collections.abc import Callable, Iterable

from kept.backup.repo.blobs import BlobKind, Payload
from kept.backup.repo.buffers import LARGE_BYTES
from kept.backup.repo.packs import Part, PartBuilder
from kept.crypto.repo_sealing import RepoKey


class Packer:
    """Fills parts with blobs of one kind; for one thread."""

    def __init__(
        self, key: RepoKey, kind: BlobKind, *, part_bytes: int, send: Callable[[Part], None]
    ) -> None:
        """An empty one.

        Args:
            key: of the repository.
            kind: of all its blobs.
            part_bytes: a part is done when it has reached so much.
            send: takes a finished part over; may wait.
        """
        self._key = key
        self._kind = kind
        self._part_bytes = part_bytes
        self._send = send
        self._filling: PartBuilder | None = None
        self.blobs = 0
        self.plain_bytes = 0
        self.packed_bytes = 0

    def add(self, payload: Payload) -> None:
        """Seal a blob, see that it opens to what it was, and send its part if that is full.

        Raises:
            TamperedError: what was sealed does not open to the same bytes: the machine errs.
            BrokenOffError: the run is broken off.
        """
        self.blobs += 1
        self.plain_bytes += payload.plain_length or len(payload.content)
        self.packed_bytes += payload.sealed_bytes
        if payload.sealed_bytes >= self._part_bytes:
            alone = PartBuilder(self._key, self._kind)
            alone.add(payload)
            self._send(alone.finish())
            return
        filling = self._filling
        if filling is None:
            large = self._part_bytes if self._part_bytes > LARGE_BYTES else 0
            filling = PartBuilder(self._key, self._kind, capacity_bytes=large)
            self._filling = filling
        filling.add(payload)
        if filling.size_bytes >= self._part_bytes or not filling.has_room(self._part_bytes):
            self._filling = None
            self._send(filling.finish())

    def rest(self) -> Part | None:
        """The part that is not full yet, if there is one; the packer is empty afterwards.

        Raises:
            TamperedError: its header does not open to what was written: the machine errs.
        """
        filling, self._filling = self._filling, None
        return None if filling is None else filling.finish()


def merged(key: RepoKey, kind: BlobKind, rests: Iterable[Part], *, part_bytes: int) -> list[Part]:
    """Small parts of one kind as one part, or as they are where that would be too large.

    Raises:
        TamperedError: a blob does not open to what it was: the machine errs.
    """
    parts = list(rests)
    size = sum(len(part.content) for part in parts)
    count = sum(len(part.listing.entries) for part in parts)
    if len(parts) < 2 or size > part_bytes:
        return parts
    builder = PartBuilder(key, kind, capacity_bytes=size)
    if count and not builder.has_room(size):
        return parts
    for part in parts:
        for entry in part.listing.entries:
            if not builder.has_room(entry.length):
                return parts
            sealed = part.content[entry.offset : entry.offset + entry.length]
            builder.add_sealed(kind, entry.id, entry.plain_length, sealed)
    return [builder.finish()]
