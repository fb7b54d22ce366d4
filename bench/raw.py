"""What does the engine do without us? The same SQLite, the same settings, rows of as many bytes."""

import itertools
import os
import time
from pathlib import Path

import apsw

ENTRY_BYTES = 256
LEAF_BYTES = 32
ACT_BYTES = 256 + 350  # an entry and the rows of its act, about


def _table(folder: Path, name: str) -> apsw.Connection:
    path = folder / name
    path.unlink(missing_ok=True)
    connection = apsw.Connection(str(path))
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "cache_size=-32768"):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    connection.execute("CREATE TABLE row (n INTEGER PRIMARY KEY, body BLOB, leaf BLOB)").fetchall()
    return connection


def commit_each(folder: Path, seconds: float) -> float:
    """Rows of an act's bytes a second, each with a COMMIT of its own."""
    return _inserts(folder, seconds, batch=1, size_bytes=ACT_BYTES)


def inserts(folder: Path, seconds: float, *, batch: int, size_bytes: int = ENTRY_BYTES) -> float:
    """Rows a second with a COMMIT for every `batch`."""
    return _inserts(folder, seconds, batch=batch, size_bytes=size_bytes)


def _inserts(folder: Path, seconds: float, *, batch: int, size_bytes: int) -> float:
    connection, numbers = _table(folder, f"raw-{batch}.db"), itertools.count(1)
    body, leaf, done = os.urandom(size_bytes), os.urandom(LEAF_BYTES), 0
    began = time.perf_counter()
    while time.perf_counter() - began < seconds or not done:
        connection.execute("BEGIN IMMEDIATE").fetchall()
        rows = [(next(numbers), body, leaf) for _ in range(batch)]
        connection.executemany("INSERT INTO row VALUES (?, ?, ?)", rows).fetchall()
        connection.execute("COMMIT").fetchall()
        done += batch
    took = time.perf_counter() - began
    connection.close()
    return done / took
