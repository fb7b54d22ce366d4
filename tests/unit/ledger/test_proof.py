"""Does a receipt say exactly what it proves, and is every other receipt refused?"""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rfc6962
from kept.base.encoding import b64, canonical_json
from kept.base.errors import MalformedError
from kept.ledger.entry import Entry, Opening, UnknownVersion, encode_detail
from kept.ledger.notes import Checkpoint, KeyKind, Note, Signature, Signer, sign_checkpoint
from kept.ledger.policy import Group, Log, Policy, Witness
from kept.ledger.proof import (
    Extra,
    Proven,
    Receipt,
    Refused,
    SignedOnly,
    State,
    Step,
    decode_hashes,
    decode_opening,
    encode_hashes,
    encode_opening,
    verify_receipt,
)

ORIGIN, AT = "shop.example/ledger", datetime(2026, 11, 21, 17, 4, tzinfo=UTC)
LOG = Signer.from_seed(ORIGIN, KeyKind.LOG, b"\x01" * 32)
FRIEND = Signer.from_seed("friend.example/witness", KeyKind.WITNESS, b"\x02" * 32)
RIVAL = Signer.from_seed("rival.example/witness", KeyKind.WITNESS, b"\x03" * 32)
POLICY = Policy(
    (Log(LOG.key),),
    (Witness("friend", FRIEND.key), Witness("rival", RIVAL.key)),
    (Group("both", 2, ("friend", "rival")),),
    "both",
)
OPENINGS = [
    Opening(bytes([at]) * 32, encode_detail(actor="st_1", at=AT, n=at, why="почему"))
    for at in range(7)
]


def entry_of(opening: Opening, at: int) -> bytes:
    """The entry number `at` that commits to an opening."""
    return Entry(
        kind="person.read",
        purpose="answer",
        role="operator",
        hour="2026-11-21T17Z",
        tag=bytes([at]) * 16,
        commitment=opening.commitment,
    ).encode()


ENTRIES = [entry_of(opening, at) for at, opening in enumerate(OPENINGS)]
LEAVES = [rfc6962.leaf(entry) for entry in ENTRIES]
POINT = Checkpoint(ORIGIN, 7, rfc6962.mth(LEAVES))
SIGNED = sign_checkpoint(POINT, LOG)
COSIGNED = SIGNED.plus(*(who.cosign(POINT.text, time=1_795_280_700) for who in (FRIEND, RIVAL)))


def receipt(at: int = 2, note: Note = COSIGNED, extra: Extra | None = None) -> Receipt:
    """The receipt of entry `at`, made from the RFC's own definition."""
    extra = extra or Extra(ENTRIES[at], OPENINGS[at])
    return Receipt(at, tuple(rfc6962.path(at, LEAVES)), note, extra.encode())


GOOD = receipt().encode()


def refused_at(data: bytes, trust: Policy = POLICY) -> Step | None:
    """The step that refuses, if any does."""
    verdict = verify_receipt(data, trust)
    if not isinstance(verdict, Refused):
        return None
    assert verdict.steps[-1].state is State.FAILED
    assert verdict.steps[-1].step is verdict.step
    assert all(one.state is not State.FAILED for one in verdict.steps[:-1])
    return verdict.step


@pytest.mark.parametrize("at", range(7))
def test_proven(at: int) -> None:
    """With log and quorum every step holds, and the facts are the entry's own."""
    verdict = verify_receipt(receipt(at).encode(), POLICY)
    assert isinstance(verdict, Proven)
    assert [(one.step, one.state) for one in verdict.steps] == [(one, State.HELD) for one in Step]
    facts = verdict.facts
    assert (facts.index, facts.leaf, facts.checkpoint) == (at, LEAVES[at], POINT)
    assert isinstance(facts.entry, Entry)
    assert facts.entry.tag == bytes([at]) * 16
    assert facts.detail is not None
    assert (facts.detail["n"], facts.detail["why"]) == (at, "почему")
    assert [(one.key, one.time) for one in facts.cosigners] == [
        (FRIEND.key, 1_795_280_700),
        (RIVAL.key, 1_795_280_700),
    ]


@pytest.mark.parametrize(
    ("note", "trust"),
    [
        (COSIGNED, LOG.key),
        (COSIGNED, replace(POLICY, quorum="none")),
        (SIGNED, POLICY),
        (SIGNED.plus(FRIEND.cosign(POINT.text, time=1)), POLICY),
    ],
)
def test_signed_only(note: Note, trust: Policy) -> None:
    """Without the quorum of a policy nothing more than the log's word is claimed."""
    verdict = verify_receipt(receipt(note=note).encode(), trust)
    assert isinstance(verdict, SignedOnly)
    states = {one.step: one.state for one in verdict.steps}
    assert states[Step.QUORUM] is State.ABSENT
    assert states[Step.INCLUSION] is states[Step.OPENING] is State.HELD


