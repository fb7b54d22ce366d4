"""Does every keeper of the root key keep the promises of its port? One suite, three adapters.

An adapter's part is `Case`: how to build it, how to build a stranger of the same kind, and whether
it can be retired. Everything else is said once.
"""

import errno
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from kept.base.errors import (
    KeptError,
    MalformedError,
    RefusedError,
    TamperedError,
    UnavailableError,
)
from kept.crypto import age
from kept.crypto.argon import Cost
from kept.crypto.keys import vault_key
from kept.crypto.ports import RootProvider, RootWrap
from kept.crypto.providers.file import FileProvider
from kept.crypto.providers.passphrase import PassphraseProvider
from kept.crypto.providers.recovery import RecoveryProvider
from kept.crypto.root_payload import context_of, unwrap_vk, wrap_vk
from kept.crypto.sealing import KeyMismatchError
from kept.crypto.secret import Secret

VK = Secret(bytes(range(32)))
VAULT = bytes(range(0xA0, 0xB0))
CONTEXT = context_of(VAULT, 3)
PAYLOAD = Secret(VK.reveal() + vault_key(VK).commitment + CONTEXT)
CHEAP = Cost(passes=1, memory_kib=32, lanes=4)
PHRASE, STRANGER = Secret(b"correct horse battery"), Secret(b"incorrect horse battery")
PAPER = Secret(bytes(range(64, 96)))


@dataclass(frozen=True)
class Case:
    """One adapter: `again` builds the same root anew, as after a restart."""

    name: str
    again: Callable[[], RootProvider]
    stranger: RootProvider
    can_retire: bool


def file_case(folder: Path) -> Case:
    """A key file and another key file."""
    path = folder / "root.key"
    FileProvider.create(path)
    return Case("file", lambda: FileProvider(path), FileProvider.create(folder / "other"), True)


def passphrase_case(folder: Path) -> Case:
    """A phrase and another phrase."""
    del folder
    build = PassphraseProvider
    return Case("passphrase", lambda: build(PHRASE, cost=CHEAP), build(STRANGER), False)


def recovery_case(folder: Path) -> Case:
    """An identity on paper and somebody else's."""
    del folder
    stranger = RecoveryProvider.of(Secret(bytes(range(1, 33))))
    return Case("age", lambda: RecoveryProvider.of(PAPER), stranger, False)


@pytest.fixture(params=[file_case, passphrase_case, recovery_case], ids=lambda case: case.__name__)
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Case:
    """Each adapter in turn."""
    return request.param(tmp_path)


def test_round_trip_after_restart(case: Case) -> None:
    """What one instance wraps another of the same root unwraps, to exactly the payload."""
    wrap = case.again().wrap(PAYLOAD, CONTEXT)
    assert wrap.provider == case.name
    assert case.again().unwrap(wrap, CONTEXT) == PAYLOAD


def test_canary(case: Case) -> None:
    """The provider passes the canary, and the vault key comes out."""
    wrap = wrap_vk(case.again(), VK, CONTEXT)
    assert unwrap_vk(case.again(), wrap, CONTEXT) == VK


@pytest.mark.parametrize("wrong", [context_of(VAULT, 4), context_of(bytes(16), 3)])
def test_wrong_context(case: Case, wrong: bytes) -> None:
    """A wrap does not open for another epoch or another vault."""
    wrap = case.again().wrap(PAYLOAD, CONTEXT)
    with pytest.raises(TamperedError):
        case.again().unwrap(wrap, wrong)


def test_stranger(case: Case) -> None:
    """Another root is told that it is another, and never gets the payload."""
    wrap = case.again().wrap(PAYLOAD, CONTEXT)
    with pytest.raises((KeyMismatchError, RefusedError)):
        case.stranger.unwrap(wrap, CONTEXT)


