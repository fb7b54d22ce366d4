"""How does a person sign in to their own data? With a code to the address the house knows.

Rules: the answer is the same for an unknown address; a code is six digits, works once, for ten
minutes and five tries; asks are bounded per address. Only hashes of codes and tokens are stored.
The code is drawn when the letter is made (`egress.code_letter`), never kept readable.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from kept.base.clock import from_micros, to_micros
from kept.base.encoding import b64url, row_digest
from kept.base.errors import RefusedError
from kept.base.ids import PersonId
from kept.crypto.chance import draw
from kept.crypto.keys import expand
from kept.crypto.secret import Secret
from kept.db.jobs import enqueue
from kept.db.seam import Pending, Tx
from kept.ledger.acts.counts import most_told
from kept.ledger.acts.record import record
from kept.ledger.model import OWN, Act, Actor, Kind
from kept.vault.acts.evidence import DRILL_SOURCE
from kept.vault.acts.find import matches
from kept.vault.acts.parts import Known, VaultParts, known_person
from kept.vault.model.gate import PersonState
from kept.vault.model.normalise import normalise
from kept.vault.model.rules import FieldKind
from kept.vault.store import letters, visits
from kept.vault.store import people as store
from kept.vault.store.visits import CodeRow

CODE_JOB = "mail.code"
CODE_DIGITS = 6
CODE_LIFE = timedelta(minutes=10)
TRIES = 5
ASKS = 5
ASK_WINDOW = timedelta(minutes=15)
TOKEN_BYTES = 32
PLANTED = 1  # people who are looked for in the raw files, and are no customers
SESSION_LIFE = timedelta(hours=12)
SESSION_IDLE = timedelta(minutes=30)
TOUCH_EVERY = timedelta(minutes=1)
_LABEL = b"kept/visit/v1"


@dataclass(frozen=True, slots=True, repr=False)
class Visit:
    """A person signed in. `token` goes into the cookie, shown once."""

    person: PersonId
    token: str


def ask_code(
    tx: Tx, vault: VaultParts, pepper: Secret, /, *, address: str, lang: str, now: datetime
) -> Pending[None]:
    """Ask for a code; queues the letter if somebody has this address. Says nothing of it.

    Raises:
        RefusedError: asked too often for this address.
    """
    normal = normalise(FieldKind.EMAIL, address, region=vault.rules.phone_region)
    hashed = _hashed(pepper, str(normal.value))
    if visits.asks_since(tx, hashed, to_micros(now - ASK_WINDOW)) >= ASKS:
        raise RefusedError("too_many_asks", "Too many codes were asked for. Wait a quarter hour.")
    visits.note_ask(tx, hashed, at=to_micros(now))
    visits.forget_asks(tx, to_micros(now - ASK_WINDOW))
    person = _by_address(tx, vault, address)
    if person is not None:
        body = {"person": str(person.row.id), "lang": lang}
        enqueue(tx, CODE_JOB, body, now=now)
    return Pending(None)


def put_code(tx: Tx, person: Known, pepper: Secret, /, *, code: str, now: datetime) -> None:
    """Keep the hash of a code that is about to be sent."""
    row = CodeRow(
        _hashed(pepper, f"{person.row.id} {code}"),
        0,
        to_micros(now),
        to_micros(now + CODE_LIFE),
    )
    visits.put_code(tx, person.row.n, row)


def sign_in(
    tx: Tx, vault: VaultParts, pepper: Secret, /, *, address: str, code: str, now: datetime
) -> Pending[Visit | None]:
    """Sign in with address and code; None when they do not fit. Records `person.signed_in`."""
    person = _by_address(tx, vault, address)
    row = visits.code(tx, person.row.n) if person else None
    if person is None or row is None:
        return Pending(None)
    if row.expires_at <= to_micros(now) or row.tries >= TRIES:
        return Pending(None)
    expected = _hashed(pepper, f"{person.row.id} {code.strip()}")
    if not hmac.compare_digest(expected, row.code_sha256):
        visits.count_try(tx, person.row.n)
        return Pending(None)
    visits.drop_code(tx, person.row.n)
    return Pending(_begin(tx, vault, person, now=now))


def _begin(tx: Tx, vault: VaultParts, person: Known, *, now: datetime) -> Visit:
    token = draw(TOKEN_BYTES)
    hashed = hashlib.sha256(token).digest()
    visits.open_session(tx, hashed, person.row.n, at=to_micros(now))
    actor = Actor("self", str(person.row.id), "self")
    act = Act(Kind.PERSON_SIGNED_IN, actor, OWN, detail={"session": row_digest(hashed)})
    record(tx, vault.origin, act=act, subject=person.keys.subject, now=now)
    return Visit(person.row.id, b64url(token))


def enter(tx: Tx, vault: VaultParts, /, *, person: PersonId, now: datetime) -> Pending[Visit]:
    """Sign a demo visitor in as somebody. Records `person.signed_in`.

    Raises:
        NotFoundError: nobody has this id.
    """
    return Pending(_begin(tx, vault, known_person(tx, vault, person), now=now))


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person to look as, in a demo."""

    person: PersonId
    alias: str
    since: datetime


def some_people(tx: Tx, /, *, limit: int) -> list[Somebody]:
    """A demo's customers with the longest histories, for its visitors to pick from. Reads only."""
    busiest = (store.person_by_n(tx, n) for n in most_told(tx, most=limit + PLANTED))
    customers = [
        row
        for row in busiest
        if row is not None
        and row.source != DRILL_SOURCE
        and PersonState(row.state) is PersonState.LIVE
    ]
    return [Somebody(r.id, r.alias, from_micros(r.created_at)) for r in customers[:limit]]


def visitor(tx: Tx, token: bytes, /, *, now: datetime) -> PersonId | None:
    """Whose session this is, if it still runs. Reads only."""
    row = visits.session(tx, hashlib.sha256(token).digest())
    if row is None:
        return None
    if now - from_micros(row.started_at) > SESSION_LIFE:
        return None
    if now - from_micros(row.seen_at) > SESSION_IDLE:
        return None
    person = store.person_by_n(tx, row.person_n)
    return person.id if person else None


def touch(tx: Tx, token: bytes, /, *, now: datetime) -> Pending[None]:
    """Note that a session is in use; at most once a minute is worth a write."""
    visits.touch_session(tx, hashlib.sha256(token).digest(), at=to_micros(now))
    return Pending(None)


def leave(tx: Tx, token: bytes, /) -> Pending[None]:
    """End a session."""
    visits.end_session(tx, hashlib.sha256(token).digest())
    return Pending(None)


def drop_old(tx: Tx, /, *, now: datetime) -> Pending[None]:
    """Drop sessions, counted asks and waiting letters past their time."""
    letters.drop_old(tx, before=to_micros(now))
    visits.forget_asks(tx, to_micros(now - ASK_WINDOW))
    visits.drop_sessions(
        tx,
        started_before=to_micros(now - SESSION_LIFE),
        seen_before=to_micros(now - SESSION_IDLE),
    )
    return Pending(None)


def _by_address(tx: Tx, vault: VaultParts, address: str) -> Known | None:
    normal = normalise(FieldKind.EMAIL, address, region=vault.rules.phone_region)
    if normal.index_key is None:
        return None
    found = matches(tx, vault, [(FieldKind.EMAIL, normal.index_key.decode("utf-8"))])
    return found[0] if len(found) == 1 else None


def _hashed(pepper: Secret, text: str) -> bytes:
    key = expand(pepper, _LABEL)
    return hmac.digest(key, text.encode("utf-8", "surrogatepass"), "sha256")
