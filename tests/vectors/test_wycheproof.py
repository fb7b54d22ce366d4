"""Do the primitives pass Wycheproof through our wrappers, which refuse all outside our profile?

The counts are asserted too, so that a file that lost its cases cannot pass for a whole one.
"""

import gzip
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kept.base.errors import KeptError, MalformedError
from kept.crypto import sealing
from kept.crypto.keys import expand
from kept.crypto.mac import mac
from kept.crypto.sealing import SealKey, open_sealed, seal
from kept.crypto.secret import Secret
from kept.crypto.signing import is_signed

Case = dict[str, Any]
HEADER = bytes.fromhex("010100000000")
PROFILE = {"keySize": 256, "ivSize": 96, "tagSize": 128}


def cases(vectors: Path, name: str) -> Iterator[tuple[Case, Case]]:
    """Every case with its group."""
    path = vectors / "wycheproof" / f"{name}_test.json.gz"
    for group in json.loads(gzip.decompress(path.read_bytes()))["testGroups"]:
        for case in group["tests"]:
            yield group, case


def raw(case: Case, *names: str) -> bytes:
    """Hex members joined."""
    return b"".join(bytes.fromhex(case[name]) for name in names)


def is_opened(case: Case) -> bool:
    """Whether the case's parts, put into our envelope, open to its message."""
    try:
        key = SealKey(Secret(raw(case, "key")))
        envelope = HEADER + raw(case, "iv", "ct", "tag")
        plain = open_sealed(key, envelope, raw(case, "aad"), key_version=0, pad=False)
    except KeptError:
        return False
    return plain == raw(case, "msg")


def always(nonce: bytes) -> Callable[[int], bytes]:
    """A chance that always draws the same."""

    def draw(size_bytes: int) -> bytes:
        assert size_bytes == len(nonce)
        return nonce

    return draw


def test_aes_gcm(vectors: Path) -> None:
    """316 cases: of the 66 in our profile exactly the valid ones open, of the rest none."""
    found = list(cases(vectors, "aes_gcm"))
    ours = [case for group, case in found if PROFILE.items() <= group.items()]
    assert (len(found), len(ours)) == (316, 66)
    for group, case in found:
        is_ours = PROFILE.items() <= group.items()
        assert is_opened(case) == (is_ours and case["result"] == "valid"), case["tcId"]


def test_aes_gcm_seal(vectors: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sealing a valid case of our profile with its nonce gives its bytes."""
    sealed = 0
    for group, case in cases(vectors, "aes_gcm"):
        if not PROFILE.items() <= group.items() or case["result"] != "valid":
            continue
        monkeypatch.setattr(sealing, "draw", always(raw(case, "iv")))
        key = SealKey(Secret(raw(case, "key")))
        made = seal(key, raw(case, "msg"), raw(case, "aad"), key_version=0, pad=False)
        assert made == HEADER + raw(case, "iv", "ct", "tag"), case["tcId"]
        sealed += 1
    assert sealed > 30


def test_hkdf(vectors: Path) -> None:
    """86 cases: our expand after an extract gives the key; lengths HKDF cannot give are refused."""
    found = list(cases(vectors, "hkdf_sha256"))
    assert len(found) == 86
    for _, case in found:
        salt = raw(case, "salt") or bytes(32)  # RFC 5869 §2.2
        extracted = Secret(hmac.digest(salt, raw(case, "ikm"), hashlib.sha256))
        if case["result"] == "valid":
            assert expand(extracted, raw(case, "info"), case["size"]) == raw(case, "okm")
        else:
            with pytest.raises(MalformedError):
                expand(extracted, raw(case, "info"), case["size"])


def test_hmac(vectors: Path) -> None:
    """174 cases: the tag is ours exactly where the case is valid."""
    found = list(cases(vectors, "hmac_sha256"))
    assert len(found) == 174
    for group, case in found:
        made = mac(Secret(raw(case, "key")), raw(case, "msg"))[: group["tagSize"] // 8]
        assert (made == raw(case, "tag")) == (case["result"] == "valid"), case["tcId"]


def test_ed25519(vectors: Path) -> None:
    """151 signatures, malleable and truncated ones among them, judged as published."""
    found = list(cases(vectors, "ed25519"))
    assert len(found) == 151
    for group, case in found:
        public = bytes.fromhex(group["publicKey"]["pk"])
        verdict = is_signed(public, raw(case, "msg"), raw(case, "sig"))
        assert verdict == (case["result"] == "valid"), case["tcId"]
