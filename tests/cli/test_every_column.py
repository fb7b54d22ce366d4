"""Does `kept verify` name a change by hand in every column of every table of a house?

A house is lived in once, closed and copied for each change: every column gets another value of its
type, every row is taken out, rows are swapped and put back from an older copy. What verify cannot
know stands in `UNKNOWABLE`, with the reason, and so does each column of it in
`docs/runbook/tampered.md`. A table nobody classified turns the test red.
"""

import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from houses import HOME, IMPORTER, TINA, Home, living
from kept.backup.acts import places as copy_places
from kept.backup.acts import proofs
from kept.backup.acts import runs as copy_runs
from kept.backup.model.inventory import encode, inventory, inventory_root
from kept.backup.model.places import Holds, KnownPlace, PlaceChange, PlaceOrder
from kept.backup.model.report import Unread
from kept.backup.model.report_reasons import FailedWhy, UnreadWhy
from kept.backup.model.runs import DrillFigures, HouseFound, RunFigures
from kept.base.clock import SetClock
from kept.base.errors import KeptError
from kept.base.ids import ID_BYTES, KeyId, PersonId
from kept.cli.commands.call import Call
from kept.cli.commands.ledger import verify
from kept.crypto.keys import Wrapped
from kept.db.events import emit
from kept.db.seam import Pending, Tx
from kept.ledger.model import Actor, Kind
from kept.promises.acts import collect, not_yours, own_up
from kept.promises.acts import publish as publishing
from kept.promises.model.checkup_judge import ROWS
from kept.staff.acts.keys import KeyOrder, issue_key, revoke_key
from kept.staff.acts.replays import Ask, Told, keep_told
from kept.staff.acts.trace import trace
from kept.staff.model.keys import Capability, KeyScope
from kept.staff.model.passkeys import Passkey
from kept.staff.store import accounts, keys
from kept.vault.acts import evidence, export, visit
from kept.vault.acts.alias import take_alias
from kept.vault.acts.erase import confirm_everywhere
from kept.vault.acts.intake import Group, begin_run, finish_run, take_group
from kept.vault.model.gate import ConsentState
from kept.vault.model.people import Provenance
from kept.vault.model.rules import Basis, Role, Text
from kept.wiring.house import open_house
from kept.wiring.settings import Settings
from staff_desk import Desk
from vault_cases import begin, correct_own, forget, say

WORDS = Text("We moved house.", "Мы переехали.")
ROOT = Path(__file__).parents[2]
LOOKS = 256  # a full tile, so that a level stands above it, and a tail that is in none
ROW = "the row"  # in place of a column: taking the whole row out

NUMBER = "a row's number; nothing is told by it"
DERIVED = "derived, made anew from the records when the house is opened"
EVIDENCE = "evidence of a watcher, written without an act"
PASSING = "passes by itself; written without an act"
POST = "work that waits and is forgotten when it is done; written without an act"
COARSE = "a time of use, written without an act; it decides only when an idle session ends"
NOTES = "when and whether a checkpoint is kept stands nowhere else; its note is signed"
PATHS = "names of files; no act may tell them, only how many"
RESERVE = "an unused key of the reserve stands for nobody yet"

