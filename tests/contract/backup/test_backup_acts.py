"""The verbs of copies on both engines: what is written stays, each leaves one act and no path."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kept.backup.acts import places, proofs, runs
from kept.backup.acts.secrets import open_secrets, repository_password, seal_secrets
from kept.backup.model import inventory as inv
from kept.backup.model.forgetting import Sight
from kept.backup.model.places import Holds, PlaceChange, PlaceOrder, PlaceSecrets, Plan
from kept.backup.model.report import Unread
from kept.backup.model.report_reasons import FailedWhy, UnreadWhy
from kept.backup.model.runs import DrillFigures, HouseFound, RunFigures, RunState
from kept.base.errors import ConflictError, MalformedError, NotFoundError, TamperedError
from kept.crypto.keys import VaultKey
from kept.crypto.secret import Secret
from kept.ledger.entry import Opening
from kept.ledger.model import Actor

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ORIGIN = "shop.example/ledger"
OWNER = Actor("staff", "aaaa", "owner")
CLOSET = PlaceOrder("closet", "/media/closet/kept", folders=("/srv/anna/Сканы",))
LIST = inv.inventory([("config", "", 155), ("data", "ab" * 32, 1000), ("locks", "cd" * 32, 9)])
FIGURES = RunFigures(
    snapshot=b"s" * 32,
    tree=b"t" * 32,
    inventory=inv.encode(LIST),
    inventory_root=inv.inventory_root(LIST),
    files=12_031,
    files_new=214,
    bytes=10**9,
    bytes_sent=10**6,
    verified=400,
    seconds=61,
)
DRILL = DrillFigures(
    snapshot=b"s" * 32,
    checkpoint=b"note",
    seed=b"e" * 32,
    asked=40,
    of=12_031,
    good=40,
    bad=(),
    bytes=4000,
    seconds=3,
    house=HouseFound.WHOLE,
)


def acts(database):
    """(kind, detail) of every act so far."""
    found = database.read(
        lambda tx: tx.rows(
            "select a.kind, o.sealed from acts a join act_openings o on o.act = a.id order by a.id"
        )
    )
    return [(kind, json.loads(Opening.decode(raw).detail)) for kind, raw in found]


def add(database, order=CLOSET, secrets=None, place_id=b"i" * 16):
    """Add a place."""
    return database.write(
        lambda tx: places.add_place(
            tx, ORIGIN, actor=OWNER, place_id=place_id, order=order, secrets=secrets, now=NOW
        )
    )


def begin(database, place, now=NOW):
    """Begin a run."""
    return database.write(lambda tx: runs.begin_run(tx, place=place, now=now))


def finish(database, run, figures=FIGURES, now=NOW):
    """End it with a snapshot."""
    return database.write(
        lambda tx: runs.finish_run(tx, ORIGIN, actor=OWNER, run=run, figures=figures, now=now)
    )


def fail(database, run, why=FailedWhy.AWAY, now=NOW):
    """End it without."""
    return database.write(
        lambda tx: runs.fail_run(tx, ORIGIN, actor=OWNER, run=run, why=why, now=now)
    )


def test_a_place_is_remembered_as_named(database):
    """It reads back equal; its act has the name, never the address or a folder."""
    made = add(database)
    assert made.order == CLOSET
    assert made.is_enabled
    assert database.read(places.places) == [made]
    assert database.read(lambda tx: places.places(tx, holds=Holds.KEYS)) == []
    ((kind, detail),) = acts(database)
    assert kind == "backup.place_added"
    assert detail["place"] == "closet"
    assert "media" not in json.dumps(detail)
    assert "anna" not in json.dumps(detail, ensure_ascii=False)


def test_two_places_never_share_a_name(database):
    """The second is refused and leaves no act."""
    add(database)
    with pytest.raises(ConflictError):
        add(database, place_id=b"j" * 16)
    assert len(acts(database)) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "Far away"},
        {"name": "x" * 41},
        {"part_bytes": (4 << 20) - 1},
        {"part_bytes": (128 << 20) + 1},
        {"folders": ("relative",)},
        {"holds": Holds.KEYS},
    ],
)
def test_what_no_place_can_be_is_refused(wrong):
    """Names, sizes and folders out of range; folders beside keys."""
    with pytest.raises(MalformedError):
        replace(CLOSET, **wrong)


def test_a_place_is_changed_in_part(database):
    """What is not named stays."""
    add(database)
    made = database.write(
        lambda tx: places.change_place(
            tx, ORIGIN, actor=OWNER, name="closet", change=PlaceChange(is_enabled=False), now=NOW
        )
    )
    assert not made.is_enabled
    assert made.order == CLOSET
    with pytest.raises(NotFoundError):
        database.read(lambda tx: places.place(tx, "far"))


def test_credentials_lie_sealed(database):
    """No column holds them in the clear, two wraps of one password share nothing, one opens."""
    key, secrets = (
        VaultKey.of(Secret(b"v" * 32), 1),
        PlaceSecrets("anna", "hunter2", "AKIA", "sekret"),
    )
    one, two = (
        seal_secrets(key, secrets, vault_id=b"v" * 16, place_id=b"i" * 16) for _ in range(2)
    )
    assert one.commitment != two.commitment
    add(database, secrets=(1, one))
    raw = repr(database.read(lambda tx: tx.rows("select * from backup_place")))
    assert not any(word in raw for word in ("hunter2", "AKIA", "sekret"))
    assert "hunter2" not in repr(secrets)
    epoch, stored = database.read(lambda tx: places.sealed_secrets(tx, "closet"))
    opened = open_secrets(key, stored, vault_id=b"v" * 16, place_id=b"i" * 16)
    assert (epoch, opened) == (1, secrets)
    with pytest.raises(TamperedError):
        open_secrets(key, stored, vault_id=b"v" * 16, place_id=b"j" * 16)


def test_the_repository_password_follows_from_the_house_key():
    """One key, one password of a line; another key, another one."""
    first = repository_password(Secret(b"h" * 32))
    assert first == repository_password(Secret(b"h" * 32))
    assert first != repository_password(Secret(b"g" * 32))
    assert len(first.reveal()) == 43
    assert first.reveal().isascii()


def test_a_run_ends_with_its_act(database):
    """Figures come back as they were; the act has counts and hashes, no path."""
    place = add(database)
    unread = (Unread("/srv/anna/Сканы/паспорт.pdf", UnreadWhy.DENIED),)
    run = begin(database, place)
    act = finish(database, run, replace(FIGURES, unread=unread), NOW + HOUR)
    found = database.read(lambda tx: runs.last_copy(tx, place))
    assert (found.state, found.act, found.unread) == (RunState.PARTIAL, act, unread)
    assert (found.files, found.files_new, found.seconds) == (12_031, 214, 61)
    kind, detail = acts(database)[-1]
    assert kind == "backup.done"
    assert detail["inventory_root"] == inv.inventory_root(LIST).hex()
    assert (detail["files"], detail["unread"]) == (12_031, 1)
    assert "паспорт" not in json.dumps(detail, ensure_ascii=False)
    assert database.read(lambda tx: runs.inventory_of(tx, found)) == inv.encode(LIST)
    assert database.read(lambda tx: runs.first_seen(tx, place)) == {b"s" * 32: NOW + HOUR}


def test_each_run_is_a_look_at_the_place(database):
    """Ours was made while its run went on; another's since the look before; old ones have none."""
    place = add(database)

    def ended(began, at, own, *others):
        listed = inv.inventory([
            ("config", "", 155),
            *(("snapshots", name.hex(), 300) for name in (own, *others)),
        ])
        figures = replace(
            FIGURES,
            snapshot=own,
            inventory=inv.encode(listed),
            inventory_root=inv.inventory_root(listed),
        )
        finish(database, begin(database, place, began), figures, at)

    assert database.read(lambda tx: runs.sights(tx, place)) == ({}, None)
    old, first, strange, second = (bytes([n]) * 32 for n in range(4))
    ended(NOW, NOW + HOUR, first, old)
    ended(NOW + 24 * HOUR, NOW + 25 * HOUR, second, old, first, strange)
    assert database.read(lambda tx: runs.sights(tx, place)) == (
        {
            first.hex(): Sight(NOW, NOW + HOUR),
            strange.hex(): Sight(NOW + HOUR, NOW + 25 * HOUR),
            second.hex(): Sight(NOW + 24 * HOUR, NOW + 25 * HOUR),
        },
        NOW + 25 * HOUR,
    )


