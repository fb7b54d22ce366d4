"""Does the demo's month stand up to whoever looks closely? A small one: 60 people, 10 days."""

import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import phonenumbers
import pytest

from audit import audit
from kept.base.clock import SetClock, SystemClock, from_micros
from kept.base.errors import ConflictError
from kept.crypto.secret import Secret
from kept.flows.judge_promises import judge_promises
from kept.ledger.acts.counts import newest_act_at
from kept.ledger.acts.starting import Ready
from kept.promises.model.status import State
from kept.staff.acts.team import list_team
from kept.vault.acts.listing import count_people
from kept.vault.model.rules import Role
from kept.wiring.demo import prepare_demo
from kept.wiring.demo_month import Scale
from kept.wiring.demo_people import Dice, make_people
from kept.wiring.founding import Founding, found_with_key_file
from kept.wiring.house import House, open_house
from kept.wiring.settings import Settings, read_settings

UNTIL = datetime(2026, 6, 4, 15, 30, tzinfo=UTC)  # a Thursday
SMALL = Scale(people=60, days=10, looks=12, visits=6)


def silent(said: object) -> None:
    """Nobody watches."""
    del said


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo built once."""
    made = tmp_path_factory.mktemp("demo") / "demo"
    prepare_demo(made, progress=silent, scale=SMALL, until=UNTIL)
    return made


@pytest.fixture
def house(folder: Path) -> Iterator[House]:
    """The demo, opened where its month ends."""
    opened = open_house(folder, read_settings(folder, {}), clock=SetClock(UNTIL))
    yield opened
    opened.close()


def count(house: House, kind: str) -> int:
    """How many acts of a kind there are."""
    rows = house.db.read(lambda tx: tx.rows("select kind from acts where kind = :k", k=kind))
    return len(rows)


def test_the_ledger_is_whole(house: House):
    """An auditor that shares no code finds every act in the log, and none waiting."""
    found = audit(house)
    assert found.entries == found.acts
    assert found.acts > 60
    assert found.waiting == 0
    assert isinstance(house.sequencer.start(), Ready)


UNCOPIED = {"backup.daily", "restore.drill"}


def test_every_promise_is_kept_with_a_number(house: House):
    """All but those of copies, which a demo has none of elsewhere, are measured and kept."""
    now = house.clock.now()
    standings = house.db.read(lambda tx: judge_promises(tx, house.vault, now=now))
    assert {promise.key for promise, _ in standings.promises} == {
        "access.seen",
        "use.purpose",
        "erase.proof",
        "export.fast",
        "locked.rest",
        *UNCOPIED,
    }
    for promise, judged in standings.promises:
        if promise.key in UNCOPIED:
            assert judged.state is State.UNMEASURED
            continue
        assert judged.state is State.KEPT, promise.key
        assert judged.number.n > 0, promise.key
        assert not judged.breaks, promise.key
        days = [cell.state for cell in judged.strip]
        assert len(days) == 90
        assert State.BROKEN not in days
        assert days[:-11] == [State.UNMEASURED] * 79, promise.key
        assert days[-3:] == [State.KEPT] * 3, promise.key


def test_all_kinds_of_acts_happened(house: House):
    """The month holds what a visitor is to see."""
    for kind in (
        "person.read",
        "person.refused",
        "person.found",
        "nobody.found",
        "person.corrected",
        "person.own_view",
        "consent.given",
        "export.taken",
        "erased_here",
        "staff.signed_in",
        "import.done",
        "key.issued",
    ):
        assert count(house, kind), kind
    assert count(house, "person.added") == SMALL.people + 1, "and the planted one"
    assert count(house, "erasure_begun") == count(house, "erased_here")


def test_nobody_gets_the_same_letter_twice(house: House):
    """Each Wednesday's letter goes to different people."""
    tally = house.db.read(
        lambda tx: tx.rows(
            "select count(*) from acts where purpose = 'marketing' and kind = 'person.read'"
            " group by person, at / 86400000000"
        )
    )
    assert tally
    assert {n for (n,) in tally} == {1}


