"""Which promises does the book declare? Each table of `promise` into one checked value.

Rules: the kind decides which bound must stand there; every placeholder of a sentence can be
filled from the bound, and both languages use the same ones; `target` of a share is 60 or more,
because fewer than six of ten is no promise.
"""

import re
from datetime import timedelta

from kept.base.errors import MalformedError
from kept.promises.model.promise import NEEDS_BOUND, Grade, Kind, Promise
from kept.promises.model.table import Table, one_of

PROMISE_KEY = re.compile(r"[a-z]{2,20}\.[a-z]{2,20}")
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
BOUND_KEY = {Kind.CLOCK: "limit", Kind.SHARE: "limit", Kind.FRESH: "period"}
WHOLE = {"days": timedelta(days=1), "hours": timedelta(hours=1), "minutes": timedelta(minutes=1)}


def read_promises(table: Table) -> dict[str, Promise]:
    """Read every promise, in the book's order.

    Raises:
        MalformedError: naming the place.
    """
    return {key: _read_promise(key, inner) for key, inner in table.tables(keys=PROMISE_KEY).items()}


def _read_promise(key: str, table: Table) -> Promise:
    kind = table.choice("kind", Kind)
    promise = Promise(
        key=key,
        kind=kind,
        version=table.whole("version", least=1, most=9999),
        grade=_read_grade(table),
        text=table.both(),
        bound=_read_bound(table, kind),
        target=table.whole("target", least=60, most=100) if kind is Kind.SHARE else 0,
        calendar=table.text("calendar", default="plain"),
        scope=frozenset(table.names("scope", default=())),
        exceptions=frozenset(table.names("exceptions", default=())),
        months=table.whole("months", least=1, most=120, default=0),
        people=table.whole("people", least=1, most=9999, default=0),
    )
    table.close()
    _check_sentence(promise, table.where)
    return promise


def _read_grade(table: Table) -> tuple[Grade, ...]:
    place = table.place("grade")
    grades = tuple(one_of(word, Grade, place) for word in table.names("grade"))
    if not grades:
        raise MalformedError(place, "say who stands behind the number: M, X, C or D")
    return grades


def _read_bound(table: Table, kind: Kind) -> timedelta | None:
    if kind not in NEEDS_BOUND:
        return None
    key = BOUND_KEY[kind]
    bound = table.duration(key)
    if bound is None:
        raise MalformedError(table.place(key), f"a promise of kind {kind} needs it")
    return bound


def _check_sentence(promise: Promise, where: str) -> None:
    found = {lang: placeholders(promise.text.get(lang)) for lang in ("en", "ru")}
    if found["en"] != found["ru"]:
        raise MalformedError(f"{where}.ru", "both languages must name the same numbers")
    for name in found["en"]:
        if not can_fill(promise, name):
            raise MalformedError(f"{where}.en", "holds a number in braces that nothing gives")
    if {"{", "}"} & set(PLACEHOLDER.sub("", promise.text.en + promise.text.ru)):
        raise MalformedError(f"{where}.en", "holds a brace without its partner")


def placeholders(sentence: str) -> frozenset[str]:
    """The names in braces."""
    return frozenset(PLACEHOLDER.findall(sentence))


def can_fill(promise: Promise, name: str) -> bool:
    """Whether the promise gives a number for this placeholder."""
    if name in WHOLE:
        return promise.bound is not None and not promise.bound % WHOLE[name]
    return {"months": promise.months, "people": promise.people}.get(name, 0) > 0
