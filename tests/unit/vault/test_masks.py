"""Does a mask show enough to recognise and too little to use? And is an alias harmless?"""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kept.base.errors import MalformedError
from kept.vault.model import aliases
from kept.vault.model.aliases import make_alias
from kept.vault.model.masks import mask
from kept.vault.model.rules import FieldKind

K = FieldKind


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        (K.EMAIL, "ada@example.org", "a…@e….org"),
        (K.EMAIL, "ada@shop.example.co.uk", "a…@s….uk"),
        (K.EMAIL, "ада@xn--80a1acny.xn--p1ai", "а…@п….рф"),
        (K.EMAIL, "not an address", ""),
        (K.EMAIL, "x@xn--a-.org", ""),
        (K.PHONE, "+4915112345678", "…78"),
        (K.PHONE, "112", ""),
        (K.NAME, "Ada King Lovelace", "A. K. L."),
        (K.NAME, "жанна д'Арк", "Ж. Д."),
        (K.NAME, "!!! ???", ""),
        (K.ADDRESS, "Hauptstr. 1, 10115 Berlin", ""),
        (K.TOWN, "Berlin", "Berlin"),
        (K.POSTCODE, "10115", ""),
        (K.BIRTH_DATE, -56270, "1815"),
        (K.BIRTH_DATE, "01.05.84", ""),
        (K.BIRTH_DATE, 10**15, ""),
        (K.TEXT, "allergic to nuts", ""),
        (K.NUMBER, 42, ""),
        (K.ORDER_NO, "A-1", ""),
        (K.CUSTOMER_NO, "C-1", ""),
        (K.FLAG, True, ""),
        (K.DATE, 0, "1970"),
    ],
)
def test_mask(kind: FieldKind, value: str | int, shown: str) -> None:
    """Each kind shows what its mask says and no more."""
    assert mask(kind, value, "en") == shown


def test_the_year_in_russian() -> None:
    """A year is written as the reader's language writes it."""
    assert mask(K.BIRTH_DATE, 0, "ru") == "1970 г."


@given(st.sampled_from([k for k in FieldKind if k is not K.TOWN]), st.text(min_size=7))
def test_no_mask_shows_the_whole(kind: FieldKind, text: str) -> None:
    """Whatever was typed into a field, its mask never is the value."""
    assert mask(kind, text, "en") != text or not text


def test_alias_is_two_words_and_a_number() -> None:
    """Known bytes make a known alias; other bytes another."""
    assert make_alias(bytes(8)) == f"{aliases.QUALITIES[0]}-{aliases.THINGS[0]}-100"
    assert make_alias(b"\xff" * 8) != make_alias(bytes(8))


@given(st.binary(min_size=8, max_size=8))
def test_alias_shape(raw: bytes) -> None:
    """Latin letters and digits, easy to type."""
    assert re.fullmatch(r"[a-z]+-[a-z]+-[1-9][0-9]{2}", make_alias(raw))


@pytest.mark.parametrize("size", [0, 7, 9])
def test_alias_wants_eight_bytes(size: int) -> None:
    """Fewer bytes would give few aliases."""
    with pytest.raises(MalformedError):
        make_alias(bytes(size))


def test_words_are_many_apart_and_unhurtful() -> None:
    """Over forty million aliases, and no word that speaks of a body, an origin or an age."""
    words = aliases.QUALITIES + aliases.THINGS
    assert len(set(words)) == len(words)
    assert len(aliases.QUALITIES) * len(aliases.THINGS) * len(aliases.NUMBERS) > 40_000_000
    hurtful = "black white brown yellow red pale dark fat thin big small old young pig cow dog rat"
    hurtful += " moor gull goose cuckoo snake ape donkey nut fruit queer gay slow dull poor cheap"
    assert not set(words) & set(hurtful.split())
