"""What does the terminal say when something is wrong, and is nothing lost?"""

import signal
import socket
import sqlite3
import stat
import subprocess
from pathlib import Path

import pexpect
import pytest

from kept.ledger.high_water.file import FileHighWater
from terminal import KEPT, PATIENCE_S, Shop, clean, founded

PHRASE = "a long walk by the river at dawn"
NEW, AGAIN = "(write it down): ", "The same again: "


@pytest.fixture(scope="module")
def phrased(tmp_path_factory) -> Shop:
    """A house that opens with a passphrase, kept in a file."""
    folder = tmp_path_factory.mktemp("phrased")
    right = folder / "right"
    right.write_text(f"{PHRASE}\n", encoding="utf-8")
    shop = Shop(folder / "shop", {"KEPT_PASSPHRASE_FILE": str(right)})
    made = shop.kept("init", "--name=Tea Shop", "--owner=owner@example.org")
    assert made.code == 0, made.err
    assert "RECOVERY WORDS" in made.out
    return shop


def test_a_wrong_passphrase_changes_nothing(phrased, tmp_path) -> None:
    """Code 3 and plain words; --passphrase-file wins over the environment."""
    wrong = tmp_path / "wrong"
    wrong.write_text("another walk by another river\n", encoding="utf-8")
    said = phrased.kept("--passphrase-file", str(wrong), "verify", "--json")
    assert (said.code, said.out) == (3, "")
    assert said.error["code"] == "wrong_passphrase"
    assert phrased.kept("verify").code == 0


def test_no_passphrase_and_nobody_to_ask(phrased, tmp_path) -> None:
    """Without a terminal nothing waits for an answer."""
    bare = Shop(phrased.folder)
    assert bare.kept("verify", "--json").error["code"] == "passphrase_needed"
    new = Shop(tmp_path / "new").kept("init", "--name=A", "--owner=a@example.org", "--json")
    assert new.error["code"] == "passphrase_needed"
    assert not (tmp_path / "new").exists()
    gone = bare.kept("--passphrase-file", str(tmp_path / "none"), "verify")
    assert gone.code == 4


def typed(shop: Shop, words: list[str], answers: list[tuple[str, str]]) -> tuple[int, str]:
    """Run a command at a terminal; each answer is typed where its question ends."""
    line = [*KEPT[1:], "--data", str(shop.folder), *words]
    child = pexpect.spawn(KEPT[0], line, env=clean(), encoding="utf-8", timeout=PATIENCE_S)
    said = ""
    for question, answer in answers:
        child.expect_exact(question)
        said += f"{child.before}{question}"
        child.sendline(answer)
    child.expect(pexpect.EOF)
    said += str(child.before)
    return child.wait(), said


def test_the_passphrase_is_typed_twice(tmp_path) -> None:
    """Two that differ make no house; neither is ever shown."""
    shop = Shop(tmp_path / "shop")
    words = ["init", "--name=Tea Shop", "--owner=owner@example.org"]
    code, said = typed(shop, words, [(NEW, PHRASE), (AGAIN, PHRASE + "!")])
    assert (code, shop.folder.exists()) == (3, False)
    assert "differ" in said
    code, said = typed(shop, words, [(NEW, PHRASE), (AGAIN, PHRASE)])
    assert (code, PHRASE in said) == (0, False)
    code, said = typed(shop, ["verify"], [("Passphrase: ", PHRASE)])
    assert (code, "Whole" in said) == (0, True)


def test_a_missing_folder(tmp_path) -> None:
    """Code 4, with what to type."""
    said = Shop(tmp_path / "none").kept("verify")
    assert said.code == 4
    assert "init" in said.err
    (tmp_path / "empty").mkdir()
    assert Shop(tmp_path / "empty").kept("serve", "--port=0").code == 4


def test_a_folder_in_use_is_not_founded_again(shop) -> None:
    """The folder of a house stays as it is."""
    keyring = (shop.folder / "keyring.json").read_bytes()
    said = shop.kept("init", "--name=B", "--owner=b@example.org", "--key-file=/dev/null")
    assert said.code == 5
    assert (shop.folder / "keyring.json").read_bytes() == keyring


def test_a_newer_folder_is_left_alone(own_shop) -> None:
    """Data last used by a newer Kept: code 5, and nothing is migrated back."""
    with sqlite3.connect(own_shop.folder / "data.db") as db:
        db.execute("insert into schema_migration values (9999, 'next', '', 0)")
    db.close()
    said = own_shop.kept("verify")
    assert said.code == 5
    assert "newer" in said.err


def test_one_server_a_folder(own_shop) -> None:
    """The second is told who is first; commands go through the first; SIGTERM ends it with 0."""
    with own_shop.served() as first:
        second = own_shop.kept("serve", "--port=0")
        assert second.code == 5
        assert str(first.process.pid) in second.err
        mode = (own_shop.folder / "kept.sock").stat().st_mode
        assert stat.S_ISSOCK(mode)
        assert stat.S_IMODE(mode) == 0o600
        assert own_shop.kept("staff", "invite", "anna@example.org").code == 0
        assert own_shop.kept("ledger", "adopt").code == 5
        assert own_shop.kept("verify").code == 0
    assert first.process.returncode == 0
    assert not (own_shop.folder / "kept.sock").exists()
    assert own_shop.kept("staff", "list", "--json").json[0]["email"] == "anna@example.org"


