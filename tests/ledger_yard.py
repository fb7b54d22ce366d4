"""How does a test run a ledger that breaks? A log over a real database, with ports that can fail.

Each durable write of the sequencer (a transaction, a set of tiles, the mark) counts as one point.
`Break(point, how)` makes one of them fail: before it is stored, after it is stored, or by the
process dying right after. Production code knows nothing of this: the ports are wrapped.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from audit import Audited, audit_parts
from kept.base.errors import UnavailableError
from kept.crypto.keys import opening_key, tag_key
from kept.crypto.secret import Secret
from kept.db.seam import Database, Pending, Tx
from kept.ledger.acts.logs import open_log
from kept.ledger.acts.record import record
from kept.ledger.acts.serving import Log
from kept.ledger.high_water.file import FileHighWater
from kept.ledger.model import HOUSE, Act, Actor, Kind, Subject
from kept.ledger.sequencer import LogKeys, Passed, Sequencer
from kept.ledger.tile_stores.file import FileTiles

NOW = datetime(2026, 11, 21, 17, 4, 9, tzinfo=UTC)
ORIGIN = "shop.example/ledger"
OWNER = Actor("cli", "root", "owner")
ANNA = Actor("staff", "st_anna", "operator")
SEED = bytes([1]) * 32
TABLES = (
    "acts",
    "act_openings",
    "act_counters",
    "ledger_outbox",
    "ledger_edge",
    "act_places",
    "ledger_head",
    "ledger_checkpoints",
    "ledger_cosignatures",
)


class DiedError(BaseException):
    """The process was killed here: nothing in it may catch this."""


@dataclass
class Break:
    """Which write breaks (from 0; None for none), and how: `not stored`, `stored` or `killed`."""

    point: int | None = None
    how: str = ""
    seen: list[str] = field(default_factory=list)
    lock: Any = field(default_factory=threading.Lock)

    def around(self, what: str, write: Callable[[], Any]) -> Any:
        """Do a write, or break it."""
        with self.lock:  # a mark moves beside a commit
            is_here = len(self.seen) == self.point
            self.seen.append(what)
        if is_here and self.how == "not stored":
            raise UnavailableError("this write was made to fail")
        done = write()
        if is_here:
            raise DiedError if self.how == "killed" else UnavailableError("stored, but who knows")
        return done


@dataclass
class BreakingDb:
    """A database whose commits may break."""

    inner: Database
    plan: Break
    beside: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))

    def write(self, work: Callable[[Tx], Pending[Any]]) -> Any:
        """Commit, or break."""
        return self.plan.around("commit", lambda: self.inner.write(work))

    def submit(self, work: Callable[[Tx], Pending[Any]]) -> Future[Any]:
        """The same, beside the caller."""
        return self.beside.submit(self.write, work)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


@dataclass
class BreakingTiles:
    """Tiles whose writing may break."""

    inner: FileTiles
    plan: Break

    def put(self, files: Sequence[tuple[str, bytes]]) -> None:
        """Store, or break."""
        if files:
            self.plan.around("tiles", lambda: self.inner.put(files))

    def get(self, path: str) -> bytes | None:
        """Read."""
        return self.inner.get(path)


@dataclass
class BreakingMark:
    """A mark whose swap may break; remembers all that was ever signed."""

    inner: FileHighWater
    plan: Break
    notes: list[bytes]

    def read(self) -> bytes | None:
        """Read."""
        return self.inner.read()

    def swap(self, old: bytes | None, new: bytes) -> None:
        """Swap, or break."""
        self.notes.append(new)
        self.plan.around("mark", lambda: self.inner.swap(old, new))


@dataclass
class Yard:
    """One log in one folder and one database."""

    db: Database
    folder: Path
    origin: str = ORIGIN
    notes: list[bytes] = field(default_factory=list)

    @property
    def tiles(self) -> FileTiles:
        """Where full tiles lie."""
        return FileTiles(self.folder / "tiles")

    @property
    def mark(self) -> FileHighWater:
        """The high-water mark."""
        return FileHighWater(self.folder / "high-water")

    @property
    def log(self) -> Log:
        """What public reading needs."""
        return Log(self.origin, self.tiles)

    def open(self) -> "Yard":
        """Open the log."""
        self.db.write(lambda tx: open_log(tx, self.origin, actor=OWNER, now=NOW))
        return self

    def sequencer(self, plan: Break | None = None) -> Sequencer:
        """A fresh process's sequencer, over ports that break as planned."""
        plan = plan or Break()
        return Sequencer(
            BreakingDb(self.db, plan),  # type: ignore[arg-type]
            tiles=BreakingTiles(self.tiles, plan),
            high_water=BreakingMark(self.mark, plan, self.notes),
            keys=LogKeys(self.origin, Secret(SEED)),
        )

    def run(self, sequencer: Sequencer | None = None, *, most: int = 4096) -> int:
        """Pass until nothing waits, then publish; the signed size."""
        sequencer = sequencer or self.sequencer()
        while True:
            passed = sequencer.run(now=NOW, most=most)
            assert isinstance(passed, Passed), passed
            if not passed.taken:
                break
        sequencer.publish(now=NOW)
        return passed.signed

    def house_acts(self, count: int) -> list[int]:
        """Record acts of the house; their numbers."""

        def write(tx: Tx) -> Pending[list[int]]:
            act = Act(Kind.BOOK_CHANGED, OWNER, HOUSE, detail={"change": "a word"})
            return Pending([record(tx, self.origin, act=act, now=NOW).act_id for _ in range(count)])

        return self.db.write(write)

    def read_of(self, person: int) -> int:
        """Record that somebody looked at a person; the act's number."""
        act = Act(Kind.PERSON_READ, ANNA, "answer", ("contact",), 1, {"why": "Где посылка?"})

        def write(tx: Tx) -> Pending[int]:
            done = record(tx, self.origin, act=act, subject=subject(person), now=NOW)
            return Pending(done.act_id)

        return self.db.write(write)

    def audit(self) -> Audited:
        """The independent auditor's verdict."""
        return audit_parts(
            rows=lambda query: self.db.read(lambda tx: tx.rows(query)),
            tiles=self.folder / "tiles",
            high_water=self.folder / "high-water",
            vkey=str(LogKeys(self.origin, Secret(SEED)).signer().key),
        )

    def keep(self) -> dict[str, tuple[str, list[tuple[Any, ...]]]]:
        """A backup of the database."""

        def read(tx: Tx) -> dict[str, tuple[str, list[tuple[Any, ...]]]]:
            return {
                table: (columns(tx, table), tx.rows(f"select * from {table}")) for table in TABLES
            }

        return self.db.read(read)

    def restore(self, kept: dict[str, tuple[str, list[tuple[Any, ...]]]]) -> None:
        """Put a backup of the database back, over whatever stands there."""

        def write(tx: Tx) -> Pending[None]:
            for table, (names, rows) in kept.items():
                tx.run(f"delete from {table}")
                marks = ", ".join(f":{name}" for name in names.split(", "))
                values = [dict(zip(names.split(", "), row, strict=True)) for row in rows]
                tx.run_many(f"insert into {table} ({names}) values ({marks})", values)
            return Pending(None)

        self.db.write(write)

    def one(self, query: str) -> Any:
        """The first value of a query."""
        row = self.db.read(lambda tx: tx.row(query))
        return row[0] if row else None

    def rows(self, query: str) -> list[Any]:
        """Every row of a query."""
        return self.db.read(lambda tx: tx.rows(query))

    def act_at(self, index: int) -> int:
        """Which act stands at a place of the first log."""
        runs = self.rows("select act, idx, n from act_places where log = 1")
        (act,) = (act + index - idx for act, idx, n in runs if idx <= index < idx + n)
        return act

    def place_of(self, act: int) -> int:
        """At which place an act stands."""
        runs = self.rows("select act, idx, n from act_places")
        (index,) = (idx + act - first for first, idx, n in runs if first <= act < first + n)
        return index

    def change(self, statement: str, **values: Any) -> None:
        """Do what only somebody at the database can do."""
        assert self.db.write(lambda tx: Pending(tx.run(statement, **values))) > 0


def columns(tx: Tx, table: str) -> str:
    """A table's columns."""
    if tx.dialect == "sqlite":
        return ", ".join(row[1] for row in tx.rows(f"pragma table_info({table})"))
    return ", ".join(
        row[0]
        for row in tx.rows(
            "select column_name from information_schema.columns where table_name = :t"
            " and table_schema = 'public' order by ordinal_position",
            t=table,
        )
    )


def subject(person: int) -> Subject:
    """The keys of a person, made of their number."""
    trail = Secret(sha256(f"person {person}".encode()).digest())
    return Subject(person, tag_key(trail), opening_key(trail))
