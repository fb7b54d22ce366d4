"""Does what the terminal answers to a slip lead on: to a command, a file or a word that exists?"""

import os
import pty
import signal
import subprocess

import pytest

from terminal import KEPT, PATIENCE_S, Shop, clean


@pytest.fixture
def nothing(tmp_path) -> Shop:
    """Commands beside no house."""
    return Shop(tmp_path / "shop")


@pytest.mark.parametrize(
    ("typed", "command"),
    [
        ("backup add disk", "kept backup add"),
        ("backup restore", "kept backup restore"),
        ("backup receiver client add", "kept backup receiver client add"),
        ("person show", "kept person show"),
    ],
)
def test_the_command_of_a_hint_exists(nothing, typed: str, command: str) -> None:
    """What is named as the place to look is a command that shows its help."""
    said = nothing.kept(*typed.split())
    assert said.code == 2
    assert said.err.strip().endswith(f"is missing; see {command} --help")
    assert f"Usage: {command} " in nothing.kept(*command.split()[1:], "--help").out


@pytest.mark.parametrize("group", ["backup", "backup key", "backup receiver client"])
def test_a_group_alone_names_itself_whole(nothing, group: str) -> None:
    """`kept backup` is told as it is typed."""
    for words in ([], ["--help"]):
        said = nothing.kept(*group.split(), *words)
        assert f"Usage: kept {group} COMMAND" in said.out


def test_an_empty_default_is_not_told(nothing) -> None:
    """`[default: ""]` says nothing to anybody; a real default is told."""
    said = nothing.kept("backup", "add", "--help").out
    assert "default: 16" in said
    assert 'default: ""' not in said
    assert "default: ()" not in said


def test_a_client_is_added_once(nothing, tmp_path) -> None:
    """The second time is a refusal, not a lock that goes away."""
    words = ("backup", "receiver", "client", "add", "tea-shop", "--quota=1")
    here = ("--dir", str(tmp_path / "receiver"))
    assert nothing.kept(*words, *here).code == 0
    again = nothing.kept(*words, *here)
    assert again.code == 1
    assert "tea-shop is kept here already" in again.err


def test_another_language_is_answered_with_those_there_are(nothing) -> None:
    """Not silently in English."""
    for words in (["backup", "check"], ["backup", "cost"], ["backup", "status"], ["checkup"]):
        said = nothing.kept(*words, "--lang", "de")
        assert said.code == 2
        assert '"en", "ru"' in " ".join(said.err.split())


def test_a_key_that_is_no_file_is_told_as_such(nothing, tmp_path) -> None:
    """A wrong path is not judged as if it were a key; an empty file is called empty."""
    empty, raw = tmp_path / "empty", tmp_path / "raw"
    empty.touch()
    raw.write_bytes(b"\xff\xfe\xfd")
    gone = nothing.kept("verify", "receipt", "--key", "/no/such/file")
    assert (gone.code, gone.err) == (
        4,
        "/no/such/file cannot be read: No such file or directory.\n",
    )
    said = nothing.kept("verify", "receipt", f"--key={empty}")
    assert (said.code, said.err) == (2, f"verifier key: {empty} is empty\n")
    assert nothing.kept("verify", "receipt", f"--key={raw}").code == 2
    line = nothing.kept("verify", "receipt", "--key=tea.example/ledger+0badcafe+AAAA")
    assert (line.code, "verifier key:" in line.err) == (4, False)  # a line; the receipt is missing


def test_a_receipt_is_not_written_over_another_file(shop, tmp_path) -> None:
    """The same receipt again is no loss; anything else stays until it is told to go."""
    to = tmp_path / "receipt.tlog-proof"
    assert shop.kept("staff", "list").code == 0
    words = ("ledger", "receipt", "1", f"--to={to}")
    assert shop.kept(*words).code == 0
    whole = to.read_bytes()
    assert shop.kept(*words).code == 0
    to.write_bytes(b"my own notes")
    said = shop.kept(*words)
    assert (said.code, to.read_bytes()) == (3, b"my own notes")
    assert "--replace" in said.err
    assert shop.kept(*words, "--replace").code == 0
    assert to.read_bytes() == whole