UNKNOWABLE: dict[str, dict[str, str]] = {
    "schema_migration": dict.fromkeys(("name", "applied_at"), "a word for people; not compared"),
    "jobs": {"*": POST},
    "event_streams": {"*": "live pages; forgotten after a while"},
    "events": {"*": "live pages; forgotten after a while"},
    "ledger_head": {"opened_at": "a time for people; the tree has none"},
    "ledger_checkpoints": dict.fromkeys(("signed_at", "published_at", ROW), NOTES),
    "ledger_cosignatures": {"*": "no witness yet"},
    "ledger_outbox": {},
    "cell": {"n": NUMBER},
    "consent": {},
    "origin": {"n": NUMBER},
    "erasure": {"n": NUMBER, "tried_at": EVIDENCE, "problem": EVIDENCE},
    "signin_code": {"*": PASSING},
    "signin_ask": {"*": PASSING},
    "person_session": {"seen_at": COARSE, ROW: "signing out leaves no row and no act"},
    "import_run": {
        "n": NUMBER,
        "file_sha256": "the public act of an import may say nothing of the file",
        "name": "the public act of an import may say nothing of the file",
        "next_row": "counts while an import runs",
        "total": "an estimate",
        "started_at": "a time for people",
    },
    "import_refused": {"*": "rows that were not taken in; no act"},
    "raw_scan": {"*": EVIDENCE},
    "letter": {
        "n": NUMBER,
        "code_sha256": PASSING,
        "tries": PASSING,
        "expires_at": PASSING,
        ROW: PASSING,
    },
    "staff_account": {"totp_step": "the last code that was used; written without an act"},
    "staff_invitation": {"n": NUMBER},
    "staff_session": {"n": NUMBER, "seen_at": COARSE, ROW: "signing out leaves no row and no act"},
    "staff_attempt": {"*": PASSING},
    "staff_passkey": dict.fromkeys(("sign_count", "used_at"), "use; written without an act"),
    "staff_challenge_used": {"*": PASSING},
    "staff_password_refused": {"*": EVIDENCE},
    "api_key": {"last_used_at": "use; written without an act"},
    "promise_heartbeat": {"*": EVIDENCE},
    "promise_pause": {"id": NUMBER},
    "promise_break": {"id": NUMBER},
    "promise_answer": {"id": NUMBER},
    "promise_withdrawn": {"id": NUMBER},
    "checkup_answer": {"id": NUMBER, "reason": "its public act says only whether there is one"},
    "idempotency": {"*": "answers to a key's requests, for a day"},
    "person_key": {
        "state": "told again from the data when the house is opened",
        "made_at": "decides only when an unused key goes",
    },
    "index_key": {
        "made_at": "a time for people",
        "kind": DERIVED,
        "version": DERIVED,
        ROW: DERIVED,
    },
    "revocation": {"at": "a later time stands there also after a crash; an earlier one is named"},
    "closing": {"*": "replayed at each start; a row of an older house may be missing"},
    "finder_mark": {"*": DERIVED},
    "backup_place": {},
    "backup_run": {"unread_list": PATHS},
    "backup_snapshot": {},
    "backup_drill": {"n": NUMBER, "bad_list": PATHS},
    "backup_trial": {"n": NUMBER},
    "backup_key_copy": {"n": NUMBER},
    "backup_report_read": {"n": NUMBER},
    "backup_plan": {},
    "erasure_copy": {},
}


@dataclass
class Lived:
    """A house that was lived in, closed, and what is needed to open a copy."""

    folder: Path
    settings: Settings
    home: Home
    people: dict[int, str] = field(default_factory=dict[int, str])


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    """One house with a row in every table that verify knows something about."""
    folder = tmp_path_factory.mktemp("lived")
    with living(folder) as home:
        live(home)
        rows = home.read(lambda tx: tx.rows("select n, id from person"))
        settings = home.house.settings
        people = {n: str(PersonId(raw)) for n, raw in rows}
    open_house(folder / "shop", settings, clock=home.clock).close()  # the tags follow by now
    return Lived(folder / "shop", settings, home, people)


def live(home: Home) -> None:
    """A busy month in a day."""
    house = home.house
    tina, otto = home.add(contact=TINA, delivery=HOME), home.add(contact={"email": "o@example.org"})
    gone, going = home.add(contact={"email": "g@example.org"}), home.add(contact={"name": "Ida"})
    bring_list(home)
    self_ = Actor("self", str(tina.person), "self")
    say(home, tina.person, ConsentState.GIVEN)
    home.later(minutes=1)
    say(home, tina.person, ConsentState.WITHDRAWN)
    say(home, otto.person, ConsentState.GIVEN)
    home.later(minutes=1)
    correct_own(home, tina.person, 1, email="tina.berg@example.org")
    home.look(tina.person)

    def run(verb: Callable[..., Pending[Any]], *args: Any, **kwargs: Any) -> Any:
        return home.write(lambda tx: verb(tx, *args, now=home.clock.now(), **kwargs))

    run(
        take_alias,
        house.vault,
        actor=self_,
        person=tina.person,
        alias="Tee Trinkerin",
        is_alias_only=True,
    )
    run(visit.enter, house.vault, person=tina.person)
    for _ in range(2):
        home.later(minutes=1)
        row = run(export.ask_export, house.vault, actor=self_, person=tina.person)
        home.later(seconds=1)
        run(export.open_everything, house.vault, actor=self_, person=tina.person, row=row)
        home.later(seconds=1)
        run(
            export.take_export,
            house.vault,
            actor=self_,
            person=tina.person,
            row=row,
            sha256="00" * 32,
        )
    copied = copy(home, run)
    forget(home, gone.person)
    home.settle()
    erase_everywhere(home, copied)
    begin(home, going.person, token=bytes(range(1, 17)))
    work(home, run)
    promise(home, run)
    run(evidence.note_search, house.vault, sealed_values=3, places=["data.db"])
    home.write(lambda tx: Pending(emit(tx, "all", "act", {"act": 1}, now=home.clock.now())))
    for n in range(LOOKS):
        home.look(tina.person, ref=f"{n}")
    home.settle()
    home.look(otto.person)  # recorded, and not in the log yet


