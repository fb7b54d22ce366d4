"""Is the keyring whole after any bad moment of writing it?"""

import errno
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kept.base.errors import MalformedError, NotFoundError, UnavailableError
from kept.crypto.argon import Cost
from kept.crypto.keyring import Keyring, create
from kept.crypto.keyring_codec import MAX_BYTES
from kept.crypto.keyring_file import load, save
from kept.crypto.providers.passphrase import PassphraseProvider
from kept.crypto.providers.recovery import RecoveryProvider
from kept.crypto.secret import Secret


@pytest.fixture(scope="module")
def ring() -> Keyring:
    """A ring."""
    phrase = PassphraseProvider(Secret(b"correct horse battery"), cost=Cost(1, 32, 4))
    paper = RecoveryProvider.of(Secret(bytes(range(32))))
    now = datetime(2026, 11, 21, tzinfo=UTC)
    return create(vault_id=bytes(16), operational=phrase, recovery=paper, now=now)[0]


def later(ring: Keyring) -> Keyring:
    """The same ring, told from the first by its date."""
    epoch = replace(ring.current, created=datetime(2027, 1, 1, tzinfo=UTC))
    return replace(ring, epochs=(epoch,))


def test_round_trip(ring: Keyring, tmp_path: Path) -> None:
    """What is saved is loaded, the second time too, and only the owner may read it."""
    path = tmp_path / "keyring.json"
    for one in (ring, later(ring)):
        save(path, one)
        assert load(path) == one
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["keyring.json"]


@pytest.mark.parametrize("call", ["open", "fsync", "rename"])
def test_disk_refuses(
    ring: Keyring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """A full disk at any step leaves the old ring whole, says so, and the next save works."""
    path = tmp_path / "keyring.json"
    save(path, ring)

    def full(*args: object, **kwargs: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        if call == "rename":
            patch.setattr(Path, "replace", full)
        else:
            patch.setattr(os, call, full)
        with pytest.raises(UnavailableError, match="One whole keyring stands"):
            save(path, later(ring))
    assert load(path) == ring
    assert [file.name for file in tmp_path.iterdir()] == ["keyring.json"]
    save(path, later(ring))
    assert load(path) == later(ring)


def test_left_over_from_a_crash(ring: Keyring, tmp_path: Path) -> None:
    """A half-written neighbour is never read and does not stop the next save."""
    path = tmp_path / "keyring.json"
    save(path, ring)
    (tmp_path / ".keyring.json.x1").write_bytes(b'{"epochs":[')
    assert load(path) == ring
    save(path, later(ring))
    assert load(path) == later(ring)


def test_absent_unreadable_foreign(tmp_path: Path) -> None:
    """No ring, a folder in its place, another file: three clear answers."""
    with pytest.raises(NotFoundError):
        load(tmp_path / "keyring.json")
    with pytest.raises(UnavailableError):
        load(tmp_path)
    for raw in (b"hello", b"a" * (MAX_BYTES + 2)):
        (tmp_path / "other").write_bytes(raw)
        with pytest.raises(MalformedError):
            load(tmp_path / "other")
