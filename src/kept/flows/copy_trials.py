"""How is a copy tried: a sample brought back and compared, and read without its key?

The sample follows from a checkpoint, so nobody picks it. Each file that came back is compared with
the hashes in the snapshot's trees, which lead to the tree that the ledger names. Without the key:
random passwords on each key file, pieces of known files looked for in raw parts, and parts pressed
once more, since what is sealed does not shrink. That shows that nothing lies in the clear; it does
not show that the cipher holds.
"""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import zstandard

from kept.backup.model.nodes import Node, NodeType
from kept.backup.model.sampling import sample, seed_of
from kept.backup.pipeline.loading import TreeReader, load_indexes, part_ids
from kept.backup.pipeline.restore_values import Wish
from kept.backup.pipeline.restoring import restore
from kept.backup.pipeline.run_plan import Around
from kept.backup.ports import FileKind, Place
from kept.backup.repo.blobs import BlobKind
from kept.backup.repo.index import BlobIndex
from kept.backup.repo.keys import MAX_KEY_FILE_BYTES, open_key_file, read_key_file
from kept.backup.repo.locking import Surroundings, locked
from kept.backup.repo.repository import Repository, has_config, open_repository
from kept.backup.repo.snapshots import Snapshot, read_snapshot
from kept.backup.sources.databases import HOUSE
from kept.base.errors import KeptError, MalformedError, NotFoundError, TamperedError
from kept.crypto.chance import draw
from kept.crypto.repo_sealing import SEAL_OVERHEAD_BYTES
from kept.crypto.secret import Secret
from kept.flows.copy_orders import DrillDone, DrillOrder, KeylessDone, KeylessOrder, Stop

NEEDLE_BYTES = 32
SHRINKS_BELOW = 0.999  # of what zstd makes of sealed bytes; random ones do not shrink
SLICE_BYTES = 1 << 20
_LEAST_BYTES = 4096  # a shorter part says nothing about shrinking
_LEVEL = 3
_GUESS_BYTES = 16


def drill(place: Place, order: DrillOrder, around: Around, *, stop: Stop) -> DrillDone:
    """Bring a sample back, and the house's own data with it.

    Raises:
        TamperedError: the snapshot is not the one the ledger tells of.
        MalformedError: the repository opens, and something of the copy is not in it.
        NotFoundError: there is no repository any more.
        KeptError: as `open_repository` and `restore`.
    """
    began = around.monotonic()
    repository = open_repository(place, Secret(order.access.password.encode()))
    surroundings = Surroundings(
        place=place,
        files=repository,
        clock=around.clock,
        sleep=around.sleep,
        own=around.own,
        start_time_of=around.start_time_of,
    )
    with locked(surroundings, exclusive=False):
        try:
            snapshot = read_snapshot(repository.load_unpacked(FileKind.SNAPSHOT, order.snapshot))
            if snapshot.tree != order.tree:
                raise TamperedError(f"snapshot {order.snapshot}")
            return _tried(repository, snapshot, order, around, began=began, stop=stop)
        except NotFoundError as error:
            if not has_config(place):  # the place itself went away
                raise
            raise MalformedError("copy", str(error)) from error


def _tried(
    repository: Repository,
    snapshot: Snapshot,
    order: DrillOrder,
    around: Around,
    *,
    began: float,
    stop: Stop,
) -> DrillDone:
    index = load_indexes(repository, among=part_ids(repository.list(FileKind.DATA))).index
    files = dict(_files(TreeReader(repository, index), snapshot.tree))
    seed = seed_of(order.checkpoint, order.snapshot)
    picked = sample(seed, list(files), order.picks)
    target = Path(order.target)
    bad, taken, size = list[str](), target / "sample", 0
    if picked:
        taken.mkdir()
        wish = Wish(target=os.fsencode(taken), paths=tuple(picked), full_paths=True, owner=False)
        restore(repository, snapshot, wish, stop=stop)
    for path in picked:
        found = Path(os.fsdecode(os.fsencode(taken) + path))
        if _is_as_it_was(found, files[path], index):
            size += files[path].size
        else:
            bad.append(path.decode("utf-8", "replace"))
    house = _house(repository, snapshot, target, files=files, stop=stop)
    return DrillDone(
        seed=seed,
        asked=len(picked),
        of=len(files),
        good=len(picked) - len(bad),
        bad=tuple(bad),
        bytes=size,
        seconds=round(around.monotonic() - began),
        house=house,
    )