def test_rotation() -> None:
    """While two keys sign, either is enough, and a reader who knows both checks both."""
    new = Signer.from_seed(ORIGIN, KeyKind.LOG, b"\x04" * 32)
    data = receipt(note=sign_checkpoint(POINT, LOG, new)).encode()
    for keys in ([LOG], [new], [LOG, new]):
        policy = Policy(tuple(Log(one.key) for one in keys))
        assert isinstance(verify_receipt(data, policy), SignedOnly)


def bad_line(signer: Signer) -> Signature:
    """A signature over another text under a known key's id."""
    if signer.kind is KeyKind.LOG:
        return signer.sign("other\n")
    return signer.cosign("other\n", time=1_795_280_700)


OTHER_LOG = Signer.from_seed("other.example/ledger", KeyKind.LOG, b"\x05" * 32)
ELSEWHERE = sign_checkpoint(replace(POINT, origin=OTHER_LOG.name), OTHER_LOG)
SALTED = replace(OPENINGS[2], salt=bytes(32))
LATER = b'{"later":1,"v":2}'.ljust(256)


@pytest.mark.parametrize(
    ("data", "step"),
    [
        (b"", Step.FORMAT),
        (GOOD.replace(b"@v1", b"@v2"), Step.FORMAT),
        (GOOD.replace(b"\n", b"\r\n"), Step.FORMAT),
        (GOOD + b"\n", Step.FORMAT),
        (GOOD.replace(b"index 2\n", b"index 02\n"), Step.FORMAT),
        (GOOD.replace(b"index 2\n", b"index +2\n"), Step.FORMAT),
        (GOOD.replace(b"index 2\n", b""), Step.FORMAT),
        (GOOD.replace(b"index 2\n", b"index 2\nindex 2\n"), Step.FORMAT),
        (GOOD.replace(b"extra ", b"Extra "), Step.FORMAT),
        (GOOD.replace(b"extra ", b"extra  "), Step.FORMAT),
        (GOOD.replace(b"index 2", "index \u0662".encode()), Step.FORMAT),
        (replace(receipt(), extra=None).encode(), Step.FORMAT),
        (replace(receipt(), extra=b"{}").encode(), Step.FORMAT),
        (replace(receipt(), hashes=(bytes(31),)).encode(), Step.FORMAT),
        (replace(receipt(), hashes=(bytes(32),) * 64).encode(), Step.FORMAT),
        (GOOD + b"x" * 262_144, Step.FORMAT),
        (receipt(note=Note("no checkpoint\n", SIGNED.signatures)).encode(), Step.FORMAT),
        (receipt(extra=Extra(bytes(256), None)).encode(), Step.LEAF),
        (receipt(note=ELSEWHERE).encode(), Step.LOG),
        (receipt(note=Note(POINT.text, COSIGNED.signatures[1:])).encode(), Step.LOG),
        (receipt(note=COSIGNED.plus(bad_line(LOG))).encode(), Step.LOG),
        (receipt(note=Note(replace(POINT, size=8).text, COSIGNED.signatures)).encode(), Step.LOG),
        (receipt(note=SIGNED.plus(bad_line(FRIEND))).encode(), Step.COSIGNATURES),
        (receipt(note=COSIGNED.plus(bad_line(RIVAL))).encode(), Step.COSIGNATURES),
        (replace(receipt(), index=3).encode(), Step.INCLUSION),
        (replace(receipt(), index=7).encode(), Step.INCLUSION),
        (replace(receipt(), hashes=receipt().hashes[:-1]).encode(), Step.INCLUSION),
        (replace(receipt(), hashes=(*receipt().hashes, bytes(32))).encode(), Step.INCLUSION),
        (receipt(extra=Extra(ENTRIES[3], OPENINGS[3])).encode(), Step.INCLUSION),
        (receipt(extra=Extra(LATER, None)).encode(), Step.INCLUSION),
        (receipt(extra=Extra(ENTRIES[2], OPENINGS[3])).encode(), Step.OPENING),
        (receipt(extra=Extra(ENTRIES[2], SALTED)).encode(), Step.OPENING),
    ],
)  # fmt: skip
def test_refused_at_the_step_that_fails(data: bytes, step: Step) -> None:
    """Each kind of damage is refused at the step that it breaks, and at no other."""
    assert refused_at(data) is step


