"""Does `kept backup --repo` work with no house at all, and does restic agree?"""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from backup_yard import PASSWORD, Yard, facts, interrupted, planted
from terminal import KEPT, clean


@pytest.fixture
def yard(tmp_path: Path) -> Yard:
    """Something to copy and a new repository."""
    yard = planted(tmp_path)
    assert yard.kept("init").code == 0
    return yard


@pytest.fixture
def bare(tmp_path: Path) -> Yard:
    """Something to copy, and no repository."""
    return planted(tmp_path)


@pytest.mark.needs("restic")
def test_restic_opens_and_restores_what_was_made(yard: Yard) -> None:
    """With the same password file; content, modes, owners, times and links are the same."""
    told = yard.done("run", "source", "--tag", "first", "--exclude", "*.none")
    assert told["files_new"] == 35
    assert told["unread"] == []
    (snapshot,) = json.loads(yard.restic("snapshots", "--json"))
    assert snapshot["id"] == told["snapshot_id"]
    assert snapshot["tags"] == ["kept:cut1", "first"]
    assert snapshot["excludes"] == ["*.none"]
    yard.restic("check", "--read-data")
    yard.restic("restore", "latest", "--target", yard.folder / "back")
    back = yard.folder / "back" / yard.source.relative_to("/")
    assert facts(back) == facts(yard.source)


@pytest.mark.needs("restic")
def test_what_restic_wrote_comes_back(bare: Yard) -> None:
    """A repository of restic's own, opened and restored by us."""
    bare.restic("init", "--repository-version", "2")
    bare.restic("backup", bare.source)
    told = bare.done("restore", "latest", "--target", "back", "--verify")
    assert told["lost"] == []
    assert told["files_restored"] == 35
    assert told["verified"] == 34  # the second name of a file is not read again
    assert facts(bare.folder / "back" / bare.source.relative_to("/")) == facts(bare.source)


def test_a_second_run_adds_nothing(yard: Yard) -> None:
    """Unchanged files are not read; with --force they are, and still nothing is stored twice."""
    yard.done("run", "source")
    again = yard.done("run", "source")
    assert (again["files_unmodified"], again["data_blobs"]) == (35, 0)
    forced = yard.done("run", "source", "--force")
    assert (forced["files_unmodified"], forced["data_blobs"]) == (0, 0)


def test_a_dry_run_stores_nothing(yard: Yard) -> None:
    """It says what it would do; no part, index, snapshot or lock is left."""
    told = yard.done("run", "source", "--dry-run")
    assert (told["files_new"], told["snapshot_id"]) == (35, None)
    assert yard.parts() == []
    assert [yard.names(kind) for kind in ("index", "snapshots", "locks")] == [[], [], []]


def test_progress_is_told_in_lines(yard: Yard) -> None:
    """Status in restic's words, then one summary, each line an object."""
    said = yard.kept("run", "source", "--json")
    lines = [json.loads(line) for line in said.out.splitlines()]
    assert {line["message_type"] for line in lines[:-1]} == {"status"}
    assert lines[-1]["message_type"] == "summary"
    assert lines[-2]["files_done"] == 35


def test_the_repository_is_not_copied_into_itself(yard: Yard) -> None:
    """Even when the folder that holds it is copied."""
    yard.done("run", yard.folder)
    restored = yard.done("restore", "latest", "--target", yard.folder / "back", "--dry-run")
    assert restored["files_restored"] == 36  # the source and the password file


def test_one_file_or_folder_comes_back(yard: Yard) -> None:
    """Under its own name, or with the folders above it."""
    yard.done("run", "source")
    deep = yard.source / "deep"
    yard.done("restore", "latest", deep, "--target", "a")
    assert min((yard.folder / "a/deep").iterdir()).name == "note00.txt"
    yard.done("restore", "latest", yard.source / "empty", "--target", "b", "--full-paths")
    assert (yard.folder / "b" / (yard.source / "empty").relative_to("/")).read_bytes() == b""


