"""How does a file reach the disk whole or not at all?

Temporary file in the same folder, fsync, rename, fsync of the folder: after a crash the old
content or the new one stands there, never a mixture. `overwrite` is for formats that can tell a
torn write by themselves: it costs one flush instead of three.
"""

import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

OPEN_AT_ONCE = 256  # files held open while they wait for the disk
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
    """Put each content at its path durably; each file is atomic by itself.

    Raises:
        OSError: some may be replaced, some not; all of them may be put again.
    """
    folders = {path.parent for path, _ in files}
    folders |= {one for folder in folders for one in _make(folder)}
    for at in range(0, len(files), OPEN_AT_ONCE):
        _replace_some(files[at : at + OPEN_AT_ONCE], mode)
    for folder in folders:
        sync_folder(folder)


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


def _replace_some(files: Sequence[tuple[Path, bytes]], mode: int) -> None:
    """Put files in place, all flushed; their names are not yet durable."""
    mark = f"{os.getpid()}-{time.monotonic_ns()}"
    handles, waiting = list[int](), list[tuple[Path, Path]]()
    try:
        for path, content in files:
            temporary = path.parent / f".{path.name}.{mark}"
            handles.append(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            waiting.append((temporary, path))
            _write_all(handles[-1], content)
            os.fchmod(handles[-1], mode)
        for handle in handles:
            os.fsync(handle)
        while waiting:
            temporary, path = waiting[-1]
            temporary.replace(path)
            waiting.pop()
    finally:
        for handle in handles:
            os.close(handle)
        for temporary, _ in waiting:
            temporary.unlink(missing_ok=True)


def _write_all(handle: int, content: bytes) -> None:
    if os.write(handle, content) != len(content):
        raise OSError("only a part of a file was written")


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
