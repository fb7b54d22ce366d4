"""What leaves the house about a person? Every byte passes here, with an act each.

A letter is asked for by a job that names only the person; the address is opened here, the act is
recorded, and only then does the worker get something to send. What is sent twice by a crash is
recorded twice: the ledger shows at least what left.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from kept.base.clock import to_micros
from kept.base.encoding import b64url
from kept.base.ids import PersonId
from kept.crypto.chance import draw
from kept.crypto.secret import Secret
from kept.db.seam import Pending, Tx
from kept.ledger.acts.record import record
from kept.ledger.model import OWN, Act, Actor, Kind
from kept.vault.acts.letters import (
    NEW,
    OLD,
    UNDO_BYTES,
    UNDO_LIFE,
    is_address,
    kept_address,
)
from kept.vault.acts.parts import Known, VaultParts, known_person, note_opening, open_cell
from kept.vault.acts.readdress import hashed_code
from kept.vault.acts.visit import CODE_DIGITS, CODE_LIFE, put_code
from kept.vault.model.rules import Category, Field, FieldKind
from kept.vault.store import letters
from kept.vault.store import people as store
from kept.vault.store.letters import LetterRow

POSTMAN = Actor("worker", "mail", "worker")


@dataclass(frozen=True, slots=True, repr=False)
class Released:
    """An address and a secret that may leave, and the act that says so."""

    address: str
    secret: str
    act_id: int


def release_code(
    tx: Tx, vault: VaultParts, pepper: Secret, /, *, person: PersonId, now: datetime
) -> Pending[Released | None]:
    """A new sign-in code and where it goes; None when no address is kept. Records `egress.mail`.

    Raises:
        NotFoundError: nobody has this id.
        TamperedError: the cell was changed.
    """
    known = known_person(tx, vault, person)
    code = _draw_code()
    found = _address(tx, vault, known)
    if found is None:
        return Pending(None)
    address, category = found
    put_code(tx, known, pepper, code=code, now=now)
    return Pending(
        _released(
            tx,
            vault,
            known,
            address=address,
            secret=code,
            category=category,
            what="sign-in code",
            now=now,
        )
    )


def _draw_code() -> str:
    return f"{int.from_bytes(draw(8), 'big') % 10**CODE_DIGITS:0{CODE_DIGITS}d}"


def release_change_code(
    tx: Tx, vault: VaultParts, pepper: Secret, /, *, person: PersonId, asked: int, now: datetime
) -> Pending[Released | None]:
    """A code to a new address; None when it waits no longer. Records `egress.mail`.

    Raises:
        NotFoundError: nobody has this id.
        TamperedError: what is sealed was changed.
    """
    known = known_person(tx, vault, person)
    row = letters.at(tx, known.row.n, use=NEW, asked_at=asked)
    if row is None or row.expires_at <= to_micros(now):
        return Pending(None)
    code, expires = _draw_code(), to_micros(now + CODE_LIFE)
    letters.put_code(tx, row.n, hashed_code(pepper, person, code), expires_at=expires)
    return Pending(
        _to_letter(tx, vault, known, row, secret=code, what="code to a new address", now=now)
    )


def release_moved(
    tx: Tx, vault: VaultParts, /, *, person: PersonId, asked: int, use: str, now: datetime
) -> Pending[Released | None]:
    """Where a change of the address is told: at the old one. Records `egress.mail`.

    `secret` is the token of the link that undoes it, or "" without one; each letter has its own,
    and its time begins now. The old address stays until `forget_moved`, so that a letter not taken
    is tried again.

    Raises:
        NotFoundError: nobody has this id.
        TamperedError: what is sealed was changed.
    """
    known = known_person(tx, vault, person)
    row = letters.at(tx, known.row.n, use=use, asked_at=asked)
    if row is None or row.expires_at <= to_micros(now):
        return Pending(None)
    token = draw(UNDO_BYTES) if use == OLD else b""
    if token:
        hashed = hashlib.sha256(token).digest()
        letters.put_code(tx, row.n, hashed, expires_at=to_micros(now + UNDO_LIFE))
    return Pending(
        _to_letter(
            tx, vault, known, row, secret=b64url(token), what="notice to the old address", now=now
        )
    )


def forget_moved(
    tx: Tx, vault: VaultParts, /, *, person: PersonId, asked: int, use: str
) -> Pending[None]:
    """Forget an old address that was told, unless its letter holds a link.

    Raises:
        NotFoundError: nobody has this id.
    """
    row = letters.at(tx, known_person(tx, vault, person).row.n, use=use, asked_at=asked)
    if row is not None and use != OLD:
        letters.drop_one(tx, row.n)
    return Pending(None)


def _to_letter(
    tx: Tx,
    vault: VaultParts,
    person: Known,
    row: LetterRow,
    *,
    secret: str,
    what: str,
    now: datetime,
) -> Released:
    field_id, address = kept_address(vault, person, row)
    category = next(c for c, field in vault.rules.fields().values() if field.id == field_id)
    return _released(
        tx,
        vault,
        person,
        address=address,
        secret=secret,
        category=category,
        what=what,
        now=now,
    )


def release_notice(
    tx: Tx, vault: VaultParts, /, *, person: PersonId, what: str, now: datetime
) -> Pending[Released | None]:
    """Where a notice on the person's own data goes; None without one. Records `egress.mail`.

    Raises:
        NotFoundError: nobody has this id.
        TamperedError: the cell was changed.
    """
    known = known_person(tx, vault, person)
    found = _address(tx, vault, known)
    if found is None:
        return Pending(None)
    address, category = found
    return Pending(
        _released(
            tx, vault, known, address=address, secret="", category=category, what=what, now=now
        )
    )


def _released(
    tx: Tx,
    vault: VaultParts,
    person: Known,
    *,
    address: str,
    secret: str,
    category: Category,
    what: str,
    now: datetime,
) -> Released:
    note_opening(tx, now=now)
    act = Act(
        Kind.EGRESS_MAIL,
        POSTMAN,
        OWN,
        categories=(category.key,),
        mask=category.bit,
        detail={"to": "self", "what": what},
    )
    done = record(tx, vault.origin, act=act, subject=person.keys.subject, now=now)
    return Released(address, secret, done.act_id)


def _address(tx: Tx, vault: VaultParts, person: Known) -> tuple[str, Category] | None:
    """The first e-mail address kept on the person that is one: text that is none stays here.

    What was kept as written could name several mailboxes, or break the letter's head.
    """
    cells = store.cells(tx, person.row.n)
    for category, field in _email_fields(vault):
        cell = cells.get(category.id)
        value = open_cell(vault, person, cell).values.get(field.id) if cell else None
        if is_address(value, vault):
            return value, category
    return None


def _email_fields(vault: VaultParts) -> list[tuple[Category, Field]]:
    every = vault.rules.fields().values()
    return [(category, field) for category, field in every if field.kind is FieldKind.EMAIL]