def test_a_target_that_holds_something_is_left_alone(yard: Yard) -> None:
    """Unless files in it may be replaced."""
    yard.done("run", "source")
    target = yard.folder / "full"
    target.mkdir()
    (target / "mine").write_text("mine", encoding="utf-8")
    said = yard.kept("restore", "latest", "--target", target)
    assert said.code == 1
    assert "holds something already" in said.err
    assert [path.name for path in target.iterdir()] == ["mine"]
    yard.done("restore", "latest", "--target", target, "--replace")
    assert (target / "mine").read_text(encoding="utf-8") == "mine"


def test_a_lost_part_is_told_and_the_rest_comes_back(yard: Yard) -> None:
    """Exit code 1; every file that is lost is named with the reason."""
    yard.done("run", "source")
    largest = max(yard.parts(), key=lambda path: path.stat().st_size)
    largest.chmod(0o600)
    largest.unlink()
    said = yard.kept("restore", "latest", "--target", "back", "--json")
    assert said.code == 1
    lost = {one["path"].rpartition("/")[2]: one["why"] for one in said.json["lost"]}
    assert lost["big.bin"] == "missing"
    assert f"lost: {yard.source}/big.bin: missing" in said.err


class TestExitCodes:
    """As restic's, so that what watches the one can watch the other."""

    def test_10_no_repository(self, bare: Yard) -> None:
        """And what to do about it."""
        said = bare.kept("run", "source", "--json")
        assert (said.code, said.error["exit"]) == (10, 10)
        assert "init" in said.error["message"]

    def test_12_wrong_password(self, yard: Yard) -> None:
        """It is not shown."""
        other = yard.folder / "other"
        other.write_text("another password", encoding="utf-8")
        said = yard.kept("key", "list", password=other)
        assert said.code == 12
        assert "another password" not in said.err

    @pytest.mark.needs("restic")
    def test_11_locked_by_restic(self, yard: Yard) -> None:
        """A restic at work holds a lock; what needs the repository alone says who has it."""
        told = ["restic", "-r", yard.repo, "--password-file", yard.password, "--no-cache"]
        with subprocess.Popen(
            [*map(str, told), "backup", "--stdin"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
        ) as restic:
            until = time.monotonic() + 30
            while not yard.names("locks") and time.monotonic() < until:
                time.sleep(0.05)
            said = yard.kept("adopt")
            kept_going = yard.kept("run", "source")
            assert restic.stdin is not None
            restic.stdin.close()
        assert said.code == 11
        assert str(restic.pid) in said.err
        assert kept_going.code == 0  # two that only add may work side by side
        assert yard.kept("adopt").code == 0

    def test_3_partial(self, yard: Yard) -> None:
        """A snapshot is made; what is missing is named."""
        said = yard.kept("run", "source", yard.folder / "gone", "--json")
        assert said.code == 3
        assert said.json["snapshot_id"] is not None
        (unread,) = said.json["unread"]
        assert unread == {"path": str(yard.folder / "gone"), "why": "No such file or directory"}

    def test_1_nothing_there(self, yard: Yard) -> None:
        """A disk that is not mounted makes no empty snapshot."""
        yard.done("run", "source")
        assert yard.kept("run", yard.folder / "gone").code == 1
        assert len(yard.names("snapshots")) == 1

    @pytest.mark.parametrize(
        ("words", "code"),
        [
            (("init",), 1),
            (("restore", "ffffffff", "--target", "x"), 1),
            (("restore", "latest"), 2),
            (("run",), 1),
            (("nonsense",), 2),
            (("run", "source", "--part-size", "3"), 1),
            (("run", "source", "--exclude", "[a"), 1),
        ],
    )
    def test_mistakes(self, yard: Yard, words: tuple[str, ...], code: int) -> None:
        """In plain words, on standard error alone."""
        said = yard.kept(*words)
        assert (said.code, said.out) == (code, "")
        assert said.err.strip()

    def test_plain_transports_are_refused(self, bare: Yard) -> None:
        """Before anything is sent; the address is not repeated, it may hold a password."""
        words = [*KEPT, "backup", "--repo", "rest:http://u:hunter22@198.51.100.7/x", "init"]
        said = subprocess.run(
            [*words, "--passphrase-file", str(bare.password)],
            env=clean(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert said.returncode == 1
        assert "without encryption" in said.stderr
        assert "hunter22" not in said.stderr + said.stdout

    def test_no_password(self, yard: Yard) -> None:
        """Asked for at a terminal only; elsewhere the option is named."""
        words = [*KEPT, "backup", "--repo", str(yard.repo), "run", "source"]
        said = subprocess.run(
            words,
            env=clean(),
            cwd=yard.folder,
            input="",
            capture_output=True,
            text=True,
            check=False,
        )
        assert said.returncode == 1
        assert "--passphrase-file" in said.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_is_safe_and_the_next_run_goes_on(yard: Yard, number: int) -> None:
    """130, no snapshot, no lock; what was stored is not sent again."""
    (yard.source / "huge").write_bytes(os.urandom(14_000_000))
    command = ("--limit-upload", "4000", "run", "source", "--part-size", "4")
    ended = interrupted(yard.begun(*command), number)
    assert ended.code == 130, ended
    assert "the next run goes on from there" in ended.err
    assert yard.names("snapshots") == []
    assert yard.names("locks") == []
    stored = sum(path.stat().st_size for path in yard.parts())
    again = yard.done("run", "source", "--part-size", "4")
    assert again["snapshot_id"]
    total = sum(path.stat().st_size for path in yard.parts())
    assert again["data_added_packed"] <= total - stored + 1_000_000
    told = yard.done("restore", "latest", "--target", "back", "--verify")
    assert told["lost"] == []


def test_killed_and_run_again(yard: Yard) -> None:
    """After kill -9 its lock is removed by the next run itself, its parts are taken over."""
    (yard.source / "huge").write_bytes(os.urandom(14_000_000))
    process = yard.begun("--limit-upload", "4000", "run", "source", "--part-size", "4")
    until = time.monotonic() + 30
    while not yard.parts() and time.monotonic() < until:
        time.sleep(0.05)
    process.kill()
    process.communicate()
    stored = len(yard.parts())
    assert stored
    assert len(yard.names("locks")) == 1
    again = yard.done("run", "source", "--part-size", "4")
    assert again["adopted_parts"] == stored
    assert yard.names("locks") == []


class TestKeys:
    """Passphrases in and out."""

    @pytest.mark.needs("restic")
    def test_a_second_passphrase_opens_too_until_it_is_removed(self, yard: Yard) -> None:
        """The one in use cannot be removed."""
        second = yard.folder / "second"
        second.write_text("  a second passphrase \r\n", encoding="utf-8")  # as restic trims it
        added = yard.done("key", "add", "--new-passphrase-file", second)
        used = {one["id"]: one["in_use"] for one in yard.done("key", "list")}
        assert len(used) == 2
        assert used[added["id"]] is False
        assert yard.kept("key", "list", password=second).code == 0
        told = ["restic", "-r", yard.repo, "--password-file", second, "--no-cache", "snapshots"]
        assert (
            subprocess.run(list(map(str, told)), capture_output=True, check=False).returncode == 0
        )
        refused = yard.kept("key", "remove", added["id"][:8], password=second)
        assert refused.code == 1
        yard.done("key", "remove", added["id"][:8])
        assert yard.kept("key", "list", password=second).code == 12

    def test_the_sheet_opens_only_after_it_was_typed(self, yard: Yard) -> None:
        """Printed, typed with numbers and capitals as people do, and then it opens."""
        sheet = yard.folder / "sheet.txt"
        ended, told = run_kit(yard, sheet, lambda words: "\n" * 4 + copied(words))
        assert ended == 0
        paper = yard.folder / "typed"
        paper.write_text(" ".join(words_of(told)) + "\n", encoding="utf-8")
        assert yard.kept("run", "source", password=paper).code == 0
        assert sheet.stat().st_mode & 0o777 == 0o600

    def test_a_sheet_that_opens_nothing_does_not_stay(self, yard: Yard) -> None:
        """Other words, three times: no key is made, and the file with the words is gone."""
        sheet = yard.folder / "sheet.txt"
        ended, told = run_kit(yard, sheet, lambda _: "babab\n" * 3)
        assert ended == 1
        assert len(words_of(told)) == 9
        assert not sheet.exists()
        assert len(yard.names("keys")) == 1

    def test_without_a_terminal_no_sheet_is_made(self, yard: Yard) -> None:
        """Nobody could type the words again, so they are not shown either."""
        sheet = yard.folder / "sheet.txt"
        for words in ((), ("--to", sheet)):
            said = yard.kept("key", "kit", *words, stdin="babab\n" * 3)
            assert (said.code, said.out) == (1, "")
            assert "RECOVERY SHEET" not in said.err
            assert "terminal" in said.err
        assert not sheet.exists()

    def test_the_page_to_print_loads_nothing(self, yard: Yard) -> None:
        """It holds the words and says what they open, and no address of another site."""
        _, text = run_kit(yard, yard.folder / "sheet.html", lambda _: "\x04")  # Ctrl-D
        assert str(yard.repo) in text
        assert text.count("<li>") == 9
        assert "http" not in text


def words_of(sheet: str) -> list[str]:
    """The words on a sheet."""
    lines = sheet.split("in this order:")[1].split("Whoever", maxsplit=1)[0]
    return [word for word in lines.split() if word.isalpha()]


def copied(sheet: str) -> str:
    """The words as people type them off a sheet."""
    words = enumerate(words_of(sheet), start=1)
    return ", ".join(f"{n}. {word.upper()}" for n, word in words) + "\n"


def run_kit(yard: Yard, sheet: Path, typed: Callable[[str], str]) -> tuple[int, str]:
    """Make a sheet and type at a terminal when asked; the exit code, and the sheet as it was."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        yard.words("key", "kit", "--to", sheet),
        env=clean(),
        stdin=theirs,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        os.close(theirs)
        assert process.stderr is not None
        process.stderr.readline()  # "The sheet is in …": it is whole
        told = sheet.read_text(encoding="utf-8")
        os.write(ours, typed(told).encode())
        process.communicate(timeout=60)
    os.close(ours)
    return process.returncode, told


@pytest.mark.needs("restic")
def test_a_lost_index_is_mended(yard: Yard) -> None:
    """Every index file gone: adopt reads the parts, and restic is content."""
    yard.done("run", "source")
    for name in yard.names("index"):
        path = yard.repo / "index" / name
        path.chmod(0o600)
        path.unlink()
    told = yard.done("adopt")
    assert told["parts"] == len(yard.parts())
    yard.restic("check", "--read-data")


def test_unlock_takes_stale_locks_alone(yard: Yard) -> None:
    """One of a process that was killed goes; nothing else was there."""
    (yard.source / "huge").write_bytes(os.urandom(20_000_000))
    process = yard.begun("--limit-upload", "2000", "run", "source")
    until = time.monotonic() + 30
    while not yard.names("locks") and time.monotonic() < until:
        time.sleep(0.05)
    assert yard.done("unlock") == {"removed": 0, "left": 1}
    process.kill()
    process.communicate()
    assert yard.done("unlock") == {"removed": 1, "left": 0}


def test_a_person_at_a_terminal_sees_it_go_on(yard: Yard) -> None:
    """A line with files and speed is drawn, with the whole once it was counted (after 5 s)."""
    (yard.source / "huge").write_bytes(os.urandom(6_000_000))
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        yard.words("--limit-upload", "700", "run", "source"),
        env={**clean(), "TERM": "xterm", "COLUMNS": "120"},
        cwd=yard.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        seen = b""
        while True:
            try:
                said = os.read(ours, 65536)
            except OSError:
                break
            if not said:
                break
            seen += said
        assert process.stdout is not None
        told = process.stdout.read().decode()
    os.close(ours)
    assert process.returncode == 0
    assert re.search(rb"\d+/\d+ files", seen)
    assert b"MB" in seen
    assert told.splitlines()[-1].startswith("Snapshot ")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_help_loads_no_heavy_module() -> None:
    """`kept backup --help` must answer at once: neither httpx nor cryptography is loaded."""
    program = (
        "import sys; from kept.cli.main import run; run(['backup', '--help']);"
        "print([m for m in ('httpx', 'cryptography', 'apsw', 'rich.progress', 'zstandard',"
        " 'kept.backup') if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=clean(), capture_output=True, text=True, check=False
    )
    assert done.stderr.strip() == "[]"
    assert PASSWORD not in done.stdout


class TestLooking:
    """What is in the copies, whether they are whole, and what goes."""

    def test_lists_finds_and_differs(self, yard: Yard) -> None:
        """Two snapshots apart by one file more and one less."""
        first = yard.done("run", "source")["snapshot_id"]
        (yard.source / "empty").unlink()
        (yard.source / "new").write_text("new", encoding="utf-8")
        second = yard.done("run", "source")["snapshot_id"]
        assert [one["id"] for one in yard.done("list")] == [second, first]
        assert yard.kept("find", "empty", "--json").json["snapshot"] == first
        assert yard.kept("find", "nowhere").code == 1
        told = yard.kept("diff", first[:8], "latest", "--json").out.splitlines()
        changed = {json.loads(line)["path"]: json.loads(line)["modifier"] for line in told[:-1]}
        assert changed[f"{yard.source}/new"] == "+"
        assert changed[f"{yard.source}/empty"] == "-"

    def test_one_wrong_byte_is_found_with_and_without_the_key(self, yard: Yard) -> None:
        """Exit 1; by check, by possession and by a stranger with the folder alone."""
        yard.done("run", "source")
        clean_root = yard.done("keyless", yard.repo)["inventory_root"]
        assert yard.done("check", "--read-data")["num_errors"] == 0
        part = max(yard.parts(), key=lambda path: path.stat().st_size)
        part.chmod(0o600)
        with part.open("r+b") as file:
            file.seek(1000)
            byte = file.read(1)
            file.seek(1000)
            file.write(bytes([byte[0] ^ 1]))
        assert yard.done("check", "--read-data", code=1)["num_errors"] > 0
        assert yard.done("possession", "check", "--all", code=1)["bad"] == [f"data/{part.name}"]
        assert yard.done("keyless", yard.repo, code=1)["bad"] == [f"data/{part.name}"]
        part.unlink()
        assert yard.done("keyless", yard.repo, "--root", clean_root, code=1)["bad"] == []

    @pytest.mark.needs("restic")
    def test_forget_waits_and_prune_makes_room(self, yard: Yard) -> None:
        """What was forgotten comes back; more than half asks; restic is content afterwards."""
        for number in range(3):
            (yard.source / "big.bin").write_bytes(os.urandom(1_000_000 + number))
            yard.done("run", "source")
        grace = ("--grace-dir", yard.folder / "grace")
        assert yard.kept("forget", "--keep-last", "1", *grace).code == 1
        assert len(yard.names("snapshots")) == 3
        (gone,) = yard.done("forget", "--keep-last", "2", *grace)["remove"]
        assert len(yard.names("snapshots")) == 2
        yard.done("bring-back", gone[:8], *grace)
        assert gone in yard.names("snapshots")
        yard.done("forget", gone, *grace)
        held = len(yard.parts())
        assert yard.done("prune", *grace)["removed_parts"] == 0  # spared while it can come back
        assert len(yard.parts()) >= held
        freed = yard.done("prune", "--grace-dir", yard.folder / "none")["freed_bytes"]
        assert freed > 900_000
        yard.restic("check", "--read-data")