def test_forget_wants_a_name(nothing, tmp_path) -> None:
    """`latest` is another one after each run, so it is refused and told why."""
    key = tmp_path / "key"
    key.write_text("a long walk by the river", encoding="utf-8")
    here = ("backup", "--repo", str(tmp_path / "copies"), f"--passphrase-file={key}")
    assert nothing.kept(*here, "init").code == 0
    assert nothing.kept(*here, "run", str(key)).code == 0
    for typed in ("latest", "2026-11-21"):
        said = nothing.kept(*here, "forget", typed)
        assert said.code == 1
        assert "forget wants names" in said.err


def test_an_unknown_purpose_or_category_is_answered_with_those_there_are(shop) -> None:
    """Both are slips of the hand, told alike."""
    made = someone(shop, "ada@example.org")
    for words, told in (
        (("--purpose=nosuch", "--category=delivery"), "no such purpose: answer, deliver"),
        (("--purpose=deliver", "--category=nosuch"), "no such category: contact, delivery"),
    ):
        said = shop.kept("person", "show", made, *words)
        assert (said.code, said.out) == (2, "")
        assert told in said.err


def someone(shop: Shop, email: str) -> str:
    """The id of somebody who was taken in."""
    people = shop.folder.parent / f"{email}.csv"
    people.write_text(f"email,street\n{email},Lindenweg 7\n", encoding="utf-8")
    assert shop.kept("import", str(people), "--yes").code == 0
    return shop.kept("person", "find", email, "--json").json[0]["id"]


def test_an_import_says_what_it_wrote_down_and_what_does_not_fit(shop, tmp_path) -> None:
    """Source, purpose and basis of the book are told, and how many values stay unverified."""
    people = tmp_path / "people.csv"
    people.write_text(
        "email,phone,name\nне адрес,12,Ada\neve@example.org,+49 30 901820,Eve\n", encoding="utf-8"
    )
    told = shop.kept("import", str(people), "--yes", "--map=email=email", "--map=phone=phone")
    assert told.code == 0, told.err
    assert "source '" in told.err
    assert "purpose " in told.err
    assert "Another: --source, --purpose, --basis." in told.err
    assert "kept as written and unverified: 2." in told.err
    again = shop.kept("import", str(people), "--json", "--source=our old shop")
    assert "source 'our old shop'" in again.err
    assert again.json == {"read": 2, "added": 0, "merged": 2, "refused": 0}
    assert "as written" in shop.kept("person", "find", "--help").out


def test_a_no_is_not_a_source(shop, tmp_path) -> None:
    """At the terminal `n` to where a list comes from stops it."""
    people = tmp_path / "people.csv"
    people.write_text("email\nno@example.org\n", encoding="utf-8")
    said = typed(shop, ["import", str(people)], "\nn\n")
    assert said == 3
    assert shop.kept("person", "find", "no@example.org", "--json").json == []


def typed(shop: Shop, words: list[str], text: str) -> int:
    """The exit code of a command at whose terminal this is typed."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*KEPT, "--data", str(shop.folder), *words],
        env={**clean(), **shop.env},
        stdin=theirs,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        os.close(theirs)
        os.write(ours, text.encode())
        code = process.wait(timeout=PATIENCE_S)
    os.close(ours)
    return code


def test_a_receiver_says_that_it_ended(nothing, tmp_path) -> None:
    """Ctrl-C at its terminal: 130, and one line."""
    here = f"--dir={tmp_path / 'receiver'}"
    assert nothing.kept("backup", "receiver", "client", "add", "tea", "--quota=1", here).code == 0
    with subprocess.Popen(
        [*KEPT, "backup", "receiver", "serve", "--listen=127.0.0.1:0", here],
        env=clean(),
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        assert "Copies are received at" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=PATIENCE_S)[1]
    assert (process.returncode, said.splitlines()[-1:]) == (130, ["Ended."])
