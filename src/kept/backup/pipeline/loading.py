"""What can be read of this repository, and which of its files cannot?

A damaged file is named and passed over, so that one bad index or snapshot does not hide the rest.
Rules: whoever deletes must not pass over anything (`pruning`); whoever reads or mends may.
"""

from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from threading import Lock

from kept.backup.model.nodes import Node
from kept.backup.ports import FileKind, Stored
from kept.backup.repo.blobs import BlobKind, open_blob
from kept.backup.repo.index import BlobIndex, Location, decode_index
from kept.backup.repo.packs import Listing
from kept.backup.repo.repository import Repository
from kept.backup.repo.snapshots import Snapshot, read_snapshot
from kept.backup.repo.trees import decode_tree
from kept.base.errors import KeptError, MalformedError, NotFoundError, TamperedError

DAMAGE = (MalformedError, NotFoundError, TamperedError)  # what a bad file raises; not a bad line
WINDOW_BYTES = 2**19  # of trees read at once: they lie together, and a far place answers slowly
WINDOWS = 48  # 24 MiB


@dataclass(frozen=True, slots=True)
class Broken:
    """A file of the repository that cannot be used, and why; `name` is "" for `config`."""

    kind: FileKind
    name: str
    error: KeptError


@dataclass(frozen=True, slots=True)
class NamedSnapshot:
    """A snapshot under its name, 64 hex digits."""

    name: str
    snapshot: Snapshot


@dataclass(frozen=True, slots=True)
class LoadedIndex:
    """What the index files tell of parts that are there.

    `by_file` holds the parts (32 bytes each) that each readable index file names, those that are
    not there too.
    """

    index: BlobIndex
    by_file: dict[str, frozenset[bytes]]
    broken: tuple[Broken, ...]


def part_ids(stored: Iterable[Stored]) -> dict[bytes, Stored]:
    """Files of a place by the 32 bytes of their names."""
    return {bytes.fromhex(one.name): one for one in stored}


def load_snapshots(repository: Repository) -> tuple[list[NamedSnapshot], list[Broken]]:
    """Every snapshot, newest first (of one moment by name), and those that cannot be read.

    Raises:
        UnavailableError: the place cannot be reached or read.
    """
    found, broken = list[NamedSnapshot](), list[Broken]()
    for stored in repository.list(FileKind.SNAPSHOT):
        try:
            members = repository.load_unpacked(FileKind.SNAPSHOT, stored.name)
            found.append(NamedSnapshot(stored.name, read_snapshot(members)))
        except DAMAGE as error:
            broken.append(Broken(FileKind.SNAPSHOT, stored.name, error))
    found.sort(key=lambda one: (-one.snapshot.time.ns, one.name))
    return found, sorted(broken, key=lambda one: one.name)


def load_indexes(repository: Repository, *, among: Collection[bytes]) -> LoadedIndex:
    """Every index file that can be read.

    Args:
        repository: open.
        among: the ids of the parts that are there; what others hold is left out.

    Raises:
        UnavailableError: the place cannot be reached or read.
    """
    index, by_file, broken = BlobIndex(), dict[str, frozenset[bytes]](), list[Broken]()

    def listings() -> Iterator[Listing]:
        for name in sorted(stored.name for stored in repository.list(FileKind.INDEX)):
            try:
                told = decode_index(repository.load_document(FileKind.INDEX, name))
            except DAMAGE as error:
                broken.append(Broken(FileKind.INDEX, name, error))
                continue
            by_file[name] = frozenset(listing.part for listing in told)
            yield from told

    index.load(listings(), among=among)
    return LoadedIndex(index, by_file, tuple(broken))


class TreeReader:
    """Reads trees, in windows of a part, as trees that belong together lie together.

    May be used from any thread.
    """

    def __init__(self, repository: Repository, index: BlobIndex) -> None:
        self._repository = repository
        self._index = index
        self._windows: OrderedDict[tuple[bytes, int], bytes] = OrderedDict()
        self._lock = Lock()

    def read(self, named: bytes) -> tuple[Node, ...]:
        """The entries of a tree.

        Raises:
            NotFoundError: the index does not know it, or its part is gone.
            TamperedError: it is damaged.
            MalformedError: it is no tree.
            UnavailableError: the place cannot be reached or read.
        """
        return decode_tree(self.plain(named))

    def plain(self, named: bytes) -> bytes:
        """The bytes of a tree, compared with its name and not parsed.

        Raises:
            NotFoundError: the index does not know it, or its part is gone.
            TamperedError: it is damaged.
            MalformedError: the index promises another length than it has.
            UnavailableError: the place cannot be reached or read.
        """
        at = self._index.find(BlobKind.TREE, named)
        if at is None:
            raise NotFoundError(f"no tree {named.hex()} in the index")
        what = f"tree {named.hex()} in data/{at.part.hex()}"
        sealed = self._sealed(at)
        return open_blob(
            self._repository.key, sealed, named, plain_length=at.plain_length, what=what
        )

    def _sealed(self, at: Location) -> bytes:
        number, start = divmod(at.offset, WINDOW_BYTES)
        if start + at.length <= WINDOW_BYTES:
            return self._window(at.part, number)[start : start + at.length]
        place = self._repository.place
        return place.get(FileKind.DATA, at.part.hex(), offset=at.offset, length=at.length)

    def _window(self, part: bytes, number: int) -> bytes:
        key = (part, number)
        with self._lock:
            if (known := self._windows.get(key)) is not None:
                self._windows.move_to_end(key)
                return known
        raw = self._repository.place.get(
            FileKind.DATA, part.hex(), offset=number * WINDOW_BYTES, length=WINDOW_BYTES
        )
        with self._lock:
            self._windows[key] = raw
            while len(self._windows) > WINDOWS:
                self._windows.popitem(last=False)
        return raw