def bring_list(home: Home) -> None:
    """One person comes with a list."""
    house, now = home.house, home.clock.now()
    run = home.write(
        lambda tx: begin_run(
            tx,
            actor=IMPORTER,
            name="a.csv",
            file_sha256=bytes(32),
            total=1,
            provenance=Provenance("deliver", Basis.CONTRACT, "the till"),
            now=now,
        )
    )
    group = Group((home.newcomer(contact={"email": "lea@example.org"}),), (), 1, 0, 1)
    run = home.write(
        lambda tx: take_group(
            tx,
            house.vault,
            run,
            actor=IMPORTER,
            group=group,
            reserved=house.vault.keys.take(1, now=now),
            now=now,
        )
    )
    home.write(lambda tx: finish_run(tx, house.vault.origin, run, actor=IMPORTER, now=now))


def work(home: Home, run: Callable[..., Any]) -> None:
    """A team at work: somebody joins with a passkey, keys are issued and revoked."""
    house = home.house
    desk = Desk(house.db, house.staff, home.clock.now())
    member = desk.member(Role.OWNER, "mia@example.org")

    def add(tx: Tx, **_: Any) -> Pending[None]:
        stored = accounts.by_id(tx, member.id)
        assert stored
        passkey = Passkey(bytes(20), member.id, b"public", 1, "phone", home.clock.now())
        keys.insert_passkey(tx, stored.n, passkey)
        trace(
            tx,
            house.staff,
            Kind.STAFF_PASSKEY_ADDED,
            actor=member.actor,
            detail={"staff": str(member.id)},
            now=home.clock.now(),
        )
        return Pending(None)

    run(add)
    scope = KeyScope(frozenset({Capability.READ}), frozenset({"deliver"}), frozenset({"delivery"}))
    for name in ("shop system", "old system"):
        order = KeyOrder(name, scope, home.clock.now() + timedelta(days=30))
        issued = run(
            issue_key, house.staff, actor=member.actor, order=order, rules=house.book.rules
        )
    run(revoke_key, house.staff, actor=member.actor, key=issued.key.id)
    ask = Ask(KeyId(bytes(ID_BYTES)), "one", bytes(32))
    run(keep_told, ask, Told(200, "{}", None))


def copy(home: Home, run: Callable[..., Any]) -> KnownPlace:
    """Two places, two runs, a drill, a forgotten snapshot; the place of keys."""
    vault, sealed = home.house.vault, Wrapped(b"w" * 48, b"c" * 32)
    by: Any = {"actor": Actor("cli", "anna", "owner")}

    def put(place_id: bytes, order: PlaceOrder, secrets: tuple[int, Wrapped] | None) -> KnownPlace:
        return run(
            copy_places.add_place,
            vault.origin,
            place_id=place_id,
            order=order,
            secrets=secrets,
            **by,
        )

    order = PlaceOrder("closet", "sftp:shop@host:/kept", folders=("/srv/scans",), via="wg0")
    closet = put(b"d" * 16, order, (1, sealed))
    shelf = put(b"k" * 16, PlaceOrder("shelf", "/media/shelf", Holds.KEYS), None)
    off = PlaceChange(is_enabled=False)
    run(copy_places.change_place, vault.origin, name="shelf", change=off, **by)
    run(copy_places.draw_plan, vault.origin, drawn=7, **by)
    listed = inventory([("config", "", 155), ("data", "ab" * 32, 1000)])
    figures = RunFigures(
        snapshot=b"s" * 32,
        tree=b"t" * 32,
        inventory=encode(listed),
        inventory_root=inventory_root(listed),
        files=12,
        files_new=3,
        bytes=4000,
        bytes_sent=500,
        verified=3,
        seconds=2,
        unread=(Unread("/srv/scans/a", UnreadWhy.DENIED),),
    )
    n = run(copy_runs.begin_run, place=closet)
    run(copy_runs.finish_run, vault.origin, run=n, figures=figures, **by)
    failing = run(copy_runs.begin_run, place=closet)
    run(copy_runs.fail_run, vault.origin, run=failing, why=FailedWhy.AWAY, **by)
    found: Any = {"place": closet, **by}
    drilled = DrillFigures(b"s" * 32, b"note", b"e" * 32, 4, 12, 4, (), 400, 1, HouseFound.WHOLE)
    run(proofs.note_drill, vault.origin, figures=drilled, **found)
    run(proofs.note_trial, vault.origin, snapshot=b"s" * 32, is_open=False, parts=2, **found)
    run(proofs.note_read, vault.origin, run=n, **by)
    run(proofs.note_forgotten, vault.origin, snapshots=(b"s" * 32,), policy="last 1", **found)
    return shelf


