"""Does the owner's day work in the terminal, without a server and beside one?"""

import json
import sqlite3
import stat
import zipfile
from pathlib import Path

import pytest

from terminal import Shop

CSV = """Name;E-Mail;Telefon;Strasse;Ort;PLZ
Tina {who};tina.{who}@example.org;030 901820;Lindenweg 7;Berlin;10115
Max {who};max.{who}@example.org;;;;
Tina B;TINA.{who}@example.org;;;;
broken;row
"""


@pytest.fixture(params=["alone", "beside a server"])
def day(request, shop, tmp_path):
    """The same shop, opened by each command or served."""
    who = request.param.partition(" ")[0]
    people = tmp_path / "people.csv"
    people.write_text(CSV.format(who=who), encoding="utf-8")
    if request.param == "alone":
        yield shop, who, people
    else:
        with shop.served():
            yield shop, who, people


def test_a_day_in_the_terminal(day: tuple[Shop, str, Path]) -> None:
    """Import, find, show, be refused, correct, forget; each act signed; the ledger whole."""
    shop, who, people = day
    mended = people.with_name("refused.csv")
    came = shop.kept("import", str(people), "--refused", str(mended), "--json")
    assert came.json == {"read": 4, "added": 2, "merged": 1, "refused": 1}
    assert mended.read_text(encoding="utf-8").splitlines()[1:] == ["broken;row"]
    again = shop.kept("import", str(people), "--json")
    assert again.json == {"read": 4, "added": 0, "merged": 3, "refused": 1}

    found = shop.kept("person", "find", f"tina.{who}@example.org", "--json").json
    assert [set(one) for one in found] == [{"id", "alias"}]
    person = found[0]["id"]
    shown = shop.kept(
        "person", "show", person, "--purpose=deliver", "--category=delivery", "--json"
    ).json
    home = {"address": "Lindenweg 7", "town": "Berlin", "postcode": "10115"}
    assert (shown["id"], shown["alias"]) == (person, found[0]["alias"])
    assert (shown["purpose"], shown["categories"]) == ("deliver", {"delivery": home})
    assert shown["line"] == "The owner opened your address to deliver your order"

    refused = shop.kept(
        "person", "show", person, "--purpose=marketing", "--category=contact", "--json"
    )
    assert (refused.code, refused.out) == (3, "")
    assert refused.error["code"] == "no_consent"
    assert refused.error["message"] == "The person has not agreed to this."

    done = shop.kept(
        "person", "correct", person, "--category=delivery", "--rev=1", "--set=town=Kiel", "--json"
    )
    assert done.json["rev"] == 2
    late = shop.kept("person", "correct", person, "--category=delivery", "--rev=1", "--set=town=")
    assert late.code == 5

    copy = people.with_name("copy.zip")
    assert shop.kept("person", "export", person, "--to", str(copy)).code == 0
    with zipfile.ZipFile(copy) as packed:
        data = json.loads(packed.read("data.json"))
        assert data["alias"] == shown["alias"]
        assert "Kiel" in packed.read("index.html").decode()
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600

    asked = shop.kept("person", "forget", person, "--json")
    assert asked.error["code"] == "not_confirmed"
    gone = shop.kept("person", "forget", person, "--yes", "--json")
    assert (gone.code, gone.json["state"]) == (0, "erased")
    assert shop.kept("person", "find", f"tina.{who}@example.org", "--json").json == []
    assert shop.kept("person", "forget", person, "--yes").code == 4

    whole = shop.kept("verify", "--json")
    assert (whole.code, whole.json["faults"]) == (0, [])
    assert whole.json["size"] >= gone.json["act"]


def test_a_receipt_stands_alone(shop, tmp_path) -> None:
    """One receipt and the key line are enough; a changed one is refused with code 1."""
    invited = shop.kept("staff", "invite", "anna@example.org", "--role=operator", "--json")
    assert "/desk/join/" in invited.json["link"]
    key = shop.kept("ledger", "key", "--json").json["key"]
    proof = tmp_path / "one.tlog-proof"
    assert shop.kept("ledger", "receipt", "1", "--to", str(proof)).code == 0

    nowhere = Shop(tmp_path / "nowhere")
    held = nowhere.kept("verify", str(proof), "--key", key, "--json")
    assert (held.code, held.json["holds"]) == (0, True)
    assert held.json["entry"]["kind"] == "ledger.opened"

    text = proof.read_text(encoding="utf-8")
    proof.write_text(text.replace("\nindex 0\n", "\nindex 1\n"), encoding="utf-8")
    broken = nowhere.kept("verify", str(proof), "--key", key)
    assert broken.code == 1
    assert "inclusion" in broken.out