def test_every_changed_byte(case: Case) -> None:
    """A change anywhere in the blob is noticed."""
    root = case.again()
    wrap = root.wrap(PAYLOAD, CONTEXT)
    for at in range(len(wrap.blob)):
        blob = wrap.blob[:at] + bytes([wrap.blob[at] ^ 1]) + wrap.blob[at + 1 :]
        with pytest.raises(TamperedError):
            root.unwrap(replace(wrap, blob=blob), CONTEXT)


def test_cut_blob(case: Case) -> None:
    """A cut blob is refused, down to nothing."""
    root = case.again()
    wrap = root.wrap(PAYLOAD, CONTEXT)
    for size in (0, 1, 20, len(wrap.blob) - 1):
        with pytest.raises(TamperedError):
            root.unwrap(replace(wrap, blob=wrap.blob[:size]), CONTEXT)


def test_two_wraps_differ(case: Case) -> None:
    """The same payload wrapped twice never looks the same."""
    root = case.again()
    assert root.wrap(PAYLOAD, CONTEXT).blob != root.wrap(PAYLOAD, CONTEXT).blob


def test_nothing_readable(case: Case) -> None:
    """Neither wrap nor description shows the vault key or the root."""
    root = case.again()
    wrap = root.wrap(PAYLOAD, CONTEXT)
    shown = wrap.blob + repr((wrap, root, root.describe())).encode()
    for secret in (VK.reveal(), PHRASE.reveal(), PAPER.reveal(), b"AGE-SECRET"):
        assert secret not in shown


def test_retiring(case: Case) -> None:
    """Where retiring is final, old wraps never open again; where not, it is said what remains."""
    root = case.again()
    wrap = root.wrap(PAYLOAD, CONTEXT)
    for _ in range(2):
        retired = root.retire(3)
        assert retired.is_final == case.can_retire == root.describe().can_retire
        assert (retired.remains == "nothing") == case.can_retire
    if case.can_retire:
        with pytest.raises(KeptError):
            case.again().unwrap(wrap, CONTEXT)
    else:
        assert case.again().unwrap(wrap, CONTEXT) == PAYLOAD


# what only one of them promises


def test_wrong_passphrase_says_so() -> None:
    """The wrong phrase is a refusal in plain words, not an alarm."""
    wrap = PassphraseProvider(PHRASE, cost=CHEAP).wrap(PAYLOAD, CONTEXT)
    with pytest.raises(RefusedError, match="not the passphrase") as refused:
        PassphraseProvider(STRANGER).unwrap(wrap, CONTEXT)
    assert refused.value.code == "wrong_passphrase"


def test_passphrase_from_a_file() -> None:
    """A line feed at the end and decomposed letters do not make another phrase."""
    wrap = PassphraseProvider(Secret("caf\u00e9 au lait noir".encode()), cost=CHEAP).wrap(
        PAYLOAD, CONTEXT
    )
    typed = PassphraseProvider(Secret("cafe\u0301 au lait noir\r\n".encode()))
    assert typed.unwrap(wrap, CONTEXT) == PAYLOAD


@pytest.mark.parametrize("phrase", [b"", b"short", b"  eleven chr  ", b"a" * 257])
def test_weak_passphrase(phrase: bytes) -> None:
    """A phrase too short or too long never becomes a root."""
    with pytest.raises(RefusedError):
        PassphraseProvider(Secret(phrase), cost=CHEAP).wrap(PAYLOAD, CONTEXT)


def test_passphrase_is_text() -> None:
    """Bytes that are no text are refused, unshown."""
    with pytest.raises(MalformedError):
        PassphraseProvider(Secret(b"\xff\xfe" * 10))


@pytest.mark.parametrize(
    "change",
    [
        {"salt": "AAAA"},
        {"salt": 7},
        {"passes": 0},
        {"passes": "many"},
        {"memory_kib": 2**40},
        {"lanes": 10**6},
        {"check": "="},
    ],
)
def test_forged_passphrase_params(change: dict[str, str | int]) -> None:
    """Forged parameters are refused before they can eat memory."""
    provider = PassphraseProvider(PHRASE, cost=CHEAP)
    wrap = provider.wrap(PAYLOAD, CONTEXT)
    with pytest.raises(TamperedError):
        provider.unwrap(replace(wrap, params={**wrap.params, **change}), CONTEXT)
    with pytest.raises(TamperedError):
        provider.unwrap(replace(wrap, params={}), CONTEXT)


