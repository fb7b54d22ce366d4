"""Is a note believed exactly when every signature that can be checked holds?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kept.base.encoding import b64
from kept.base.errors import MalformedError
from kept.ledger.notes import (
    Checkpoint,
    KeyKind,
    Note,
    NotSigned,
    Signature,
    Signer,
    VerifierKey,
    check_note,
    check_signature,
    sign_checkpoint,
)

LOG = Signer.from_seed("shop.example/ledger", KeyKind.LOG, b"\x01" * 32)
WITNESS = Signer.from_seed("friend.example/witness", KeyKind.WITNESS, b"\x02" * 32)
OTHER = Signer.from_seed("shop.example/ledger", KeyKind.LOG, b"\x03" * 32)
POINT = Checkpoint("shop.example/ledger", 7, bytes(range(32)))
SIGNED = sign_checkpoint(POINT, LOG)
NOTE = SIGNED.plus(WITNESS.cosign(POINT.text, time=1_795_280_700))
VKEY = str(LOG.key)
LINE = str(NOTE.signatures[0])


def test_signed_and_cosigned() -> None:
    """Both signatures hold, the witness's with its time, and survive writing and reading."""
    note = Note.parse(NOTE.encode())
    assert note == NOTE
    found = check_note(note, [LOG.key, WITNESS.key])
    assert not isinstance(found, NotSigned)
    assert [(one.key, one.time) for one in found] == [(LOG.key, None), (WITNESS.key, 1_795_280_700)]


def test_signing_again_gives_the_same_bytes() -> None:
    """The same checkpoint makes the same note, so a crash may sign again."""
    assert sign_checkpoint(POINT, LOG).encode() == SIGNED.encode()


def test_unknown_signatures_are_passed_over() -> None:
    """A line of a name or an id that is not known changes nothing."""
    found = check_note(NOTE.plus(OTHER.sign(POINT.text)), [WITNESS.key])
    assert not isinstance(found, NotSigned)
    assert [one.key for one in found] == [WITNESS.key]


def test_no_known_signature() -> None:
    """Nothing to verify is a failure, not a pass."""
    assert check_note(NOTE, [OTHER.key]) == NotSigned("no signature of a known key")
    assert isinstance(check_note(NOTE, []), NotSigned)


@pytest.mark.parametrize("which", [0, 1])
def test_a_known_signature_that_fails_spoils_the_note(which: int) -> None:
    """One bad line of a known key refuses the note, whatever else holds."""
    line = NOTE.signatures[which]
    bad = Signature(line.name, line.key_id, line.value[:-1] + bytes([line.value[-1] ^ 1]))
    for note in (NOTE.plus(bad), Note(NOTE.text, (bad, *NOTE.signatures))):
        found = check_note(note, [LOG.key, WITNESS.key])
        assert isinstance(found, NotSigned)
        assert found.key == (LOG.key, WITNESS.key)[which]


@given(st.integers(0, len(POINT.text) - 1), st.characters(min_codepoint=33, max_codepoint=126))
def test_another_text_is_not_signed(at: int, char: str) -> None:
    """A signature over one text holds for no other."""
    text = POINT.text[:at] + char + POINT.text[at + 1 :]
    if text != POINT.text:
        assert isinstance(check_note(Note(text, NOTE.signatures), [LOG.key]), NotSigned)
        assert isinstance(check_note(Note(text, NOTE.signatures), [WITNESS.key]), NotSigned)


def test_a_cosignature_binds_its_time() -> None:
    """Another time, time 0 or a time beyond 2^63-1 does not hold."""
    line = NOTE.signatures[1]
    for time in (0, 1, 1_795_280_701, 2**63):
        moved = Signature(line.name, line.key_id, time.to_bytes(8, "big") + line.value[8:])
        assert check_signature(NOTE.text, moved, WITNESS.key) is None
    assert check_signature(NOTE.text, line, LOG.key) is None
    short = Signature(line.name, line.key_id, line.value[:-1])
    assert check_signature(NOTE.text, short, WITNESS.key) is None


@pytest.mark.parametrize("time", [0, -1, 2**63])
def test_no_cosignature_without_a_time(time: int) -> None:
    """A witness does not sign a time that no reader accepts."""
    with pytest.raises(MalformedError):
        WITNESS.cosign(POINT.text, time=time)


def test_keys_keep_to_their_work() -> None:
    """A witness's key signs no log line, a log's no cosignature, and no log signs for another."""
    with pytest.raises(MalformedError):
        WITNESS.sign(POINT.text)
    with pytest.raises(MalformedError):
        LOG.cosign(POINT.text, time=1)
    with pytest.raises(MalformedError):
        sign_checkpoint(Checkpoint("other.example/ledger", 0, bytes(32)), LOG)
    with pytest.raises(MalformedError):
        sign_checkpoint(POINT)
    with pytest.raises(MalformedError):
        Signer.from_seed("shop.example/ledger", KeyKind.LOG, bytes(31))


def test_an_unusable_public_key_verifies_nothing() -> None:
    """A key that is no point of the curve makes no signature hold."""
    key = VerifierKey("x", KeyKind.LOG, b"\xff" * 32)
    assert check_signature("t\n", Signature("x", key.id, bytes(64)), key) is None


