"""Which files does a log of 70,000 entries have? Exactly those the format's example lists."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import rfc6962
from kept.base.encoding import b64url
from kept.db.migrate import migrate
from kept.db.seam import Pending
from kept.db.sqlite import SqliteDatabase
from kept.ledger.acts.serving import tile
from kept.ledger.acts.verify import verify_log
from ledger_yard import NOW, Yard

SIZE = 70_000


def entry(number: int) -> bytes:
    """An entry of no act."""
    c, tag = b64url(number.to_bytes(32, "big")), b64url(number.to_bytes(16, "big"))
    text = (
        f'{{"at":"2026-11-21T17Z","c":"{c}","kind":"person.read","purpose":"answer",'
        f'"role":"operator","tag":"{tag}","v":1}}'
    )
    return text.encode("ascii").ljust(256)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Yard]:
    """A log of 70,000 entries, sequenced in full passes and published."""
    folder: Path = tmp_path_factory.mktemp("large")
    database = SqliteDatabase(folder / "data.db")
    migrate(database, "data", now_micros=0)
    yard = Yard(database, folder).open()
    rows = [{"act": number + 1_000_000, "entry": entry(number)} for number in range(1, SIZE)]
    statement = "insert into ledger_outbox (act, entry) values (:act, :entry)"
    database.write(lambda tx: Pending(tx.run_many(statement, rows)))
    assert yard.run() == SIZE
    yield yard
    database.close()


def test_the_files_of_70_000_entries(large: Yard):
    """273 full tiles and bundles, one full tile above; the rest is served from the edge."""
    root = large.folder / "tiles"
    names = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    full = {f"tile/{kind}/{n:03}" for kind in ("0", "entries") for n in range(273)}
    assert names == full | {"tile/1/000"}

    def length(path: str) -> int | None:
        found = large.db.read(lambda tx: tile(tx, large.log, path))
        return None if found is None else len(found)

    assert length("tile/0/273.p/112") == 112 * 32
    assert length("tile/entries/273.p/112") == 112 * 258
    assert length("tile/1/001.p/17") == 17 * 32
    assert length("tile/2/000.p/1") == 32
    for beyond in ("tile/0/273.p/113", "tile/1/001.p/18", "tile/2/000.p/2", "tile/3/000.p/1"):
        assert length(beyond) is None
    assert large.one("select count(*) from ledger_outbox") == 112


def test_the_tiles_above_hold_what_the_standard_says(large: Yard):
    """Level 1 is the roots of 256 leaves, level 2 the root of 65,536."""
    first = large.one("select entry from ledger_outbox order by act limit 1")
    assert first == entry(273 * 256)
    leaves = [rfc6962.leaf(entry(number)) for number in range(272 * 256, 273 * 256)]
    upper = large.db.read(lambda tx: tile(tx, large.log, "tile/1/001.p/17"))
    assert upper is not None
    assert upper[-32:] == rfc6962.mth(leaves)
    level_1 = (large.folder / "tiles/tile/1/000").read_bytes()
    top = large.db.read(lambda tx: tile(tx, large.log, "tile/2/000.p/1"))
    assert top == rfc6962.mth([level_1[at : at + 32] for at in range(0, 8192, 32)])


def test_the_whole_log_is_verified_and_opened_again(large: Yard):
    """No fault, and a fresh process would go on from there."""
    assert verify_log(large.db, large.tiles, (large.sequencer().key,), mark=large.mark.read()) == []
    assert large.sequencer().run(now=NOW).signed == SIZE  # type: ignore[union-attr]
