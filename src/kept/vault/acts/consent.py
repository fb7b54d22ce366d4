"""How does a person say yes or no to a purpose, and take it back?

Records are appended, the last one counts, and each names the text that was answer. Giving and
withdrawing are one verb with one step. A withdrawal also goes to keys.db, so that old data brought
back from a copy does not bring an old yes with it.
Source: GDPR Art. 7(1), 7(3); ISO/IEC TS 27560.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from kept.base.clock import to_micros
from kept.base.encoding import Json
from kept.base.errors import MalformedError
from kept.base.ids import PersonId
from kept.db.seam import Pending, Tx
from kept.ledger.acts.record import record
from kept.ledger.model import Act, Actor, Kind
from kept.vault.acts.parts import VaultParts, known_person, last_consents
from kept.vault.model.gate import ConsentState, PersonState
from kept.vault.model.rules import Basis, Lang
from kept.vault.store import people as store

METHODS = frozenset({"box", "link", "spoken", "import", "signal", "restore"})
RESTORER = Actor("worker", "restore", "worker")
_REPLAYED = "taken back before; old data was brought back"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person said, to which words, and by which way."""

    state: ConsentState
    lang: Lang
    text: str
    method: str
    source: str = ""
    expires_at: datetime | None = None

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise MalformedError("method", "not a way to consent that the house knows")


def record_consent(
    tx: Tx,
    vault: VaultParts,
    /,
    *,
    actor: Actor,
    person: PersonId,
    purpose: str,
    answer: Answer,
    now: datetime,
) -> Pending[int]:
    """Append what the person said; the act's number.

    Records `consent.given` or `consent.withdrawn`.

    Raises:
        MalformedError: the purpose does not rest on consent.
        NotFoundError: nobody has this id.
    """
    rule = vault.rules.purposes.get(purpose)
    if rule is None or rule.basis is not Basis.CONSENT:
        raise MalformedError("purpose", "this purpose does not rest on consent")
    known = known_person(tx, vault, person)
    digest = hashlib.sha256(answer.text.encode()).digest()
    store.insert_consent(
        tx,
        {
            "person_n": known.row.n,
            "purpose": purpose,
            "state": answer.state.value,
            "notice": rule.notice,
            "lang": answer.lang,
            "text_sha256": digest,
            "method": answer.method,
            "source": answer.source,
            "actor": str(actor),
            "at": to_micros(now),
            "expires_at": None if answer.expires_at is None else to_micros(answer.expires_at),
        },
    )
    is_yes = answer.state is ConsentState.GIVEN
    if not is_yes:
        vault.keys.revoke(person, purpose, now=now)
    detail: dict[str, Json] = {
        "lang": answer.lang,
        "method": answer.method,
        "notice": rule.notice,
        "source": answer.source,
        "state": answer.state.value,
        "text": digest.hex(),
    }
    if answer.expires_at is not None:
        detail["expires"] = to_micros(answer.expires_at)
    kind = Kind.CONSENT_GIVEN if is_yes else Kind.CONSENT_WITHDRAWN
    act = Act(kind, actor, purpose, detail=detail)
    return Pending(record(tx, vault.origin, act=act, subject=known.keys.subject, now=now).act_id)


def given_before(
    tx: Tx, vault: VaultParts, revoked: Iterable[tuple[PersonId, str, datetime]], /
) -> list[tuple[PersonId, str]]:
    """Those whose last word here is a yes older than their withdrawal. Reads only."""
    found: list[tuple[PersonId, str]] = []
    for person, purpose, at in revoked:
        row, rule = store.person(tx, person), vault.rules.purposes.get(purpose)
        if rule is None or rule.basis is not Basis.CONSENT:
            continue
        if row is None or PersonState(row.state) not in {PersonState.LIVE, PersonState.RESTRICTED}:
            continue
        last = last_consents(tx, row.n).get(purpose)
        if last is not None and last.state is ConsentState.GIVEN and last.at < at:
            found.append((person, purpose))
    return found


def withdraw_again(
    tx: Tx, vault: VaultParts, /, *, person: PersonId, purpose: str, now: datetime
) -> Pending[int]:
    """Take a consent back that old data gave again. Records `consent.withdrawn`.

    Raises:
        MalformedError: the purpose rests on consent no longer.
        NotFoundError: nobody has this id.
    """
    answer = Answer(ConsentState.WITHDRAWN, "en", _REPLAYED, "restore")
    return record_consent(
        tx, vault, actor=RESTORER, person=person, purpose=purpose, answer=answer, now=now
    )
