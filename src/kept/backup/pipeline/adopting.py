"""Which parts does no index name, and how do they come back into use?

A run that was killed leaves parts without an index; an index file may be lost or damaged. A part
tells by its own header what it holds, so it gets a new index: its header is opened, the MAC
compared, the lengths added up to the size of the file. Safe beside another writer, since indexes
may overlap and `prune` is locked out.
Source: restic design document, "Pack Format", "Indexing".
"""

from collections.abc import Callable
from dataclasses import dataclass

from kept.backup.pipeline.loading import DAMAGE, Broken, load_indexes, part_ids
from kept.backup.ports import FileKind
from kept.backup.repo.index import MAX_INDEX_BLOBS, BlobIndex
from kept.backup.repo.packs import Listing
from kept.backup.repo.repository import Repository


@dataclass(frozen=True, slots=True)
class Adopted:
    """What came back into use."""

    parts: tuple[bytes, ...]  # 32 bytes each
    blobs: int
    bytes: int  # of the parts, as stored
    broken: tuple[Broken, ...]  # parts whose header does not hold: left alone, in no index
    is_whole: bool  # False where `stop` ended it early


@dataclass(frozen=True, slots=True)
class Mended:
    """What was adopted, and the damaged index files that were removed after it."""

    adopted: Adopted
    removed: tuple[str, ...]


def never() -> bool:
    """The `stop` of a run that nobody stops."""
    return False


def adopt(repository: Repository, index: BlobIndex, *, stop: Callable[[], bool] = never) -> Adopted:
    """Write an index for every part that `index` does not know, and take it into `index`.

    Args:
        repository: open, and of version 2 if there is anything to adopt; at least a shared lock
            on it is held by the caller.
        index: as loaded from all index files.
        stop: asked before each part; True ends the run, what was read by then is kept.

    Raises:
        RefusedError: `repository_read_only`: of version 1.
        UnavailableError: the place cannot be reached, read or written.
    """
    known = index.parts()
    waiting, adopted, broken = list[Listing](), list[bytes](), list[Broken]()
    blobs = size_bytes = settled = 0
    is_whole = True

    def settle() -> None:
        repository.save_indexes(waiting)
        for listing in waiting:
            index.add(listing)
        adopted.extend(listing.part for listing in waiting)
        waiting.clear()

    for stored in sorted(repository.list(FileKind.DATA), key=lambda stored: stored.name):
        part = bytes.fromhex(stored.name)
        if part in known:
            continue
        if stop():
            is_whole = False
            break
        try:
            listing = Listing(part, repository.load_header(stored))
        except DAMAGE as error:
            broken.append(Broken(FileKind.DATA, stored.name, error))
            continue
        waiting.append(listing)
        blobs, size_bytes = blobs + len(listing.entries), size_bytes + stored.size
        if blobs - settled >= MAX_INDEX_BLOBS:
            settle()
            settled = blobs
    settle()
    return Adopted(tuple(adopted), blobs, size_bytes, tuple(broken), is_whole)


def mend(repository: Repository, *, stop: Callable[[], bool] = never) -> Mended:
    """Adopt what no readable index names, then remove the index files that cannot be read.

    For the caller who holds an exclusive lock. Nothing is removed where `stop` ended it early, or
    where the place only adds.

    Raises:
        RefusedError: `repository_read_only`: of version 1.
        UnavailableError: the place cannot be reached, read or written.
    """
    parts = part_ids(repository.list(FileKind.DATA))
    loaded = load_indexes(repository, among=parts)
    adopted = adopt(repository, loaded.index, stop=stop)
    removed = list[str]()
    if adopted.is_whole and repository.place.can_remove:
        for broken in loaded.broken:
            repository.place.remove(FileKind.INDEX, broken.name)
            removed.append(broken.name)
    return Mended(adopted, tuple(removed))