def test_a_folder_with_a_long_path(tmp_path) -> None:
    """A socket's name has 108 bytes (unix(7)); a folder deeper than that works as any other."""
    folder = tmp_path / ("a-long-name-" * 10)
    folder.mkdir()
    shop = founded(folder)
    with shop.served():
        assert (shop.folder / "kept.sock").exists()
        listed = shop.kept("staff", "list", "--json")
        assert listed.json[0]["email"] == "owner@example.org"


def test_ctrl_c_ends_a_server_quietly(own_shop) -> None:
    """Code 130, one line that it ended, and the log holds no traceback."""
    with own_shop.served(end=signal.SIGINT) as served:
        pass
    assert served.process.returncode == 130
    assert served.said.splitlines()[-1] == "Ended."
    assert "Traceback" not in served.said


def test_a_killed_server_leaves_no_lock(own_shop) -> None:
    """A socket nobody listens on is passed over, and the lock died with its holder."""
    with own_shop.served(end=signal.SIGKILL):
        pass
    assert (own_shop.folder / "kept.sock").exists()
    assert own_shop.kept("verify").code == 0


def test_a_taken_port(shop) -> None:
    """Told at once, with code 75, and the folder is free again."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        said = shop.kept("serve", "--port", str(taken.getsockname()[1]))
    assert said.code == 75
    assert shop.kept("verify").code == 0


def test_a_part_of_a_server_needs_postgres(shop) -> None:
    """SQLite has one whole server."""
    assert shop.kept("serve", "--role=web").code == 5


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["nonsense"], 2),
        (["person", "show", "x"], 2),
        (["person", "forget", "not-an-id", "--yes"], 2),
        (["import", "/no/such/list.csv"], 4),
        (["import"], 2),
        (["verify", "/dev/null"], 2),
        (["book", "check", "/dev/null"], 2),
        (["ledger", "receipt", "999999", "--to=/dev/null"], 4),
    ],
)
def test_mistakes_have_their_codes(shop, words: list[str], code: int) -> None:
    """Each is told on standard error; standard output stays empty."""
    said = shop.kept(*words)
    assert (said.code, said.out) == (code, "")
    assert said.err.strip()


def test_what_is_missing_is_named(shop) -> None:
    """With the command that explains it."""
    said = shop.kept("person", "show", "x")
    assert (said.code, said.out) == (2, "")
    assert said.err.strip() == "usage: --purpose is missing; see kept person show --help"


def test_a_name_that_is_not_there_is_answered_with_those_that_are(shop, tmp_path) -> None:
    """Columns, fields and purposes; a list of which nothing is known is refused at once."""
    people, strange = tmp_path / "people.csv", tmp_path / "strange.csv"
    people.write_text("email,foo\nada@example.org,1\n", encoding="utf-8")
    strange.write_text("foo,bar\n1,2\n3,4\n", encoding="utf-8")
    for file, words, told in (
        (people, ["--map=foo=nosuch"], "fields are email, phone"),
        (people, ["--purpose=nosuch"], "answer, deliver"),
        (strange, [], "none of these is known: foo, bar; try --map foo=email"),
    ):
        said = shop.kept("import", str(file), "--yes", *words)
        assert (said.code, said.out) == (2, ""), words
        assert told in said.err


def test_a_wrong_correction_does_not_stand_in_the_way(shop, tmp_path) -> None:
    """At the preview a mistake is told and forgotten; the next answer counts."""
    people = tmp_path / "people.csv"
    people.write_text("email,foo\neve@example.org,Eve\n", encoding="utf-8")
    words = ["import", str(people)]
    correct, where = "no: stop. ", "come from? "
    answers = [(correct, "foo=nosuch"), (correct, "foo=name"), (correct, ""), (where, "our shop")]
    code, said = typed(shop, words, answers)
    assert (code, "Fields: email, phone" in said, "added: 1" in said) == (0, True, True), said


def test_a_reader_that_has_enough(shop) -> None:
    """A pipe that is closed at its other end ends the command without a word."""
    with subprocess.Popen(
        [*KEPT, "--data", str(shop.folder), "checkup"],
        env=clean(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
    assert (process.returncode, said) == (0, "")


def test_a_short_passphrase_is_refused_before_it_is_typed_again(tmp_path) -> None:
    """The prompt says how long it must be, and the second prompt does not come."""
    words = ["init", "--name=Tea Shop", "--owner=owner@example.org"]
    code, said = typed(Shop(tmp_path / "shop"), words, [(NEW, "short")])
    assert (code, "12 characters or more" in said, "again" in said) == (3, True, False)


def signed_size(mark: Path) -> int:
    """The second line of the checkpoint that stands in the mark."""
    note = FileHighWater(mark).read()
    assert note is not None
    return int(note.split(b"\n")[1])


def test_an_act_taken_in_but_not_signed_is_signed_by_the_next_command(own_shop) -> None:
    """A crash between the tree and the mark leaves an empty outbox; any command goes on from it."""
    assert own_shop.kept("staff", "invite", "anna@example.org").code == 0
    file = own_shop.folder / "high-water"
    before, content = signed_size(file), file.read_bytes()
    assert own_shop.kept("staff", "invite", "bert@example.org").code == 0
    file.write_bytes(content)
    with sqlite3.connect(own_shop.folder / "data.db") as db:
        db.execute("delete from ledger_checkpoints where size > ?", [before])
    db.close()
    assert own_shop.kept("staff", "list").code == 0
    assert signed_size(file) == before + 1
