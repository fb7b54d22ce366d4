"""Where is a file cut into blobs, so that an edit re-sends little of it?

The one seam: nothing else knows how files are cut. The kinds below are fixed for ever under the
name `cut1`: changing one re-uploads every file of that kind once. A reader keeps one `Cutter`,
hands over what it holds, is told where to cut, and brings the rest again with more behind it.
The cuts of a stream are the same however it is read.
Source: FastCDC (IEEE TPDS 2020, 9055082) as in pyfastcdc; `docs/formats/backup.md`, "Cutting".
"""

from dataclasses import dataclass
from enum import StrEnum

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pyfastcdc import FastCDC

from kept.base.errors import MalformedError
from kept.crypto.secret import SECRET_BYTES, Secret

NAME = "cut1"
SEED_LABEL = b"kept cut v1"
SEED_BITS = 63  # pyfastcdc raises OverflowError from 2^63
KIB = 1024
SMALL_MOST = 256 * KIB
HUGE_LEAST = 8 * KIB**3  # from here on a database is cut into wider pieces: fewer blobs
HEAD_BYTES = 16  # what `choose` wants of a file's beginning
SQLITE_MAGIC = b"SQLite format 3\x00"  # SQLite file format, §1.3
POSTGRES_MAGIC = b"PGDMP"  # pg_dump's custom format
TABLE_NAMES = (b".sql", b".dump")


class Kind(StrEnum):
    """How a file is cut."""

    SMALL = "small"
    PAGES = "pages"
    WIDE_PAGES = "wide pages"
    TABLE = "table"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Sizes:
    """Sizes of blobs in bytes; the real mean is `least + usual`. All equal: cut every `most`."""

    least: int
    usual: int
    most: int

    @property
    def is_fixed(self) -> bool:
        """Whether every blob but the last has the same size."""
        return self.least == self.most


def _fixed(size: int) -> Sizes:
    return Sizes(size, size, size)


SIZES: dict[Kind, Sizes] = {
    Kind.SMALL: _fixed(SMALL_MOST),  # the whole file, unless it grew since it was chosen
    Kind.PAGES: _fixed(128 * KIB),  # a multiple of every SQLite page size
    Kind.WIDE_PAGES: _fixed(256 * KIB),
    Kind.TABLE: Sizes(32 * KIB, 64 * KIB, 512 * KIB),
    Kind.PLAIN: Sizes(256 * KIB, 512 * KIB, 4096 * KIB),
}


def choose(*, size: int | None, head: bytes, name: bytes, is_database: bool = False) -> Kind:
    """How to cut a file.

    Args:
        size: bytes when it was opened; None for a stream whose end is not known.
        head: its first `HEAD_BYTES` bytes, or all if there are fewer.
        name: its last path component, raw; letter case does not matter.
        is_database: the owner named it as a database.
    """
    if size is not None and size <= SMALL_MOST:
        return Kind.SMALL
    if head.startswith(SQLITE_MAGIC):
        return Kind.PAGES if size is None or size < HUGE_LEAST else Kind.WIDE_PAGES
    if is_database or head.startswith(POSTGRES_MAGIC) or name.lower().endswith(TABLE_NAMES):
        return Kind.TABLE
    return Kind.PLAIN


def seed_of(key: Secret) -> int:
    """Where this repository cuts: 63 bits, so that two shops cut alike files differently.

    HKDF-SHA-256 without salt over the encryption key of the master key; the first 8 bytes, read
    big-endian, without their lowest bit. No cipher: sizes of blobs may still betray it.

    Args:
        key: 32 bytes, `encrypt` of the repository's master key.

    Raises:
        MalformedError: not 32 bytes.
    """
    if len(key) != SECRET_BYTES:
        raise MalformedError("master key", "the encryption key has 32 bytes")
    raw = HKDF(SHA256(), length=8, salt=None, info=SEED_LABEL).derive(key.reveal())
    return int.from_bytes(raw, "big") >> (64 - SEED_BITS)


class Cutter:
    """Cuts for one reader; not to be shared between threads."""

    __slots__ = ("_rolling", "_seed")

    def __init__(self, seed: int) -> None:
        """Cut as the repository with this seed does.

        Raises:
            MalformedError: the seed has more than 63 bits.
        """
        if not 0 <= seed < 1 << SEED_BITS:
            raise MalformedError("seed", "not of 63 bits")
        self._seed = seed
        self._rolling: dict[Kind, FastCDC] = {}

    def cuts(self, buffer: bytes | bytearray | memoryview, kind: Kind, *, final: bool) -> list[int]:
        """Where the blobs in `buffer` end, rising; what lies behind the last is brought again.

        Until the end is known, a cut is made only where all that could move it has been seen: a
        buffer that holds `SIZES[kind].most` bytes always gives one, and at most that is left over.

        Args:
            buffer: begins where a blob begins.
            kind: the same for the whole stream.
            final: nothing comes behind the buffer: then its end is the last cut.
        """
        sizes, size = SIZES[kind], len(buffer)
        if sizes.is_fixed:
            found = list(range(sizes.most, size + 1, sizes.most))
        else:
            found = self._rolled(buffer, kind, sizes, final=final)
        if final and size and (not found or found[-1] != size):
            found.append(size)
        return found

    def _rolled(
        self, buffer: bytes | bytearray | memoryview, kind: Kind, sizes: Sizes, *, final: bool
    ) -> list[int]:
        size, at, found = len(buffer), 0, list[int]()
        pieces = iter(self._cutter(kind, sizes).cut_buf(buffer))
        while at < size if final else size - at >= sizes.most:
            at += next(pieces).length
            found.append(at)
        return found

    def _cutter(self, kind: Kind, sizes: Sizes) -> FastCDC:
        known = self._rolling.get(kind)
        if known is None:
            known = self._rolling[kind] = FastCDC(
                sizes.usual,
                min_size=sizes.least,
                max_size=sizes.most,
                normalized_chunking=1,
                seed=self._seed,
            )
        return known
