"""Do our sealed bytes equal the published example, and is every change to it refused?"""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from kept.base.errors import TamperedError
from kept.crypto import keys, places, sealing
from kept.crypto.blind import BlindIndex
from kept.crypto.keys import VaultKey, Wrapped, WrapPlace
from kept.crypto.sealing import KeyMismatchError, SealKey, open_sealed, seal
from kept.crypto.secret import Secret

VECTOR: dict[str, Any] = json.loads(
    Path(__file__).with_name("envelope.json").read_text(encoding="utf-8")
)


def raw(name: str) -> bytes:
    """A hex value of the example."""
    return bytes.fromhex(VECTOR[name])


def always(nonce: bytes) -> Callable[[int], bytes]:
    """A chance that always draws the same."""

    def draw(size_bytes: int) -> bytes:
        assert size_bytes == len(nonce)
        return nonce

    return draw


def flips(value: bytes) -> Iterator[bytes]:
    """The value with each single bit turned."""
    for bit in range(8 * len(value)):
        turned = bytearray(value)
        turned[bit // 8] ^= 1 << bit % 8
        yield bytes(turned)


@dataclass(frozen=True)
class Cell:
    """Where the example's cell stands."""

    vault_id: bytes
    person_id: bytes
    category_id: int
    rev: int
    key_version: int

    def open(self, envelope: bytes, key: bytes) -> bytes:
        """Open it there."""
        aad = places.cell(
            vault_id=self.vault_id,
            person_id=self.person_id,
            category_id=self.category_id,
            rev=self.rev,
            key_version=self.key_version,
        )
        return open_sealed(SealKey(Secret(key)), envelope, aad, key_version=self.key_version)


CELL = Cell(raw("vault_id"), raw("person_id"), 2, 1, 7)
PLACE = WrapPlace(raw("vault_id"), raw("person_id"), "seal", 7)
VK = VaultKey.of(Secret(raw("vk")), 3)
WRAPPED = Wrapped(raw("wrap"), raw("commitment"))


@pytest.mark.parametrize(
    ("label", "secret", "key", "commitment"),
    [
        (b"kept/vault/v1", "vk", "wrapping_key", "vk_commitment"),
        (b"kept/person/v1", "secret", "seal_key", "commitment"),
    ],
)
def test_derivation(label: bytes, secret: str, key: str, commitment: str) -> None:
    """A secret gives the example's key and commitment."""
    assert keys.expand(Secret(raw(secret)), label, 64) == raw(key) + raw(commitment)


def test_commitments() -> None:
    """The derived keys carry the example's commitments."""
    assert VK.derived.commitment == raw("vk_commitment")
    assert keys.person_key(Secret(raw("secret"))).commitment == raw("commitment")
    assert keys.commitment_of(Secret(raw("secret"))) == raw("commitment")


def test_ledger_keys() -> None:
    """A trail secret gives the ledger's tag key and opening key."""
    trail = Secret(raw("trail"))
    assert keys.tag_key(trail).reveal() == raw("tag_key")
    assert keys.opening_key(trail).reveal() == raw("opening_key")


def test_cell_place() -> None:
    """The cell's associated data is the example's, byte for byte."""
    aad = places.cell(
        vault_id=CELL.vault_id, person_id=CELL.person_id, category_id=2, rev=1, key_version=7
    )
    assert aad == raw("cell_aad")


def test_wrap_place_size() -> None:
    """The wrap's associated data has the length the format states."""
    assert len(PLACE.aad(raw("commitment"), 3)) == VECTOR["wrap_aad_bytes"]


def test_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sealing with the example's nonce gives the example's cell."""
    monkeypatch.setattr(sealing, "draw", always(raw("cell_nonce")))
    key = SealKey(Secret(raw("seal_key")))
    assert seal(key, raw("body"), raw("cell_aad"), key_version=7) == raw("cell")


def test_wrap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wrapping with the example's nonce gives the example's wrap and commitment."""
    monkeypatch.setattr(sealing, "draw", always(raw("wrap_nonce")))
    assert keys.wrap_secret(VK, Secret(raw("secret")), PLACE) == WRAPPED


def test_opens() -> None:
    """The example's wrap gives the secret, and the secret opens the example's cell."""
    assert keys.unwrap_secret(VK, WRAPPED, PLACE) == Secret(raw("secret"))
    assert CELL.open(raw("cell"), raw("seal_key")) == raw("body")
    opened = open_sealed(
        keys.unwrap_key(VK, WRAPPED, PLACE).key, raw("cell"), raw("cell_aad"), key_version=7
    )
    assert opened == raw("body")


def test_every_flipped_bit_of_a_cell() -> None:
    """No bit of the envelope, the key or an id can change."""
    for envelope in flips(raw("cell")):
        with pytest.raises(TamperedError):
            CELL.open(envelope, raw("seal_key"))
    for key in flips(raw("seal_key")):
        with pytest.raises(TamperedError):
            CELL.open(raw("cell"), key)
    for vault_id in flips(CELL.vault_id):
        with pytest.raises(TamperedError):
            replace(CELL, vault_id=vault_id).open(raw("cell"), raw("seal_key"))
    for person_id in flips(CELL.person_id):
        with pytest.raises(TamperedError):
            replace(CELL, person_id=person_id).open(raw("cell"), raw("seal_key"))


@pytest.mark.parametrize("change", [{"category_id": 3}, {"rev": 2}, {"rev": 0}, {"key_version": 8}])
def test_cell_elsewhere(change: dict[str, int]) -> None:
    """A cell does not open as another category, revision or key version."""
    with pytest.raises(TamperedError):
        replace(CELL, **change).open(raw("cell"), raw("seal_key"))


def test_every_flipped_bit_of_a_wrap() -> None:
    """No bit of the wrap, its commitment, its place or the vault key can change."""
    wraps = [replace(WRAPPED, wrap=wrap) for wrap in flips(WRAPPED.wrap)]
    wraps += [replace(WRAPPED, commitment=c) for c in flips(WRAPPED.commitment)]
    for wrapped in wraps:
        with pytest.raises(TamperedError):
            keys.unwrap_secret(VK, wrapped, PLACE)
    for vk in flips(raw("vk")):
        with pytest.raises(TamperedError):
            keys.unwrap_secret(VaultKey.of(Secret(vk), 3), WRAPPED, PLACE)
    for person_id in flips(raw("person_id")):
        with pytest.raises(TamperedError):
            keys.unwrap_secret(VK, WRAPPED, replace(PLACE, person_id=person_id))


@pytest.mark.parametrize(
    "place",
    [
        replace(PLACE, kind="trail"),
        replace(PLACE, key_version=8),
        replace(PLACE, person_id=None),
        replace(PLACE, vault_id=bytes(16)),
    ],
)
def test_wrap_elsewhere(place: WrapPlace) -> None:
    """A wrap does not open as another kind, version, owner or vault."""
    with pytest.raises(TamperedError):
        keys.unwrap_secret(VK, WRAPPED, place)


def test_wrap_of_another_epoch() -> None:
    """A wrap of one epoch is a mismatch for another, even with the same key."""
    with pytest.raises(KeyMismatchError):
        keys.unwrap_secret(VaultKey.of(Secret(raw("vk")), 4), WRAPPED, PLACE)


def test_wrap_that_lies_about_its_commitment() -> None:
    """A whole wrap whose commitment is not the secret's own is a mismatch, not a secret."""
    lie = bytes(32)
    aad = PLACE.aad(lie, 3)
    wrap = seal(VK.derived.key, raw("secret"), aad, key_version=3, pad=False)
    with pytest.raises(KeyMismatchError):
        keys.unwrap_secret(VK, Wrapped(wrap, lie), PLACE)


def test_blind_index_tag() -> None:
    """The blind index gives the example's tag, again and again."""
    index = BlindIndex(Secret(raw("index_secret")), vault_id=raw("vault_id"), kind=1, version=1)
    assert index.tag("ada@example.org") == raw("index_tag")
    assert index.tag("ada@example.org") == raw("index_tag")


NODE = """
const c = require('crypto'), v = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const hex = (s) => Buffer.from(s, 'hex'), u32 = (n) => { const b = Buffer.alloc(4);
  b.writeUInt32BE(n); return b; };
const list = (...p) => Buffer.concat(p.flatMap((x) => [u32(x.length), x]));
const expand = (key, label) => { const one = c.createHmac('sha256', key).update(label)
  .update(Buffer.from([1])).digest(); return [one, c.createHmac('sha256', key).update(one)
  .update(label).update(Buffer.from([2])).digest()]; };
const open = (key, env, aad) => { const d = c.createDecipheriv('aes-256-gcm', key,
  env.subarray(6, 18)); d.setAAD(aad); d.setAuthTag(env.subarray(-16));
  return Buffer.concat([d.update(env.subarray(18, -16)), d.final()]); };
const [wrapping] = expand(hex(v.vk), 'kept/vault/v1');
const secret = open(wrapping, hex(v.wrap), list(Buffer.from('kept/wrap/v1'), hex(v.vault_id),
  hex(v.person_id), Buffer.from(v.wrap_kind), u32(v.key_version), hex(v.commitment),
  u32(v.epoch)));
const [sealKey, commitment] = expand(secret, 'kept/person/v1');
const body = open(sealKey, hex(v.cell), hex(v.cell_aad));
const tag = c.createHmac('sha256', hex(v.index_secret)).update(list(Buffer.from('kept/find/v1'),
  hex(v.vault_id), u32(v.index_kind), u32(v.index_version), Buffer.from(v.index_value))).digest();
console.log(JSON.stringify([secret, commitment, body, tag.subarray(0, 8)]
  .map((b) => b.toString('hex'))));
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="no node on this machine")
def test_node_opens_what_we_seal() -> None:
    """Node's own cipher unwraps our wrap, opens our cell and makes the same tag."""
    sealed = VECTOR | {
        "wrap": keys.wrap_secret(VK, Secret(raw("secret")), PLACE).wrap.hex(),
        "cell": seal(
            SealKey(Secret(raw("seal_key"))), raw("body"), raw("cell_aad"), key_version=7
        ).hex(),
    }
    for example in (VECTOR, sealed):
        done = subprocess.run(
            ["node", "-e", NODE], input=json.dumps(example), capture_output=True, text=True,
            check=True,
        )  # fmt: skip
        secret, commitment, body, tag = json.loads(done.stdout)
        assert secret == VECTOR["secret"]
        assert commitment == VECTOR["commitment"]
        assert bytes.fromhex(body) == raw("body") + b"\x80" + bytes(27)
        assert tag == VECTOR["index_tag"]
