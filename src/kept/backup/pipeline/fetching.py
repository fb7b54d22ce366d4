"""How are many blobs of one part read with few requests, and is there another copy of a bad one?

Blobs that lie close are asked for together, so that each part is read about once. A blob that
cannot be had from where the index sends us may lie in another part too, for example after a prune
that was killed: those other places are looked up once, when the first blob fails.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Generic, TypeVar

from kept.backup.pipeline.loading import DAMAGE
from kept.backup.ports import FileKind
from kept.backup.repo.blobs import BlobKind, open_blob
from kept.backup.repo.index import BlobIndex, Location, decode_index
from kept.backup.repo.repository import Repository
from kept.base.errors import KeptError, UnavailableError

MOST_GAP_BYTES = 2**18  # read over rather than asked around
MOST_RANGE_BYTES = 2**23  # held in memory by each worker
MOST_AWAY = 5  # answers in a row that a place is away, before we believe it

T = TypeVar("T")


@dataclass(slots=True)
class Want(Generic[T]):
    """A blob that is wanted, where it lies, and who wants it."""

    id: bytes
    offset: int
    length: int
    plain_length: int | None
    takers: list[T]


def ranges(wants: Sequence[Want[T]]) -> Iterator[list[Want[T]]]:
    """Wants of one part, by rising offset, in runs to be read with one request each."""
    run: list[Want[T]] = []
    start = end = 0
    for want in wants:
        far = want.offset - end > MOST_GAP_BYTES
        if run and (far or want.offset + want.length - start > MOST_RANGE_BYTES):
            yield run
            run = []
        if not run:
            start = want.offset
        run.append(want)
        end = max(end, want.offset + want.length)
    if run:
        yield run


class OtherPlaces:
    """Where else a blob lies than the index says. May be used from any thread."""

    def __init__(self, repository: Repository, index: BlobIndex) -> None:
        self._repository = repository
        self._index = index
        self._known: dict[tuple[BlobKind, bytes], list[Location]] | None = None
        self._lock = Lock()

    def of(self, kind: BlobKind, named: bytes) -> list[Location]:
        """Every other place; those that are not there any more included."""
        with self._lock:
            if self._known is None:
                self._known = self._look()
            return self._known.get((kind, named), [])

    def _look(self) -> dict[tuple[BlobKind, bytes], list[Location]]:
        found: dict[tuple[BlobKind, bytes], list[Location]] = {}
        for stored in self._repository.list(FileKind.INDEX):
            try:
                told = decode_index(self._repository.load_document(FileKind.INDEX, stored.name))
            except DAMAGE:
                continue
            for listing in told:
                for entry in listing.entries:
                    at = Location(listing.part, entry.offset, entry.length, entry.plain_length)
                    if self._index.find(entry.kind, entry.id) != at:
                        found.setdefault((entry.kind, entry.id), []).append(at)
        return found


class Fetcher:
    """Reads blobs and compares each with its name. May be used from any thread."""

    def __init__(self, repository: Repository, index: BlobIndex) -> None:
        self._repository = repository
        self._others = OtherPlaces(repository, index)
        self._away = 0

    def fetch(
        self, kind: BlobKind, part: bytes, wants: Sequence[Want[T]]
    ) -> Iterator[tuple[Want[T], bytes | KeptError]]:
        """Each want with its plain bytes, or with why they cannot be had.

        Args:
            kind: of the blobs.
            part: its id, 32 bytes.
            wants: by rising offset.

        Raises:
            UnavailableError: the place is away for good, as it seems.
        """
        for run in ranges(wants):
            start = run[0].offset
            raw = self._range(part, start, run[-1].offset + run[-1].length - start)
            view = None if isinstance(raw, KeptError) else memoryview(raw)
            for want in run:
                yield (
                    want,
                    self._plain(kind, want, view, start)
                    if view is not None
                    else (self._elsewhere(kind, want, raw)),
                )

    def _range(self, part: bytes, start: int, length: int) -> bytes | KeptError:
        try:
            raw = self._repository.place.get(FileKind.DATA, part.hex(), offset=start, length=length)
        except DAMAGE as error:
            return error
        except UnavailableError as error:
            self._away += 1
            if self._away >= MOST_AWAY:
                raise
            return error
        self._away = 0
        return raw

    def _plain(
        self, kind: BlobKind, want: Want[T], view: memoryview, start: int
    ) -> bytes | KeptError:
        at = want.offset - start
        sealed = view[at : at + want.length]
        try:
            return open_blob(self._repository.key, sealed, want.id, plain_length=want.plain_length)
        except DAMAGE as error:
            return self._elsewhere(kind, want, error)

    def _elsewhere(
        self, kind: BlobKind, want: Want[T], first: bytes | KeptError
    ) -> bytes | KeptError:
        for at in self._others.of(kind, want.id):
            try:
                return self._repository.load_blob_at(at, want.id)
            except (*DAMAGE, UnavailableError):
                continue
        return first
