"""Does a keyring open with either way in, and with nothing less than two?"""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from kept.base.encoding import canonical_json
from kept.base.errors import KeptError, MalformedError, NotFoundError, RefusedError, TamperedError
from kept.crypto import keyring, keyring_codec
from kept.crypto.argon import Cost
from kept.crypto.chance import fresh_secret
from kept.crypto.keyring import HOUSE_KEYS, HeldWrap, Keyring, Opened, create, open_with
from kept.crypto.ports import Description, Retirement, RootProvider, RootWrap
from kept.crypto.providers.passphrase import PassphraseProvider
from kept.crypto.providers.recovery import RecoveryProvider
from kept.crypto.root_payload import wrap_vk
from kept.crypto.sealing import KeyMismatchError
from kept.crypto.secret import Secret

NOW = datetime(2026, 11, 21, 17, 4, 9, tzinfo=UTC)
VAULT = bytes(range(0xA0, 0xB0))
PHRASE = PassphraseProvider(
    Secret(b"correct horse battery"), cost=Cost(passes=1, memory_kib=32, lanes=4)
)
PAPER = RecoveryProvider.of(Secret(bytes(range(32))))


@pytest.fixture(scope="module")
def made() -> tuple[Keyring, Opened]:
    """A fresh ring and what it opened to."""
    return create(vault_id=VAULT, operational=PHRASE, recovery=PAPER, now=NOW)


@pytest.mark.parametrize("provider", [PHRASE, PAPER], ids=["operational", "recovery"])
def test_both_ways_in(made: tuple[Keyring, Opened], provider: RootProvider) -> None:
    """Each wrap alone gives the same vault key and the same house keys."""
    ring, opened = made
    again = open_with(keyring_codec.decode(keyring_codec.encode(ring)), provider)
    assert again.vks == opened.vks
    assert again.house_keys == opened.house_keys
    assert set(again.house_keys) == set(HOUSE_KEYS)
    assert again.current.derived.commitment == ring.current.commitment


def test_house_keys_are_their_own(made: tuple[Keyring, Opened]) -> None:
    """No house key equals another or the vault key."""
    _, opened = made
    raws = {secret.reveal() for secret in opened.house_keys.values()}
    raws |= {secret.reveal() for secret in opened.vks.values()}
    assert len(raws) == len(HOUSE_KEYS) + 1


def test_nothing_readable(made: tuple[Keyring, Opened]) -> None:
    """Neither the file nor a printed ring shows a key."""
    ring, opened = made
    shown = keyring_codec.encode(ring) + repr((ring, opened)).encode()
    for secret in (*opened.house_keys.values(), *opened.vks.values()):
        assert secret.reveal() not in shown
        assert secret.reveal().hex().encode() not in shown


@pytest.mark.parametrize("role", ["operational", "recovery"])
def test_one_wrap_only(made: tuple[Keyring, Opened], role: str) -> None:
    """With one way in left the ring does not open, but for repair."""
    ring, opened = made
    held = tuple(wrap for wrap in ring.current.wraps if wrap.role == role)
    lone = replace(ring, epochs=(replace(ring.current, wraps=held),))
    provider = PHRASE if role == "operational" else PAPER
    with pytest.raises(RefusedError) as refused:
        open_with(lone, provider)
    assert refused.value.code == "one_wrap_only"
    assert open_with(lone, provider, allow_one_wrap=True).vks == opened.vks


def test_same_root_twice() -> None:
    """Two wraps by one root are one way in."""
    with pytest.raises(RefusedError) as refused:
        create(vault_id=VAULT, operational=PAPER, recovery=PAPER, now=NOW)
    assert refused.value.code == "wraps_not_independent"


def test_no_wrap_of_this_provider(made: tuple[Keyring, Opened]) -> None:
    """A provider that never wrapped this ring is told so."""
    ring, _ = made
    held = tuple(wrap for wrap in ring.current.wraps if wrap.role == "recovery")
    lone = replace(ring, epochs=(replace(ring.current, wraps=held),))
    with pytest.raises(NotFoundError):
        open_with(lone, PHRASE, allow_one_wrap=True)


def test_second_recovery_paper(made: tuple[Keyring, Opened]) -> None:
    """Of two recovery wraps the second opens as well as the first."""
    ring, opened = made
    second = RecoveryProvider.of(fresh_secret())
    wrap = wrap_vk(second, opened.vks[1], VAULT + b"\0\0\0\1")
    wraps = (*ring.current.wraps, HeldWrap("recovery", wrap))
    both = replace(ring, epochs=(replace(ring.current, wraps=wraps),))
    for provider in (PHRASE, PAPER, second):
        assert open_with(both, provider).vks == opened.vks


def test_wraps_of_another_vault(made: tuple[Keyring, Opened]) -> None:
    """A ring whose vault id was changed does not open, either way."""
    ring, _ = made
    for provider in (PHRASE, PAPER):
        with pytest.raises(TamperedError):
            open_with(replace(ring, vault_id=bytes(16)), provider)


def test_another_key_smuggled_in(made: tuple[Keyring, Opened]) -> None:
    """A whole wrap of another vault key does not fit the ring's commitment."""
    ring, _ = made
    wrap = wrap_vk(PAPER, fresh_secret(), VAULT + b"\0\0\0\1")
    wraps = (ring.current.wraps[0], HeldWrap("recovery", wrap))
    with pytest.raises(KeyMismatchError):
        open_with(replace(ring, epochs=(replace(ring.current, wraps=wraps),)), PAPER)


