"""Where does a file of a repository lie below its place's folder?

Local folders, SFTP and S3 share restic's layout: `config`, `keys/<name>`, `data/<2 hex>/<name>`.
Pure. Source: restic design document, "Repository Layout"; `docs/formats/backup.md`, places.
"""

import re
from datetime import timedelta

from kept.backup.ports import CONFIG_NAME, FileKind
from kept.base.errors import MalformedError

FANS = tuple(f"{number:02x}" for number in range(256))  # folders inside data/
OLD_TEMP = timedelta(hours=24)  # a temporary file so old belongs to nobody who still writes
_NAME = re.compile(r"[0-9a-f]{64}")
_TEMP = re.compile(r"(?:[0-9a-f]{64}|config)-kept-temp-[0-9a-f]{8}")


def is_name(text: str) -> bool:
    """Whether a file is so called: 64 lower-case hex digits. Anything else is passed over."""
    return _NAME.fullmatch(text) is not None


def is_temp(text: str) -> bool:
    """Whether a file is one that we began to write."""
    return _TEMP.fullmatch(text) is not None


def temp_name(leaf: str, chance: bytes) -> str:
    """The name of a file while it is written; `chance` is 4 random bytes."""
    return f"{leaf}-kept-temp-{chance.hex()}"


def split_path(kind: FileKind, name: str) -> tuple[str, str]:
    """(folder, leaf) below the place; the folder of `config` is empty.

    Raises:
        MalformedError: the name is not 64 hex digits, or not empty for `config`.
    """
    if kind is FileKind.CONFIG:
        if name != CONFIG_NAME:
            raise MalformedError("name", "config has none")
        return "", "config"
    if not is_name(name):
        raise MalformedError("name", "must be 64 lower-case hex digits")
    folder = f"data/{name[:2]}" if kind is FileKind.DATA else kind.value
    return folder, name


def path_of(kind: FileKind, name: str) -> str:
    """The path below the place, with `/` between.

    Raises:
        MalformedError: as `split_path`.
    """
    folder, leaf = split_path(kind, name)
    return f"{folder}/{leaf}" if folder else leaf


def folders() -> tuple[str, ...]:
    """Every folder of a new repository, parents first."""
    kinds = [kind.value for kind in FileKind if kind is not FileKind.CONFIG]
    return (*kinds, *(f"data/{fan}" for fan in FANS))


def sized_range(size: int, offset: int, length: int | None) -> tuple[int, int]:
    """(start, end) of what is asked of a file of `size` bytes; a negative offset counts back."""
    start = min(size, offset if offset >= 0 else max(0, size + offset))
    return start, size if length is None else min(size, start + length)
