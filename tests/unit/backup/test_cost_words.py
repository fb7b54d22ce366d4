"""Is the comparison said in plain words, with both sums and the advice to have both?"""

from datetime import date
from decimal import Decimal

import pytest
import textstat

from kept.backup.model.cost_words import cost_lines
from kept.backup.model.costs import EXAMPLE, Prices, Use, compare

PRICES = Prices.parse(EXAMPLE)
FREE = Prices.parse(EXAMPLE.replace("0.006", "0"))
USE = Use(stored_gb=Decimal(500), fetched_gb=Decimal(20), requests=30_000)
TODAY = date(2026, 11, 22)
ari = textstat.automated_readability_index  # pyright: ignore[reportAttributeAccessIssue]


def said(prices: Prices, use: Use = USE, today: date = TODAY, lang: str = "en") -> list[str]:
    """The sentences, with plain spaces."""
    found = cost_lines(compare(prices, use), prices, today=today, lang=lang)
    return [text.replace("\xa0", " ") for text in found]


def test_both_sums_and_when_each_wins() -> None:
    """The owner's numbers: 3.35 against 14.40; the same at 2,342 GB."""
    assert said(PRICES) == [
        "A copy in the cloud costs €3.35 a month.",
        "A disk in the closet costs €14.40 a month, but burns with the shop.",
        "Up to about 2,342 GB the cloud costs less, above that the disk.",
        "Best have both: three copies, on two kinds of disk, one of them elsewhere.",
    ]
    russian = said(PRICES, lang="ru")
    assert russian[0] == "Копия в облаке стоит 3,35 € в месяц."
    assert russian[2] == "До 2 342 ГБ дешевле облако, а потом диск."


def test_old_prices_are_called_old_first() -> None:
    """A year and a day later."""
    assert said(PRICES, today=date(2027, 11, 22))[0] == (
        "Your prices are of 21 Nov 2026 and may be out of date."
    )
    assert "out of date" not in " ".join(said(PRICES, today=date(2027, 11, 21)))


def test_where_one_always_wins() -> None:
    """No number is told where there is none."""
    assert "The cloud costs less, however much you store." in said(FREE)
    fetching = Use(Decimal(1), Decimal(5000), 0)
    assert "The disk costs less, however little you store." in said(PRICES, fetching)


@pytest.mark.parametrize(("lang", "most"), [("en", 10), ("ru", 12)])
def test_every_sentence_is_plain(lang: str, most: int) -> None:
    """ARI as for the promises."""
    cases = (
        *said(PRICES, today=date(2029, 1, 1), lang=lang),
        *said(FREE, lang=lang),
        *said(PRICES, Use(Decimal(1), Decimal(5000), 0), lang=lang),
    )
    for text in cases:
        assert ari(text) <= most, f"{ari(text)}: {text}"
