"""Can the owner change the passphrase and the words, and come back in when one is lost?"""

from pathlib import Path

import pytest

from terminal import Done, Shop

OLD, NEW = "the river at dawn, alone", "another walk, another river"


class Owner:
    """A house that opens with a passphrase, and the sheet of paper."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.old, self.new = self.file("old", OLD), self.file("new", NEW)
        self.shop = Shop(folder / "shop", {"KEPT_PASSPHRASE_FILE": self.old})
        made = self.shop.kept("init", "--name=Tea", "--owner=owner@example.org", "--json")
        assert made.code == 0, made.err
        self.words = self.file("words", made.json["recovery_words"])

    def file(self, name: str, text: str) -> str:
        """A file with a secret on its first line."""
        path = self.folder / name
        path.write_text(f"{text}\n", encoding="utf-8")
        return str(path)

    def change(self, *more: str) -> Done:
        """Ask for the new passphrase."""
        return self.shop.kept("keyring", "passphrase", "--new-passphrase-file", self.new, *more)

    def recover(self, words: str, *more: str) -> Done:
        """Come in by words, with no passphrase at hand."""
        bare = Shop(self.shop.folder)
        files = ["--words-file", words, "--new-passphrase-file", self.new]
        return bare.kept("keyring", "recover", *files, *more)

    def opens(self, passphrase_file: str) -> int:
        """The exit code of a look at the whole ledger."""
        return self.shop.kept("--passphrase-file", passphrase_file, "verify").code


@pytest.fixture
def owner(tmp_path: Path) -> Owner:
    """A new house."""
    return Owner(tmp_path)


def test_the_passphrase_is_changed(owner: Owner) -> None:
    """The new one opens, the old one does not, the words still do, and it is an act."""
    changed = owner.change("--json")
    assert changed.code == 0, changed.err
    assert changed.json["role"] == "operational"
    assert (owner.opens(owner.new), owner.opens(owner.old)) == (0, 3)
    assert owner.change().code == 3
    owner.new = owner.file("third", "a third walk by the sea")
    assert owner.recover(owner.words).code == 0
    assert owner.opens(owner.new) == 0


def test_a_wrong_or_short_one_changes_nothing(owner: Owner) -> None:
    """The ring stays as it was, byte for byte."""
    ring = (owner.shop.folder / "keyring.json").read_bytes()
    wrong = owner.file("wrong", "not the right one at all")
    assert owner.shop.kept("--passphrase-file", wrong, "keyring", "words").code == 3
    owner.new = owner.file("short", "short")
    assert owner.change().code == 3
    assert owner.recover(owner.words).code == 3
    strange = owner.file("strange", "babab " * 16 + "kinom")
    assert owner.recover(strange).code in {2, 3}
    assert (owner.shop.folder / "keyring.json").read_bytes() == ring


def test_new_words_replace_the_old(owner: Owner) -> None:
    """Shown once; the old sheet opens nothing."""
    made = owner.shop.kept("keyring", "words", "--json")
    assert made.code == 0, made.err
    fresh = owner.file("fresh", made.json["recovery_words"])
    assert owner.recover(owner.words, "--json").error["code"] == "wrong_words"
    assert owner.recover(fresh).code == 0
    assert (owner.opens(owner.new), owner.opens(owner.old)) == (0, 3)


def test_beside_a_server_the_owner_is_asked_all_the_same(owner: Owner) -> None:
    """Who may speak to the server's socket still has to know the passphrase or the words."""
    wrong = owner.file("wrong", "not the right one at all")
    with owner.shop.served():
        assert owner.shop.kept("--passphrase-file", wrong, "keyring", "words").code == 3
        assert Shop(owner.shop.folder).kept("keyring", "words").code == 3
        assert owner.change().code == 0
    assert (owner.opens(owner.new), owner.opens(owner.old)) == (0, 3)
