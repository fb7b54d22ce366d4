"""What does each kind of copy cost, and what does each not survive? And the sheet for the drawer.

Prices are the owner's own, dated, in a file of theirs; how much is stored was measured.
"""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from babel.numbers import format_currency, format_decimal
from litestar import Request, get, post
from litestar.types import ControllerRouterHandler

from kept.backup.acts.standing import standing
from kept.backup.model.cost_words import CENT, cost_lines
from kept.backup.model.costs import EXAMPLE, Comparison, Prices, Use, compare
from kept.backup.model.places import Holds
from kept.base.errors import MalformedError
from kept.staff.model.permissions import Permission
from kept.vault.model.rules import Lang, Text
from kept.web import forms
from kept.web.forms import Form
from kept.web.parts import Parts
from kept.web.routes.desk.backup_words import WAYS, way_of
from kept.web.routes.desk.shell import Page, Shell
from kept.web.staff_session import Who, needs

RUN = needs(Permission.MANAGE_SETTINGS)
GB = Decimal(10) ** 9
LEAST_GB = Decimal("0.001")
FIRST_GB = Decimal(50)  # to begin with, until something was measured
REQUESTS = 3000  # a month of nightly copies with checks: about a hundred a night
MOST = Decimal(10) ** 9
CLOUD: dict[str, Text] = {
    "cloud_gb_month": Text("A gigabyte for a month", "Гигабайт за месяц"),
    "cloud_egress_gb": Text("A gigabyte fetched back", "Гигабайт, взятый обратно"),
    "cloud_thousand_requests": Text("A thousand requests", "Тысяча обращений"),
    "cloud_least_days": Text("Paid at least for so many days", "Оплата не меньше чем за дней"),
}
CLOSET: dict[str, Text] = {
    "disk": Text("The disk", "Диск"),
    "disk_months": Text("Used for so many months", "Прослужит месяцев"),
    "disk_failures_a_year": Text(
        "Of 100 such disks break in a year", "Из 100 таких дисков ломается за год"
    ),
    "watts": Text("Watts it draws", "Потребляет ватт"),
    "kwh": Text("A kilowatt-hour", "Киловатт-час"),
    "hours_a_month": Text("Hours of yours a month", "Ваших часов в месяц"),
    "hour": Text("An hour of yours", "Час вашей работы"),
}
SHARES = frozenset({"disk_failures_a_year"})  # typed in a hundred, kept as a share
NUMBER = Text("Write a number, 0 or more.", "Напишите число, 0 или больше.")
CURRENCY = Text("Three letters, such as EUR.", "Три буквы, например EUR.")
MONTHS = Text("One month at least.", "Не меньше месяца.")
SAVED = Text("Saved. These are your numbers now.", "Сохранено. Теперь это ваши числа.")
CURRENCY_LETTERS = 3


@get("/desk/backup/cost", opt=RUN, sync_to_thread=True)
def show(request: Request[Any, Any, Any], parts: Parts, visitor: Who) -> Page:
    """The comparison with the owner's numbers, or with round ones to begin with."""
    return _page(Shell(request, parts, visitor))


@post("/desk/backup/cost", opt=RUN, status_code=200, sync_to_thread=True)
def change(request: Request[Any, Any, Any], parts: Parts, visitor: Who, data: Form) -> Page:
    """Keep the owner's numbers."""
    shell = Shell(request, parts, visitor)
    typed = {name: forms.text(data, name, most=20) for name in (*CLOUD, *CLOSET, "currency")}
    typed |= {name: forms.text(data, name, most=20) for name in ("gb", "fetched")}
    errors = _errors(typed, shell.lang)
    if errors:
        return _page(shell, typed=typed, errors=errors)
    today = parts.clock.now().date()
    text = "".join((
        f"as_of = {today.isoformat()}\n",
        f'currency = "{typed["currency"].upper()}"\n',
        *(f"{name} = {_stored(name, typed[name])}\n" for name in (*CLOUD, *CLOSET)),
    ))
    Prices.parse(text)
    parts.copying.save_prices(text)
    return _page(shell, typed=typed, saved=SAVED.get(shell.lang))


def _errors(typed: dict[str, str], lang: Lang) -> dict[str, str]:
    found = {
        name: NUMBER.get(lang)
        for name in (*CLOUD, *CLOSET, "gb", "fetched")
        if _number(typed[name]) is None
    }
    currency = typed["currency"]
    if len(currency) != CURRENCY_LETTERS or not (currency.isascii() and currency.isalpha()):
        found["currency"] = CURRENCY.get(lang)
    if _number(typed["disk_months"]) == 0:
        found["disk_months"] = MONTHS.get(lang)
    return found


def _number(text: str) -> Decimal | None:
    """A number as people write it, with a point or a comma; None for anything else."""
    try:
        found = Decimal(text.replace(",", ".").replace(" ", ""))
    except InvalidOperation:
        return None
    return found if found.is_finite() and 0 <= found <= MOST else None


