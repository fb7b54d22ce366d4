"""How does a folder leave by browser? A lone file as it is, several as one archive, streamed.

Nothing is followed out of the folder: links, devices and pipes are left out, whoever made them.
"""

import os
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from kept.base.errors import NotFoundError

PIECE_BYTES = 256 * 1024
FIRST_YEAR = 1980  # of an archive's dates
GONE = "The folder is not there any more."
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Parcel:
    """What the browser gets."""

    name: str
    media_type: str
    pieces: Iterator[bytes]


def parcel_of(folder: Path, name: str) -> Parcel:
    """The files below a folder; `name` is what an archive is called, without its end.

    Raises:
        NotFoundError: it is gone, or holds no file.
    """
    found = list(islice(_names(folder), 2))
    if not found:
        raise NotFoundError(GONE)
    if len(found) == 1:
        lone = found[0].rpartition("/")[2]
        return Parcel(lone, "application/octet-stream", _lone(folder))
    return Parcel(f"{name}.zip", "application/zip", _zipped(folder))


def _names(folder: Path) -> Iterator[str]:
    for name, handle, _ in _files(folder):
        os.close(handle)
        yield name


def _files(folder: Path) -> Iterator[tuple[str, int, os.stat_result]]:
    """Every plain file that can be read: its path below the folder, an open handle, its facts."""
    for above, folders, names, at in os.fwalk(folder, follow_symlinks=False):
        folders.sort()
        inside = os.path.relpath(above, folder)
        for name in sorted(names):
            try:
                handle = os.open(name, _FLAGS, dir_fd=at)
            except OSError:  # a link, or not ours to read
                continue
            facts = os.fstat(handle)
            if not stat.S_ISREG(facts.st_mode):
                os.close(handle)
                continue
            path = name if inside == os.curdir else f"{inside}/{name}"
            yield path.encode("utf-8", "replace").decode(), handle, facts


def _lone(folder: Path) -> Iterator[bytes]:
    for _, handle, _ in _files(folder):
        yield from _read(handle)


def _read(handle: int) -> Iterator[bytes]:
    with os.fdopen(handle, "rb") as file:
        while piece := file.read(PIECE_BYTES):
            yield piece


class _Sink:
    """Takes what the archive writes until it is sent. It cannot be sought in, as a line cannot."""

    def __init__(self) -> None:
        self._held = bytearray()

    def write(self, piece: bytes) -> int:
        """Take it."""
        self._held += piece
        return len(piece)

    def close(self) -> None:
        """Nothing is held open."""

    def flush(self) -> None:
        """Nothing waits elsewhere."""

    def taken(self) -> bytes:
        """All that came since the last time."""
        held, self._held = bytes(self._held), bytearray()
        return held


def _zipped(folder: Path) -> Iterator[bytes]:
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path, handle, facts in _files(folder):
            info = zipfile.ZipInfo(path, _date(facts.st_mtime))
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = stat.S_IMODE(facts.st_mode) << 16
            with archive.open(info, "w", force_zip64=True) as entry:
                for piece in _read(handle):
                    entry.write(piece)
                    yield sink.taken()
            yield sink.taken()
    yield sink.taken()


def _date(at: float) -> tuple[int, int, int, int, int, int]:
    found = datetime.fromtimestamp(max(at, 0), UTC)
    return max(found.year, FIRST_YEAR), *found.timetuple()[1:6]  # pyright: ignore[reportReturnType]