def test_a_run_ends_once(database):
    """A second end of either kind is refused and leaves no act."""
    place = add(database)
    run = begin(database, place)
    fail(database, run)
    before = len(acts(database))
    for end in (finish, fail):
        with pytest.raises(ConflictError):
            end(database, run)
    assert len(acts(database)) == before
    assert acts(database)[-1][1]["why"] == "away"


def test_an_inventory_with_another_root_is_no_evidence(database):
    """Nothing is written; the run is still under way."""
    place = add(database)
    run = begin(database, place)
    with pytest.raises(MalformedError):
        finish(database, run, replace(FIGURES, inventory_root=b"x" * 32))
    assert [kind for kind, _ in acts(database)] == ["backup.place_added"]
    finish(database, run)


def test_one_run_at_a_time_a_place(database):
    """A second one waits, at another place it does not."""
    closet, far = add(database), add(database, replace(CLOSET, name="far"), place_id=b"j" * 16)
    begin(database, closet)
    begin(database, far)
    with pytest.raises(ConflictError):
        begin(database, closet)


def test_a_run_whose_process_died_is_told_failed(database):
    """Between run and act: the next look records it, one act each, and spares those at work."""
    closet, far = add(database), add(database, replace(CLOSET, name="far"), place_id=b"j" * 16)
    dead, alive = begin(database, closet), begin(database, far)

    def settle():
        return database.write(
            lambda tx: runs.settle(
                tx, ORIGIN, actor=OWNER, alive=frozenset({alive}), now=NOW + HOUR
            )
        )

    assert (settle(), settle()) == (1, 0)
    assert database.read(lambda tx: runs.last_run(tx, closet)).state is RunState.FAILED
    assert [kind for kind, _ in acts(database)].count("backup.failed") == 1
    finish(database, alive)
    begin(database, closet)
    assert dead != alive


