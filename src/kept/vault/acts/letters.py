"""Where does a letter go whose address is not the one kept now? To a sealed one, for a while.

A new address waits here until its code is typed; an old one until it is told. Both are sealed under
the person's key, are not kept past their time, and go with the person.
"""

from datetime import datetime, timedelta
from typing import TypeGuard

from kept.base.clock import to_micros
from kept.crypto import places
from kept.crypto.sealing import open_sealed, seal
from kept.db.jobs import enqueue
from kept.db.seam import Tx
from kept.vault.acts.parts import Known, VaultParts
from kept.vault.model import body
from kept.vault.model.body import Body
from kept.vault.model.normalise import normalise
from kept.vault.model.rules import Category, FieldKind
from kept.vault.store import letters
from kept.vault.store.letters import LetterRow

NEW, OLD = "new", "old"
CHANGE_JOB, NOTICE_JOB = "mail.change", "mail.moved"
ASK_LIFE = timedelta(hours=1)  # while the letter waits for a mail server
NOTICE_LIFE = timedelta(days=3)


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
    enqueue(tx, kind, {"person": str(person.row.id), "asked": asked, "lang": lang}, now=now)


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


def tell_old_addresses(
    tx: Tx,
    vault: VaultParts,
    person: Known,
    /,
    *,
    category: Category,
    before: Body,
    after: Body,
    lang: str,
    now: datetime,
) -> None:
    """Queue a notice to each e-mail address that this change takes away.

    What was kept as written and is no address gets none: it could name others.
    """
    for field in category.fields:
        old, new = before.values.get(field.id), after.values.get(field.id)
        if field.kind is FieldKind.EMAIL and old != new and is_address(old, vault):
            keep_address(
                tx, vault, person, use=OLD, field_id=field.id, address=old, lang=lang, now=now
            )


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
