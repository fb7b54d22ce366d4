"""How does a file reach the disk whole or not at all?

Temporary file in the same folder, fsync, rename, fsync of the folder: after a crash the old
content or the new one stands there, never a mixture. `overwrite` is for formats that can tell a
torn write by themselves: it costs one flush instead of three.
"""

import os
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

FLUSHERS = 8  # threads: flushes that wait together share one journal commit of the file system
_flush_data = os.fsync if sys.platform == "darwin" else os.fdatasync


def replace_file(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Put `content` at `path` atomically and durably.

    Raises:
        OSError: nothing was replaced.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def replace_files(files: Sequence[tuple[Path, bytes]], *, mode: int = 0o600) -> None:
    """Put each content at its path durably, sharing the flushes; each file is atomic by itself.

    Raises:
        OSError: some may be replaced, some not; all of them may be put again.
    """
    if len(files) == 1:
        replace_file(files[0][0], files[0][1], mode=mode)
        return
    folders = {path.parent for path, _ in files}
    folders |= {one for folder in folders for one in _make(folder)}
    waiting: list[tuple[Path, Path]] = []
    try:
        waiting.extend((_written(path, content, mode), path) for path, content in files)
        _flush_all([temporary for temporary, _ in waiting])
        for temporary, path in waiting:
            temporary.replace(path)
        for folder in folders:
            sync_folder(folder)
    finally:
        for temporary, _ in waiting:
            temporary.unlink(missing_ok=True)


def overwrite(path: Path, content: bytes, *, at: int) -> None:
    """Write over a part of a file that exists, durably; a crash may leave any mixture there.

    Raises:
        OSError: nothing, a part or all of it is written.
    """
    handle = os.open(path, os.O_WRONLY)
    try:
        if os.pwrite(handle, content, at) != len(content):
            raise OSError(f"{path.name}: only a part was written")
        _flush_data(handle)
    finally:
        os.close(handle)


def _make(folder: Path) -> list[Path]:
    """Make a folder; the folders that got a new name in them."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return [one.parent for one in missing]


def _written(path: Path, content: bytes, mode: int) -> Path:
    """A temporary file beside `path`, not yet flushed."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        os.fchmod(file.fileno(), mode)
    return Path(name)


def _flush_all(paths: Sequence[Path]) -> None:
    if len(paths) < FLUSHERS:  # threads cost more than they save
        for path in paths:
            _flush(path)
        return
    with ThreadPoolExecutor(FLUSHERS) as flushers:
        list(flushers.map(_flush, paths))


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_folder(folder: Path) -> None:
    """Make the names inside `folder` durable.

    Raises:
        OSError: the folder cannot be opened or flushed.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
