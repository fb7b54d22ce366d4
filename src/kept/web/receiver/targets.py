"""What does this path ask for? Pure.

Paths are matched as they came over the wire, in full, and only those that need no decoding: a `%`,
a dot segment, an empty segment, another case or any other character opens nothing.
Source: restic manual, "REST Backend".
"""

import re
from dataclasses import dataclass
from enum import Enum, auto

from kept.backup.keeping.folder import is_client
from kept.backup.ports import FileKind

MOST_PATH = 256  # bytes; ours end at 131
_CLIENT = r"/(?P<client>[a-z0-9][a-z0-9-]{0,31})"
_KINDS = "|".join(kind.value for kind in FileKind if kind is not FileKind.CONFIG)
_SHAPES = {
    "home": re.compile(rf"{_CLIENT}/?"),
    "config": re.compile(rf"{_CLIENT}/config"),
    "list": re.compile(rf"{_CLIENT}/(?P<kind>{_KINDS})/?"),
    "file": re.compile(rf"{_CLIENT}/(?P<kind>{_KINDS})/(?P<name>[0-9a-f]{{64}})"),
    "results": re.compile(rf"{_CLIENT}/results/?"),
    "result": re.compile(
        rf"{_CLIENT}/results/(?P<name>[0-9]{{8}}T[0-9]{{6}}Z\.(?:note|checkpoint))"
    ),
    "key": re.compile(rf"{_CLIENT}/results/key"),
}
_STATIC = re.compile(
    r"/static/((?:[a-z0-9][A-Za-z0-9_-]*/)*[a-z0-9][A-Za-z0-9_-]*(?:\.[a-z0-9]+)+)"
)


class What(Enum):
    """The kinds of things that have an address."""

    HOME = auto()
    LIST = auto()
    FILE = auto()
    RESULTS = auto()
    RESULT = auto()
    KEY = auto()


_WHATS = {
    "home": What.HOME,
    "config": What.FILE,
    "list": What.LIST,
    "file": What.FILE,
    "results": What.RESULTS,
    "result": What.RESULT,
    "key": What.KEY,
}


@dataclass(frozen=True, slots=True)
class Target:
    """A thing of a client. `kind` and `name` as far as it has them; config has the name ""."""

    client: str
    what: What
    kind: FileKind = FileKind.CONFIG
    name: str = ""


def target_of(raw_path: bytes) -> Target | None:
    """What a path names; None for nothing. Hostile."""
    if len(raw_path) > MOST_PATH or not raw_path.isascii():
        return None
    path = raw_path.decode("ascii")
    for shape, pattern in _SHAPES.items():
        if (found := pattern.fullmatch(path)) and is_client(found["client"]):
            said = found.groupdict()
            kind = FileKind(said.get("kind", FileKind.CONFIG.value))
            return Target(said["client"], _WHATS[shape], kind, said.get("name", ""))
    return None


def static_of(raw_path: bytes) -> str | None:
    """The file below `static/` that a path names; None for nothing. Hostile."""
    found = _STATIC.fullmatch(raw_path[:MOST_PATH].decode("latin-1"))
    return found[1] if found else None
