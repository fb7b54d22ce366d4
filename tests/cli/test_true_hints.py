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