def _stored(name: str, text: str) -> str:
    number = _number(text) or Decimal(0)
    plain = f"{number / 100 if name in SHARES else number:f}"
    return plain if "." in plain else f"{plain}.0"


def _page(
    shell: Shell,
    *,
    typed: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    saved: str = "",
) -> Page:
    lang, parts, now = shell.lang, shell.parts, shell.parts.clock.now()
    own, gb, is_measured = _prices(shell), FIRST_GB, False
    found = parts.db.read(lambda tx: standing(tx, now=now))
    sizes = [one.stored_bytes for one in found.places if one.stored_bytes]
    if sizes:
        gb = max(LEAST_GB, (Decimal(max(sizes)) / GB).quantize(LEAST_GB, ROUND_HALF_UP))
        is_measured = True
    prices = own or Prices.parse(EXAMPLE)
    stored = _number((typed or {}).get("gb", "")) if typed else gb
    fetched = _number((typed or {}).get("fetched", "")) if typed else gb / 10
    use = Use(
        stored_gb=gb if stored is None else stored,
        fetched_gb=gb / 10 if fetched is None else fetched,
        requests=REQUESTS,
    )
    result = compare(prices, use)
    values = _values(prices) | {"gb": _plain(use.stored_gb), "fetched": _plain(use.fetched_gb)}
    return shell.page(
        "desk_backup_cost.html",
        "backup",
        http_status=422 if errors else 200,
        saved=saved,
        errors=errors or {},
        is_own=own is not None,
        is_measured=is_measured and not typed,
        lines=list(cost_lines(result, prices, today=now.date(), lang=lang)),
        sums=_sums(result, prices, lang),
        cloud=[_field(name, text, values | (typed or {}), lang) for name, text in CLOUD.items()],
        closet=[_field(name, text, values | (typed or {}), lang) for name, text in CLOSET.items()],
        values=values | (typed or {}),
    )


def _prices(shell: Shell) -> Prices | None:
    """The owner's; None where there are none, or none that can be read."""
    text = shell.parts.copying.prices()
    try:
        return None if text is None else Prices.parse(text)
    except MalformedError:
        return None


def _values(prices: Prices) -> dict[str, str]:
    found = {name: getattr(prices, name) for name in (*CLOUD, *CLOSET)}
    shown = {n: _plain(v * 100 if n in SHARES else v) for n, v in found.items()}
    return shown | {"currency": prices.currency}


def _plain(number: Decimal) -> str:
    """A number without an exponent and needless zeros, three digits behind the point."""
    rounded = number.quantize(Decimal("0.001"), ROUND_HALF_UP)
    text = f"{rounded if number >= CENT or not number else number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _field(name: str, text: Text, values: dict[str, str], lang: Lang) -> dict[str, str]:
    return {"name": name, "label": text.get(lang), "value": values[name]}


def _sums(found: Comparison, prices: Prices, lang: Lang) -> dict[str, str]:
    locale = "ru" if lang == "ru" else "en"

    def money(amount: Decimal) -> str:
        return format_currency(amount.quantize(CENT, ROUND_HALF_UP), prices.currency, locale=locale)

    cloud, closet = found.cloud, found.closet
    most = max(cloud.total, closet.total) or Decimal(1)
    return {
        "cloud": money(cloud.total),
        "cloud_stored": money(cloud.stored),
        "cloud_fetched": money(cloud.fetched + cloud.removed_early),
        "cloud_requests": money(cloud.requests),
        "closet": money(closet.total),
        "closet_disk": money(closet.disk),
        "closet_power": money(closet.power),
        "closet_work": money(closet.work),
        "cloud_share": format_decimal(cloud.total / most * 100, format="0", locale="en"),
        "closet_share": format_decimal(closet.total / most * 100, format="0", locale="en"),
    }


@get("/desk/backup/sheet", opt=RUN, sync_to_thread=True)
def sheet(request: Request[Any, Any, Any], parts: Parts, visitor: Who) -> Page:
    """What to print and keep in a drawer elsewhere. The words are written in by hand."""
    shell, now = Shell(request, parts, visitor), parts.clock.now()
    found = parts.db.read(lambda tx: standing(tx, now=now))
    return shell.page(
        "desk_backup_sheet.html",
        "backup",
        today=_day(now.date(), shell.lang),
        places=[
            {
                "name": one.place.order.name,
                "way_text": WAYS[way_of(one.place.order.address)].get(shell.lang),
                "address": one.place.order.address,
                "holds_keys": one.place.order.holds is Holds.KEYS,
            }
            for one in found.places
        ],
        log_name=parts.vault.origin,
        log_key=str(parts.log_key),
    )


def _day(today: date, lang: Lang) -> str:
    return f"{today:%d.%m.%Y}" if lang == "ru" else today.isoformat()


ROUTES: list[ControllerRouterHandler] = [show, change, sheet]
