"""Does everybody read what they may, at every width, and nothing else?"""

import base64
import json
from pathlib import Path

import pytest

import rfc6962
from kept.base.errors import TamperedError
from kept.db.seam import Pending
from kept.ledger.acts.export import export
from kept.ledger.acts.history import acts_of, one_of, scan
from kept.ledger.acts.receipts import NotYet, receipt
from kept.ledger.acts.serving import (
    consistency,
    house_opening,
    is_of_a_person,
    is_of_the_house,
    tile,
)
from kept.ledger.model import Kind
from kept.ledger.notes import VerifierKey
from kept.ledger.policy import Log as TrustedLog
from kept.ledger.policy import Policy
from kept.ledger.proof import Refused, SignedOnly, verify_receipt
from kept.ledger.store.act_rows import forget_person
from ledger_yard import NOW, ORIGIN, Yard, subject


def key(yard: Yard) -> VerifierKey:
    """What the customer pinned."""
    return yard.sequencer().key


def get(yard: Yard, path: str) -> bytes | None:
    """What the public endpoint answers."""
    return yard.db.read(lambda tx: tile(tx, yard.log, path))


def entries_of(yard: Yard) -> list[bytes]:
    """Every entry, read by SQL and from bundle files."""
    found: list[bytes] = []
    for path in sorted((yard.folder / "tiles/tile/entries").glob("*")):
        data = path.read_bytes()
        found += [data[at + 2 : at + 258] for at in range(0, len(data), 258)]
    for act, idx, n in yard.rows("select act, idx, n from act_places order by idx"):
        rows = yard.rows(f"select entry from ledger_outbox where act >= {act} order by act")
        found += [row[0] for row in rows][: max(idx + n - len(found), 0)]
    return found


def test_every_width_is_a_prefix_of_the_full_tile_and_of_the_edge(yard: Yard):
    """All `.p/W` of a full tile, of the edge, of both bundles and of the level above."""
    yard.house_acts(599)
    yard.run()
    entries = entries_of(yard)
    assert len(entries) == 600
    leaves = [rfc6962.leaf(entry) for entry in entries]
    for number, most in ((0, 256), (2, 88)):
        at = 256 * number
        for width in range(1, most + (most < 256)):
            end = at + width
            part = "" if width == 256 else f".p/{width}"
            assert get(yard, f"tile/0/00{number}{part}") == b"".join(leaves[at:end])
            bundle = b"".join(b"\x01\x00" + entry for entry in entries[at:end])
            assert get(yard, f"tile/entries/00{number}{part}") == bundle
    uppers = [rfc6962.mth(leaves[:256]), rfc6962.mth(leaves[256:512])]
    assert get(yard, "tile/1/000.p/1") == uppers[0]
    assert get(yard, "tile/1/000.p/2") == b"".join(uppers)


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/002.p/89",
        "tile/0/002",
        "tile/entries/002.p/89",
        "tile/1/000.p/3",
        "tile/1/000",
        "tile/2/000.p/1",
        "tile/0/003.p/1",
        "tile/0/000.p/256",
        "tile/0/000.p/0",
        "tile/0/0",
        "tile/64/000",
        "tile/0/../0/000",
        "",
    ],
)
def test_what_is_not_published_is_not_there(yard: Yard, path: str):
    """Wider than the newest published checkpoint, or another spelling: 404, also when it stands."""
    yard.house_acts(599)
    yard.run()
    yard.house_acts(400)
    yard.sequencer().run(now=NOW)
    assert yard.one("select size from ledger_head") == 1000
    assert get(yard, path) is None


def test_consistency_between_any_two_published_sizes(yard: Yard):
    """The hashes RFC 6962 asks for; nothing beyond what is public."""
    yard.house_acts(299)
    yard.run()
    leaves = [rfc6962.leaf(entry) for entry in entries_of(yard)]
    for old, new in ((1, 300), (255, 256), (256, 300), (137, 299), (300, 300)):
        found = yard.db.read(
            lambda tx, old=old, new=new: consistency(tx, yard.log, old=old, new=new)
        )
        assert found is not None
        assert list(found) == (rfc6962.proof(old, leaves[:new]) if old < new else [])
    for old, new in ((0, 10), (10, 9), (10, 301)):
        assert (
            yard.db.read(lambda tx, o=old, n=new: consistency(tx, yard.log, old=o, new=n)) is None
        )


