"""Is the team the one that the acts made, with the doors that were opened to it?

Every act about a colleague or a key says, sealed from outsiders, what stood on them after it; the
last one counts. Acts of an older Kept say the role and what was done alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from kept.base.encoding import row_digest
from kept.base.ids import KeyId, StaffId
from kept.db.seam import Database, Row, Tx
from kept.ledger.acts.dossier import Dossier, HouseAct
from kept.ledger.model import Kind
from kept.staff.acts.parts import StaffParts
from kept.staff.acts.trace import seat_seal
from kept.staff.store import seals

_KINDS = tuple(kind for kind in Kind if kind.value.startswith(("staff.", "key.")))
_STATES = {
    Kind.STAFF_INVITED: "invited",
    Kind.STAFF_FACTOR_RESET: "invited",
    Kind.STAFF_JOINED: "active",
    Kind.STAFF_DISABLED: "disabled",
}


@dataclass(slots=True)
class _Told:
    """What the acts say of one account or key."""

    row: str | None = None
    role: str | None = None
    state: str | None = None
    sessions: set[tuple[str, int]] = field(default_factory=set[tuple[str, int]])


@dataclass(frozen=True, slots=True)
class _Held:
    """What the tables hold: accounts with the seal of their present rows."""

    accounts: list[tuple[Row, str]]
    keys: list[Row]
    sessions: list[Row]
    strays: list[tuple[str, int]]


def check_staff(db: Database, parts: StaffParts, dossier: Dossier, /) -> list[str]:
    """Accounts, passkeys, links, sessions and keys that no act made so.

    Raises:
        UnavailableError: the database cannot be read.
    """

    def look(tx: Tx) -> _Held:
        accounts = [(row, seat_seal(tx, parts, row)) for row in seals.accounts(tx)]
        return _Held(accounts, seals.keys(tx), seals.sessions(tx), seals.strays(tx))

    acts, held = dossier.of_house(db, _KINDS, look)
    told = _told(acts)
    return [*_accounts(held, told), *_keys(held, told), *_sessions(held, told)]


def _told(acts: list[HouseAct]) -> dict[str, _Told]:
    found: dict[str, _Told] = {}
    for act in acts:
        name = act.detail.get("staff") or act.detail.get("key")
        one = found.setdefault(str(name), _Told())
        row, role = act.detail.get("row"), act.detail.get("to") or act.detail.get("role")
        session = act.detail.get("session")
        one.row = row if isinstance(row, str) else None
        one.role = role if isinstance(role, str) else one.role
        one.state = _STATES.get(Kind(act.kind), one.state)
        if isinstance(session, str):
            one.sessions.add((session, act.at))
    return found


def _accounts(held: _Held, told: dict[str, _Told]) -> Iterator[str]:
    here = set[str]()
    for row, seal in held.accounts:
        name = str(StaffId(bytes(row[1])))
        here.add(name)
        said, (role, state) = told.get(name, _Told(role="nobody")), row[4:6]
        is_same = said.row in {None, seal}
        if not is_same or said.role not in {None, role} or said.state not in {None, state}:
            yield f"the account of colleague {name}, its passkeys or its links (staff_account)"
    accounts = {name for name, one in told.items() if one.state is not None}
    yield from (f"the account of colleague {name} is gone" for name in sorted(accounts - here))
    yield from (f"{table} of nobody: account {n}" for table, n in held.strays)


def _keys(held: _Held, told: dict[str, _Told]) -> Iterator[str]:
    here = set[str]()
    for row in held.keys:
        name = str(KeyId(bytes(row[0])))
        here.add(name)
        said = told.get(name)
        if said is None or said.row not in {None, row_digest(*row)}:
            yield f"the API key {name} (api_key)"
    issued = {name for name, one in told.items() if one.state is None and one.role is None}
    yield from (f"the API key {name} is gone" for name in sorted(issued - here))


def _sessions(held: _Held, told: dict[str, _Told]) -> Iterator[str]:
    """A session that no sign-in opened; sessions that ended leave no row."""
    for row in held.sessions:
        if not _was_opened(row, told):
            yield f"a session of a colleague (staff_session {row[0]})"


def _was_opened(row: Row, told: dict[str, _Told]) -> bool:
    _, session_id, token_hash, role, method, created_at, raw = row
    said = told.get(str(StaffId(bytes(raw)))) if raw is not None else None
    if said is None:
        return False
    digest = row_digest(session_id, token_hash, role, method, created_at)
    return not said.sessions or (digest, created_at) in said.sessions
