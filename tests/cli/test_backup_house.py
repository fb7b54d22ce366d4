"""Does a house copy itself, try its copies, and come back from them when it is gone?"""

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from markdown_pages import ROOT
from terminal import KEPT, PATIENCE_S, Done, Shop, clean

PHRASE, NEW = "a long walk by the river", "another walk, another river"
PAGE = ROOT / "docs" / "runbook" / "house-burnt-down.md"


def place(shop: Shop, tmp_path: Path) -> Path:
    """A place with a folder of the owner's, ready."""
    letters = tmp_path / "letters"
    letters.mkdir()
    (letters / "one.txt").write_text("dear all", encoding="utf-8")
    closet = tmp_path / "closet"
    made = shop.kept(
        "backup", "add", "closet", str(closet), "--folder", str(letters), "--same-disk"
    )
    assert made.code == 0, made.err
    return closet


def answer(shop: Shop, *words: str, code: int = 0) -> Any:
    """The last JSON line of a command of the group."""
    said = shop.kept("backup", *words, "--json")
    assert said.code == code, said
    return said.json


def test_the_house_and_its_folders_are_copied_tried_and_restored(own_shop: Shop, tmp_path) -> None:
    """Without a server; each step leaves an act, and the status says it in words."""
    place(own_shop, tmp_path)
    assert answer(own_shop, "status", code=1)["lines"]
    done = answer(own_shop, "run")
    assert done["unread"] == []
    assert done["act"]
    assert not answer(own_shop, "status", code=1)["is_good"]  # not yet tried
    (row,) = answer(own_shop, "places")
    assert (row["name"], row["last"], row["files"]) == ("closet", "done", done["files"])
    (snapshot,) = answer(own_shop, "list")
    assert snapshot["id"] == done["snapshot_id"]
    assert answer(own_shop, "check", "--read-data")["num_errors"] == 0
    tried = answer(own_shop, "drill", "closet", "--files", "5")
    assert tried["good"] == tried["asked"] > 0
    assert (tried["house"], tried["readable_without_key"]) == ("whole", False)
    answer(
        own_shop, "restore", "latest", str(tmp_path / "letters"), "--target", str(tmp_path / "b")
    )
    assert (tmp_path / "b/letters/one.txt").read_text(encoding="utf-8") == "dear all"
    assert answer(own_shop, "status")["is_good"]
    assert own_shop.kept("verify").code == 0


def test_beside_a_server(own_shop: Shop, tmp_path) -> None:
    """The server copies; the terminal shows how far it is and reads the copy itself."""
    place(own_shop, tmp_path)
    with own_shop.served():
        until = time.monotonic() + PATIENCE_S
        while (said := own_shop.kept("backup", "run", "closet", "--json")).code == 11:
            assert time.monotonic() < until  # the server makes its first copy by itself
            time.sleep(0.5)
        assert said.code == 0, said.err
        assert answer(own_shop, "list")[0]["id"] == said.json["snapshot_id"]
        assert answer(own_shop, "check")["num_errors"] == 0


def test_forgetting_asks_where_no_drill_passed(own_shop: Shop, tmp_path) -> None:
    """The house tells what it saw and tried; with a drill the usual brakes alone are left."""
    place(own_shop, tmp_path)
    for _ in range(3):
        answer(own_shop, "run")
    rules = ("forget", "--policy", "last 2", "--grace-dir", str(tmp_path / "grace"))
    assert answer(own_shop, *rules, "--dry-run")["brakes"] == ["no drill passed for 35 days"]
    assert own_shop.kept("backup", *rules).code == 1
    assert len(answer(own_shop, "list")) == 3
    answer(own_shop, "drill")
    assert answer(own_shop, *rules)["brakes"] == []
    assert len(answer(own_shop, "list")) == 2
    assert own_shop.kept("verify").code == 0


