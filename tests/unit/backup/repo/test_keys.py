"""Does a password open the key file it should, and no hostile one?"""

import json
from base64 import b64decode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kept.backup.repo.config import decode_config
from kept.backup.repo.keys import (
    decode_master,
    encode_master,
    make_key_file,
    open_key_file,
    read_key_file,
)
from kept.base.errors import MalformedError, RefusedError, TamperedError
from kept.crypto.repo_sealing import fresh_repo_key
from kept.crypto.secret import Secret
from repo_yard import CHEAP, NOW, PASSWORD

# Made by Debian's restic 0.14.0 with the password "pw"; the master key as `restic cat masterkey`.
RESTIC_KEY_FILE = (
    b'{"created":"2026-11-21T22:21:05.676222494Z","username":"root","hostname":"vm","kdf":"scryp'
    b't","N":32768,"r":8,"p":6,'
    b'"salt":"0WPZ1zLqDc7dfgL4AK34+wJaC7koJXDFnS09qM33gXut0RO7/PYXu4SQfYaXMIz1kfKa24lVSTUnV6w9PU'
    b'7/Hw==",'
    b'"data":"tSLzDnDjL/xCyufATEGmYV6buKekujz/t9Kfrg933M44zoroqZDysfW9ttys/gsXzFeiaID3QKWoyv38ZU'
    b"lH5aMpMnFGENSVB2e1T7l2OAT8t4BiBorQkspxwoLPWqHcgdML1e61Xf1SbLXlA7xkm7hwaS7bF2h+j4Q98a/9u37h"
    b'Bid7CtMvOk9sJGkp5JW8SJeFFi8B2uZKLSnlfs1MsQ=="}'
)
RESTIC_MASTER = {
    "mac": {"k": "CSNwNUGTjwUuTrVWi3DPFg==", "r": "q1EyD2wp1A1MPeIApDuWAQ=="},
    "encrypt": "XKSm+1qBjgHUuwMwo8YSU+NNttPqyQ2qLNu1Gtwc3ac=",
}
RESTIC_CONFIG = b64decode(
    "RPyjQF/oxKGYBPnMP3wjq5qybBOPHUbofODhyuHWcW3kfBP8UqryHLTClzAKRADC/5/9CUqFUVl151Gy5lxBkewtaX"
    "8f9gSs2Ul4T/M6VG/utFslzRBudRm1ljcZoi5JjYfGzIW6rDjV7aD3hS75z/KKoL9wqDeB8sPUjSThxOFTHaHAwwnO"
    "8nY7qvc1rr0kj1CO0WTCxK9Jdh0="
)


def key_file(**changed: Any) -> bytes:
    """Restic's key file with other members; None leaves one out."""
    members = json.loads(RESTIC_KEY_FILE) | changed
    return json.dumps({
        name: value for name, value in members.items() if value is not None
    }).encode()


def test_what_restic_made_opens() -> None:
    """Key file and config of another program, with its own words for what is inside."""
    file = read_key_file(RESTIC_KEY_FILE)
    assert (file.username, file.hostname) == ("root", "vm")
    assert file.created == "2026-11-21T22:21:05.676222494Z"
    master = open_key_file(file, Secret(b"pw"))
    assert json.loads(encode_master(master)) == RESTIC_MASTER
    config = decode_config(master, RESTIC_CONFIG)
    assert config.version == 2
    assert config.id == "8fbb2272f51bb897d26a979af374277c22b90eb66ed9f13ab73eed8c9255e1e6"
    assert f"{config.chunker_polynomial:x}" == "21b450cb17dac1"


def test_ours_opens_with_its_password_alone() -> None:
    """And tells nobody who made it."""
    master = fresh_repo_key()
    raw = make_key_file(master, PASSWORD, now=NOW, cost=CHEAP)
    members = json.loads(raw)
    assert list(members) == [
        "created",
        "username",
        "hostname",
        "kdf",
        "N",
        "r",
        "p",
        "salt",
        "data",
    ]
    assert members["username"] == members["hostname"] == "kept"
    assert members["created"] == "2026-11-21T03:04:05.678900Z"
    assert len(b64decode(members["salt"])) == 64
    assert open_key_file(read_key_file(raw), PASSWORD) == master
    with pytest.raises(TamperedError):
        open_key_file(read_key_file(raw), Secret(b"geheim "))


def test_two_key_files_share_no_salt() -> None:
    """Of one password and one key."""
    master = fresh_repo_key()
    first, second = (make_key_file(master, PASSWORD, now=NOW, cost=CHEAP) for _ in range(2))
    assert read_key_file(first).salt != read_key_file(second).salt


@pytest.mark.parametrize(
    "changed",
    [
        {"kdf": "argon2"},
        {"kdf": None},
        {"N": 2**22},
        {"N": 2**15 + 1},
        {"N": 0},
        {"N": 32768.0},
        {"N": True},
        {"N": "32768"},
        {"N": 10**400},
        {"r": -8},
        {"p": 2**31},
        {"p": None},
        {"salt": "AAAA"},
        {"salt": "!" * 88},
        {"salt": None},
        {"data": "AAAA"},
        {"data": 7},
        {"data": None},
        {"created": 5},
        {"created": None},
        {"hostname": ["x"]},
        {"username": "x" * 70_000},
    ],
)
def test_hostile_key_files_are_refused(changed: dict[str, Any]) -> None:
    """Before scrypt takes any memory."""
    with pytest.raises(MalformedError):
        read_key_file(key_file(**changed))


@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b"null", b"\x00", b"[" * 50_000, b'{"N":1e999}'])
def test_no_key_file_at_all(raw: bytes) -> None:
    """Other bytes altogether."""
    with pytest.raises(MalformedError):
        read_key_file(raw)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    """Nothing but our own refusal comes out."""
    with pytest.raises(MalformedError):
        read_key_file(raw)


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"mac": 3, "encrypt": RESTIC_MASTER["encrypt"]},
        {"mac": {"k": "AAAA", "r": "AAAA"}, "encrypt": RESTIC_MASTER["encrypt"]},
        {"mac": RESTIC_MASTER["mac"], "encrypt": "AAAA"},
        {"mac": RESTIC_MASTER["mac"]},
    ],
)
def test_a_master_key_of_another_shape_is_refused(members: dict[str, Any]) -> None:
    """Even from behind the right password."""
    with pytest.raises(MalformedError):
        decode_master(json.dumps(members).encode())


def test_a_changed_config_is_refused() -> None:
    """The first thing every reading stands on."""
    master = decode_master(json.dumps(RESTIC_MASTER).encode())
    with pytest.raises(TamperedError):
        decode_config(master, RESTIC_CONFIG[:-1] + b"\x00")


def test_refusals_name_a_code() -> None:
    """A version of tomorrow is refused, not guessed."""
    from kept.crypto.repo_sealing import seal

    master = fresh_repo_key()
    with pytest.raises(RefusedError) as caught:
        decode_config(master, seal(master, b'{"version":3}'))
    assert caught.value.code == "repository_too_new"
