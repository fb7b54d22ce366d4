"""Does what the terminal answers to a slip lead on: to a command, a file or a word that exists?"""

import pytest

from terminal import Shop


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
