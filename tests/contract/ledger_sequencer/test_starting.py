"""Does a house refuse to sign whenever signing could contradict what was signed before?"""

import pytest

from kept.ledger.acts.counts import acts_waiting
from kept.ledger.acts.logs import current_log, succeed
from kept.ledger.acts.receipts import receipt
from kept.ledger.acts.serving import house_opening
from kept.ledger.acts.starting import Ready, Refusing
from kept.ledger.notes import Checkpoint, KeyKind, Note, Signer, sign_checkpoint
from kept.ledger.proof import SignedOnly, verify_receipt
from kept.ledger.store import outbox
from ledger_yard import NOW, ORIGIN, OWNER, SEED, Yard


def code(found: Ready | Refusing) -> str:
    """Why it refuses."""
    assert isinstance(found, Refusing), "it would sign"
    return found.code


def test_an_older_database_under_a_newer_mark_refuses(yard: Yard):
    """An old backup restored over a newer ledger signs nothing, and acts wait."""
    yard.house_acts(300)
    yard.run()
    backup = yard.keep()
    yard.house_acts(300)
    yard.run()
    signed = len(yard.notes)
    yard.restore(backup)
    sequencer = yard.sequencer()
    refusing = sequencer.start()
    assert code(refusing) == "data_older"
    assert isinstance(refusing, Refusing)
    assert "kept ledger succeed" in refusing.en
    assert "kept ledger succeed" in refusing.ru
    yard.house_acts(7)
    assert sequencer.run(now=NOW) == refusing
    assert sequencer.publish(now=NOW) is None
    assert yard.db.read(acts_waiting) == 7
    assert len(yard.notes) == signed


def test_an_older_database_that_grew_again_is_a_fork(yard: Yard):
    """As many entries as were signed, but others: refused by the root, not by the size."""
    yard.house_acts(10)
    yard.run()
    backup, mark = yard.keep(), yard.mark.read()
    yard.house_acts(5)
    yard.run()
    newer = yard.mark.read()
    yard.restore(backup)
    yard.mark.swap(newer, mark or b"")
    yard.house_acts(9)
    yard.run()
    yard.mark.swap(yard.mark.read(), newer or b"")
    assert code(yard.sequencer().start()) == "fork"


def test_a_lost_database_beside_a_mark_refuses(yard: Yard):
    """An empty database must not begin the same log anew."""
    yard.run()
    yard.change("delete from ledger_head")
    assert code(yard.sequencer().start()) == "data_older"


def test_a_house_without_a_log_says_so(yard: Yard):
    """Nothing was opened, nothing was signed."""
    yard.change("delete from ledger_head")
    assert code(yard.sequencer().start()) == "not_opened"


def test_a_missing_mark_refuses_until_it_is_adopted(yard: Yard):
    """Only the owner's word makes a new mark, and that word is an act."""
    yard.house_acts(4)
    yard.run()
    (yard.folder / "high-water").unlink()
    sequencer = yard.sequencer()
    assert code(sequencer.start()) == "mark_missing"
    assert isinstance(sequencer.adopt(actor=OWNER, now=NOW), Ready)
    assert yard.run(sequencer) == 6
    assert yard.one("select kind from acts order by id desc") == "ledger.adopted"
    yard.audit()


def test_adopting_is_refused_while_a_mark_stands(yard: Yard):
    """There is nothing to adopt, and no act says that there was."""
    yard.run()
    assert isinstance(yard.sequencer().adopt(actor=OWNER, now=NOW), Ready)
    assert yard.one("select count(*) from acts where kind = 'ledger.adopted'") == 0


@pytest.mark.parametrize(
    "broken", [b"", b"not a note", b"shop.example/ledger\n1\nAAAA\n\n\xe2\x80\x94 x y\n"]
)
def test_a_mark_that_cannot_be_read_refuses(yard: Yard, broken: bytes):
    """Garbage is not the same as missing."""
    yard.run()
    (yard.folder / "high-water").write_bytes(broken)
    assert code(yard.sequencer().start()) == "mark_foreign"