def test_a_place_goes_off_the_list_when_somebody_says_yes(own_shop: Shop, tmp_path) -> None:
    """Nothing at it is deleted, the status is honest afterwards, and the ledger is whole."""
    closet = place(own_shop, tmp_path)
    shelf = ("backup", "add", "shelf", str(tmp_path / "shelf"), "--keys", "--same-disk")
    assert own_shop.kept(*shelf).code == 0
    answer(own_shop, "run")
    assert own_shop.kept("backup", "run", "shelf").code == 0
    before = sorted(closet.rglob("*"))
    unsaid = own_shop.kept("backup", "remove", "closet")
    assert (unsaid.code, "--yes" in unsaid.err) == (1, True)
    assert answer(own_shop, "remove", "closet", "--yes")["left"] == []
    assert sorted(closet.rglob("*")) == before
    assert own_shop.kept("backup", "status").code == 1
    refused = own_shop.kept("backup", "remove", "shelf", "--yes")
    assert (refused.code, "destroyed" in refused.err) == (1, True)
    answer(own_shop, "remove", "shelf", "--yes", "--destroyed")
    assert answer(own_shop, "places") == []
    assert own_shop.kept("backup", "remove", "shelf", "--yes").code == 1
    assert own_shop.kept("verify").code == 0


def test_a_place_on_the_same_disk_must_be_wanted(own_shop: Shop, tmp_path) -> None:
    """Both would burn together."""
    said = own_shop.kept("backup", "add", "closet", str(tmp_path / "closet"))
    assert said.code == 1
    assert "same disk" in said.err
    assert "--same-disk" in said.err
    assert answer(own_shop, "places") == []
    assert own_shop.kept("backup", "run").code == 1


def test_a_place_that_went_away_is_told(own_shop: Shop, tmp_path) -> None:
    """The run fails, the status names it, and the copy that stood is not touched."""
    closet = place(own_shop, tmp_path)
    answer(own_shop, "run")
    closet.rename(tmp_path / "elsewhere")
    assert own_shop.kept("backup", "run").code in {1, 10}
    (row,) = answer(own_shop, "places")
    assert row["last"] == "failed"
    assert own_shop.kept("backup", "status").code == 1


def burn(tmp_path: Path, env: dict[str, str]) -> dict[str, str]:
    """A house that was copied and is gone; the page's words and what they stand for.

    It was called by a path that holds in its working folder alone, as most people type it.
    """
    phrase, new, words = tmp_path / "phrase", tmp_path / "new", tmp_path / "words"
    phrase.write_text(PHRASE, encoding="utf-8")
    new.write_text(NEW, encoding="utf-8")
    at = Path(os.path.relpath(tmp_path / "old"))
    shop = Shop(at, {"KEPT_PASSPHRASE_FILE": str(phrase), **env})
    made = shop.kept("init", "--name=Tea", "--owner=owner@example.org", "--json")
    assert made.code == 0, made.err
    words.write_text(made.json["recovery_words"], encoding="utf-8")
    for name, more in (("data", ()), ("keys", ("--keys",))):
        added = shop.kept("backup", "add", name, str(tmp_path / name), "--same-disk", *more)
        assert added.code == 0, added.err
        ran = shop.kept("backup", "run", name)
        assert ran.code == 0, ran.err
    shutil.rmtree(shop.folder)
    return {
        "./shop": str(tmp_path / "shop"),
        "DATA": str(tmp_path / "data"),
        "KEYS": str(tmp_path / "keys"),
        "WORDS": str(words),
        "NEW": str(new),
    }


@pytest.fixture
def burnt(tmp_path: Path) -> dict[str, str]:
    """A house in files that is gone."""
    return burn(tmp_path, {})


