"""Is this repository whole, and if not, what is wrong and what is lost?

Structure: keys, config, locks, snapshots and indexes are opened; each index is held against the
parts that are there; each tree of each snapshot is opened, and each piece of each file must be in
some part. Reading: parts are read whole, compared with their names, every blob is opened and the
header held against the index; whole, one slice of so many, or a share drawn at random.
Source: restic manual, "Checking integrity and consistency".
"""

import hashlib
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from fractions import Fraction

from kept.backup.model.sampling import SEED_BYTES
from kept.backup.model.sampling import draw as draw_places
from kept.backup.pipeline.adopting import never
from kept.backup.pipeline.fetching import OtherPlaces
from kept.backup.pipeline.findings import Finding, Problem
from kept.backup.pipeline.id_sets import IdSet
from kept.backup.pipeline.loading import (
    DAMAGE,
    Broken,
    LoadedIndex,
    NamedSnapshot,
    TreeReader,
    load_indexes,
    load_snapshots,
    part_ids,
)
from kept.backup.ports import CONFIG_NAME, FileKind, Stored
from kept.backup.repo.blobs import BlobKind, open_blob
from kept.backup.repo.config import decode_config
from kept.backup.repo.keys import MAX_KEY_FILE_BYTES, read_key_file
from kept.backup.repo.packs import Entry, encode_header, open_header
from kept.backup.repo.repository import Repository
from kept.base.errors import MalformedError, NotFoundError, TamperedError, UnavailableError
from kept.crypto.chance import draw
from kept.crypto.repo_sealing import SEAL_OVERHEAD_BYTES

_LENGTH_BYTES = 4
_SLICE = re.compile(r"([1-9]\d{0,5})/([1-9]\d{0,5})")
_SHARE = re.compile(r"(\d{1,3}(?:\.\d{1,3})?)%")
_PROBLEMS = {
    FileKind.CONFIG: Problem.CONFIG_DAMAGED,
    FileKind.KEY: Problem.KEY_DAMAGED,
    FileKind.LOCK: Problem.LOCK_DAMAGED,
    FileKind.SNAPSHOT: Problem.SNAPSHOT_DAMAGED,
    FileKind.INDEX: Problem.INDEX_DAMAGED,
}