def test_swapped_house_keys(made: tuple[Keyring, Opened]) -> None:
    """The wrap of one house key does not open as another."""
    ring, _ = made
    first, second, *rest = ring.house_keys
    swapped = (replace(first, wrapped=second.wrapped), second, *rest)
    with pytest.raises(TamperedError):
        open_with(replace(ring, house_keys=swapped), PAPER)


class Deaf:
    """A provider that drops the context it is given, as a careless service might."""

    def wrap(self, payload: Secret, context: bytes) -> RootWrap:
        """Keep the payload as it is."""
        return RootWrap("file", {}, payload.reveal())

    def unwrap(self, wrap: RootWrap, context: bytes) -> Secret:
        """Give it to anybody."""
        return Secret(wrap.blob)

    def retire(self, epoch: int) -> Retirement:
        """Nothing."""
        return Retirement(is_final=False, remains="identity")

    def describe(self) -> Description:
        """Nothing much."""
        return Description("file", can_retire=False, where="")


class Forgetful(Deaf):
    """A provider that gives back other bytes than it was given."""

    def unwrap(self, wrap: RootWrap, context: bytes) -> Secret:
        """Another vault key, well formed."""
        vk = fresh_secret()
        commitment = keyring.VaultKey.of(vk, 1).derived.commitment
        return Secret(vk.reveal() + commitment + context)


@pytest.mark.parametrize(
    ("provider", "error"), [(Deaf(), RefusedError), (Forgetful(), KeyMismatchError)]
)
def test_canary(provider: RootProvider, error: type[KeptError]) -> None:
    """A provider that ignores the context, or loses the key, is found out before it is used."""
    with pytest.raises(error):
        create(vault_id=VAULT, operational=provider, recovery=PAPER, now=NOW)


def test_deaf_provider_later(made: tuple[Keyring, Opened]) -> None:
    """A deaf provider's payload of another epoch is refused by the payload itself."""
    ring, opened = made
    vk = opened.vks[1]
    payload = vk.reveal() + ring.current.commitment + VAULT + b"\0\0\0\2"
    wraps = (HeldWrap("operational", RootWrap("file", {}, payload)), ring.current.wraps[1])
    with pytest.raises(TamperedError):
        open_with(replace(ring, epochs=(replace(ring.current, wraps=wraps),)), Deaf())


def test_codec_round_trip(made: tuple[Keyring, Opened]) -> None:
    """The bytes give the ring and the ring the bytes."""
    ring, _ = made
    raw = keyring_codec.encode(ring)
    assert keyring_codec.decode(raw) == ring
    assert keyring_codec.encode(keyring_codec.decode(raw)) == raw
    assert json.loads(raw)["v"] == 1


def changed(raw: bytes, *path: str | int, to: object) -> bytes:
    """The file with one member set, canonical again."""
    value: Any = json.loads(raw)
    part = value
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = to
    return canonical_json(value) + b"\n"


@pytest.mark.parametrize(
    ("path", "to"),
    [
        (("v",), 2),
        (("v",), "1"),
        (("vault_id",), "AAAA"),
        (("vault_id",), 7),
        (("more",), 1),
        (("epochs",), []),
        (("epochs",), {}),
        (("epochs",), [1]),
        (("epochs", 0, "state"), "old"),
        (("epochs", 0, "state"), "lost"),
        (("epochs", 0, "epoch"), 0),
        (("epochs", 0, "epoch"), True),
        (("epochs", 0, "epoch"), 2**32),
        (("epochs", 0, "created"), "2026-11-21"),
        (("epochs", 0, "created"), "2026-13-21T17:04:09Z"),
        (("epochs", 0, "created"), "2026-11-21T17:04:09+00:00"),
        (("epochs", 0, "created"), 5),
        (("epochs", 0, "commitment"), "AAAA"),
        (("epochs", 0, "wraps", 0, "role"), "spare"),
        (("epochs", 0, "wraps", 0, "provider"), "rot13"),
        (("epochs", 0, "wraps", 0, "params"), []),
        (("epochs", 0, "wraps", 0, "params"), {"a": True}),
        (("epochs", 0, "wraps", 0, "params"), {"a": None}),
        (("epochs", 0, "wraps", 0, "blob"), "=="),
        (("housekeys",), []),
        (("housekeys", 0, "name"), "front door"),
        (("housekeys", 0, "name"), "house"),
        (("housekeys", 0, "wrap"), None),
    ],
)
def test_codec_refuses(made: tuple[Keyring, Opened], path: tuple[str | int], to: object) -> None:
    """Unknown versions, words, members and shapes are refused, not guessed."""
    with pytest.raises(MalformedError):
        keyring_codec.decode(changed(keyring_codec.encode(made[0]), *path, to=to))


def test_codec_refuses_other_bytes(made: tuple[Keyring, Opened]) -> None:
    """Cut, blank-padded, endless or foreign bytes are refused."""
    raw = keyring_codec.encode(made[0])
    for bad in (b"", b"\n", raw[:-1], raw[:-9] + b"\n", b" " + raw, raw + b"\n", b"[]\n", b"1\n"):
        with pytest.raises(MalformedError):
            keyring_codec.decode(bad)
    with pytest.raises(MalformedError):
        keyring_codec.decode(b'"' + b"a" * keyring_codec.MAX_BYTES + b'"\n')