def test_only_acts_of_the_house_are_open_to_anybody(yard: Yard):
    """By their kind: an erased person's act stays shut, though its row names nobody any more."""
    act = yard.read_of(1)
    house = yard.house_acts(1)[0]
    yard.run()
    index = yard.place_of(act)
    open_index = yard.place_of(house)
    assert yard.db.read(lambda tx: house_opening(tx, yard.log, index)) is None
    opening = yard.db.read(lambda tx: house_opening(tx, yard.log, open_index))
    assert opening is not None
    assert opening.read()["change"] == "a word"
    yard.db.write(lambda tx: Pending(forget_person(tx, 1)))
    yard.change("insert into act_openings (act, sealed) values (:act, :s)", act=act, s=bytes(99))
    assert yard.db.read(lambda tx: house_opening(tx, yard.log, index)) is None
    assert yard.db.read(lambda tx: house_opening(tx, yard.log, 99)) is None


def test_every_kind_is_either_the_houses_or_a_persons():
    """A new kind must be one of the two, or nobody knows who may open it."""
    assert [
        kind for kind in Kind if is_of_the_house(kind.value) == is_of_a_person(kind.value)
    ] == []


def test_a_receipt_verifies_alone_and_is_the_same_twice(yard: Yard):
    """Not before it is signed; from the first publication on always the same bytes."""
    yard.house_acts(299)
    act = yard.read_of(1)

    def give() -> bytes | NotYet:
        seen = yard.db.read(lambda tx: one_of(tx, yard.tiles, subject=subject(1), act_id=act))
        assert seen is not None
        return yard.db.read(lambda tx: receipt(tx, yard.tiles, act_id=act, opening=seen.opening))

    assert give() == NotYet(act)
    yard.run()
    first = give()
    yard.house_acts(700)
    yard.run()
    assert give() == first
    assert isinstance(first, bytes)
    verdict = verify_receipt(first, key(yard))
    assert isinstance(verdict, SignedOnly)
    assert verdict.facts.index == 300
    assert verdict.facts.detail is not None
    assert verdict.facts.detail["why"] == "Где посылка?"
    assert isinstance(verify_receipt(first.replace(b"index 300", b"index 299"), key(yard)), Refused)


def test_an_old_receipt_outlives_the_person(yard: Yard):
    """After erasure the receipt still proves; the house can no longer open the entry."""
    act = yard.read_of(1)
    yard.run()
    seen = yard.db.read(lambda tx: one_of(tx, yard.tiles, subject=subject(1), act_id=act))
    assert seen is not None
    old = yard.db.read(lambda tx: receipt(tx, yard.tiles, act_id=act, opening=seen.opening))
    yard.db.write(lambda tx: Pending(forget_person(tx, 1)))
    assert isinstance(old, bytes)
    assert isinstance(verify_receipt(old, key(yard)), SignedOnly)
    assert yard.db.read(lambda tx: one_of(tx, yard.tiles, subject=subject(1), act_id=act)) is None
    assert yard.db.read(lambda tx: acts_of(tx, yard.tiles, subject=subject(1))) == []
    yard.audit()


def test_a_person_reads_their_own_acts_page_by_page(yard: Yard):
    """Newest first and oldest first; waiting acts are there at once, another's never."""
    for person in (1, 2, 1, 1):
        yard.read_of(person)
    yard.run()
    yard.read_of(1)

    def page(**at: int) -> list[int]:
        return [
            one.n
            for one in yard.db.read(lambda tx: acts_of(tx, yard.tiles, subject=subject(1), **at))
        ]

    assert page() == [3, 2, 1, 0]
    assert page(limit=2) == [3, 2]
    assert page(before_n=2) == [1, 0]
    assert page(after_n=1) == [2, 3]
    newest = yard.db.read(lambda tx: acts_of(tx, yard.tiles, subject=subject(1), limit=1))[0]
    assert (newest.index, newest.at, newest.role) == (None, NOW, "operator")
    other = yard.db.read(
        lambda tx: one_of(tx, yard.tiles, subject=subject(2), act_id=newest.act_id)
    )
    assert other is None


