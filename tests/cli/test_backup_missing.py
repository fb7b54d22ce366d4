"""Does the house notice what somebody took away from a place, and does it sign what it found?"""

from pathlib import Path

import pytest

from kept.backup.keeping.statement import read
from kept.backup.model.inventory import inventory, inventory_root
from kept.ledger.notes import VerifierKey
from terminal import Shop


@pytest.fixture
def closet(own_shop: Shop, tmp_path: Path) -> Path:
    """A place with two copies."""
    at = tmp_path / "closet"
    made = own_shop.kept("backup", "add", "b", str(at), "--same-disk")
    assert made.code == 0, made.err
    for _ in range(2):
        done = own_shop.kept("backup", "run", "b")
        assert (done.code, "gone" in done.err) == (0, False), done.err
    return at


def files(closet: Path, kind: str) -> list[Path]:
    """What lies there, sorted."""
    return sorted(path for path in (closet / kind).rglob("*") if path.is_file())


def test_a_snapshot_that_was_taken_away_is_named(own_shop: Shop, closet: Path) -> None:
    """By both checks, each of which found nothing before, and by the run that comes next."""
    for words in (("check",), ("possession", "check")):
        before = own_shop.kept("backup", *words, "--place", "b", "--json")
        assert before.code == 0, before.err
    victim = files(closet, "snapshots")[0]
    victim.unlink()
    name = f"snapshots/{victim.name}"
    checked = own_shop.kept("backup", "check", "--place", "b", "--json")
    assert (checked.code, checked.json["num_errors"]) == (1, 1)
    (found,) = [one for one in checked.json["findings"] if not one["is_harmless"]]
    assert found["name"] == name
    held = own_shop.kept("backup", "possession", "check", "--place", "b", "--json")
    assert (held.code, held.json["gone"]) == (1, [name])
    plain = own_shop.kept("backup", "possession", "check", "--place", "b")
    assert (plain.code, name in plain.out, "NOT WHOLE" in plain.out) == (1, True, True)
    ran = own_shop.kept("backup", "run", "b")
    assert (ran.code, name in ran.err) == (0, True)
    assert "check --place b --read-data" in ran.err
    assert own_shop.kept("backup", "run", "b").err.count("gone") == 0
    assert own_shop.kept("verify").code == 0


def test_parts_that_were_taken_away_are_named(own_shop: Shop, closet: Path) -> None:
    """With the indexes that told of them, so that nothing else at the place does."""
    gone = [*files(closet, "data")[:1], *files(closet, "index")]
    names = sorted(f"{path.relative_to(closet).parts[0]}/{path.name}" for path in gone)
    for path in gone:
        path.unlink()
    held = own_shop.kept("backup", "possession", "check", "--place", "b", "--json")
    assert (held.code, held.json["gone"]) == (1, names)
    checked = own_shop.kept("backup", "check", "--place", "b", "--json")
    assert set(names) <= {one["name"] for one in checked.json["findings"]}
    ran = own_shop.kept("backup", "run", "b", "--json")
    assert ran.json["gone"] == names


def test_what_the_house_itself_removed_is_no_fault(
    own_shop: Shop, closet: Path, tmp_path: Path
) -> None:
    """Forgotten, then cleaned: all checks pass, and so does the next run."""
    assert own_shop.kept("backup", "drill", "b").code == 0
    rules = ("forget", "--policy", "last 1", "--grace-dir", str(tmp_path / "grace"))
    forgot = own_shop.kept("backup", *rules)
    assert forgot.code == 0, forgot.err
    assert len(files(closet, "snapshots")) == 1
    before = {*files(closet, "data"), *files(closet, "index")}
    (tmp_path / "grace").rename(tmp_path / "away")  # or what is let go is spared
    pruned = own_shop.kept("backup", "prune", "--grace-dir", str(tmp_path / "grace"))
    assert pruned.code == 0, pruned.err
    assert before - {*files(closet, "data"), *files(closet, "index")}
    for words in (("check",), ("possession", "check"), ("run",)):
        done = own_shop.kept("backup", *words, "--place", "b")
        assert (done.code, "gone" in done.out + done.err) == (0, False), (words, done)


def test_the_house_signs_what_a_check_without_a_key_found(
    own_shop: Shop, closet: Path, tmp_path: Path
) -> None:
    """Its key holds, its own newest page drew the sample, and an act names the note."""
    note = tmp_path / "result.note"
    done = own_shop.kept(
        "backup",
        "possession",
        "check",
        "--place",
        "b",
        "--sample",
        "1",
        "--note",
        str(note),
        "--json",
    )
    assert done.code == 0, done.err
    key = VerifierKey.parse(done.json["key"])
    told = read(note.read_bytes(), key)
    assert note.read_text(encoding="utf-8") == done.json["note"]
    assert (told.client, told.asked, told.bad_count) == ("b", 1, 0)
    assert told.seed.source.startswith("checkpoint ")
    assert key.name == told.seed.source.split()[1]
    items = inventory(
        (kind, path.name, path.stat().st_size)
        for kind in ("data", "index", "keys", "snapshots")
        for path in files(closet, kind)
    )
    size = (closet / "config").stat().st_size
    whole = inventory([*((i.kind, i.name, i.size) for i in items), ("config", "", size)])
    assert told.inventory == inventory_root(whole).hex()
    assert done.json["act"]
    assert own_shop.kept("verify").code == 0


def test_a_witness_signs_with_a_key_of_his_own(
    own_shop: Shop, closet: Path, tmp_path: Path
) -> None:
    """Without a house or a passphrase; the key is made once, and another's does not fit."""
    seed, page = tmp_path / "witness.key", tmp_path / "page"
    words = ("backup", "--repo", str(closet), "possession", "check", "--sign-with", str(seed))
    first = own_shop.kept(*words, "--json")
    again = own_shop.kept(*words, "--json")
    assert (first.code, again.code) == (0, 0), first.err
    assert first.json["key"] == again.json["key"]
    assert seed.stat().st_mode & 0o777 == 0o600
    key = VerifierKey.parse(first.json["key"])
    told = read(first.json["note"].encode(), key)
    assert (told.client, told.seed.source) == (str(closet), "chance")
    victim = files(closet, "data")[0]
    victim.chmod(0o600)
    victim.write_bytes(b"?")
    bad = own_shop.kept(*words, "--all", "--json")
    assert bad.code == 1
    assert read(bad.json["note"].encode(), key).bad == (f"data/{victim.name}",)
    unsigned = own_shop.kept(*words[:-2], "--note", str(page))
    assert (unsigned.code, page.exists()) == (1, False)
