"""Does `init` say what to type next, as this user types it, and leave private files alone?"""

import os
import stat
import subprocess
import sys

import pytest

from markdown_pages import ROOT
from terminal import Shop, clean, founded


def told(shop: Shop, *words: str) -> str:
    """What a new house's first words are."""
    key = f"--key-file={shop.folder.parent / 'root.key'}"
    made = shop.kept("init", "--name=Tea Shop", "--owner=owner@example.org", key, *words)
    assert made.code == 0, made.err
    return made.out


def test_the_next_command_is_named_as_the_first_was(tmp_path) -> None:
    """From a checkout it is `./dev kept`; installed it is `kept`."""
    shop = Shop(tmp_path / "shop", {"KEPT_PROGRAM": "./dev kept"})
    assert f"./dev kept --data {shop.folder} serve" in told(shop)
    (tmp_path / "b").mkdir()
    other = Shop(tmp_path / "b" / "shop")
    assert f":      kept --data {other.folder} serve" in told(other)
    gone = Shop(tmp_path / "gone", {"KEPT_PROGRAM": "./dev kept"}).kept("verify")
    assert f"./dev kept --data {tmp_path / 'gone'} init" in gone.err


def test_dev_tells_the_program_how_it_was_started(tmp_path) -> None:
    """`python dev kept` names itself as it was typed."""
    done = subprocess.run(
        [sys.executable, "dev", "kept", "--data", str(tmp_path / "none"), "verify"],
        cwd=ROOT,
        env=clean(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"dev kept --data {tmp_path / 'none'} init" in done.stderr


def test_the_link_names_its_port(tmp_path) -> None:
    """Another port of `serve` changes the link, unless the house has a public address."""
    assert "put that port into it" in told(Shop(tmp_path / "shop"))
    (tmp_path / "b").mkdir()
    placed = Shop(tmp_path / "b" / "shop", {"KEPT_PUBLIC_URL": "https://desk.example.org"})
    assert "put that port" not in told(placed)


def test_database_files_are_this_users_alone(tmp_path) -> None:
    """Mode 0600 whatever the umask says, for what lies beside them too, and mended at a start."""
    before = os.umask(0o022)
    try:
        shop = founded(tmp_path)
        (shop.folder / "data.db").chmod(0o644)
        with shop.served():
            modes = {
                path.name: stat.S_IMODE(path.stat().st_mode)
                for path in shop.folder.iterdir()
                if ".db" in path.name
            }
    finally:
        os.umask(before)
    assert {"data.db", "keys.db", "find.db", "data.db-wal", "data.db-shm"} <= set(modes)
    assert {name: oct(mode) for name, mode in modes.items() if mode != 0o600} == {}


@pytest.mark.parametrize("before", [[], ["staff", "list"]])
def test_a_log_that_follows_is_whole_at_once(own_shop, before: list[str]) -> None:
    """`ledger succeed` signs the next log before it ends, also where nothing was signed before."""
    if before:
        assert own_shop.kept(*before).code == 0
    assert own_shop.kept("ledger", "succeed", "--reason=a lost disk").code == 0
    said = own_shop.kept("verify", "--json")
    assert (said.code, said.json["faults"]) == (0, [])
    assert said.json["size"] > 0
    assert said.json["origin"].endswith("/ledger/2")


def test_one_change_is_one_place(own_shop) -> None:
    """The number of places is told in plain English."""
    (own_shop.folder / "high-water").write_bytes(b"nothing\n")
    said = own_shop.kept("verify")
    assert said.code == 1
    assert "CHANGED, in 1 place:" in said.out