def erase_everywhere(home: Home, shelf: KnownPlace) -> None:
    """The copy of keys follows an erasure."""
    home.later(minutes=1)
    now, vault = home.clock.now(), home.house.vault
    home.write(
        lambda tx: proofs.note_key_copy(
            tx,
            vault.origin,
            actor=Actor("worker", "copies", "worker"),
            place=shelf,
            began=now,
            sha256=b"k" * 32,
            size=99,
            now=now,
        )
    )
    assert home.write(lambda tx: confirm_everywhere(tx, vault, until=now, now=now)) == 1


def promise(home: Home, run: Callable[..., Any]) -> None:
    """Everything that happens to a promise."""
    origin, now = home.house.vault.origin, home.clock.now()
    who = Actor("cli", "anna", "owner")
    key = "erase.proof"
    run(own_up.pause, origin, actor=who, key=key, until=now + timedelta(days=3), reason=WORDS)
    run(collect.note_break, origin, actor=who, key=key, ref="e-1", happened_at=now)
    run(own_up.explain_break, origin, actor=who, key=key, ref="e-1", words=WORDS)
    run(publishing.withdraw_promise, origin, actor=who, key="export.fast")
    run(not_yours.say_not_yours, origin, actor=who, key=ROWS[0].key, reason="No shop.")
    run(collect.record_heartbeat, key=key)


def told(lived: Lived, folder: Path) -> list[str]:
    """What verify says of a copy, as the command would: faults with their places."""
    try:
        house = open_house(folder, lived.settings, clock=SetClock(lived.home.clock.now()))
    except KeptError as error:
        return [f"refused: {error}"]
    try:
        said: Any = verify(Call(house, {}, "root", lambda _: None, lambda: True, is_alone=True))
    finally:
        house.close()
    return [f"{one['where']}: {one['what']}" for one in said["faults"]]


def test_a_house_that_was_lived_in_is_whole(lived, tmp_path) -> None:
    """No false alarm."""
    shutil.copytree(lived.folder, tmp_path / "shop")
    assert told(lived, tmp_path / "shop") == []


FILES = ("data.db", "keys.db", "find.db")
WHICH = {  # of which row a column is changed; the first otherwise
    "acts": "person is not null",
    "act_openings": "act in (select act from act_openings order by act limit 1)",
    "person": "alias_only = 1",
    "person_key": "state = 'live'",
    "staff_account": "state = 'active'",
    "erasure": "done_at is not null",
}
FLIP: dict[tuple[str, str], dict[Any, Any]] = {
    ("person", "alias_only"): {1: 0},
    ("person", "state"): {"live": "restricted"},
    ("consent", "state"): {"given": "withdrawn", "withdrawn": "given"},
    ("staff_account", "role"): {"owner": "senior"},
    ("staff_account", "state"): {"active": "invited"},
    ("staff_session", "role"): {"owner": "senior"},
    ("api_key", "capabilities"): {"read": "read write"},
    ("promise_version", "kind"): {"zero": "share", "share": "zero", "clock": "zero"},
}
TOKENS = {  # how a fault names a row of the table; by the table's name otherwise
    "acts": ("act ", "acts of person"),
    "act_openings": ("act",),
    "act_counters": ("act_counters", "act "),
    "act_places": ("act", "entry", "ledger_"),
    "ledger_head": ("ledger_", "high-water", "tile/"),  # all hangs on it
    "api_key": ("API key",),
    "ledger_leaves": ("ledger_leaves", "entry", "ledger/", "ledger_head"),
    "opening_tally": ("opening_tally",),
    "import_run": ("import",),
    "staff_passkey": ("colleague", "staff_passkey"),
    "staff_invitation": ("colleague", "staff_invitation"),
    "staff_account": ("colleague",),
    "staff_session": ("staff_session", "colleague"),
    "tombstone": ("tombstone", "erasure"),
    "index_key": ("refused", "index key"),
    "schema_migration": ("refused",),
    "finder": ("blind tags",),
    "person_key": ("keys", "refused"),
    "revocation": ("withdrawal",),
    "backup_place": ("backup_place", "backup_run"),  # runs name their place by its number
}
ABOUT_PEOPLE = ("person", "cell", "consent", "origin", "export", "person_session", "letter")


