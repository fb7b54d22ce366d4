"""How are 32 secret bytes written so that a person can copy them onto paper and back?

As words of five letters, each 16 bits: consonant, vowel, consonant, vowel, consonant, holding
4, 2, 4, 2, 4 bits. One more word at the end holds the first 16 bits of SHA-256 over the bytes,
so a slip of the pen is noticed, and mostly the word can be named.
Reading is tolerant: case, spaces, dashes, commas, dots and line numbers do not matter.
Source: D. S. Wilkerson, "A Proposal for Proquints", arXiv:0901.4016 (the words themselves);
the closing check word is ours.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence

from kept.base.errors import MalformedError
from kept.crypto.chance import draw
from kept.crypto.secret import SECRET_BYTES, Secret

CONSONANTS = "bdfghjklmnprstvz"  # 4 bits
VOWELS = "aiou"  # 2 bits
WORD_BYTES = 2
_LETTERS = 5
_WHERE = "recovery words"
_MOST_CHARACTERS = 1000
_BETWEEN = re.compile(r"[\s,;:.\-\u2010-\u2015_0-9]+")


def to_words(secret: Secret) -> tuple[str, ...]:
    """The words of an even number of bytes and one check word: 17 for 32 bytes.

    Raises:
        MalformedError: an odd number of bytes.
    """
    raw = secret.reveal()
    if len(raw) % WORD_BYTES:
        raise MalformedError(_WHERE, "need an even number of bytes")
    return tuple(_spell(raw + _check(raw)))


def from_words(text: str, *, size_bytes: int = SECRET_BYTES) -> Secret:
    """Read the words again. Typed by a person: tolerant of form, strict of content.

    Raises:
        MalformedError: the number of words is wrong, a word is no word of ours (named by its
            place), or the check word does not fit (naming the word where one letter would).
    """
    if len(text) > _MOST_CHARACTERS:
        raise MalformedError(_WHERE, "far too long")
    words = [word for word in _BETWEEN.split(text.lower()) if word]
    expected = size_bytes // WORD_BYTES + 1
    for place, word in enumerate(words, start=1):
        if not _is_word(word):
            raise MalformedError(_WHERE, f"word {place} is misspelt")
    if len(words) != expected:
        raise MalformedError(_WHERE, f"there must be {expected} words, not {len(words)}")
    raw = b"".join(map(_value, words))
    if not _is_whole(raw):
        raise MalformedError(_WHERE, _diagnosis(words, raw))
    return Secret(raw[:-WORD_BYTES])


def fresh_phrase(words: int = 5) -> Secret:
    """A generated pass phrase: 16 bits a word, 80 bits for five; words joined by dashes."""
    return Secret("-".join(_spell(draw(words * WORD_BYTES))).encode("ascii"))


def _check(raw: bytes) -> bytes:
    return hashlib.sha256(raw).digest()[:WORD_BYTES]


def _is_whole(raw: bytes) -> bool:
    return _check(raw[:-WORD_BYTES]) == raw[-WORD_BYTES:]


def _spell(raw: bytes) -> Iterator[str]:
    for at in range(0, len(raw), WORD_BYTES):
        bits = int.from_bytes(raw[at : at + WORD_BYTES], "big")
        yield (
            CONSONANTS[bits >> 12]
            + VOWELS[bits >> 10 & 3]
            + CONSONANTS[bits >> 6 & 15]
            + VOWELS[bits >> 4 & 3]
            + CONSONANTS[bits & 15]
        )


def _alphabet(position: int) -> str:
    return VOWELS if position % 2 else CONSONANTS


def _is_word(word: str) -> bool:
    fits = (letter in _alphabet(position) for position, letter in enumerate(word))
    return len(word) == _LETTERS and all(fits)


def _value(word: str) -> bytes:
    bits = 0
    for position, letter in enumerate(word):
        alphabet = _alphabet(position)
        bits = bits * len(alphabet) + alphabet.index(letter)
    return bits.to_bytes(WORD_BYTES, "big")


def _diagnosis(words: Sequence[str], raw: bytes) -> str:
    suspects: set[int] = set()
    for place, word in enumerate(words):
        before, after = raw[: WORD_BYTES * place], raw[WORD_BYTES * (place + 1) :]
        if any(_is_whole(before + _value(other) + after) for other in _one_letter_off(word)):
            suspects.add(place)
    if len(suspects) == 1:
        return f"the check word does not fit; look at word {suspects.pop() + 1}"
    return "the check word does not fit; compare each word and their order with your paper"


def _one_letter_off(word: str) -> Iterator[str]:
    for position, letter in enumerate(word):
        for other in _alphabet(position):
            if other != letter:
                yield word[:position] + other + word[position + 1 :]
