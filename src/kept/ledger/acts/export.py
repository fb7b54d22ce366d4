"""How does the log go to a place that has no server of ours? As plain files in the C2SP layout.

Rules: full tiles and bundles first, then the partial ones of the published size, the policy, and
the checkpoint last, so that whoever reads meanwhile finds all that a checkpoint needs. A partial
file goes only once its full one was read back; the newest published one never goes.
Source: C2SP tlog-tiles; `docs/formats/ledger.md`, tiles.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kept.base.durable import replace_file, replace_files
from kept.base.errors import NotFoundError, TamperedError, UnavailableError
from kept.db.seam import Database, Tx
from kept.ledger.acts.serving import Log, checkpoint, published_size
from kept.ledger.acts.serving import tile as read
from kept.ledger.policy import Policy
from kept.ledger.tiles import TILE_WIDTH, Tile, became_full, partials

BATCH = 64  # files read in one snapshot and flushed together
_PARTIAL = ".p"


@dataclass(frozen=True, slots=True)
class Exported:
    """What stands in the folder now: size of the log, files written, partial files dropped."""

    size: int
    written: int
    dropped: int


def export(db: Database, log: Log, folder: Path, /, *, policy: Policy) -> Exported:
    """Bring a folder up to the newest published checkpoint; files that stand there are kept.

    Raises:
        NotFoundError: nothing was published yet.
        TamperedError: a tile of the log or a file of the folder was changed.
        UnavailableError: the folder cannot be written, or the database is away.
    """
    note, size = db.read(lambda tx: (checkpoint(tx, log), published_size(tx, log)))
    if note is None:
        raise NotFoundError("Nothing of this ledger was published yet. Try again in a minute.")
    tiles = [*became_full(0, size), *partials(size)]
    todo = [tile for tile in tiles if not (folder / tile.path).exists()]
    try:
        for at in range(0, len(todo), BATCH):
            _write(db, log, folder, todo[at : at + BATCH])
        replace_file(folder / "policy", policy.encode(), mode=0o644)
        replace_file(folder / "checkpoint", note, mode=0o644)
        dropped = _drop_partials(folder, size)
    except OSError as error:
        raise UnavailableError("The export folder cannot be written.") from error
    return Exported(size, len(todo), dropped)


def _write(db: Database, log: Log, folder: Path, tiles: Sequence[Tile]) -> None:
    def contents(tx: Tx) -> list[tuple[Path, bytes]]:
        return [(folder / tile.path, read(tx, log, tile.path) or b"") for tile in tiles]

    files = db.read(contents)
    replace_files(files, mode=0o644)
    for path, content in files:
        if not content or path.read_bytes() != content:
            raise TamperedError(f"exported file {path.relative_to(folder)}")


def _drop_partials(folder: Path, size: int) -> int:
    """Remove partial files whose full one stands there, whole; how many."""
    dropped = 0
    for part in sorted(folder.glob(f"tile/**/*{_PARTIAL}/*")):
        relative = str(part.relative_to(folder))
        full = Tile.parse(relative).full
        if full.needs_size > size or not _is_full(folder / full.path):
            continue
        part.unlink()
        dropped += 1
        if not any(part.parent.iterdir()):
            part.parent.rmdir()
    return dropped


def _is_full(path: Path) -> bool:
    return path.is_file() and path.stat().st_size >= TILE_WIDTH * 2
