"""In which files below a folder do these bytes lie? `python -m kept.flows.search_files FOLDER`.

The program behind `search_raw`, standard library alone. Standard input holds the bytes looked for,
a line of hex each; the answer is a JSON list of names. It must not run inside the house's process.
"""

import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

_CHUNK = 1 << 20


def files_with(folder: Path, needles: Sequence[bytes]) -> list[str]:
    """Names of the files that hold one of the needles, from `folder` on."""
    return [str(path.relative_to(folder)) for path in _files(folder) if _holds(path, needles)]


def _files(folder: Path) -> Iterator[Path]:
    for root, _, names in os.walk(folder):
        for name in sorted(names):
            path = Path(root) / name
            if path.is_file():
                yield path


def _holds(path: Path, needles: Sequence[bytes]) -> bool:
    """Whether a file holds any of the needles, read in overlapping chunks."""
    overlap = max(map(len, needles))
    try:
        with path.open("rb") as file:
            return any(
                _in(chunk, needles)
                for chunk in _chunks(iter(lambda: file.read(_CHUNK), b""), overlap)
            )
    except FileNotFoundError:  # a WAL that went while we looked
        return False


def _chunks(blocks: Iterable[bytes], overlap: int) -> Iterator[bytes]:
    tail = b""
    for block in blocks:
        yield tail + block
        tail = block[-overlap:]


def _in(chunk: bytes, needles: Sequence[bytes]) -> bool:
    return any(needle in chunk for needle in needles)


def main() -> None:
    """Read what to look for, look, tell."""
    needles = [bytes.fromhex(line) for line in sys.stdin.read().split()]
    json.dump(files_with(Path(sys.argv[1]), needles), sys.stdout)


if __name__ == "__main__":
    main()
