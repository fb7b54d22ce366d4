"""Under which name is a person known here? Theirs to change, and to have no other."""

import re
from datetime import datetime

from kept.base.clock import to_micros
from kept.base.errors import ConflictError, MalformedError
from kept.base.ids import PersonId
from kept.db.seam import Pending, Tx
from kept.ledger.acts.record import record
from kept.ledger.model import OWN, Act, Actor, Kind
from kept.vault.acts.parts import VaultParts, known_person
from kept.vault.model.aliases import alias_digest
from kept.vault.store import people as store

_ALIAS = re.compile(r"[\w][\w .'-]{1,38}[\w.]")


def take_alias(
    tx: Tx,
    vault: VaultParts,
    /,
    *,
    actor: Actor,
    person: PersonId,
    alias: str,
    is_alias_only: bool,
    now: datetime,
) -> Pending[str]:
    """Take another alias; with `is_alias_only` staff never see the name. Records `alias.added`.

    Raises:
        MalformedError: not 3 to 40 letters, digits, spaces, dots or hyphens.
        ConflictError: somebody has it.
        NotFoundError: nobody has this id.
    """
    chosen = " ".join(alias.split())
    if not _ALIAS.fullmatch(chosen) or chosen.startswith("erased"):
        raise MalformedError("alias", "3 to 40 letters, digits, spaces, dots or hyphens")
    known = known_person(tx, vault, person)
    if chosen != known.row.alias and store.aliases_taken(tx, [chosen]):
        raise ConflictError("Somebody is known by this alias. Choose another one.")
    store.set_alias(tx, known.row.n, alias=chosen, is_alias_only=is_alias_only, at=to_micros(now))
    act = Act(
        Kind.ALIAS_ADDED, actor, OWN, detail={"alias": alias_digest(chosen), "only": is_alias_only}
    )
    record(tx, vault.origin, act=act, subject=known.keys.subject, now=now)
    return Pending(chosen)
