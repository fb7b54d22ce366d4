"""Is the ledger whole, who may read it elsewhere, and what if it cannot go on?"""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from kept.backup.acts.check import check_backup
from kept.base.encoding import Json, b64
from kept.base.errors import ConflictError
from kept.cli.commands.call import Call
from kept.db.seam import Database
from kept.db.shapes import misshapen
from kept.ledger.acts.dossier import Dossier, strays
from kept.ledger.acts.export import export
from kept.ledger.acts.logs import current_log, succeed
from kept.ledger.acts.receipts import NotYet, receipt
from kept.ledger.acts.serving import Log
from kept.ledger.acts.starting import Refusing
from kept.ledger.acts.verify import Fault, SubjectOf, verify_acts, verify_log
from kept.ledger.model import Head, Subject
from kept.ledger.policy import Log as TrustedLog
from kept.ledger.policy import Policy
from kept.promises.acts.check import check_promises
from kept.staff.acts.check import check_staff
from kept.vault.acts.check import check_vault
from kept.vault.acts.listing import count_ever
from kept.vault.acts.trail import subject_of_row
from kept.wiring.house import House
from kept.wiring.parts import first_origin
from kept.wiring.signing import older_keys, sequencer_for, sign_waiting

PEOPLE_AT_HAND = 10_000  # whose keys are kept in memory while the ledger is checked


def verify(call: Call) -> Json:
    """Re-derive the whole ledger; every fault with its place."""
    house = call.house
    head = house.db.read(current_log)
    call.progress({"note": "the form of every row"})
    faults = misshapen_rows(house.db, house.keys_db)
    is_shaped = not faults
    for what, part in (
        ("entries, tiles, checkpoints", lambda: _log_faults(house, head)),
        ("acts and openings", lambda: _act_faults(house)),
        ("people and records", lambda: _vault_faults(call)),
        ("team, keys and promises", lambda: _house_faults(house)),
    ):
        call.progress({"note": what})
        try:
            faults += part()
        except Exception:
            if is_shaped:
                raise
            faults.append(Fault("not checked: the rows named here cannot be read", what))
    return {
        "whole": not faults,
        "origin": head.origin if head else "",
        "size": head.size if head else 0,
        "key": str(house.sequencer.key),
        "faults": [_told(one) for one in faults],
    }


def misshapen_rows(db: Database, keys_db: Database) -> list[Fault]:
    """Rows that hold a value of another type than their table says, in every file."""
    found = [*misshapen(db), *misshapen(keys_db)]
    if db.read(lambda tx: tx.dialect) == "sqlite":
        found += misshapen(db, "find")
    return [
        Fault(f"its {one.column} was changed: it holds {one.holds}", f"{one.table} {one.key}")
        for one in found
    ]


def _log_faults(house: House, head: Head | None) -> list[Fault]:
    mark = house.high_water.read()
    faults = verify_log(house.db, house.tiles, (house.sequencer.key,), mark=mark)
    if mark is None and head is not None and not head.size:
        return [one for one in faults if one.where != "high-water"]  # nothing was signed yet
    return faults


def _act_faults(house: House) -> list[Fault]:
    rules = house.book.rules

    def mask_of(keys: Sequence[str]) -> int | None:
        return rules.mask_of(frozenset(keys)) if set(keys) <= set(rules.categories) else None

    return verify_acts(house.db, house.tiles, subject_of=_subjects(house), mask_of=mask_of)


def _vault_faults(call: Call) -> list[Fault]:
    house, people, faults = call.house, 0, list[Fault]()
    total = house.db.read(count_ever)
    for page in check_vault(house.db, house.vault, house.tiles):
        people += page.people
        call.progress({"done": people, "total": max(total, people), "note": "people"})
        faults += [Fault(f"{fault}: not as it was written", "vault") for fault in page.faults]
    return faults