def tables(file: Path) -> dict[str, tuple[list[str], list[str]]]:
    """Every table of a file with its key and its columns."""
    with sqlite3.connect(file) as db:
        names = db.execute(
            "select name from sqlite_master where type = 'table' and name not like 'sqlite_%'"
        )
        found = {name: list(db.execute(f"pragma table_info({name})")) for (name,) in list(names)}
    db.close()
    return {n: ([r[1] for r in rows if r[5]], [r[1] for r in rows]) for n, rows in found.items()}


def is_unknowable(table: str, column: str) -> bool:
    """Whether the list says that verify cannot know it."""
    said = UNKNOWABLE.get(table, {})
    return column in said or "*" in said


def other(value: Any) -> Any:
    """Another value of the same type, far from those of other rows."""
    if isinstance(value, bytes):
        return bytes([value[0] ^ 1]) + value[1:] if value else b"x"
    if isinstance(value, str):
        return value + "x"
    return value + 1_000


def change(path: Path, table: str, key: list[str], column: str) -> bool:
    """Change a column of one row, or take the row out; False where the table is empty."""
    db = sqlite3.connect(path, isolation_level=None)
    what = key[0] if column == ROW else column
    row = db.execute(
        f"select {', '.join(key)}, {what} from {table} where {WHICH.get(table, 'true')}"
        f" order by {what} is null limit 1"
    ).fetchone()
    if row is not None:
        where, old = " and ".join(f"{name} is ?" for name in key), row[-1]
        if column == ROW:
            db.execute(f"delete from {table} where {where}", row[:-1])
        else:
            kind = {r[1]: r[2].lower() for r in db.execute(f"pragma table_info({table})")}[column]
            blank: Any = {"blob": b"x", "text": "x"}.get(kind, 7)
            new = blank if old is None else FLIP.get((table, column), {}).get(old, other(old))
            db.execute(f"update {table} set {column} = ? where {where}", (new, *row[:-1]))
    db.close()
    return row is not None


def names(table: str, said: list[str], people: dict[int, str]) -> bool:
    """Whether one of the faults names the row."""
    tokens = TOKENS.get(table, (table,))
    if table in ABOUT_PEOPLE:
        tokens = (*(f"person {one}" for one in people.values()), "of nobody", "not in keys.db")
    return any(token in fault for fault in said for token in tokens)


@pytest.mark.parametrize("file", FILES)
def test_each_column_of_each_table_is_named(lived, tmp_path, file: str) -> None:
    """Another value, and the row taken out: named, or on the list of what verify cannot know."""
    missed = list[str]()
    for table, (key, columns) in tables(lived.folder / file).items():
        for column in [*columns, ROW]:
            if is_unknowable(table, column):
                continue
            folder = tmp_path / "shop"
            shutil.copytree(lived.folder, folder)
            is_there = change(folder / file, table, key, column)
            if is_there:
                said = told(lived, folder)
                if not names(table, said, lived.people):
                    missed.append(f"{table}.{column}: {said[:3]}")
            elif table not in EMPTY:
                missed.append(f"{table}: no row in the house of this test")
            shutil.rmtree(folder)
            if not is_there:
                break
    assert not missed, "\n".join(missed)


EMPTY: set[str] = set()  # tables that have no row in a house that is closed


def test_the_list_is_true(lived, tmp_path) -> None:
    """What verify is said not to know, all of it changed at once, is not named either."""
    folder = tmp_path / "shop"
    shutil.copytree(lived.folder, folder)
    for file in FILES:
        for table, (key, columns) in tables(folder / file).items():
            for column in columns:
                if is_unknowable(table, column) and column not in key and table not in ROUGH:
                    change(folder / file, table, key, column)
    assert told(lived, folder) == []