def test_only_the_newest_inventory_stays(database):
    """Roots stay for ever, the lists do not."""
    place = add(database)
    for _ in range(2):
        finish(database, begin(database, place))
    rows = database.read(
        lambda tx: tx.rows(
            "select inventory is null, inventory_root is null from backup_run order by n"
        )
    )
    assert [(bool(one), bool(two)) for one, two in rows] == [(True, False), (False, False)]


def test_the_plan_is_drawn_once(database):
    """The minute stays whatever is drawn later; the owner may change it; nonsense is refused."""

    def draw(drawn):
        return database.write(
            lambda tx: places.draw_plan(tx, ORIGIN, actor=OWNER, drawn=drawn, now=NOW)
        )

    assert (draw(5).minute, draw(77).minute) == (65, 65)
    wanted = Plan(120, "08-18", '08-22 = "20 Mbit/s"', "within 7d")
    database.write(lambda tx: places.set_plan(tx, ORIGIN, actor=OWNER, plan=wanted, now=NOW))
    assert database.read(places.plan) == wanted
    for wrong in (Plan(1440), Plan(1, quiet="soon"), Plan(1, bandwidth="fast")):
        with pytest.raises(MalformedError):
            database.write(
                lambda tx, wrong=wrong: places.set_plan(
                    tx, ORIGIN, actor=OWNER, plan=wrong, now=NOW
                )
            )
    assert database.read(places.plan) == wanted


def test_a_drill_is_kept_with_what_it_found(database):
    """Passed only with every file and the house whole; names of bad files stay out of the act."""
    place = add(database)
    cases = {
        DRILL: True,
        replace(DRILL, good=39, bad=("/srv/anna/secret.txt",)): False,
        replace(DRILL, good=39): False,
        replace(DRILL, asked=0, good=0): False,
        replace(DRILL, house=HouseFound.DAMAGED): False,
        replace(DRILL, house=HouseFound.ABSENT): False,
    }
    for figures, passed in cases.items():
        assert figures.is_passed == passed
        database.write(
            lambda tx, figures=figures: proofs.note_drill(
                tx, ORIGIN, actor=OWNER, place=place, figures=figures, now=NOW
            )
        )
    found = database.read(lambda tx: proofs.drills(tx, since=NOW))
    assert [one.is_passed for one in found] == list(cases.values())
    assert found[1].bad == ("/srv/anna/secret.txt",)
    kind, detail = acts(database)[2]
    assert kind == "drill.done"
    assert (detail["good"], detail["bad"], detail["seed"]) == (39, 1, (b"e" * 32).hex())
    assert "secret" not in json.dumps(detail)


def test_every_other_verb_leaves_its_act(database):
    """Trial, key copy, check, forget, prune, restore, key and reading: one act each."""
    place = add(database)
    finish(database, begin(database, place))
    common: dict[str, Any] = {"actor": OWNER, "place": place, "now": NOW}
    snap = b"s" * 32
    told: list[tuple[Any, dict[str, Any]]] = [
        (proofs.note_trial, {"snapshot": snap, "is_open": False, "parts": 3}),
        (proofs.note_key_copy, {"began": NOW - HOUR, "sha256": b"k" * 32, "size": 99}),
        (proofs.note_checked, {"found": {"parts": 3, "damaged": 0}}),
        (proofs.note_forgotten, {"snapshots": (snap,), "policy": "within 7d"}),
        (proofs.note_pruned, {"found": {"removed": 3}}),
        (proofs.note_restored, {"snapshot": snap, "files": 3, "bad": 0}),
        (proofs.note_key_change, {"change": "added", "key": "ab" * 32}),
    ]
    before = len(acts(database))
    for verb, more in told:
        database.write(lambda tx, verb=verb, more=more: verb(tx, ORIGIN, **common, **more))
    database.write(lambda tx: proofs.note_read(tx, ORIGIN, actor=OWNER, run=1, now=NOW))
    assert [kind for kind, _ in acts(database)[before:]] == [
        "drill.keyless",
        "key_copy.replaced",
        "backup.checked",
        "backup.forgotten",
        "backup.pruned",
        "backup.restored",
        "backup.key_changed",
        "backup.report_read",
    ]
    assert database.read(lambda tx: proofs.key_copy_began(tx, place)) == NOW - HOUR
    assert database.read(proofs.last_reading) == (NOW, 1)
    assert not database.read(proofs.last_trial).is_open
    assert database.read(lambda tx: runs.first_seen(tx, place)) == {}