def typed(line: str, given: dict[str, str], env: dict[str, str] | None = None) -> Done:
    """A command of the page, with its words put in."""
    told: list[str] = re.findall(r'"[^"]*"|\S+', line)
    words = [str(given.get(word, word.strip('"'))) for word in told]
    done = subprocess.run(
        [*KEPT, *words],
        env={**clean(), **(env or {})},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Done(done.returncode, done.stdout, done.stderr)


def test_the_page_brings_the_house_back(burnt: dict[str, str]) -> None:
    """Its first four commands, as they stand there, one after the other."""
    page = PAGE.read_text(encoding="utf-8")
    lines = re.findall(r"^   `kept (--data [^`]*)`$", page, re.MULTILINE)
    said = [typed(line, burnt) for line in lines]
    assert [one.code for one in said] == [0, 0, 0, 0], said
    assert "ledger succeed" in said[1].out  # `adopt` would sign a second history
    assert "Whole" in said[-1].out
    listed = typed("--data ./shop --passphrase-file NEW backup places --json", burnt)
    (row,) = listed.json  # the place of keys was added after the copy
    assert (row["is_running"], row["is_unfinished"]) == (False, True)
    assert "unfinished" in typed("--data ./shop --passphrase-file NEW backup places", burnt).out


@pytest.mark.needs("postgres")
def test_the_page_brings_a_house_in_postgresql_back(
    tmp_path: Path, postgres_database: Callable[[], str]
) -> None:
    """The same commands after its `export`, into empty databases; without it step 1 says so."""
    given = burn(tmp_path, {"KEPT_DSN": postgres_database(), "KEPT_KEYS_DSN": postgres_database()})
    page = PAGE.read_text(encoding="utf-8")
    lines = re.findall(r"^   `kept (--data [^`]*)`$", page, re.MULTILINE)
    refused = typed(lines[0], given)
    assert refused.code == 1
    assert "lay in PostgreSQL" in refused.err
    for word in ("DATABASE", "KEYS-DATABASE"):
        (tmp_path / word).write_text(postgres_database(), encoding="utf-8")
    (told,) = re.findall(r"^   `export ([^`]*)`$", page, re.MULTILINE)
    env = {name: str(tmp_path / word) for name, word in (one.split("=") for one in told.split())}
    said = [typed(line, given, env) for line in lines]
    assert [one.code for one in said] == [0, 0, 0, 0], said
    assert "Whole" in said[-1].out
    assert not Path(given["./shop"], "data.db").exists()


def test_other_words_bring_nothing_back(burnt: dict[str, str]) -> None:
    """They are told as such, and no data folder is made."""
    Path(burnt["WORDS"]).write_text("babab " * 16 + "kinom\n", encoding="utf-8")
    done = typed("--data ./shop backup --repo DATA rebuild --keys KEYS --words-file WORDS", burnt)
    assert done.code == 1
    assert not Path(burnt["./shop"]).exists()
    assert not Path(burnt["./shop"] + ".rebuilding").exists()


def test_json_of_a_house_is_told_in_lines(own_shop: Shop, tmp_path) -> None:
    """Each line is an object, the last one the summary."""
    place(own_shop, tmp_path)
    said = own_shop.kept("backup", "run", "--json")
    lines = [json.loads(line) for line in said.out.splitlines()]
    assert lines[-1]["message_type"] == "summary"
    assert {line["message_type"] for line in lines[:-1]} <= {"status"}


@pytest.mark.parametrize(
    ("typed_", "said"),
    [
        (["--repo", "X", "rnu"], 'Unknown command "rnu". Did you mean "run"?'),
        (["--rep", "X", "run"], "Unknown option: --rep. Did you mean --repo?"),
        (["--repo=X", "--jsn", "run"], "Unknown option: --jsn. Options of a command stand after"),
        (["--repo", "X", "run", "--frce"], "Unknown option: --frce. Did you mean --force?"),
    ],
)
def test_a_slip_of_the_finger_is_named(tmp_path, typed_: list[str], said: str) -> None:
    """What was mistyped, and what it may have been."""
    done = Shop(tmp_path / "none").kept("backup", *typed_)
    assert (done.code, said in done.err) == (2, True), done.err


def test_founded_houses_have_no_place(own_shop: Shop) -> None:
    """And say what to type."""
    said = own_shop.kept("backup", "list")
    assert said.code == 1
    assert "kept backup add" in said.err


def test_a_ledger_out_of_a_copy_is_not_adopted(burnt: dict[str, str]) -> None:
    """It would sign a second history: refused until the ledger told what was lost."""
    house = "--data ./shop --passphrase-file NEW"
    for line in (
        "--data ./shop backup --repo DATA rebuild --keys KEYS --words-file WORDS",
        "--data ./shop keyring recover --words-file WORDS --new-passphrase-file NEW",
    ):
        assert typed(line, burnt).code == 0
    adopted = typed(f"{house} ledger adopt", burnt)
    assert adopted.code == 5
    assert "ledger succeed" in adopted.err
    assert not (Path(burnt["./shop"]) / "high-water").exists()
    assert typed(f'{house} ledger succeed --reason "It burnt."', burnt).code == 0
    assert typed(f"{house} verify", burnt).code == 0
    assert not (Path(burnt["./shop"]) / "from-copy").exists()