@pytest.mark.parametrize(
    "change",
    [
        "update acts set actor = 'somebody' where id = :act",
        "update acts set at = at + 1 where id = :act",
        "update acts set kind = 'person.found' where id = :act",
        "update acts set n = 7 where id = :act",
        "delete from act_openings where act = :act",
        "update act_openings set sealed = substr(sealed, 2) where act = :act",
    ],
)
def test_a_changed_line_is_named_and_not_shown(yard: Yard, change: str):
    """Row, opening and entry must agree before the customer is shown anything."""
    act = yard.read_of(1)
    yard.run()
    yard.change(change, act=act)
    with pytest.raises(TamperedError, match=f"act {act}"):
        yard.db.read(lambda tx: acts_of(tx, yard.tiles, subject=subject(1), after_n=-1))


def test_a_scan_finds_exactly_the_persons_acts_and_names_gaps(yard: Yard):
    """By the public bundles and the tag key alone; one that was left out is a gap."""
    order = [1, 2, 1, 3, 1, 2, 1]
    acts = [yard.read_of(person) for person in order]
    yard.change("delete from ledger_outbox where act = :act", act=acts[4])
    yard.run()
    found = yard.db.read(lambda tx: scan(tx, yard.tiles, subject=subject(1)))
    assert found.found == ((0, ORIGIN, 1), (1, ORIGIN, 3), (3, ORIGIN, 6))
    assert found.gaps == (2,)
    empty = yard.db.read(lambda tx: scan(tx, yard.tiles, subject=subject(9)))
    assert (empty.found, empty.gaps) == ((), ())


def test_an_export_is_whole_for_somebody_with_files_alone(yard: Yard, tmp_path: Path):
    """Root from the exported bundles equals the exported checkpoint; old partials go, full stay."""
    folder, trusted = tmp_path / "out", Policy((TrustedLog(key(yard)),))
    yard.house_acts(199)
    yard.run()
    assert export(yard.db, yard.log, folder, policy=trusted).size == 200
    assert (folder / "tile/0/000.p/200").exists()
    yard.house_acts(400)
    yard.run()
    done = export(yard.db, yard.log, folder, policy=trusted)
    assert (done.size, done.dropped) == (600, 2)
    names = sorted(str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file())
    assert names == [
        "checkpoint",
        "policy",
        "tile/0/000",
        "tile/0/001",
        "tile/0/002.p/88",
        "tile/1/000.p/2",
        "tile/entries/000",
        "tile/entries/001",
        "tile/entries/002.p/88",
    ]
    bundles = [folder / f"tile/entries/{name}" for name in ("000", "001", "002.p/88")]
    data = b"".join(one.read_bytes() for one in bundles)
    leaves = [rfc6962.leaf(data[at + 2 : at + 258]) for at in range(0, len(data), 258)]
    origin, size, root = (folder / "checkpoint").read_text(encoding="utf-8").split("\n")[:3]
    assert (origin, size, base64.b64decode(root)) == (ORIGIN, "600", rfc6962.mth(leaves))
    assert Policy.parse((folder / "policy").read_bytes()) == trusted
    assert export(yard.db, yard.log, folder, policy=trusted).written == 0


def test_no_public_byte_names_anybody(yard: Yard):
    """Canaries planted in actor and detail are in no entry, tile or checkpoint."""
    yard.read_of(1)
    yard.run()
    public = b"".join(entries_of(yard)) + (yard.mark.read() or b"")
    for canary in ("st_anna", "посылка", "contact"):
        assert canary.encode() not in public
    entry = json.loads(entries_of(yard)[1])
    assert entry["at"] == "2026-11-21T17Z"
