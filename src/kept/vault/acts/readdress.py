"""How does a person take a new e-mail address? It counts once a code sent there was typed.

So nobody can turn somebody's data towards an address that is not theirs, nor lock themselves out
by a slip. The code works ten minutes and five tries; asks are bounded per person.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime

from kept.base.clock import to_micros
from kept.base.errors import MalformedError, RefusedError
from kept.base.ids import PersonId
from kept.crypto.keys import expand
from kept.crypto.secret import Secret
from kept.db.seam import Pending, Tx
from kept.ledger.model import Actor
from kept.vault.acts.correct import Corrected, Correction, correct
from kept.vault.acts.letters import NEW, keep_address, kept_address
from kept.vault.acts.parts import Known, VaultParts, known_person, open_cell
from kept.vault.acts.visit import ASK_WINDOW, ASKS, TRIES
from kept.vault.model.normalise import normalise
from kept.vault.model.rules import FieldKind
from kept.vault.store import letters, visits
from kept.vault.store import people as store

_LABEL = b"kept/readdress/v1"


@dataclass(frozen=True, slots=True, repr=False)
class Entered:
    """A code as it was typed, in which language, and the token of the session it was typed in."""

    code: str
    lang: str
    session: bytes


def ask_change(
    tx: Tx,
    vault: VaultParts,
    pepper: Secret,
    /,
    *,
    person: PersonId,
    field: str,
    address: str,
    lang: str,
    now: datetime,
) -> Pending[bool]:
    """Ask for a code to a new address; False when it is the one kept already.

    Raises:
        NotFoundError: nobody has this id, or they are being forgotten.
        MalformedError: no field for an e-mail address, or not one.
        RefusedError: asked too often.
    """
    category, rule = vault.rules.fields().get(field, (None, None))
    normal = normalise(FieldKind.EMAIL, address, region=vault.rules.phone_region)
    if category is None or rule is None or rule.kind is not FieldKind.EMAIL:
        raise MalformedError("field", "holds no e-mail address")
    if normal.index_key is None or not normal.verified_shape:
        raise MalformedError("address", "not an e-mail address")
    known = known_person(tx, vault, person)
    cell = store.cells(tx, known.row.n).get(category.id)
    if cell is not None and open_cell(vault, known, cell).values.get(rule.id) == normal.value:
        return Pending(False)  # noqa: FBT003  # the verb's answer
    _count_ask(tx, known, pepper, now=now)
    letters.drop(tx, known.row.n, use=NEW)
    keep_address(
        tx,
        vault,
        known,
        use=NEW,
        field_id=rule.id,
        address=str(normal.value),
        lang=lang,
        now=now,
    )
    return Pending(True)  # noqa: FBT003  # the verb's answer


def _count_ask(tx: Tx, person: Known, pepper: Secret, *, now: datetime) -> None:
    """Count one more ask of this person.

    Raises:
        RefusedError: too many.
    """
    hashed = _hashed(pepper, f"ask {person.row.id}")
    if visits.asks_since(tx, hashed, to_micros(now - ASK_WINDOW)) >= ASKS:
        raise RefusedError("too_many_asks", "Too many codes were asked for. Wait a quarter hour.")
    visits.note_ask(tx, hashed, at=to_micros(now))


def hashed_code(pepper: Secret, person: PersonId, code: str) -> bytes:
    """What is kept of a code."""
    return _hashed(pepper, f"{person} {code.strip()}")


def change_address(
    tx: Tx,
    vault: VaultParts,
    pepper: Secret,
    /,
    *,
    actor: Actor,
    person: PersonId,
    entered: Entered,
    now: datetime,
) -> Pending[Corrected | None]:
    """Keep the new address if the code fits; None when not. Records `person.corrected`.

    The person's other sessions end.

    Raises:
        NotFoundError: nobody has this id, or they are being forgotten.
        TamperedError: what is sealed was changed.
    """
    known = known_person(tx, vault, person)
    row = letters.newest(tx, known.row.n, use=NEW)
    if row is None or row.code_sha256 is None:
        return Pending(None)
    if row.expires_at <= to_micros(now) or row.tries >= TRIES:
        return Pending(None)
    if not hmac.compare_digest(hashed_code(pepper, person, entered.code), row.code_sha256):
        letters.count_try(tx, row.n)
        return Pending(None)
    field_id, address = kept_address(vault, known, row)
    letters.drop(tx, known.row.n, use=NEW)
    category, field = next(pair for pair in vault.rules.fields().values() if pair[1].id == field_id)
    cell = store.cells(tx, known.row.n).get(category.id)
    correction = Correction(
        category.key,
        cell.rev if cell else 0,
        {field.key: address},
        method="code",
        lang=entered.lang,
        verified_at=to_micros(now),
        session=hashlib.sha256(entered.session).digest(),
    )
    return correct(tx, vault, actor=actor, person=person, correction=correction, now=now)


def is_waiting(tx: Tx, vault: VaultParts, /, *, person: PersonId, now: datetime) -> bool:
    """Whether a new address waits for its code. Reads only.

    Raises:
        NotFoundError: nobody has this id, or they are being forgotten.
    """
    row = letters.newest(tx, known_person(tx, vault, person).row.n, use=NEW)
    return row is not None and row.expires_at > to_micros(now)


def _hashed(pepper: Secret, text: str) -> bytes:
    return hmac.digest(expand(pepper, _LABEL), text.encode("utf-8", "surrogatepass"), "sha256")