ROUGH = {"jobs", "index_key", "closing", "finder_mark"}  # opening the house works with these


def test_the_list_stands_in_the_runbook() -> None:
    """Each table of the list is told to the owner too."""
    page = (ROOT / "docs" / "runbook" / "tampered.md").read_text(encoding="utf-8")
    assert [table for table, what in UNKNOWABLE.items() if what and f"`{table}`" not in page] == []


SWAPS = [
    (
        "data.db",
        "update consent set n = -n where person_n = 1; update consent set n = 3 + n where n < 0",
        "consents of person",
    ),
    ("data.db", "update cell set env = (select env from cell where n = 1) where n = 2", "category"),
    (
        "data.db",
        (
            "update person set alias = 'x' where n = 1;"
            " update person set alias = (select alias from person where n = 1) || 'y' where n = 2"
        ),
        "alias of person",
    ),
    ("data.db", "update person set state = 'erased' where n = 1", "person"),
    ("data.db", "delete from acts where id = (select max(id) - 1 from acts)", "entry"),
    ("data.db", "delete from acts where id = (select max(id) from acts)", "act "),
    ("data.db", "update acts set person = null, n = null where kind = 'person.read'", "act"),
    (
        "data.db",
        (
            "insert into staff_account (id, email, name, role, state, totp_step, created_at,"
            " reviewed_at) values (zeroblob(16), 'e@example.org', 'E', 'owner', 'active', 0, 1, 1)"
        ),
        "colleague",
    ),
    (
        "data.db",
        (
            "insert into person_session select zeroblob(32), person_n, started_at + 1, seen_at + 1"
            " from person_session"
        ),
        "session of person",
    ),
    (
        "data.db",
        (
            "insert into origin (person_n, purpose, basis, source, batch, at)"
            " select person_n, 'marketing', 'consent', source, batch, at from origin limit 1"
        ),
        "origins of person",
    ),
    ("data.db", "update import_run set source = 'a friend'", "import"),
]


@pytest.mark.parametrize(("file", "statement", "where"), SWAPS)
def test_rows_that_were_swapped_or_added_are_named(
    lived, tmp_path, file: str, statement: str, where: str
) -> None:
    """What stands there is of the right form, but nobody did it."""
    folder = tmp_path / "shop"
    shutil.copytree(lived.folder, folder)
    db = sqlite3.connect(folder / file, isolation_level=None)
    db.executescript(statement)
    assert db.total_changes
    db.close()
    assert [one for one in told(lived, folder) if where in one]


WORDS_OF_A_SET = [  # (file, table, column): texts that are one of a few words, or such words
    ("data.db", "acts", "kind"),
    ("data.db", "acts", "role"),
    ("data.db", "api_key", "capabilities"),
    ("data.db", "consent", "state"),
    ("data.db", "import_run", "basis"),
    ("data.db", "origin", "basis"),
    ("data.db", "person", "state"),
    ("data.db", "promise_version", "grade"),
    ("data.db", "promise_version", "kind"),
    ("data.db", "promise_version", "scope"),
    ("data.db", "staff_account", "role"),
    ("data.db", "staff_account", "state"),
    ("data.db", "staff_session", "method"),
    ("data.db", "staff_session", "role"),
]


@pytest.mark.parametrize(("file", "table", "column"), WORDS_OF_A_SET)
def test_a_word_that_nobody_knows_is_named(
    lived, tmp_path, file: str, table: str, column: str
) -> None:
    """A text that no verb ever wrote: whoever reads it stumbles, and verify still says where."""
    folder = tmp_path / "shop"
    shutil.copytree(lived.folder, folder)
    db = sqlite3.connect(folder / file, isolation_level=None)
    (key,) = [row[1] for row in db.execute(f"pragma table_info({table})") if row[5]][:1]
    db.execute(
        f"update {table} set {column} = {column} || 'x' where {key} ="
        f" (select {key} from {table} where {WHICH.get(table, 'true')} limit 1)"
    )
    assert db.total_changes
    db.close()
    said = told(lived, folder)
    says = f"{column} of {table} "
    assert names(table, said, lived.people) or any(says in one for one in said), said
