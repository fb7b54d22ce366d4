"""How do several places stand together? As the worst of them does, and it is named."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from kept.backup.acts import places, proofs, runs
from kept.backup.acts.standing import standing
from kept.backup.model import inventory as inv
from kept.backup.model.places import PlaceOrder
from kept.backup.model.report import State, state_of, tell
from kept.backup.model.runs import DrillFigures, HouseFound, RunFigures
from kept.flows.check_up import _copies as copies_of  # pyright: ignore[reportPrivateUsage]
from kept.ledger.model import Actor

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ORIGIN = "shop.example/ledger"
OWNER = Actor("staff", "aaaa", "owner")
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
MINUTE = timedelta(minutes=1)


def add(database: Any, order: PlaceOrder, place_id: bytes) -> Any:
    """Add a place."""
    return database.write(
        lambda tx: places.add_place(
            tx, ORIGIN, actor=OWNER, place_id=place_id, order=order, secrets=None, now=NOW
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


def two_places(database: Any) -> tuple[Any, Any]:
    """`a` and `b`, each with a copy that was tried and is good."""
    found = [
        add(database, PlaceOrder(name, f"/media/{name}/kept"), place_id=name.encode() * 16)
        for name in ("a", "b")
    ]
    for place in found:
        finish(database, begin(database, place))
        drilled(database, place, NOW + MINUTE)
        trial(database, place, is_open=False)
    return found[0], found[1]


def drilled(database: Any, place: Any, at: datetime, **found: Any) -> None:
    """A drill of a place."""
    figures = replace(DRILL, **found)
    database.write(
        lambda tx: proofs.note_drill(tx, ORIGIN, actor=OWNER, place=place, figures=figures, now=at)
    )


def trial(database: Any, place: Any, *, is_open: bool) -> None:
    """A try without the key."""
    database.write(
        lambda tx: proofs.note_trial(
            tx,
            ORIGIN,
            actor=OWNER,
            place=place,
            snapshot=None,
            is_open=is_open,
            parts=3,
            now=NOW + MINUTE,
        )
    )


def checked(database: Any, place: Any, bad: int) -> None:
    """A check of a place."""
    found = {"parts": 3, "read": 3, "bad": bad}
    database.write(
        lambda tx: proofs.note_checked(
            tx, ORIGIN, actor=OWNER, place=place, found=found, now=NOW + 2 * MINUTE
        )
    )


def looked(database: Any) -> Any:
    """The report, five minutes after the copies."""
    return database.read(lambda tx: standing(tx, now=NOW + 5 * MINUTE)).report


def test_two_good_places_are_good(database):
    """Both count, and nothing else is said of either."""
    two_places(database)
    report = looked(database)
    assert (state_of(report), report.copied.places, report.others) == (State.GOOD, 2, ())


def test_the_drill_of_another_place_hides_no_damage(database):
    """`a` came back damaged, `b` well and later: `a` is told, by its name, and does not count."""
    a, b = two_places(database)
    drilled(database, a, NOW + 2 * MINUTE, asked=0, of=0, good=0, house=HouseFound.DAMAGED)
    drilled(database, b, NOW + 3 * MINUTE)
    report = looked(database)
    assert (state_of(report), report.place, report.copied.places) == (State.DAMAGED, "a", 1)
    assert tell(report, "en")[0].text.startswith("a: Your copy is damaged.")


def test_a_place_that_can_be_read_without_key_is_told(database):
    """Though the newest try was of another."""
    a, b = two_places(database)
    trial(database, a, is_open=True)
    trial(database, b, is_open=False)
    report = looked(database)
    assert (state_of(report), report.place, report.copied.places) == (State.OPEN, "a", 1)


def test_a_house_that_came_back_damaged_is_damage(database):
    """Though every file of the sample was the same."""
    a, _ = two_places(database)
    for house in (HouseFound.DAMAGED, HouseFound.ABSENT):
        drilled(database, a, NOW + 2 * MINUTE, house=house)
        assert state_of(looked(database)) is State.DAMAGED


def test_faults_that_a_check_found_stay_until_a_later_one_passes(database):
    """Or a drill of the same place; that of another changes nothing."""
    a, b = two_places(database)
    checked(database, a, 2)
    drilled(database, b, NOW + 3 * MINUTE)
    checked(database, b, 0)
    assert (state_of(looked(database)), looked(database).place) == (State.DAMAGED, "a")
    checked(database, a, 0)
    assert state_of(looked(database)) is State.GOOD
    checked(database, a, 1)
    assert state_of(looked(database)) is State.DAMAGED
    drilled(database, a, NOW + 4 * MINUTE)
    assert state_of(looked(database)) is State.GOOD


def test_a_place_without_a_copy_is_told(database):
    """It is named; the copies elsewhere count."""
    two_places(database)
    add(database, PlaceOrder("c", "/media/c/kept"), place_id=b"c" * 16)
    report = looked(database)
    assert (state_of(report), report.lacking) == (State.LACKING, ("c",))
    assert report.copied.places == 2


def test_the_month_is_of_one_place(database):
    """Drills of different places say nothing together."""
    a, b = two_places(database)
    for at in (2, 3, 4):
        drilled(database, a, NOW + at * MINUTE)
    month = looked(database).month
    assert month is None or month.good in {40, 160}
    drilled(database, b, NOW + 4 * MINUTE)
    assert looked(database).month.good in {80, 160}


def test_the_check_up_counts_no_damaged_copy(database):
    """The row `backup.set` is measured of each place: another's good drill hides nothing."""
    a, b = two_places(database)
    drilled(database, a, NOW + 2 * MINUTE, house=HouseFound.DAMAGED)
    drilled(database, b, NOW + 3 * MINUTE)
    book: Any = SimpleNamespace(rules=None)
    found = database.read(lambda tx: copies_of(tx, book, NOW + 5 * MINUTE))
    assert found.damaged == 1
    assert (found.places, found.is_open) == (1, False)
