"""A house that is gone comes back from its copies, on both engines, without whom it erased."""

from collections.abc import Callable
from pathlib import Path

import pytest

from houses import HOME, IMPORTER, TINA, Home, living
from kept.backup.model.places import Holds, PlaceOrder
from kept.backup.places.local import LocalPlace
from kept.base.clock import SystemClock
from kept.base.errors import NotFoundError, RefusedError, UnavailableError
from kept.crypto.providers.recovery import RecoveryProvider
from kept.crypto.secret import Secret
from kept.crypto.words import from_words
from kept.db.scratch import is_empty
from kept.flows.back_up import add_place, back_up
from kept.flows.copy_keys import copy_keys
from kept.ledger.acts.starting import Refusing
from kept.vault.acts.open import OpenedPerson
from kept.wiring import rebuilding
from kept.wiring.copies import copy_parts
from kept.wiring.house import open_house
from kept.wiring.rebuilding import Servers, rebuild
from kept.wiring.settings import Settings
from vault_cases import begin, find, one

OTTO = "otto@example.org"


def place(folder: Path) -> LocalPlace:
    """Where copies lie."""
    return LocalPlace(folder, clock=SystemClock())


def copied(home: Home, tmp_path: Path) -> None:
    """Copy the data while everybody is there; then forget Tina and copy the keys."""
    parts = copy_parts(home.house)
    for name, holds in (("data", Holds.DATA), ("keys", Holds.KEYS)):
        order = PlaceOrder(name, str(tmp_path / name), holds)
        add_place(parts, order, actor=IMPORTER, may_share_disk=True)
    tina = home.add(contact=TINA, delivery=HOME).person
    home.add(contact={"email": OTTO}, delivery=HOME)
    home.settle()
    copy_keys(parts)
    done = back_up(parts, "data", actor=IMPORTER)
    assert done.failed is None
    home.later(minutes=5)
    begin(home, tina)
    home.settle()
    copy_keys(parts)


def anew(home: Home, tmp_path: Path, servers: Servers, words: str = "") -> Path:
    """The house anew in another folder."""
    rebuild(
        tmp_path / "anew",
        words or " ".join(home.founded.recovery_words),
        keys=place(tmp_path / "keys"),
        data=place(tmp_path / "data"),
        servers=servers,
    )
    return tmp_path / "anew"


def named(fresh: Callable[[], str]) -> Secret:
    """An empty database."""
    return Secret(fresh().encode())


def test_it_comes_back_and_the_erased_stay_erased(
    any_home: Home, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Others are read and found again; nothing is signed before the owner says what was lost."""
    home = any_home
    copied(home, tmp_path)
    dsn = None
    if home.house.db.dialect == "postgres":
        dsn = named(request.getfixturevalue("postgres_database"))
    folder = anew(home, tmp_path, Servers(dsn))
    names = {path.name for path in folder.iterdir()}
    assert names >= {"keyring.json", "keys.db", "promises.toml"}
    assert not names & {"postgres.dump", "high-water", "lock"}
    assert ("data.db" in names) is (dsn is None)
    assert not (tmp_path / "anew.rebuilding").exists()
    words = from_words(" ".join(home.founded.recovery_words))
    root = RecoveryProvider.of(words)
    house = open_house(folder, Settings(dsn=dsn), clock=home.clock, root=root)
    there = Home(house, home.founded, home.clock)
    try:
        assert find(there, TINA["email"]) == []
        (otto,) = find(there, OTTO)
        assert isinstance(there.look(otto.person), OpenedPerson)
        assert one(there, "select count(*) from person where state = 'erased'") == 1
        refused = house.sequencer.start()
        assert isinstance(refused, Refusing)
        assert refused.code == "mark_missing"
    finally:
        house.close()


@pytest.mark.needs("postgres")
def test_a_database_that_is_needed_is_asked_for(
    tmp_path: Path, postgres_database: Callable[[], str]
) -> None:
    """None named, one too many, one in use: each is told, and nothing is begun."""
    with living(tmp_path, dsn=postgres_database()) as home:
        copied(home, tmp_path)
        free = named(postgres_database)
        with pytest.raises(RefusedError, match=r"lay in PostgreSQL.*KEPT_DSN_FILE"):
            anew(home, tmp_path, Servers())
        with pytest.raises(RefusedError, match=r"lay in a file.*KEPT_KEYS_DSN_FILE"):
            anew(home, tmp_path, Servers(free, named(postgres_database)))
        with pytest.raises(RefusedError, match="holds something"):
            anew(home, tmp_path, Servers(home.house.settings.dsn))
        assert is_empty(free)
        assert not (tmp_path / "anew").exists()
        assert not (tmp_path / "anew.rebuilding").exists()
        anew(home, tmp_path, Servers(free))


@pytest.mark.needs("postgres")
def test_what_fails_late_leaves_the_database_empty(
    tmp_path: Path, postgres_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk refuses at the last step: the same command may be given again."""
    with living(tmp_path, dsn=postgres_database()) as home:
        copied(home, tmp_path)
        free = named(postgres_database)

        def refuse(_work: Path, _folder: Path) -> None:
            assert not is_empty(free)
            raise UnavailableError("made to fail")

        with monkeypatch.context() as broken:
            broken.setattr(rebuilding, "_join", refuse)
            with pytest.raises(UnavailableError, match="made to"):
                anew(home, tmp_path, Servers(free))
        assert is_empty(free)
        anew(home, tmp_path, Servers(free))
        assert not is_empty(free)


def test_a_file_is_not_put_into_a_database(home: Home, tmp_path: Path) -> None:
    """A house comes back as what it was; wrong words and a cut-off one are told as such."""
    copied(home, tmp_path)
    with pytest.raises(RefusedError, match="open no copy"):
        anew(home, tmp_path, Servers(), words="babab " * 16 + "kinom")
    (tmp_path / "data2").mkdir()
    with pytest.raises(NotFoundError):
        rebuild(
            tmp_path / "anew",
            " ".join(home.founded.recovery_words),
            keys=place(tmp_path / "keys"),
            data=place(tmp_path / "data2"),
        )
    assert not (tmp_path / "anew.rebuilding").exists()
    (tmp_path / "anew.rebuilding").mkdir()
    with pytest.raises(RefusedError, match="cut off"):
        anew(home, tmp_path, Servers())
    (tmp_path / "anew.rebuilding").rmdir()
    anew(home, tmp_path, Servers())
