"""Do the bounds hold, and can a stranger draw the same sample?"""

import hashlib
from collections import Counter
from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kept.backup.model.sampling import (
    SURE,
    VERY_SURE,
    InWords,
    bad_share_below,
    draw,
    in_words,
    most_bad,
    picks_for,
    picks_of,
    sample,
    seed_of,
)
from kept.base.errors import MalformedError

SEED = hashlib.sha256(b"a seed").digest()
SNAPSHOT = "ab" * 32


GOLDEN = [2056, 8241, 10416, 6896, 3818]


def strangers_draw(seed: bytes, total: int, picks: int) -> list[int]:
    """The draw as the format page tells it, with nothing of ours."""
    places, counter, drawn = list(range(total)), 0, []
    for step in range(picks):
        left = total - step
        while True:
            block = hashlib.sha256(seed + counter.to_bytes(8, "big")).hexdigest()
            counter += 1
            number = int(block[:16], 16)
            if number < 2**64 // left * left:
                break
        other = step + number % left
        places[step], places[other] = places[other], places[step]
        drawn.append(places[step])
    return drawn


@pytest.mark.parametrize(
    ("share", "at_95", "at_99"),
    [
        ("1/10", 29, 44),
        ("5/100", 59, 90),
        ("1/100", 299, 459),
        ("1/1000", 2995, 4603),
        ("1", 1, 1),
        ("1/2", 5, 7),
    ],
)
def test_picks_for_a_share(share: str, at_95: int, at_99: int) -> None:
    """The published table."""
    assert picks_for(Fraction(share), SURE) == at_95
    assert picks_for(Fraction(share), VERY_SURE) == at_99


@given(st.integers(1, 500), st.integers(1, 999))
def test_picks_are_enough_and_not_one_too_many(hundredths: int, certainty: int) -> None:
    """With them the miss is rare enough; with one less it is not."""
    share, sure = Fraction(hundredths, 501), Fraction(certainty, 1000)
    n = picks_for(share, sure)
    assert (1 - share) ** n <= 1 - sure
    assert n == 1 or (1 - share) ** (n - 1) > 1 - sure
    assert picks_for(Fraction(2, 3), Fraction(8, 9)) == 2  # exactly: one third of one third


@pytest.mark.parametrize(
    ("good", "per_cent"), [(40, 7.2), (120, 2.5), (1200, 0.25), (1, 95.0), (0, 100.0)]
)
def test_what_good_picks_bound(good: int, per_cent: float) -> None:
    """40 picks bound the share at 7.2 %, as the table says; none bound nothing."""
    assert round(bad_share_below(good) * 100, 1 if per_cent > 1 else 2) == per_cent


def test_few_things_need_fewer_picks() -> None:
    """Of 200 parts with 2 bad, 155 picks find one 95 times in 100; not 299."""
    assert picks_of(200, 2) == 155
    assert picks_of(200, 200) == 1
    assert picks_of(1, 1) == 1
    assert picks_of(200, 1) == 190  # exactly 95 in 100
    assert picks_of(1_000_000, 10_000) in range(290, 300)


@given(st.integers(1, 120).flatmap(lambda n: st.tuples(st.just(n), st.integers(1, n))))
def test_picks_of_few_are_the_hypergeometric_ones(case: tuple[int, int]) -> None:
    """Compared with counted combinations, by trying every number of picks."""
    total, bad = case
    tried = (n for n in range(1, total + 1) if comb(total - bad, n) * 100 <= 5 * comb(total, n))
    assert picks_of(total, bad) == next(tried)


@given(st.integers(1, 80).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))))
def test_what_few_good_picks_bound(case: tuple[int, int]) -> None:
    """The most bad ones that good picks leave possible, by trying every number of bad ones."""
    total, good = case
    possible = [
        bad
        for bad in range(total - good + 1)
        if comb(total - bad, good) * 100 > 5 * comb(total, good)
    ]
    assert most_bad(total, good) == max(possible)


def test_forty_of_twelve_thousand() -> None:
    """The report's own case: a little less than the bound for very many."""
    assert round(most_bad(12_031, 40) / 12_031, 3) == 0.072
    assert most_bad(40, 40) == 0
    assert most_bad(0, 0) == 0


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0.0722, (8, 100)), (0.07, (7, 100)), (0.010001, (2, 100)), (0.01, (1, 100)),
        (0.00249, (1, 400)), (0.0009, (1, 1100)), (1.0, (100, 100)), (0.0, (0, 100)),
    ],
)  # fmt: skip
def test_shares_are_rounded_up(share: float, said: tuple[int, int]) -> None:
    """What is said never claims more than was measured."""
    assert in_words(share) == InWords(*said)