def test_another_salt() -> None:
    """A well-formed salt that is not the wrap's own opens nothing."""
    provider = PassphraseProvider(PHRASE, cost=CHEAP)
    wrap = provider.wrap(PAYLOAD, CONTEXT)
    with pytest.raises(RefusedError):
        provider.unwrap(replace(wrap, params={**wrap.params, "salt": "A" * 22}), CONTEXT)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o755])
def test_key_file_others_can_read(tmp_path: Path, mode: int) -> None:
    """A key file open to others is refused, with the command that mends it."""
    provider = FileProvider.create(tmp_path / "root.key")
    (tmp_path / "root.key").chmod(mode)
    with pytest.raises(RefusedError, match="mode to 600"):
        provider.wrap(PAYLOAD, CONTEXT)


def test_key_file_made_private_and_never_overwritten(tmp_path: Path) -> None:
    """A new key file has 32 bytes and mode 0600; an existing one stands."""
    path = tmp_path / "root.key"
    FileProvider.create(path)
    first = path.read_bytes()
    assert (len(first), path.stat().st_mode & 0o777) == (32, 0o600)
    with pytest.raises(RefusedError):
        FileProvider.create(path)
    assert path.read_bytes() == first


@pytest.mark.parametrize("size", [0, 31, 33])
def test_key_file_of_another_size(tmp_path: Path, size: int) -> None:
    """A key file of another size is no key file."""
    path = tmp_path / "root.key"
    path.write_bytes(bytes(size))
    path.chmod(0o600)
    with pytest.raises(RefusedError):
        FileProvider(path).wrap(PAYLOAD, CONTEXT)


def test_key_file_away(tmp_path: Path) -> None:
    """Without its file the provider is away, not wrong."""
    with pytest.raises(UnavailableError):
        FileProvider(tmp_path / "none").wrap(PAYLOAD, CONTEXT)
    with pytest.raises(UnavailableError):
        FileProvider(tmp_path / "none").is_apart_from(tmp_path)


def test_key_file_on_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key file that could not be made durable is not left behind; wiping that fails says so."""

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = tmp_path / "root.key"
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(UnavailableError, match="No space left"):
            FileProvider.create(path)
    assert not path.exists()
    provider = FileProvider.create(path)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UnavailableError):
        provider.retire(1)
    with pytest.raises(UnavailableError):
        FileProvider.create(tmp_path / "no" / "folder")


def test_key_file_device(tmp_path: Path) -> None:
    """Beside the data is not apart from it; another device is."""
    provider = FileProvider.create(tmp_path / "root.key")
    assert not provider.is_apart_from(tmp_path)
    assert provider.is_apart_from(Path("/proc"))


def test_no_identity_at_hand() -> None:
    """With the public recipient alone one can wrap but not unwrap."""
    provider = RecoveryProvider([age.recipient_of(PAPER)])
    wrap = provider.wrap(PAYLOAD, CONTEXT)
    with pytest.raises(RefusedError) as refused:
        provider.unwrap(wrap, CONTEXT)
    assert refused.value.code == "identity_needed"
    assert RecoveryProvider.of(PAPER).unwrap(wrap, CONTEXT) == PAYLOAD


@pytest.mark.needs("age")
def test_debian_age_opens_the_recovery_wrap(tmp_path: Path) -> None:
    """Debian's age opens the wrap, with the identity's text, to exactly the payload."""
    wrap: RootWrap = RecoveryProvider.of(PAPER).wrap(PAYLOAD, CONTEXT)
    key = tmp_path / "identity"
    key.write_bytes(age.identity_text(PAPER).reveal())
    opened = subprocess.run(
        ["age", "-d", "-i", key], input=wrap.blob, capture_output=True, check=True
    )
    assert opened.stdout == PAYLOAD.reveal()
