"""How does age write 32 bytes as a line of text?

Bech32 without its length limit; only writing is needed, since the secret is drawn here.
Source: BIP 173; age-encryption.org/v1, "X25519 recipient type".
"""

_ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"  # BIP 173, five bits a character
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CHECK_LENGTH = 6


def bech32(prefix: str, raw: bytes) -> str:
    """`prefix ‖ "1" ‖ data ‖ checksum`, lower case."""
    data = _fives(raw)
    spread = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]
    check = _polymod([*spread, *data, *[0] * _CHECK_LENGTH]) ^ 1
    data += [check >> 5 * (5 - at) & 31 for at in range(_CHECK_LENGTH)]
    return f"{prefix}1" + "".join(_ALPHABET[five] for five in data)


def _fives(raw: bytes) -> list[int]:
    bits = int.from_bytes(raw, "big")
    size = len(raw) * 8
    short = -size % 5
    bits <<= short
    return [bits >> at & 31 for at in range(size + short - 5, -1, -5)]


def _polymod(values: list[int]) -> int:
    sum_ = 1
    for value in values:
        top = sum_ >> 25
        sum_ = (sum_ & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(_GENERATOR):
            if top >> bit & 1:
                sum_ ^= generator
    return sum_
