"""Somebody's e-mail address was changed, and it was not them: how does the old one come back?

By the link in the letter to the old address, once, for 72 hours from when the letter left. What
whoever changed it may have left behind goes with it: sessions, a code under way, a new address that
waits, and the links of later changes, or they could undo the undoing. A link of an earlier change
stays: its address was there first. The address that loses is told, without a link.
"""

import hashlib
from datetime import datetime

from kept.base.clock import from_micros, to_micros
from kept.base.encoding import parse_b64url
from kept.base.errors import MalformedError, NotFoundError
from kept.db.seam import Pending, Tx
from kept.ledger.model import Actor
from kept.vault.acts.correct import Corrected, Correction, correct
from kept.vault.acts.letters import LINK, NEW, OLD, UNDO_BYTES, kept_address
from kept.vault.acts.parts import Known, VaultParts, known_person
from kept.vault.store import letters
from kept.vault.store import people as store
from kept.vault.store.letters import LetterRow

GONE = "This link was used, or its time is over."


def look_at_undo(tx: Tx, token: str, /, *, now: datetime) -> datetime:
    """Until when this link works. Hostile input. Reads only.

    Raises:
        NotFoundError: used, over or never sent.
    """
    return from_micros(_behind(tx, token, now).expires_at)


def undo_address(
    tx: Tx, vault: VaultParts, /, *, token: str, lang: str, now: datetime
) -> Pending[Corrected]:
    """Put the old address back and end every session. Records `person.corrected`.

    Hostile input; `lang` is of who asked.

    Raises:
        NotFoundError: the link was used, is over or was never sent, or the person is forgotten.
        TamperedError: what is sealed was changed.
    """
    row = _behind(tx, token, now)
    stored = store.person_by_n(tx, row.person_n)
    if stored is None:
        raise NotFoundError(GONE)
    person = known_person(tx, vault, stored.id)
    field_id, address = kept_address(vault, person, row)
    _drop_later(tx, vault, person, row=row, field_id=field_id)
    category, field = next(pair for pair in vault.rules.fields().values() if pair[1].id == field_id)
    cell = store.cells(tx, person.row.n).get(category.id)
    correction = Correction(
        category.key,
        cell.rev if cell else 0,
        {field.key: address},
        method=LINK,
        lang=lang,
        verified_at=to_micros(now),
    )
    actor = Actor("self", str(stored.id), "self")
    return correct(tx, vault, actor=actor, person=stored.id, correction=correction, now=now)


def _behind(tx: Tx, token: str, now: datetime) -> LetterRow:
    """The letter with this link.

    Raises:
        NotFoundError: used, over or never sent.
    """
    try:
        raw = parse_b64url(token, "link", size_bytes=UNDO_BYTES)
    except MalformedError:
        raise NotFoundError(GONE) from None
    row = letters.by_code(tx, hashlib.sha256(raw).digest(), use=OLD)
    if row is None or row.expires_at <= to_micros(now):
        raise NotFoundError(GONE)
    return row


def _drop_later(tx: Tx, vault: VaultParts, person: Known, *, row: LetterRow, field_id: int) -> None:
    """Forget this link and those of later changes of the same field."""
    letters.drop(tx, person.row.n, use=NEW)
    for one in letters.of_person(tx, person.row.n, use=OLD):
        if one.n >= row.n and kept_address(vault, person, one)[0] == field_id:
            letters.drop_one(tx, one.n)
