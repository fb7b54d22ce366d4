"""Is the config read strictly, and is its polynomial irreducible?"""

import json

import pytest

from kept.backup.repo.config import (
    Config,
    decode_config,
    draw_polynomial,
    encode_config,
    fresh_config,
    is_irreducible,
)
from kept.base.errors import MalformedError
from kept.crypto.repo_sealing import fresh_repo_key, open_sealed, seal

KEY = fresh_repo_key()
ID = "ab" * 32


def product(first: int, second: int) -> int:
    """Of two polynomials over GF(2)."""
    return sum_of(first << at for at in range(second.bit_length()) if second >> at & 1)


def sum_of(terms) -> int:
    """Of polynomials over GF(2)."""
    total = 0
    for term in terms:
        total ^= term
    return total


def test_irreducible_means_not_a_product() -> None:
    """Every polynomial up to degree 9, against all products."""
    most = 2**10
    products = {product(one, two) for one in range(2, 2**9) for two in range(2, 2**9)}
    for polynomial in range(2, most):
        assert is_irreducible(polynomial) == (polynomial not in products), bin(polynomial)
    assert not is_irreducible(0)
    assert not is_irreducible(1)


@pytest.mark.parametrize(
    ("polynomial", "expected"),
    [
        (0x3DA3358B4DC173, True),  # restic/chunker's own example of degree 53
        (0x21B450CB17DAC1, True),  # drawn by restic 0.14.0
        (0x11B, True),  # AES, FIPS 197 §4.2
        (0x3DA3358B4DC173 ^ 1, False),  # x divides it
        (product(0x11B, 0x11B), False),
        (product(2**52 ^ 2**3 ^ 1, 0b11), False),
    ],
)
def test_known_polynomials(polynomial: int, expected: bool) -> None:
    """Of degree 53 and others."""
    assert is_irreducible(polynomial) == expected


def test_drawn_polynomials_differ_and_have_degree_53() -> None:
    """And no product of small ones among them."""
    drawn = {draw_polynomial() for _ in range(5)}
    assert len(drawn) == 5
    assert {polynomial.bit_length() for polynomial in drawn} == {54}


def test_config_is_plain_json_in_its_seal() -> None:
    """Never compressed: restic reads it before it knows the version."""
    config = fresh_config()
    sealed = encode_config(KEY, config)
    members = json.loads(open_sealed(KEY, sealed))
    assert members == {
        "version": 2,
        "id": config.id,
        "chunker_polynomial": f"{config.chunker_polynomial:x}",
    }
    assert decode_config(KEY, sealed) == config


def test_version_1_is_known() -> None:
    """It is read, though never written."""
    document = {"version": 1, "id": ID, "chunker_polynomial": "25b468838dcb75"}
    sealed = seal(KEY, json.dumps(document).encode())
    assert decode_config(KEY, sealed) == Config(1, ID, 0x25B468838DCB75)


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"[]",
        b"{}",
        b'{"version":"2"}',
        b'{"version":true}',
        b'{"version":0}',
        b'{"version":-1}',
        b'{"version":2.0}',
        b'{"version":2,"id":"","chunker_polynomial":"25"}',
        b'{"version":2,"id":"' + b"AB" * 32 + b'","chunker_polynomial":"25"}',
        b'{"version":2,"id":"' + b"ab" * 32 + b'","chunker_polynomial":"xyz"}',
        b'{"version":2,"id":"' + b"ab" * 32 + b'","chunker_polynomial":""}',
        b'{"version":2,"id":"' + b"ab" * 32 + b'"}',
        b"\x02(\xb5/\xfd",
    ],
)
def test_other_forms_are_refused(document: bytes) -> None:
    """Even under the right seal."""
    with pytest.raises(MalformedError):
        decode_config(KEY, seal(KEY, document))
