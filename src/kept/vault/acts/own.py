"""What may a person know of their own case beside the data: what they said, where it came from.

Also the browser's own word: `Sec-GPC: 1` is an objection to marketing. It is noted once for each
purpose that rests on consent; what the person says themselves afterwards counts for more.
Source: W3C Global Privacy Control; GDPR Art. 15(1)(g), 21(2).
"""

from dataclasses import dataclass
from datetime import datetime

from kept.base.ids import PersonId
from kept.db.seam import Pending, Tx
from kept.ledger.model import Actor, Subject
from kept.vault.acts.consent import Answer, record_consent
from kept.vault.acts.parts import VaultParts, known_person, last_consents, require_person
from kept.vault.model.gate import Consent, ConsentState
from kept.vault.model.rules import Basis, Lang
from kept.vault.store import people as store
from kept.vault.store.people import OriginRow

SIGNAL = "signal"
SIGNAL_TEXT = "Sec-GPC: 1"


@dataclass(frozen=True, slots=True)
class OwnStanding:
    """The last answer for each purpose, and where the data came from, oldest first."""

    consents: dict[str, Consent]
    origins: tuple[OriginRow, ...]


def own_standing(tx: Tx, person: PersonId, /) -> OwnStanding:
    """What a person said, and where their data came from. Reads only.

    Raises:
        NotFoundError: nobody has this id.
    """
    row = require_person(tx, person)
    return OwnStanding(last_consents(tx, row.n), tuple(store.origins(tx, row.n)))


def own_subject(tx: Tx, vault: VaultParts, person: PersonId, /) -> Subject:
    """The keys under which the person's acts are recorded, to show them their own acts.

    Raises:
        NotFoundError: nobody has this id, or the keys are gone.
    """
    return known_person(tx, vault, person).keys.subject


def note_signal(
    tx: Tx, vault: VaultParts, /, *, person: PersonId, lang: Lang, now: datetime
) -> Pending[int]:
    """Note the browser's objection for each purpose that has none yet; how many were noted.

    Raises:
        NotFoundError: nobody has this id.
    """
    row = require_person(tx, person)
    noted = {one.purpose for one in store.consents(tx, row.n) if one.method == SIGNAL}
    answer = Answer(ConsentState.REFUSED, lang, SIGNAL_TEXT, SIGNAL)
    actor = Actor("self", str(person), "self")
    fresh = [
        key
        for key, purpose in vault.rules.purposes.items()
        if purpose.basis is Basis.CONSENT and key not in noted
    ]
    for key in fresh:
        record_consent(tx, vault, actor=actor, person=person, purpose=key, answer=answer, now=now)
    return Pending(len(fresh))
