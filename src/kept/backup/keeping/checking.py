"""Are the parts that a client brought still what their names say? Told without any key.

Index, snapshot and key files are all read; of the parts a sample, or all. What was found is signed
and laid beside the earlier results, with the checkpoint that gave the seed.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from kept.backup.keeping.folder import Folder
from kept.backup.keeping.shelf import Shelf
from kept.backup.keeping.statement import (
    CHANCE,
    MOST_NAMED,
    Seed,
    Statement,
    read,
    seed_from,
    sign,
)
from kept.backup.model.inventory import inventory, inventory_root
from kept.backup.model.sampling import sample
from kept.backup.ports import FileKind
from kept.base.durable import replace_file
from kept.base.errors import KeptError, NotFoundError, UnavailableError
from kept.crypto.chance import draw
from kept.ledger.notes import Signer, VerifierKey

SAMPLE = 59  # finds 1 bad part in 20 with certainty 95 in 100
STEP_BYTES = 1 << 20
STAMP = "%Y%m%dT%H%M%SZ"
Progress = Callable[[int, int], None]
_PARTS = FileKind.DATA.value


@dataclass(frozen=True, slots=True)
class Order:
    """What to check: `picks` parts or None for all; `checkpoint` gives the seed, else chance."""

    client: str
    picks: int | None = SAMPLE
    checkpoint: bytes | None = None


def check(
    folder: Folder,
    order: Order,
    signer: Signer,
    *,
    clock: Callable[[], datetime],
    progress: Progress | None = None,
) -> Statement:
    """Read, compare, sign, keep the result.

    Args:
        folder: the keeper's.
        order: what to check.
        signer: the keeper's key.
        clock: tells the time at the end.
        progress: told (files done, files to read).

    Raises:
        MalformedError: the checkpoint is none.
        UnavailableError: a file cannot be read for another reason than its absence, or the
            result cannot be kept.
    """
    shelf = Shelf(folder, order.client)
    kinds = [kind for kind in FileKind if kind is not FileKind.LOCK]
    items = inventory(
        (kind.value, file.name, file.size) for kind in kinds for file in shelf.files(kind)
    )
    root = inventory_root(items)
    seed = Seed(draw(32), CHANCE) if order.checkpoint is None else seed_from(order.checkpoint, root)
    parts = [item for item in items if item.kind == _PARTS]
    picks = len(parts) if order.picks is None else order.picks
    drawn = sample(seed.value, [item.name.encode() for item in parts], picks)
    named = [item for item in items if item.kind != _PARTS and item.name]
    asked = [(_PARTS, name.decode()) for name in drawn] + [item.key for item in named]
    bad, total = list[str](), 0
    for done, (kind, name) in enumerate(asked):
        if progress:
            progress(done, len(asked))
        found, size = _hash(shelf, FileKind(kind), name)
        total += size
        if found != name:
            bad.append(f"{kind}/{name}")
    if progress:
        progress(len(asked), len(asked))
    statement = Statement(
        client=order.client,
        at=clock().replace(microsecond=0),
        inventory=root.hex(),
        parts=len(parts),
        part_bytes=sum(item.size for item in parts),
        snapshots=sum(item.kind == FileKind.SNAPSHOT.value for item in items),
        others=len(items)
        - len(parts)
        - sum(item.kind == FileKind.SNAPSHOT.value for item in items),
        seed=seed,
        asked=len(drawn),
        read_bytes=total,
        bad=tuple(sorted(bad)[:MOST_NAMED]),
        bad_count=len(bad),
    )
    _keep(folder, statement, sign(statement, signer), order.checkpoint)
    return statement


def _hash(shelf: Shelf, kind: FileKind, name: str) -> tuple[str, int]:
    """(SHA-256 in hex, bytes) of a file; ("", 0) of one that is gone or that the disk lost."""
    digest, total = sha256(), 0
    try:
        handle = shelf.open(kind, name)
    except (NotFoundError, UnavailableError):
        return "", 0
    with os.fdopen(handle, "rb", buffering=0) as file:
        try:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_SEQUENTIAL)
            while piece := file.read(STEP_BYTES):
                digest.update(piece)
                total += len(piece)
            # what is read next time shall come from the disk, not from memory
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        except OSError:  # the disk cannot read its own bytes: they are not kept
            return "", total
    return digest.hexdigest(), total


def _keep(folder: Folder, statement: Statement, note: bytes, checkpoint: bytes | None) -> None:
    place, stem = folder.results(statement.client), f"{statement.at:{STAMP}}"
    try:
        if checkpoint is not None:
            replace_file(place / f"{stem}.checkpoint", checkpoint)
        replace_file(place / f"{stem}.note", note)
    except OSError as error:
        raise UnavailableError(f"The result cannot be kept: {error.strerror}.") from None


def notes(folder: Folder, client: str) -> list[Path]:
    """The signed results of a client's checks, the newest first."""
    return sorted(folder.results(client).glob("*.note"), reverse=True)


def newest(folder: Folder, client: str, key: VerifierKey) -> Statement | None:
    """The newest result that this key signed; others are passed over."""
    for path in notes(folder, client):
        try:
            return read(path.read_bytes(), key)
        except (OSError, KeptError):
            continue
    return None