@given(st.floats(1e-9, 1))
def test_words_never_claim_more(share: float) -> None:
    """In whatever range."""
    said = in_words(share)
    assert said.most / said.of >= share - 1e-10


def test_the_seed_can_be_made_with_sha256sum() -> None:
    """Label, checkpoint and name, one after another."""
    note = "shop.example/ledger\n3\nveOx\n\n— shop.example/ledger w++C\n".encode()
    by_hand = hashlib.sha256(b"kept drill v1\n" + note + SNAPSHOT.encode()).digest()
    assert seed_of(note, SNAPSHOT) == by_hand
    assert seed_of(note + b"x", SNAPSHOT) != by_hand
    for fault in ("ab", "AB" * 32, SNAPSHOT + "\n"):
        with pytest.raises(MalformedError):
            seed_of(note, fault)


def test_a_sample_drawn_by_hand() -> None:
    """Numbers to compare with; a change of the draw would make old samples uncheckable."""
    assert draw(bytes(32), 12_031, 5) == strangers_draw(bytes(32), 12_031, 5) == GOLDEN
    assert draw(SEED, 0, 40) == []
    assert draw(SEED, 1, 40) == [0]


@given(st.binary(min_size=32, max_size=32), st.integers(1, 400), st.integers(0, 500))
def test_a_stranger_draws_the_same(seed: bytes, total: int, picks: int) -> None:
    """All different, all in range, the same as by the page."""
    found = draw(seed, total, picks)
    assert found == strangers_draw(seed, total, min(picks, total))
    assert len(set(found)) == len(found) == min(picks, total)
    assert all(0 <= place < total for place in found)


def test_numbers_that_would_favour_some_are_passed_over() -> None:
    """Just above 2^62 the fourth part of all numbers is drawn again."""
    total, counter, expected = (1 << 62) + 1000, 0, []
    for step in range(30):
        number = 1 << 64
        while number >= 3 * (total - step):  # the largest multiple below 2^64
            block = hashlib.sha256(SEED + counter.to_bytes(8, "big")).digest()
            number, counter = int.from_bytes(block[:8], "big"), counter + 1
        expected.append(step + number % (total - step))
    assert draw(SEED, total, 30) == expected
    assert counter > 30, "none was passed over"


def test_every_place_is_drawn_alike() -> None:
    """Two of seven, 7,000 times: each about 2,000 times."""
    seen = Counter[int]()
    for n in range(7000):
        seen.update(draw(hashlib.sha256(b"%d" % n).digest(), 7, 2))
    assert all(1850 < seen[place] < 2150 for place in range(7))


@pytest.mark.parametrize(("total", "bad", "picks"), [(12_031, 866, 40), (200, 2, 155)])
def test_planted_damage_is_found_as_often_as_said(total: int, bad: int, picks: int) -> None:
    """At the stated rate a sample misses the damage about 5 times in 100, of 2,000 samples."""
    missed = sum(
        not any(place < bad for place in draw(hashlib.sha256(b"p%d" % n).digest(), total, picks))
        for n in range(2000)
    )
    assert 70 <= missed <= 130  # 100, give or take three standard deviations


def test_names_are_sorted_first() -> None:
    """The order in which files were met does not matter; a name may stand there once."""
    names = [b"/b", b"/a/\xff", b"/a/b", b"/B"]
    assert sample(SEED, names, 3) == sample(SEED, names[::-1], 3)
    ordered = [b"/B", b"/a/b", b"/a/\xff", b"/b"]
    assert sample(SEED, names, 4) == [ordered[place] for place in draw(SEED, 4, 4)]
    with pytest.raises(MalformedError):
        sample(SEED, [b"a", b"b", b"a"], 1)


def test_numbers_out_of_range() -> None:
    """Nothing is guessed."""
    faults = [
        lambda: picks_for(Fraction(0)),
        lambda: picks_for(Fraction(3, 2)),
        lambda: picks_for(Fraction(1, 2), Fraction(1)),
        lambda: picks_of(10, 0),
        lambda: picks_of(10, 11),
        lambda: most_bad(10, 11),
        lambda: draw(b"short", 10, 1),
        lambda: draw(SEED, -1, 1),
        lambda: draw(SEED, 1 << 63, 1),
        lambda: draw(SEED, 10, -1),
    ]
    for fault in faults:
        with pytest.raises(MalformedError):
            fault()