def _house(
    repository: Repository,
    snapshot: Snapshot,
    target: Path,
    *,
    files: dict[bytes, Node],
    stop: Stop,
) -> str:
    """The folder with what is under `/kept`; "" where the snapshot has nothing of it."""
    if not any(path.startswith(HOUSE + b"/") for path in files):
        return ""
    house = target / "house"
    house.mkdir()
    wish = Wish(target=os.fsencode(house), paths=(HOUSE,), owner=False)
    restore(repository, snapshot, wish, stop=stop)
    return str(house / HOUSE.decode().lstrip("/"))


def _files(trees: TreeReader, root: bytes) -> Iterator[tuple[bytes, Node]]:
    """Every regular file of a snapshot by its path."""
    waiting = [(b"", root)]
    while waiting:
        above, named = waiting.pop()
        for node in trees.read(named):
            path = above + b"/" + node.name
            if node.type == NodeType.FILE:
                yield path, node
            elif node.type == NodeType.DIR and node.subtree is not None:
                waiting.append((path, node.subtree))


def _is_as_it_was(path: Path, node: Node, index: BlobIndex) -> bool:
    """Whether each piece of a file has the hash that was written down when it was copied."""
    try:
        with path.open("rb") as file:
            for named in node.content or ():
                at = index.find(BlobKind.DATA, named)
                if at is None:
                    return False
                length = at.plain_length or at.length - SEAL_OVERHEAD_BYTES
                if hashlib.sha256(file.read(length)).digest() != named:
                    return False
            return not file.read(1)
    except OSError:
        return False


def try_keyless(place: Place, order: KeylessOrder) -> KeylessDone:
    """Try to read what lies there with no key at all.

    Raises:
        UnavailableError: the place cannot be reached or read.
    """
    opened = sum(
        _opens(place.get(FileKind.KEY, stored.name, length=MAX_KEY_FILE_BYTES + 1))
        for stored in place.list(FileKind.KEY)
    )
    parts = sorted(place.list(FileKind.DATA), key=lambda stored: stored.name)
    picked = [parts[_below(len(parts))] for _ in range(min(order.parts, len(parts)))]
    hits = shrunk = 0
    for stored in picked:
        raw = place.get(FileKind.DATA, stored.name)
        hits += sum(needle in raw for needle in order.needles)
        shrunk += any(_shrinks(piece) for piece in _slices(raw))
    return KeylessDone(len(picked), opened, hits, shrunk)


def _opens(raw: bytes) -> bool:
    """Whether a password out of thin air opens a key file; one that is none opens nothing."""
    try:
        open_key_file(read_key_file(raw), Secret(draw(_GUESS_BYTES)))
    except TamperedError:
        return False
    except MalformedError:
        return b'"encrypt"' in raw  # a master key that is not sealed at all
    return True


def _slices(raw: bytes) -> Iterator[bytes]:
    for start in range(0, len(raw), SLICE_BYTES):
        piece = raw[start : start + SLICE_BYTES]
        if len(piece) >= _LEAST_BYTES:
            yield piece


def _shrinks(piece: bytes) -> bool:
    return len(zstandard.compress(piece, _LEVEL)) < len(piece) * SHRINKS_BELOW


def _below(limit: int) -> int:
    return int.from_bytes(draw(8), "big") % limit


def needles_of(folder: Path, *, most: int = 64) -> tuple[bytes, ...]:
    """Pieces of the files below a folder that nobody finds by chance: 32 bytes each."""
    found = list[bytes]()
    for path in sorted(folder.rglob("*")):
        if len(found) == most:
            break
        if not path.is_symlink() and path.is_file():
            with path.open("rb") as file:
                file.seek(max(0, path.stat().st_size // 2 - NEEDLE_BYTES))
                piece = file.read(NEEDLE_BYTES)
            if len(set(piece)) > NEEDLE_BYTES // 4:  # rows of zeros are everywhere
                found.append(piece)
    return tuple(found)


def is_damage(error: KeptError) -> bool:
    """Whether a drill failed because of what lies there, and not on the way there."""
    return isinstance(error, (TamperedError, MalformedError))