@pytest.mark.parametrize(
    "text",
    [
        "", "+", "++", VKEY[:-1], VKEY + "=", VKEY.replace("c3ef82ae", "C3EF82AE"),
        VKEY.replace("c3ef82ae", "c3ef82af"), VKEY.replace("c3ef82ae", "c3ef82"), " " + VKEY,
        VKEY.replace("shop", "sh op"), VKEY.replace("shop", "sh\u00a0op"), VKEY[VKEY.index("+") :],
        VKEY.replace("ledger", "other"), "a+b", VKEY + "\n",
        f"x+00000000+{b64(b'')}", f"x+00000000+{b64(bytes([2]) + bytes(32))}",
        f"x+00000000+{b64(bytes([1]) + bytes(31))}", f"\ud800+00000000+{b64(bytes([1] * 33))}",
    ],
)  # fmt: skip
def test_verifier_keys_have_one_spelling(text: str) -> None:
    """A verifier key with another name, id, type, length or spelling is refused."""
    assert VerifierKey.parse(VKEY) == LOG.key
    with pytest.raises(MalformedError):
        VerifierKey.parse(text)


def with_trailing_bits(line: str) -> str:
    """The same bytes spelt with non-zero trailing bits, as Python's decoder would accept."""
    at = line.rindex("=") - (2 if line.endswith("==") else 1)
    spare = {"w": "x", "0": "1", "8": "9", "A": "B", "Q": "R", "g": "h", "M": "N", "E": "F"}
    return line[:at] + spare.get(line[at], "!") + line[at + 1 :]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"text\n",
        b"text\n\n",
        f"text\n{LINE}\n".encode(),
        f"text\n\n{LINE}".encode(),
        f"text\n\n{LINE}\n\n".encode(),
        f"text\n\n{LINE}\nmore\n".encode(),
        f"text\n\n{LINE}\r\n".encode(),
        f"te\tt\n\n{LINE}\n".encode(),
        f"te\x00t\n\n{LINE}\n".encode(),
        b"te\xfft\n\n" + f"{LINE}\n".encode(),
        f"text\n\n{LINE.replace(chr(0x2014), '-')}\n".encode(),
        f"text\n\n{LINE.replace(' ', '  ', 1)}\n".encode(),
        f"text\n\n {LINE}\n".encode(),
        f"text\n\n{LINE} \n".encode(),
        f"text\n\n{LINE[:-1]}\n".encode(),
        f"text\n\n{with_trailing_bits(LINE)}\n".encode(),
        "text\n\n\u2014 name AAAAAA==\n".encode(),
        "text\n\n\u2014  AAAAAAAA\n".encode(),
        "text\n\n\u2014 na+me AAAAAAAA\n".encode(),
        "text\n\n\u2014 na\u2003me AAAAAAAA\n".encode(),
        f"text\n\n{chr(10).join([LINE] * 65)}\n".encode(),
        b"a" * 131_072 + f"\n\n{LINE}\n".encode(),
    ],
)
def test_notes_have_one_spelling(data: bytes) -> None:
    """What is not exactly a note is refused before any signature is looked at."""
    with pytest.raises(MalformedError):
        Note.parse(data)


def test_split_is_at_the_last_empty_line_and_only_at_newlines() -> None:
    """A text may hold empty lines and characters at which Python alone would break lines."""
    text = "one\n\ntwo\u2028three\u0085four\n"
    note = Note(text, (LOG.sign(text),))
    assert Note.parse(note.encode()) == note
    assert not isinstance(check_note(Note.parse(note.encode()), [LOG.key]), NotSigned)


def test_at_least_16_signatures_are_read() -> None:
    """A note with many cosignatures is read whole."""
    signers = [Signer.from_seed(f"w{at}", KeyKind.WITNESS, bytes([at]) * 32) for at in range(16)]
    note = SIGNED.plus(*(one.cosign(POINT.text, time=5) for one in signers))
    found = check_note(Note.parse(note.encode()), [one.key for one in signers])
    assert not isinstance(found, NotSigned)
    assert len(found) == 16


@given(
    st.from_regex(r"[a-z./0-9]{1,60}", fullmatch=True),
    st.integers(0, 2**63 - 1),
    st.binary(min_size=32, max_size=32),
)
def test_checkpoint_round_trip(origin: str, size: int, root: bytes) -> None:
    """A checkpoint comes back from its three lines."""
    point = Checkpoint(origin, size, root)
    assert Checkpoint.parse(point.text) == point


@pytest.mark.parametrize(
    "text",
    [
        "", POINT.text[:-1], POINT.text + "\n", POINT.text + "extension\n", "\n" + POINT.text,
        POINT.text.replace("\n7\n", "\n07\n"), POINT.text.replace("\n7\n", "\n+7\n"),
        POINT.text.replace("\n7\n", "\n7 \n"), POINT.text.replace("\n7\n", "\n1_0\n"),
        POINT.text.replace("\n7\n", "\n\u0667\n"), POINT.text.replace("\n7\n", "\n-7\n"),
        POINT.text.replace("\n7\n", f"\n{2**63}\n"), POINT.text.replace("\n7\n", "\n\n"),
        POINT.text.replace("=", ""), POINT.text.replace("8=", "9="), POINT.text.replace("A", "-"),
        POINT.text.replace("shop", "sh op"), POINT.text.replace("\n", "\r\n"),
        "x" * 256 + "\n0\n" + b64(bytes(32)) + "\n", "x\n0\n" + b64(bytes(31)) + "\n",
    ],
)  # fmt: skip
def test_checkpoints_have_one_spelling(text: str) -> None:
    """Another number of lines, another decimal or another base64 is refused."""
    with pytest.raises(MalformedError):
        Checkpoint.parse(text)


@pytest.mark.parametrize(("size", "root"), [(-1, bytes(32)), (2**63, bytes(32)), (0, bytes(33))])
def test_impossible_checkpoints(size: int, root: bytes) -> None:
    """No checkpoint is made outside the format's limits."""
    with pytest.raises(MalformedError):
        Checkpoint("shop.example/ledger", size, root)