def test_services_get_keys_and_lose_them(shop) -> None:
    """A key is shown once; the list has no secret; a revoked one is not live."""
    made = shop.kept("keys", "issue", "shop", "--can=read", "--purpose=deliver", "--json").json
    secret = made["key"].rpartition("_")[2]
    listed = shop.kept("keys", "list", "--json")
    assert secret not in listed.out
    assert [one["live"] for one in listed.json if one["id"] == made["id"]] == [True]
    assert shop.kept("keys", "revoke", made["id"]).code == 0
    left = shop.kept("keys", "list", "--json").json
    assert [one["live"] for one in left if one["id"] == made["id"]] == [False]


def test_a_key_without_reveal_limit_is_told_as_one(shop) -> None:
    """A service's key may be without; who issues it reads what that means, and so does the list."""
    scope = ("--can=read", "--purpose=deliver")
    usual = shop.kept("keys", "issue", "till", *scope, "--json").json
    assert usual["limits"] == {"people": 30, "minutes": 10, "people_a_day": 200}
    assert "at most 30 people" in shop.kept("keys", "issue", "till 2", *scope).out
    told = shop.kept("keys", "issue", "post", *scope, "--no-reveal-limit")
    assert "It has no reveal limit: whoever holds it can open everybody" in told.out
    made = shop.kept("keys", "issue", "post 2", *scope, "--no-reveal-limit", "--json").json
    assert made["limits"] is None
    listed = shop.kept("keys", "list").out.splitlines()
    assert "30 in 10 min, 200 a day" in next(line for line in listed if usual["id"] in line)
    assert " none " in next(line for line in listed if made["id"] in line)


def test_every_key_that_old_receipts_hold_under_is_printed(own_shop, tmp_path) -> None:
    """After the ledger went on under another name, receipts of before still have their key."""
    proof, kept = tmp_path / "old.tlog-proof", tmp_path / "keys"
    first = own_shop.kept("ledger", "key", "--json").json
    assert first["older"] == []
    assert own_shop.kept("ledger", "receipt", "1", "--to", str(proof)).code == 0
    assert own_shop.kept("ledger", "succeed", "--reason=the disk burned").code == 0
    later = own_shop.kept("ledger", "key", "--json").json
    assert later["older"] == [first["key"]]
    assert later["key"].split("+")[0] != first["key"].split("+")[0]
    lines = own_shop.kept("ledger", "key").out
    assert lines.splitlines() == [later["key"], first["key"]]
    kept.write_text(lines, encoding="utf-8")
    nowhere = Shop(tmp_path / "nowhere")
    assert nowhere.kept("verify", str(proof), "--key", str(kept)).code == 0
    assert nowhere.kept("verify", str(proof), "--key", later["key"]).code == 1


def test_the_house_tells_how_it_stands(shop) -> None:
    """Check-up, keyring, book and sealed records answer; nothing claims to be done by itself."""
    rows = shop.kept("checkup", "--json").json
    assert {tuple(sorted(row)) for row in rows} == {("evidence", "key", "level", "state")}
    assert {row["state"] for row in rows} <= {"done", "partly", "missing", "not_yours", "later"}
    assert {row["level"] for row in rows} == {"business", "team", "customer"}
    ring = shop.kept("keyring", "status", "--json").json
    wraps = {(one["role"], one["provider"]) for one in ring["epochs"][0]["wraps"]}
    assert wraps == {("operational", "file"), ("recovery", "age")}
    assert "deliver" in shop.kept("book", "check", "--json").json["purposes"]
    assert shop.kept("vault", "check", "--json").json["whole"] is True


def test_a_changed_act_is_named(own_shop) -> None:
    """Somebody with the file changes one row: code 1, and which act it was."""
    assert own_shop.kept("staff", "invite", "anna@example.org").code == 0
    assert own_shop.kept("verify").code == 0
    with sqlite3.connect(own_shop.folder / "data.db") as db:
        db.execute("update acts set purpose = 'marketing' where id = 1")
    db.close()
    found = own_shop.kept("verify", "--json")
    assert (found.code, found.json["whole"]) == (1, False)
    assert {one["where"] for one in found.json["faults"]} == {"act 1"}
    assert "act 1" in own_shop.kept("verify").out


def test_json_goes_into_a_pipe(shop) -> None:
    """One line, and nothing else, on standard output."""
    out = shop.kept("staff", "list", "--json").out
    assert out.count("\n") == 1
    assert isinstance(json.loads(out), list)