def test_people_and_team(house: House):
    """Whoever was not forgotten is here; each role has somebody to pick."""
    forgotten = count(house, "erased_here")
    assert house.db.read(count_people) == SMALL.people - forgotten
    team = house.db.read(list_team)
    assert "Marlene Tiedemann" in {account.name for account in team}
    roles = [account.role for account in team]
    assert sorted(roles) == sorted([
        Role.OWNER,
        Role.SENIOR,
        Role.OPERATOR,
        Role.OPERATOR,
        Role.AUDITOR,
    ])
    assert house.staff.is_demo


def test_a_second_call_changes_nothing(folder: Path):
    """What stands is left as it is, byte for byte."""
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    prepare_demo(folder, progress=silent, scale=SMALL)
    after = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    assert after == before


def test_it_opens_with_its_own_passphrase(folder: Path):
    """A passphrase meant for another house does not keep a demo shut."""
    told = Settings(passphrase=Secret(b"the phrase of quite another house"))
    open_house(folder, told).close()
    stored = tomllib.loads((folder / "kept.toml").read_text(encoding="utf-8"))
    assert len(stored["passphrase"]) >= 24


def test_a_build_that_was_cut_off_is_begun_anew(tmp_path: Path):
    """Leftovers of a killed build are swept away, not taken for a house."""
    left = tmp_path / ".demo.building" / "house"
    left.mkdir(parents=True)
    (left / "data.db").write_bytes(b"half")
    prepare_demo(
        tmp_path / "demo", progress=silent, scale=Scale(people=10, days=2, looks=2, visits=1)
    )
    assert [entry.name for entry in tmp_path.iterdir()] == ["demo"]


def test_time_goes_on(tmp_path: Path):
    """The month ends at the moment of building; the machine's clock takes over from there."""
    began = SystemClock().now()
    prepare_demo(
        tmp_path / "demo", progress=silent, scale=Scale(people=10, days=3, looks=2, visits=1)
    )
    house = open_house(tmp_path / "demo", Settings())
    try:
        newest = from_micros(house.db.read(newest_act_at))
        oldest = house.db.read(lambda tx: tx.row("select min(at) from acts"))
        assert oldest is not None
        assert newest <= house.clock.now()
        assert began - timedelta(days=2) < newest
        assert timedelta(days=2) < began - from_micros(oldest[0]) < timedelta(days=4)
    finally:
        house.close()


def test_a_real_house_is_never_touched(tmp_path: Path):
    """A demo refuses a folder with a real house, or with anything else."""
    shop = tmp_path / "shop"
    founding = Founding("Real Shop", "owner@example.org")
    found_with_key_file(shop, founding, tmp_path / "root.key", Settings())
    with pytest.raises(ConflictError, match="real house"):
        prepare_demo(shop, progress=silent, scale=SMALL)
    papers = tmp_path / "papers"
    papers.mkdir()
    (papers / "letter.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(ConflictError, match="not empty"):
        prepare_demo(papers, progress=silent, scale=SMALL)


def test_nobody_could_be_reached():
    """Made-up people: the same for the same seed, on domains and numbers nobody has."""
    today = SystemClock().now().date()
    people = list(make_people(2_000, Dice("seed"), today=today))
    assert people == list(make_people(2_000, Dice("seed"), today=today))
    assert len({one.email for one in people}) == 2_000
    assert {one.email.partition("@")[2] for one in people} == {
        "example.org",
        "example.com",
        "example.net",
    }
    drama = ("+493023125", "+496990009", "+494066969", "+492214710", "+498999998")
    numbers = [one.values["phone"] for one in people if one.values["phone"]]
    assert len(set(numbers)) == len(numbers) > 1_000
    assert all(number.startswith(drama) for number in numbers)
    assert all(phonenumbers.is_valid_number(phonenumbers.parse(number)) for number in numbers)
    assert all(one.values["postcode"].startswith("00") for one in people)