@dataclass(frozen=True, slots=True)
class Reading:
    """Which parts are read: slice `number` of `of` (1 to of), or a share drawn at random."""

    number: int = 1
    of: int = 1
    share: Fraction = Fraction(1)

    @classmethod
    def parse(cls, text: str) -> "Reading":
        """Read `1/30` or `5%`.

        Raises:
            MalformedError: neither, or out of range.
        """
        if (found := _SLICE.fullmatch(text)) and int(found[1]) <= int(found[2]):
            return cls(number=int(found[1]), of=int(found[2]))
        if (found := _SHARE.fullmatch(text)) and 0 < Fraction(found[1]) <= 100:
            return cls(share=Fraction(found[1]) / 100)
        raise MalformedError("subset", "must be like 1/30 or 5%")

    def choose(self, parts: Collection[bytes]) -> list[bytes]:
        """The parts to read; slices 1 to `of` together are all of them."""
        ordered = sorted(parts)
        if self.of > 1:
            return [one for one in ordered if int.from_bytes(one[:8]) % self.of == self.number - 1]
        if self.share == 1:
            return ordered
        picks = -(-len(ordered) * self.share.numerator // self.share.denominator)
        return [
            ordered[place] for place in sorted(draw_places(draw(SEED_BYTES), len(ordered), picks))
        ]


ALL = Reading()


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found. Bytes are those of parts that were read whole."""

    findings: tuple[Finding, ...]
    snapshots: int
    trees: int
    parts: int
    parts_read: int
    bytes_read: int
    is_whole: bool  # False where `stop` ended it early

    @property
    def exit_code(self) -> int:
        """0, or 1 where a copy is not whole."""
        return 0 if all(finding.is_harmless for finding in self.findings) else 1


CheckWatch = Callable[[str, int, int | None], None]  # parts or trees, done, of how many


def unwatched(_what: str, _done: int, _of: int | None) -> None:
    """The watch of a run that nobody looks at."""


def check(
    repository: Repository,
    *,
    reading: Reading | None = None,
    watch: CheckWatch = unwatched,
    stop: Callable[[], bool] = never,
) -> Checked:
    """Look at all of it. Whoever could not even open it was told why by `open_repository`.

    Args:
        repository: open; at least a shared lock on it is held by the caller.
        reading: which parts are read through; None: structure alone.
        watch: told of progress.
        stop: asked before each part and tree.

    Raises:
        UnavailableError: the place cannot be reached.
    """
    return _Check(repository, watch, stop).run(reading)


class _Check:
    """One check."""

    def __init__(self, repository: Repository, watch: CheckWatch, stop: Callable[[], bool]) -> None:
        self._repository = repository
        self._watch = watch
        self._stop = stop
        self._findings: list[Finding] = []
        self._bad: set[tuple[BlobKind, bytes]] = set()  # blobs seen damaged where they count
        self._is_whole = True

    def run(self, reading: Reading | None) -> Checked:
        """All of it."""
        repository = self._repository
        self._check_small_files()
        snapshots, broken = load_snapshots(repository)
        self._note(broken)
        parts = part_ids(repository.list(FileKind.DATA))
        loaded = load_indexes(repository, among=parts)
        self._note(loaded.broken)
        self._others = OtherPlaces(repository, loaded.index)
        self._check_parts(loaded, parts)
        chosen = [] if reading is None else reading.choose(parts)
        bytes_read = read = 0
        for part in chosen:
            if self._stop():
                self._is_whole = False
                break
            bytes_read += self._read_part(loaded, parts[part])
            read += 1
            self._watch("parts", read, len(chosen))
        trees = self._check_snapshots(loaded, snapshots)
        return Checked(
            tuple(self._findings),
            len(snapshots),
            trees,
            len(parts),
            read,
            bytes_read,
            self._is_whole,
        )

    def _find(self, problem: Problem, name: str, detail: object, snapshot: str = "") -> None:
        self._findings.append(Finding(problem, name, str(detail), snapshot))

    def _note(self, broken: Collection[Broken]) -> None:
        for one in broken:
            name = f"{one.kind.value}/{one.name}" if one.name else one.kind.value
            self._find(_PROBLEMS[one.kind], name, one.error)

    def _check_small_files(self) -> None:
        repository = self._repository
        try:
            sealed = repository.place.get(FileKind.CONFIG, CONFIG_NAME)
            if decode_config(repository.key, sealed) != repository.config:
                raise TamperedError("config")
        except DAMAGE as error:
            self._note([Broken(FileKind.CONFIG, CONFIG_NAME, error)])
        for stored in repository.list(FileKind.KEY):
            try:
                raw = repository.place.get(FileKind.KEY, stored.name, length=MAX_KEY_FILE_BYTES + 1)
                if hashlib.sha256(raw).hexdigest() != stored.name:
                    raise TamperedError(f"keys/{stored.name}")
                read_key_file(raw)
            except DAMAGE as error:
                self._note([Broken(FileKind.KEY, stored.name, error)])
        for stored in repository.list(FileKind.LOCK):
            try:
                if stored.size:
                    repository.load_unpacked(FileKind.LOCK, stored.name)
            except NotFoundError:
                continue  # given back meanwhile
            except DAMAGE as error:
                self._note([Broken(FileKind.LOCK, stored.name, error)])

    def _check_parts(self, loaded: LoadedIndex, parts: dict[bytes, Stored]) -> None:
        """Each part an index names must be there and have the size the index gives it."""
        told = set[bytes]()
        for _, listing in self._repository.read_indexes(loaded.by_file):
            part, name = listing.part, f"data/{listing.part.hex()}"
            if part not in parts:
                if part not in told:
                    self._find(Problem.PART_MISSING, name, "an index names it")
            elif part not in told and not _fits(listing.entries, parts[part].size):
                self._find(Problem.PART_SIZE, name, f"{parts[part].size} bytes at the place")
            told.add(part)
        for part in sorted(parts.keys() - told):
            self._find(Problem.PART_UNLISTED, f"data/{part.hex()}", "no index names it")

    def _read_part(self, loaded: LoadedIndex, stored: Stored) -> int:
        name = f"data/{stored.name}"
        try:
            raw = self._repository.place.get(FileKind.DATA, stored.name)
        except NotFoundError as error:
            self._find(Problem.PART_MISSING, name, error)
            return 0
        except UnavailableError as error:
            self._find(Problem.PART_UNREAD, name, error)
            return 0
        part = bytes.fromhex(stored.name)
        is_sound = hashlib.sha256(raw).digest() == part
        detail = "" if is_sound else "its bytes are not those it is named after"
        try:
            entries = open_header(self._repository.key, raw, part_bytes=len(raw), what=name)
        except DAMAGE as error:
            detail = detail or str(error)
            entries = ()
        bad = 0
        for entry in entries or self._told_by_index(part):
            try:
                open_blob(
                    self._repository.key,
                    memoryview(raw)[entry.offset : entry.offset + entry.length],
                    entry.id,
                    plain_length=entry.plain_length,
                )
            except DAMAGE as error:
                bad += 1
                detail = detail or str(error)
                at = loaded.index.find(entry.kind, entry.id)
                if at is not None and at.part == part:
                    self._bad.add((entry.kind, entry.id))
        if detail:
            self._find(Problem.PART_DAMAGED, name, f"{detail}; {bad} pieces of it are lost")
        elif any(
            (at := loaded.index.find(entry.kind, entry.id)) is not None
            and at.part == part
            and (at.offset, at.length, at.plain_length)
            != (entry.offset, entry.length, entry.plain_length)
            for entry in entries
        ):
            self._find(Problem.PART_DAMAGED, name, "an index says otherwise than its header")
        return len(raw)

    def _told_by_index(self, part: bytes) -> tuple[Entry, ...]:
        names = sorted(stored.name for stored in self._repository.list(FileKind.INDEX))
        for name in names:
            try:
                for _, listing in self._repository.read_indexes([name]):
                    if listing.part == part:
                        return listing.entries
            except DAMAGE:
                continue
        return ()

    def _is_lost(self, loaded: LoadedIndex, kind: BlobKind, named: bytes) -> str:
        """Why a blob cannot be had, or nothing."""
        if (kind, named) in self._bad:
            why = "it is damaged"
        elif loaded.index.has(kind, named):
            return ""
        else:
            why = "no part holds it"
        for at in self._others.of(kind, named):
            try:
                self._repository.load_blob_at(at, named)
            except DAMAGE:
                continue
            return ""
        return why

    def _check_snapshots(self, loaded: LoadedIndex, snapshots: list[NamedSnapshot]) -> int:
        reader = TreeReader(self._repository, loaded.index)
        seen, sound = IdSet(), IdSet()
        for snapshot in snapshots:
            stack = [("/", snapshot.snapshot.tree)] if seen.add(snapshot.snapshot.tree) else []
            while stack:
                if self._stop():
                    self._is_whole = False
                    return len(seen)
                path, tree = stack.pop()
                try:
                    nodes = reader.read(tree)
                except DAMAGE as error:
                    self._find(Problem.FOLDER_LOST, path, error, snapshot.name)
                    continue
                for node in nodes:
                    here = path + node.name.decode("utf-8", "backslashreplace")
                    if node.subtree is not None and seen.add(node.subtree):
                        stack.append((here + "/", node.subtree))
                    for named in node.content or ():
                        if named in sound:
                            continue
                        if why := self._is_lost(loaded, BlobKind.DATA, named):
                            detail = f"piece {named.hex()}: {why}"
                            self._find(Problem.FILE_LOST, here, detail, snapshot.name)
                            break
                        sound.add(named)
                self._watch("trees", len(seen), None)
        return len(seen)


def _fits(entries: tuple[Entry, ...], size: int) -> bool:
    """Whether these blobs and their header fill a part of that size."""
    end = max((entry.offset + entry.length for entry in entries), default=0)
    around = len(encode_header(entries)) + SEAL_OVERHEAD_BYTES + _LENGTH_BYTES
    has_gaps = sum(entry.length for entry in entries) != end  # an index may tell but some
    return size >= end + around if has_gaps else size == end + around