def _house_faults(house: House) -> list[Fault]:
    dossier = Dossier(house.tiles)

    def found() -> list[str]:
        return [
            *check_staff(house.db, house.staff, dossier),
            *check_promises(house.db, dossier),
            *check_backup(house.db, dossier),
            *house.db.read(strays),
        ]

    first = found()
    again = found() if first else []  # what stands, and is not just being done
    return [Fault(f"{one}: not as it was written", "house") for one in first if one in again]


def _subjects(house: House) -> SubjectOf:
    """People's keys by row number. Each pass meets the same people again and again."""

    @lru_cache(maxsize=PEOPLE_AT_HAND)
    def subject(person_n: int) -> Subject | None:
        return subject_of_row(house.db, house.vault, person_n)

    return subject


def _told(fault: Fault) -> Json:
    return {"what": fault.what, "where": fault.where}


def key(call: Call) -> Json:
    """The key line of the log that grows, and those of closed logs, whose receipts still hold."""
    house = call.house
    older = [str(key) for key in older_keys(house)]
    return {"key": str(house.sequencer.key), "older": older}


def receipt_of(call: Call) -> Json:
    """The receipt of one act, as base64 of its file; the opening stays with the person.

    Raises:
        ConflictError: the act is not signed yet.
    """
    house, act = call.house, call.number("act", 0)
    call.signed()
    found = house.db.read(lambda tx: receipt(tx, house.tiles, act_id=act, opening=None))
    if isinstance(found, NotYet):
        raise ConflictError("This act is not signed yet. Try again in a second.")
    return {"act": act, "receipt": b64(found)}


def export_log(call: Call) -> Json:
    """The log as plain files in the C2SP layout."""
    house = call.house
    log = Log(house.vault.origin, house.tiles)
    call.signed()
    house.sequencer.publish(now=house.clock.now())
    policy = Policy((TrustedLog(house.sequencer.key),))
    done = export(house.db, log, Path(call.text("folder")), policy=policy)
    return {"size": done.size, "written": done.written, "dropped": done.dropped}


def adopt(call: Call) -> Json:
    """Write a missing high-water mark for what the database holds.

    Raises:
        ConflictError: a server runs here, this house came out of a copy, or the ledger refuses
            for another reason.
    """
    house = _alone(call)
    if house.place.copy_mark.exists():
        raise ConflictError(
            "This house was brought back from a copy: what was signed after that copy is unknown,"
            " so its ledger cannot be adopted. Use `kept ledger succeed`. Nothing was changed."
        )
    found = house.sequencer.adopt(actor=call.actor, now=house.clock.now())
    if isinstance(found, Refusing):
        raise ConflictError(found.en)
    return {"size": found.head.size, "signed": found.marked}


def follow(call: Call) -> Json:
    """Close the log, open the next, which says so, and sign it: a log without mark is not whole.

    Raises:
        ConflictError: a server runs here; it would go on signing for the old log. Or the next log
            is open and cannot be signed now; the next start does it.
    """
    house = _alone(call)
    base, mark = first_origin(house.book, house.opened), house.high_water.read()
    head = house.db.write(
        lambda tx: succeed(
            tx,
            base,
            actor=call.actor,
            reason=call.text("reason"),
            mark=mark,
            now=house.clock.now(),
        )
    )
    sequencer = sequencer_for(house, head.origin)
    if mark is None:  # nothing to compare with, and the owner has said to go on: an act too
        sequencer.adopt(actor=call.actor, now=house.clock.now())
    refusing = sign_waiting(house, sequencer)
    if refusing is not None:
        raise ConflictError(f"The ledger goes on as {head.origin}. {refusing.en}")
    house.place.copy_mark.unlink(missing_ok=True)
    return {"origin": head.origin, "size": head.size}


def _alone(call: Call) -> House:
    if not call.is_alone:
        raise ConflictError("A server runs on this folder. Stop it first; nothing was changed.")
    return call.house
