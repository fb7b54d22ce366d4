"""Does age speak as other age tools do?"""

import base64
import subprocess
from pathlib import Path

import pytest

from kept.base.errors import MalformedError, RefusedError, TamperedError
from kept.crypto import age
from kept.crypto.bech32 import bech32
from kept.crypto.chance import fresh_secret
from kept.crypto.sealing import KeyMismatchError
from kept.crypto.secret import Secret

IDENTITY = Secret(bytes(range(32)))
# made once with pyrage.passphrase, which takes seconds; it holds "payload"
PASSPHRASE_FILE = (
    "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IHNjcnlwdCB1bDdXWjcvYk53Sm1FTGJjWmVsVmJRIDE4CmUzZUxDTmow"
    "RTMzRkpJYnR3Z0VjZGErQUFDUGxBQmhoTjZJUHR3R29kK28KLS0tIEgwUW1DWGU4c3hRbjNkS3luVXJ0K1BjcEs2"
    "azVxaDMvWk5VQXZ3YW1FZUkKvtWgq4Ls5nirWlApKYI5U3TXpcgHUJVe4i8ImbZaNxE8hl/QgEvl"
)


@pytest.mark.parametrize(
    ("prefix", "program", "text"),
    [
        ("a", b"", "a12uel5l"),
        (
            "abcdef",
            bytes.fromhex("00443214c74254b635cf84653a56d7c675be77df"),
            "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw",
        ),
    ],
)
def test_bech32_published(prefix: str, program: bytes, text: str) -> None:
    """Two of BIP 173's valid strings."""
    assert bech32(prefix, program) == text


def test_round_trip() -> None:
    """What is encrypted to a recipient its identity opens, several recipients too."""
    other = fresh_secret()
    blob = age.encrypt(Secret(b"payload"), [age.recipient_of(IDENTITY), age.recipient_of(other)])
    for identity in (IDENTITY, other):
        assert age.decrypt(blob, identity, what="it") == Secret(b"payload")


@pytest.mark.needs("age")
def test_debian_age_opens(tmp_path: Path) -> None:
    """Debian's age knows our identity's recipient and opens our file."""
    key = tmp_path / "key.txt"
    key.write_bytes(age.identity_text(IDENTITY).reveal() + b"\n")
    named = subprocess.run(["age-keygen", "-y", key], capture_output=True, check=True)
    assert named.stdout.decode().strip() == age.recipient_of(IDENTITY)
    opened = subprocess.run(
        ["age", "-d", "-i", key],
        input=age.encrypt(Secret(b"payload"), [age.recipient_of(IDENTITY)]),
        capture_output=True,
        check=True,
    )
    assert opened.stdout == b"payload"


@pytest.mark.needs("age")
def test_opens_what_debian_age_wrote() -> None:
    """We open a file that Debian's age wrote."""
    made = subprocess.run(
        ["age", "-r", age.recipient_of(IDENTITY)],
        input=b"payload",
        capture_output=True,
        check=True,
    )
    assert age.decrypt(made.stdout, IDENTITY, what="it") == Secret(b"payload")


def test_passphrase_file_is_refused() -> None:
    """A file made for a pass phrase is refused by name, whoever asks."""
    with pytest.raises(RefusedError) as refused:
        age.decrypt(base64.b64decode(PASSPHRASE_FILE), IDENTITY, what="it")
    assert refused.value.code == "scrypt_recipient"


def test_another_identity() -> None:
    """Somebody else's file is a mismatch, told apart from a changed one."""
    blob = age.encrypt(Secret(b"payload"), [age.recipient_of(fresh_secret())])
    with pytest.raises(KeyMismatchError):
        age.decrypt(blob, IDENTITY, what="it")


def test_every_changed_byte() -> None:
    """A change anywhere in the file is noticed."""
    blob = age.encrypt(Secret(b"payload"), [age.recipient_of(IDENTITY)])
    for at in range(len(blob)):
        changed = blob[:at] + bytes([blob[at] ^ 1]) + blob[at + 1 :]
        with pytest.raises(TamperedError):
            age.decrypt(changed, IDENTITY, what="it")


@pytest.mark.parametrize("blob", [b"", b"age-encryption.org/v1\n", b"\xff" * 300])
def test_no_age_file(blob: bytes) -> None:
    """What is no age file at all is refused as changed."""
    with pytest.raises(TamperedError):
        age.decrypt(blob, IDENTITY, what="it")


@pytest.mark.parametrize(
    "recipients",
    [[], ["age1"], ["ssh-ed25519 AAAA"], ["correct horse battery"], [""], ["age1x"] * 17],
)
def test_unfit_recipients(recipients: list[str]) -> None:
    """Only X25519 recipients, and not none or many."""
    with pytest.raises(MalformedError):
        age.encrypt(Secret(b"payload"), recipients)


def test_unfit_identity() -> None:
    """An identity has 32 bytes."""
    with pytest.raises(MalformedError):
        age.identity_text(Secret(bytes(31)))
