"""How do our promises stand, and what does the owner say to a break?"""

from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from typing import Any

from litestar import Request, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from kept.base.errors import MalformedError, NotFoundError
from kept.flows.judge_promises import judge_promises
from kept.promises.acts.own_up import explain_break, pause
from kept.promises.model.promise import Promise
from kept.promises.model.statements import show as shown
from kept.promises.model.status import Judged, State
from kept.staff.model.permissions import Permission
from kept.vault.model.rules import Text
from kept.web import forms
from kept.web.forms import Form
from kept.web.parts import Parts
from kept.web.routes.desk.shell import Page, Shell
from kept.web.staff_session import Who, needs

DAY = timedelta(days=1)
WORDS_MOST = 1_000  # characters of an answer
NEXT: dict[State, Text] = {
    State.BROKEN: Text(
        "Say what happened and what you do about it. It stands beside the break for all to see.",
        "Скажите, что случилось и что вы делаете. Ответ встанет рядом с нарушением, на виду.",
    ),
    State.AT_RISK: Text(
        "Look at what waits before it breaks.", "Посмотрите, что ждёт, пока не поздно."
    ),
    State.STALE: Text(
        "No fresh news: see on the page of the log whether the house is at work.",
        "Нет свежих данных: посмотрите на странице журнала, работает ли программа.",
    ),
}
WHERE: dict[State, str] = {State.AT_RISK: "/desk", State.STALE: "/desk/ledger"}
ANSWERED = Text("Published beside the break.", "Опубликовано рядом с нарушением.")
PAUSED = Text("Paused, and everybody can see why.", "На паузе; причину видят все.")
REPAIR = Text(
    "The day of repair lies between the break and today.",
    "День, когда исправили, лежит между нарушением и сегодня.",
)
EMPTY = Text("Write a few words first.", "Сначала напишите несколько слов.")
LENGTH = Text("A pause lasts 1 to 30 days.", "Пауза длится от 1 до 30 дней.")


@get("/desk/promises", opt=needs(Permission.SEE_EVIDENCE), sync_to_thread=True)
def show(request: Request[Any, Any, Any], parts: Parts, visitor: Who) -> Page:
    """Every promise in force."""
    return _page(Shell(request, parts, visitor))


@post(
    "/desk/promises/{key:str}/answer",
    opt=needs(Permission.MANAGE_SETTINGS),
    status_code=200,
    sync_to_thread=True,
)
def answer(
    request: Request[Any, Any, Any],
    parts: Parts,
    visitor: Who,
    *,
    key: FromPath[str],
    data: Form,
) -> Page:
    """Put words beside a break."""
    shell, words = Shell(request, parts, visitor), forms.text(data, "text", most=WORDS_MOST)
    ref, now = forms.text(data, "break", most=200), parts.clock.now()
    if not words:
        return _page(shell, problem=EMPTY.get(shell.lang), status=422)
    try:
        repaired_at = _day_of_repair(forms.text(data, "repaired", most=20), now)
        parts.db.write(
            lambda tx: explain_break(
                tx,
                parts.vault.origin,
                actor=visitor.actor,
                key=key,
                ref=ref,
                words=Text(words, words),
                repaired_at=repaired_at,
                now=now,
            )
        )
    except MalformedError:
        return _page(shell, problem=REPAIR.get(shell.lang), status=422)
    return _page(shell, saved=ANSWERED.get(shell.lang))


def _day_of_repair(typed: str, now: datetime) -> datetime | None:
    """The end of the day typed, or now when that is today; None for none.

    Raises:
        MalformedError: no day, or one to come.
    """
    if not typed:
        return None
    try:
        begins = datetime.combine(date.fromisoformat(typed), time.min, tzinfo=now.tzinfo)
    except ValueError:
        raise MalformedError("repaired", "not a day as 2026-11-21") from None
    if begins > now:
        raise MalformedError("repaired", "a day to come")
    return min(begins + DAY - timedelta(microseconds=1), now)


@post(
    "/desk/promises/{key:str}/pause",
    opt=needs(Permission.MANAGE_SETTINGS),
    status_code=200,
    sync_to_thread=True,
)
def rest(
    request: Request[Any, Any, Any],
    parts: Parts,
    visitor: Who,
    *,
    key: FromPath[str],
    data: Form,
) -> Page:
    """Let a promise rest for a while, in public.

    Raises:
        NotFoundError: no such promise is in force.
    """
    shell, words = Shell(request, parts, visitor), forms.text(data, "reason", most=WORDS_MOST)
    days, now = forms.whole(data, "days") or 0, parts.clock.now()
    if key not in parts.book.promises:
        raise NotFoundError("No such promise is in force.")
    if not words or not 1 <= days <= 30:
        said = LENGTH if words else EMPTY
        return _page(shell, problem=said.get(shell.lang), status=422)
    try:
        parts.db.write(
            lambda tx: pause(
                tx,
                parts.vault.origin,
                actor=visitor.actor,
                key=key,
                until=now + days * DAY,
                reason=Text(words, words),
                now=now,
            )
        )
    except MalformedError:
        return _page(shell, problem=LENGTH.get(shell.lang), status=422)
    return _page(shell, saved=PAUSED.get(shell.lang))


def _page(shell: Shell, *, saved: str = "", problem: str = "", status: int = 200) -> Page:
    parts, now = shell.parts, shell.parts.clock.now()
    found = parts.db.read(lambda tx: judge_promises(tx, parts.vault, now=now))
    return shell.page(
        "desk_promises.html",
        "promises",
        http_status=status,
        promises=[_row(shell, promise, judged) for promise, judged in found.promises],
        can_answer=shell.visitor.may(Permission.MANAGE_SETTINGS),
        saved=saved,
        problem=problem,
    )


def _row(shell: Shell, promise: Promise, judged: Judged) -> dict[str, object]:
    words = shown(promise, judged, shell.lang)
    state = judged.state
    unanswered = [b.ref for b in judged.breaks if b.explanation is None and b.recorded_at]
    return {
        **asdict(words),
        "enforced": words.how,
        "next": NEXT[state].get(shell.lang) if state in NEXT else "",
        "next_href": WHERE.get(state, ""),
        "break_id": unanswered[0] if unanswered else "",
    }


ROUTES: list[ControllerRouterHandler] = [show, answer, rest]
