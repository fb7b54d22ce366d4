"""Did it ever happen? Zero: one violation breaks the promise.

Rules: nothing looked at is `unmeasured`; the violations themselves are breaks, judged for all
kinds alike, so what is said here is only whether anything was looked at, and the number.
"""

from collections.abc import Iterable
from datetime import datetime

from kept.promises.model.evidence import BREAK_WINDOW, Break, Counted
from kept.promises.model.status import Number, State, Verdict, is_visible, within
from kept.promises.model.words import grouped, russian_form
from kept.vault.model.rules import Text


def judge(rows: Counted, breaks: Iterable[Break], *, now: datetime) -> Verdict:
    """`kept` once anything was looked at."""
    faults = sum(is_visible(b.happened_at, now) for b in breaks)
    n = max(rows.checked, faults)
    looked_at = rows.checked > 0 or rows.drills > 0
    return Verdict(
        state=State.KEPT if looked_at else State.UNMEASURED,
        number=Number(
            ok=n - faults,
            n=n,
            window=BREAK_WINDOW,
            main=_say(rows, faults=faults, n=n),
            within=within(BREAK_WINDOW),
            drills=rows.drills,
        ),
        first_at=rows.first_at,
    )


def _say(rows: Counted, *, faults: int, n: int) -> Text:
    en = rows.subject.one.en if n == 1 else rows.subject.many.en
    ru = rows.subject.one.ru if russian_form(n) == 0 else rows.subject.many.ru
    bad, of = grouped(faults), grouped(n)
    return Text(
        f"{bad.en} of {of.en} {en} {rows.subject.fault.en}",
        f"{bad.ru} из {of.ru} {ru} {rows.subject.fault.ru}",
    )