@given(bit=st.integers(0, len(GOOD) * 8 - 1))
@settings(max_examples=600, deadline=None)
def test_any_flipped_bit(bit: int) -> None:
    """No receipt with one bit changed is proven."""
    data = bytearray(GOOD)
    data[bit // 8] ^= 1 << bit % 8
    verdict = verify_receipt(bytes(data), POLICY)
    assert not isinstance(verdict, Proven)
    if isinstance(verdict, SignedOnly):  # a witness's name or key id is another's now
        assert bit // 8 > GOOD.index(str(COSIGNED.signatures[1]).encode())


@given(st.binary(max_size=300))
def test_nothing_raises(data: bytes) -> None:
    """Whatever comes in, a verdict comes out."""
    assert refused_at(data) is Step.FORMAT
    assert refused_at(GOOD[:60] + data) is not None


@given(
    index=st.integers(0, 2**63 - 1),
    hashes=st.lists(st.binary(min_size=32, max_size=32), max_size=63),
    extra=st.none() | st.binary(max_size=200),
)
def test_receipt_round_trip(index: int, hashes: list[bytes], extra: bytes | None) -> None:
    """Receipts with any extra, or none, come back as written."""
    one = Receipt(index, tuple(hashes), COSIGNED, extra)
    assert Receipt.decode(one.encode()) == one


def test_no_opening() -> None:
    """After an erasure the entry alone is still proven; no detail is shown."""
    verdict = verify_receipt(receipt(extra=Extra(ENTRIES[2], None)).encode(), POLICY)
    assert isinstance(verdict, Proven)
    assert verdict.facts.detail is None
    assert verdict.steps[-1].state is State.ABSENT


def test_a_later_version_is_proven_but_not_read() -> None:
    """An entry of a later version stands in the log; nothing of its opening is shown."""
    point = Checkpoint(ORIGIN, 1, rfc6962.leaf(LATER))
    data = Receipt(0, (), sign_checkpoint(point, LOG), Extra(LATER, OPENINGS[0]).encode()).encode()
    verdict = verify_receipt(data, LOG.key)
    assert isinstance(verdict, SignedOnly)
    assert verdict.facts.entry == UnknownVersion(2)
    assert verdict.facts.detail is None


def test_a_detail_that_is_no_object_is_refused() -> None:
    """Bytes bound by `c` that are not canonical JSON are not shown."""
    opening = Opening(bytes(32), b"not json")
    entry = entry_of(opening, 0)
    point = Checkpoint(ORIGIN, 1, rfc6962.leaf(entry))
    one = Receipt(0, (), sign_checkpoint(point, LOG), Extra(entry, opening).encode())
    assert refused_at(one.encode()) is Step.OPENING


def members(**changed: object) -> bytes:
    """A canonical `extra` with some members changed."""
    whole: dict[str, object] = {
        "entry": b64(ENTRIES[2]),
        "salt": b64(OPENINGS[2].salt),
        "detail": b64(OPENINGS[2].detail),
        "v": 1,
    }
    whole |= changed
    kept = {name: value for name, value in whole.items() if value != "drop"}
    return canonical_json(kept)  # pyright: ignore[reportArgumentType]


def test_unknown_members_are_passed_over() -> None:
    """An `extra` may hold more than is known; it is read and never shown."""
    assert Extra.decode(members(zz="claims")) == Extra(ENTRIES[2], OPENINGS[2])


@pytest.mark.parametrize(
    "data",
    [
        members(v=2), members(v=True), members(v="1"), members(v="drop"), members(entry="drop"),
        members(entry=1), members(salt="drop"), members(detail="drop"), members(salt=None),
        members(entry=b64(bytes(255))), members(salt=b64(bytes(31))), members(detail="="),
        members(detail="AB=="), members() + b" ", b"[]", b"1", b"", members(zz="x" * 65_536),
    ],
)  # fmt: skip
def test_extra_refuses(data: bytes) -> None:
    """Half an opening, another version or another spelling is refused."""
    with pytest.raises(MalformedError):
        Extra.decode(data)


def test_public_opening_round_trip() -> None:
    """The opening of an act of the house comes back as served."""
    assert decode_opening(encode_opening(OPENINGS[1])) == OPENINGS[1]
    for data in [members(v=2), members(salt="drop"), b"{}", members(detail=1)]:
        with pytest.raises(MalformedError):
            decode_opening(data)


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=63))
def test_hash_lines_round_trip(hashes: list[bytes]) -> None:
    """A consistency proof comes back from its lines."""
    assert decode_hashes(encode_hashes(hashes)) == tuple(hashes)


LINE = encode_hashes([bytes(32)])


@pytest.mark.parametrize(
    "data", [LINE[:-1], b"\n", LINE + b"\n", LINE * 64, b"AAAA\n", b"\xff\n", LINE[:-1] + b"\r\n"]
)
def test_hash_lines_refuse(data: bytes) -> None:
    """Torn, empty, overlong or misspelt lines are refused."""
    with pytest.raises(MalformedError):
        decode_hashes(data)