def test_a_mark_of_another_key_refuses(yard: Yard):
    """A well-formed mark of the right size that we did not sign."""
    yard.run()
    mark = Checkpoint.parse(Note.parse(yard.mark.read() or b"").text)
    other = Signer.from_seed(ORIGIN, KeyKind.LOG, bytes([7]) * 32)
    yard.mark.swap(yard.mark.read(), sign_checkpoint(mark, other).encode())
    assert code(yard.sequencer().start()) == "mark_foreign"


@pytest.mark.parametrize(
    "change",
    [
        "update ledger_head set root = frontier",
        "update ledger_outbox set entry = (select root from ledger_head)",
        "update ledger_edge set hashes = (select root from ledger_head) where level = 1",
        "update ledger_head set size = size - 1",
    ],
)
def test_a_changed_edge_or_head_refuses(yard: Yard, change: str):
    """The tables must lead to the root before anything more is signed."""
    yard.house_acts(600)
    yard.run()
    yard.change(change)
    assert code(yard.sequencer().start()) == "tree_changed"


def test_a_changed_tile_refuses(yard: Yard):
    """The newest full tile must hash to what stands above it."""
    yard.house_acts(600)
    yard.run()
    path = yard.folder / "tiles/tile/0/001"
    path.write_bytes(path.read_bytes()[::-1])
    assert code(yard.sequencer().start()) == "tree_changed"


def test_the_next_log_says_why_and_the_old_one_stays(yard: Yard):
    """`/2` begins with `ledger.succeeds`; receipts of the old log are still given and hold."""
    yard.house_acts(300)
    yard.run()
    backup, old_act = yard.keep(), yard.act_at(7)
    yard.house_acts(1)
    yard.run()
    yard.restore(backup)
    assert code(yard.sequencer().start()) == "data_older"
    waits = yard.house_acts(2)
    yard.db.write(
        lambda tx: succeed(
            tx, ORIGIN, actor=OWNER, reason="disk lost", mark=yard.mark.read(), now=NOW
        )
    )
    next_yard = Yard(yard.db, yard.folder, origin=f"{ORIGIN}/2")
    assert code(yard.sequencer().start()) == "closed"
    assert next_yard.run() == 1 + len(waits)
    assert next_yard.audit().entries == 301 + 3
    opening = yard.db.read(lambda tx: house_opening(tx, next_yard.log, 0))
    assert opening is not None
    said = opening.read()
    assert said["reason"] == "disk lost"
    assert isinstance(said["closed"], dict)
    assert isinstance(said["signed"], dict)
    assert (said["closed"]["size"], said["signed"]["size"]) == (301, 302)
    given = yard.db.read(lambda tx: receipt(tx, yard.tiles, act_id=old_act, opening=None))
    assert isinstance(given, bytes)
    key = Signer.from_seed(ORIGIN, KeyKind.LOG, SEED).key
    assert isinstance(verify_receipt(given, key), SignedOnly)


def test_an_origin_that_was_signed_for_is_never_used_again(yard: Yard):
    """Data from before `/2`, beside a mark of `/2`: the next one is `/3`."""
    yard.run()
    backup = yard.keep()

    def follow(mark: bytes | None) -> str:
        return yard.db.write(
            lambda tx: succeed(tx, ORIGIN, actor=OWNER, reason="lost", mark=mark, now=NOW)
        ).origin

    second = Yard(yard.db, yard.folder, origin=follow(yard.mark.read()))
    second.run()
    yard.restore(backup)
    assert code(yard.sequencer().start()) == "data_older"
    third = Yard(yard.db, yard.folder, origin=follow(yard.mark.read()))
    assert (second.origin, third.origin) == (f"{ORIGIN}/2", f"{ORIGIN}/3")


def test_waiting_bytes_that_are_no_entry_stop_the_signing(yard: Yard):
    """Nothing that is not an entry gets into a log for ever."""
    yard.run()
    yard.house_acts(1)
    yard.change("update ledger_outbox set entry = :entry", entry=b"{}".ljust(256))
    found = yard.sequencer().run(now=NOW)
    assert isinstance(found, Refusing)
    assert found.code == "tree_changed"
    head = yard.db.read(current_log)
    assert head is not None
    assert head.size == 1
    assert yard.db.read(outbox.waiting_any)
