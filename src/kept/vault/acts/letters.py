"""Where does a letter go whose address is not the one kept now? To a sealed one, for a while.

A new address waits here until its code is typed; an old one until it is told, or, if its letter
holds the link that undoes the change, until the link's time is over. All are sealed under the
person's key, are not kept past their time, and go with the person.
"""

from datetime import datetime, timedelta
from typing import TypeGuard

from kept.base.clock import to_micros
from kept.crypto import places
from kept.crypto.sealing import open_sealed, seal
from kept.db.jobs import enqueue
from kept.db.seam import Tx
from kept.ledger.model import Actor
from kept.vault.acts.parts import Known, VaultParts
from kept.vault.model import body
from kept.vault.model.body import Body, Status
from kept.vault.model.normalise import normalise
from kept.vault.model.rules import Category, Field, FieldKind
from kept.vault.store import letters
from kept.vault.store.letters import LetterRow

NEW = "new"  # gets a code
OLD = "old"  # told of the change, with a link that undoes it
TOLD = "told"  # told of the change
BACK = "back"  # told that the change was undone
LINK = "link"  # the method of a correction made by such a link
CHANGE_JOB, NOTICE_JOB = "mail.change", "mail.moved"
ASK_LIFE = timedelta(hours=1)  # while the letter waits for a mail server
NOTICE_LIFE = timedelta(days=3)
UNDO_LIFE = timedelta(hours=72)  # from when the letter left
UNDO_BYTES = 32


def keep_address(
    tx: Tx,
    vault: VaultParts,
    person: Known,
    /,
    *,
    use: str,
    field_id: int,
    address: str,
    lang: str,
    now: datetime,
) -> None:
    """Seal an address and queue the letter that goes there."""
    asked = to_micros(now)
    plain = body.encode({field_id: address})
    env = seal(
        person.keys.seal,
        plain,
        _place(vault, person, use, asked),
        key_version=person.keys.version,
    )
    life = ASK_LIFE if use == NEW else NOTICE_LIFE
    letters.insert(
        tx,
        person_n=person.row.n,
        use=use,
        env=env,
        asked_at=asked,
        expires_at=to_micros(now + life),
    )
    kind = CHANGE_JOB if use == NEW else NOTICE_JOB
    job = {"person": str(person.row.id), "asked": asked, "lang": lang, "use": use}
    enqueue(tx, kind, job, now=now)


def kept_address(vault: VaultParts, person: Known, row: LetterRow, /) -> tuple[int, str]:
    """(field id, address) of a letter.

    Raises:
        TamperedError: it was changed or moved.
    """
    opened = body.decode(
        open_sealed(
            person.keys.seal,
            row.env,
            _place(vault, person, row.use, row.asked_at),
            key_version=person.keys.version,
            what=f"a letter to person {person.row.id}",
        )
    )
    ((field_id, address),) = opened.values.items()
    return field_id, str(address)


def moved_fields(
    vault: VaultParts, category: Category, /, *, before: Body, after: Body
) -> list[Field]:
    """Fields whose e-mail address this change takes away.

    What was kept as written and is no address is left out: a letter there could reach others.
    """
    return [
        field
        for field in category.fields
        if field.kind is FieldKind.EMAIL
        and (old := before.values.get(field.id)) != after.values.get(field.id)
        and is_address(old, vault)
    ]


def use_of(field: Field, before: Body, /, *, by: Actor, method: str) -> str:
    """Which notice the address that was taken away from a field gets.

    With a link that undoes it, where the old address is surely the person's: they changed it
    themselves, or it was verified. Somebody else's, kept by a slip and put right by the team, gets
    no link: it would be a way in.
    """
    if method == LINK:
        return BACK
    mark = before.marks.get(field.id)
    is_theirs = by.kind == "self" or (mark is not None and mark.status == Status.VERIFIED)
    return OLD if is_theirs else TOLD


def is_address(value: object, vault: VaultParts) -> TypeGuard[str]:
    """Whether a kept value is one whole e-mail address."""
    if not isinstance(value, str):
        return False
    return normalise(FieldKind.EMAIL, value, region=vault.rules.phone_region).verified_shape


def _place(vault: VaultParts, person: Known, use: str, asked_at: int) -> bytes:
    return places.letter(
        vault_id=vault.keys.vault_id,
        person_id=person.row.id.raw,
        use=use,
        asked_at=asked_at,
        key_version=person.keys.version,
    )
