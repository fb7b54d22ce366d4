"""Can a secret be written on paper and typed in again, and is a slip noticed?"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kept.base.errors import MalformedError
from kept.crypto import words
from kept.crypto.secret import Secret
from kept.crypto.words import from_words, to_words

ZEROS = ("babab",) * 16 + ("kinom",)  # SHA-256 begins 6668: 6 k, 1 i, 9 n, 2 o, 8 m


@pytest.mark.parametrize(
    ("address", "spelt"),
    [
        ("127.0.0.1", "lusab babad"),
        ("63.84.220.193", "gutih tugad"),
        ("63.118.7.35", "gutuk bisog"),
        ("140.98.193.141", "mudof sakat"),
        ("64.255.6.200", "haguz biram"),
        ("128.30.52.45", "mabiv gibot"),
        ("147.67.119.2", "natag lisaf"),
        ("212.58.253.68", "tibup zujah"),
        ("216.35.68.215", "tobog higil"),
        ("216.68.232.21", "todah vobij"),
        ("198.81.129.136", "sinid makam"),
        ("12.110.110.204", "budov kuras"),
    ],
)
def test_published_words(address: str, spelt: str) -> None:
    """The words are those of the proquint proposal's own table."""
    raw = bytes(int(part) for part in address.split("."))
    made = to_words(Secret(raw))
    assert " ".join(made[:-1]) == spelt
    assert from_words(" ".join(made), size_bytes=4) == Secret(raw)


def test_check_word() -> None:
    """The closing word is the beginning of SHA-256 over the bytes."""
    assert to_words(Secret(bytes(32))) == ZEROS


@given(st.binary(min_size=32, max_size=32))
def test_round_trip(raw: bytes) -> None:
    """Seventeen words of five letters come back as the same bytes."""
    made = to_words(Secret(raw))
    assert (len(made), {len(word) for word in made}) == (17, {5})
    assert from_words(" ".join(made)) == Secret(raw)


@pytest.mark.parametrize("between", ["-", "\n", ", ", "  ", "\t", " – ", "\u00a0"])
def test_tolerant_of_form(between: str) -> None:
    """Case, separators, line numbers and blanks around do not matter."""
    assert from_words("  " + between.join(ZEROS).upper() + "\n") == Secret(bytes(32))
    numbered = "\n".join(f"{n}. {word}" for n, word in enumerate(ZEROS, start=1))
    assert from_words(numbered) == Secret(bytes(32))


@pytest.mark.parametrize("slip", ["babax", "bebab", "baba", "babaab", "бабаб", "ababa", "kinöm"])
def test_misspelt_word_is_named(slip: str) -> None:
    """A word that cannot be one is named by its place, and not repeated."""
    typed = [*ZEROS[:6], slip, *ZEROS[7:]]
    with pytest.raises(MalformedError, match="word 7 is misspelt") as refused:
        from_words(" ".join(typed))
    assert slip not in str(refused.value)


@pytest.mark.parametrize("typed", ["", "babab", " ".join(ZEROS[:-1]), " ".join((*ZEROS, "babab"))])
def test_wrong_number(typed: str) -> None:
    """Too few or too many words are counted aloud."""
    with pytest.raises(MalformedError, match="there must be 17 words"):
        from_words(typed)


@settings(deadline=None, max_examples=30)
@given(st.binary(min_size=32, max_size=32), st.integers(0, 16), st.data())
def test_one_wrong_letter(raw: bytes, place: int, data: st.DataObject) -> None:
    """A wrong letter never passes; the word blamed, where one is, is the wrong one."""
    made = list(to_words(Secret(raw)))
    made[place] = data.draw(st.sampled_from(list(words._one_letter_off(made[place]))))
    with pytest.raises(MalformedError) as refused:
        from_words(" ".join(made))
    assert refused.value.why.endswith((f"look at word {place + 1}", "with your paper"))


def test_wrong_letter_is_named() -> None:
    """In the example the wrong word is named."""
    with pytest.raises(MalformedError, match="look at word 3"):
        from_words(" ".join((*ZEROS[:2], "babad", *ZEROS[3:])))


def test_swapped_words() -> None:
    """Words in another order do not pass."""
    made = list(to_words(Secret(bytes(range(32)))))
    made[3], made[4] = made[4], made[3]
    with pytest.raises(MalformedError, match="check word"):
        from_words(" ".join(made))


def test_endless_text() -> None:
    """A very long text is refused before it is cut into words."""
    with pytest.raises(MalformedError, match="far too long"):
        from_words("babab " * 1000)


def test_odd_bytes() -> None:
    """Half a word cannot be written."""
    with pytest.raises(MalformedError):
        to_words(Secret(bytes(3)))


def test_fresh_phrase() -> None:
    """A generated phrase has five words of sixteen bits, at least 75 in all, and never repeats."""
    made = [words.fresh_phrase().reveal().decode() for _ in range(200)]
    assert len(set(made)) == 200
    for phrase in made:
        parts = phrase.split("-")
        assert len(parts) * 16 >= 75
        assert all(words._is_word(part) for part in parts)
