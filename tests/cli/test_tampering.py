"""Does `kept verify` name what a hand changed, whatever it wrote, and never break?"""

import shutil
import sqlite3

import pytest

from terminal import Shop

LEAF = "update ledger_outbox set entry = cast(entry as text) where act = 3"


@pytest.fixture(scope="module")
def whole(tmp_path_factory, shop: Shop) -> Shop:
    """A house with acts and a person, signed."""
    folder = tmp_path_factory.mktemp("list")
    people = folder / "people.csv"
    people.write_text("email,name\ntina@example.org,Tina Berg\n", encoding="utf-8")
    assert shop.kept("import", str(people)).code == 0
    assert shop.kept("verify").code == 0
    return shop


@pytest.mark.parametrize(
    ("file", "change", "where"),
    [
        ("data.db", LEAF, "ledger_outbox 3"),
        ("data.db", "update acts set at = 'noon' where id = 3", "acts 3"),
        ("data.db", "update acts set at = 9223372036854775807 where id = 3", "act 3"),
        ("data.db", "update acts set n = -7 where person is not null", "act "),
        ("data.db", "update acts set person = 99 where person is not null", "vault"),
        ("data.db", "update acts set categories = 255 where person is not null", "act "),
        ("data.db", "update acts set categories = 1 where categories = 0", "act "),
        ("data.db", "update act_openings set sealed = 1.5 where act = 2", "act_openings 2"),
        ("data.db", "update act_counters set next = next + 1", "act_counters"),
        ("data.db", "update ledger_head set size = -1", "ledger_head"),
        ("data.db", "update ledger_head set origin = ''", ""),
        ("data.db", "update ledger_head set root = 'abc'", "ledger_head"),
        ("data.db", "update cell set env = zeroblob(60)", "vault"),
        ("data.db", "update person set keyver = 'one'", "person 1"),
        ("keys.db", "update person_key set wrap = 'x' where state = 'live'", "person_key"),
    ],
)
def test_a_change_by_hand_is_named(whole, tmp_path, file: str, change: str, where: str) -> None:
    """Code 1 with the place, also where the row is no longer of its type."""
    folder = tmp_path / "shop"
    shutil.copytree(whole.folder, folder)
    with sqlite3.connect(folder / file) as db:
        assert db.execute(change).rowcount > 0
    db.close()
    said = Shop(folder).kept("verify", "--json")
    assert said.code == 1, said.err
    assert [one for one in said.json["faults"] if one["where"].startswith(where)], said.json
