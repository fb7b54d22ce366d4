"""How is the comparison of cloud and closet said, with the owner's own numbers?

Both sums, when each is cheaper, what each cannot do, and always the advice to have both. Prices
older than 12 months are called so first.
"""

from datetime import UTC, date, datetime, time
from decimal import ROUND_HALF_UP, Decimal

from babel.numbers import format_currency, format_decimal

from kept.backup.model.costs import Comparison, Prices
from kept.base.texts import day_text, translations

CENT = Decimal("0.01")
MOST_GB = Decimal(1_000_000)  # beyond this, "never" is the honest word for a shop


def cost_lines(found: Comparison, prices: Prices, *, today: date, lang: str) -> tuple[str, ...]:
    """The sentences, in order."""
    _, locale = translations(lang).gettext, "ru" if lang == "ru" else "en"

    def money(amount: Decimal) -> str:
        rounded = amount.quantize(CENT, ROUND_HALF_UP)
        return format_currency(rounded, prices.currency, locale=locale)

    as_of = datetime.combine(prices.as_of, time(tzinfo=UTC))
    lines: list[str] = []
    if prices.is_out_of_date(today):
        lines.append(
            _("Your prices are of %(day)s and may be out of date.") % {"day": day_text(as_of, lang)}
        )
    cloud, closet = money(found.cloud.total), money(found.closet.total)
    lines += [
        _("A copy in the cloud costs %(sum)s a month.") % {"sum": cloud},
        _("A disk in the closet costs %(sum)s a month, but burns with the shop.") % {"sum": closet},
    ]
    wins = found.closet_wins_from_gb
    if wins is None or wins > MOST_GB:
        lines.append(_("The cloud costs less, however much you store."))
    elif wins == 0:
        lines.append(_("The disk costs less, however little you store."))
    else:
        shown = format_decimal(wins.quantize(Decimal(1), ROUND_HALF_UP), locale=locale)
        lines.append(
            _("Up to about %(gb)s GB the cloud costs less, above that the disk.") % {"gb": shown}
        )
    lines.append(_("Best have both: three copies, on two kinds of disk, one of them elsewhere."))
    return tuple(lines)
