"""What may a person know of their own case beside the data: what they said, where it came from.

Also the browser's own word: `Sec-GPC: 1` is an objection to marketing. It is noted once for each
purpose that rests on consent; what the person says themselves afterwards counts for more.
Source: W3C Global Privacy Control; GDPR Art. 15(1)(g), 21(2).
"""

from dataclasses import dataclass
from datetime import datetime

from kept.base.clock import from_micros
from kept.base.ids import PersonId
from kept.db.seam import Pending, Tx
from kept.ledger.model import Actor, Subject
from kept.vault.acts import visit
from kept.vault.acts.consent import Answer, record_consent
from kept.vault.acts.open import ShownCategory, open_own
from kept.vault.acts.parts import VaultParts, known_person, last_consents, require_person
from kept.vault.model.gate import Consent, ConsentState
from kept.vault.model.rules import Basis, Lang
from kept.vault.store import people as store

SIGNAL = "signal"
SIGNAL_TEXT = "Sec-GPC: 1"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where data came from, and why it might be taken."""

    purpose: str
    basis: str
    source: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Said:
    """One answer, as it was given; `n` tells it from the person's others."""

    n: int
    purpose: str
    state: ConsentState
    notice: str
    lang: Lang
    method: str
    at: datetime


@dataclass(frozen=True, slots=True)
class OwnView:
    """What a person sees of themselves."""

    alias: str
    is_alias_only: bool
    categories: tuple[ShownCategory, ...]


@dataclass(frozen=True, slots=True)
class OwnStanding:
    """The last answer for each purpose, and where the data came from, oldest first."""

    consents: dict[str, Consent]
    origins: tuple[Origin, ...]


def own_standing(tx: Tx, person: PersonId, /) -> OwnStanding:
    """What a person said, and where their data came from. Reads only.

    Raises:
        NotFoundError: nobody has this id.
    """
    row = require_person(tx, person)
    return OwnStanding(last_consents(tx, row.n), origins_of(tx, row.n))


def origins_of(tx: Tx, person_n: int, /) -> tuple[Origin, ...]:
    """Where a person's data came from, oldest first. For verbs."""
    return tuple(
        Origin(one.purpose, one.basis, one.source, from_micros(one.at))
        for one in store.origins(tx, person_n)
    )


def answers_of(tx: Tx, person_n: int, /) -> tuple[Said, ...]:
    """Every answer of a person, oldest first. For verbs."""
    return tuple(
        Said(
            one.n,
            one.purpose,
            ConsentState(one.state),
            one.notice,
            one.lang,
            one.method,
            from_micros(one.at),
        )
        for one in store.consents(tx, person_n)
    )


def come_by(
    tx: Tx,
    vault: VaultParts,
    token: bytes,
    /,
    *,
    person: PersonId,
    objects: Lang | None,
    now: datetime,
) -> Pending[OwnView]:
    """One view of one's own page: the session lives on, all that is held is opened.

    Args:
        tx: the transaction.
        vault: the vault's parts.
        token: of the session.
        person: whose it is.
        objects: the page's language when the browser says `Sec-GPC: 1`, else None.
        now: the time.

    Raises:
        NotFoundError: nobody has this id, or they were erased.
        TamperedError: a cell or a key was changed.
    """
    visit.touch(tx, token, now=now)
    if objects is not None:
        note_signal(tx, vault, person=person, lang=objects, now=now)
    opened = open_own(tx, vault, person=person, now=now)
    return opened.map(lambda found: OwnView(found[0].alias, found[0].is_alias_only, found[1]))


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
