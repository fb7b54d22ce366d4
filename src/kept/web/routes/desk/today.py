"""What needs a person now? Measured from the house's own rows, the most pressing first."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from litestar import Request, get
from litestar.types import ControllerRouterHandler

from kept.base.clock import from_micros
from kept.base.texts import moment_text
from kept.db import jobs
from kept.db.seam import Tx
from kept.ledger.acts.bare import BareAct, newest_acts
from kept.promises.model.promise import Promise
from kept.promises.model.statements import show as shown
from kept.promises.model.status import Judged, State
from kept.promises.model.words import ago, when
from kept.staff.acts.team import list_team
from kept.staff.model.account import Account, AccountState
from kept.staff.model.permissions import Permission
from kept.vault.acts.erase import pending_erasures
from kept.vault.acts.intake import Run, recent_runs
from kept.vault.acts.listing import count_people
from kept.vault.model.rules import Text
from kept.web.lines import icon
from kept.web.parts import Parts
from kept.web.routes.desk.acts_words import kind_words
from kept.web.routes.desk.list_pages import is_cut_off
from kept.web.routes.desk.shell import Page, Shell
from kept.web.routes.desk.told import folded, times
from kept.web.routes.desk.words import FILE_CHANGED, FILE_WHY
from kept.web.staff_session import Who, needs
from kept.web.windows import ShopWindow

RECENT = 10
LOOK_BACK = 40  # acts searched for as many lines
STUCK = timedelta(days=1)  # an erasure takes minutes
REFUSING = Text("The log refuses to sign", "Журнал отказывается подписывать")
ERASURE = Text("An erasure is stuck", "Стирание застряло")
ERASURE_WHY = Text(
    "Asked for {ago}. It goes on by itself: {why}", "Просьба: {ago}. Повторяется само: {why}"
)
UNKNOWN = Text("no reason was noted", "причина не записана")
CUT_OFF = Text("A list was cut off: {name}", "Список загружен не до конца: {name}")
CUT_WHY = Text("{read} rows are done. It can go on.", "Готово строк: {read}. Можно продолжить.")
JOB = Text("Some work was given up", "Часть работы не удалась")
JOB_WHY = Text("{kind}: tried too often.", "{kind}: слишком много попыток.")
PROMISE = Text("A promise is {word}", "Обещание: {word}")
REVIEW = Text("Look over who may come in", "Просмотрите, кто вхож")
REVIEW_WHY = Text("Not looked over in time: {names}.", "Не просмотрены вовремя: {names}.")
NOW = Text("now", "сейчас")
STEPS: tuple[tuple[str, Text], ...] = (
    ("/desk/import", Text("Bring in the customers you have", "Загрузите своих клиентов")),
    ("/desk/team", Text("Invite somebody to the team", "Пригласите кого-нибудь в команду")),
    (
        "/desk/check-up",
        Text(
            "Set up mail, so that customers get their codes",
            "Настройте почту, чтобы клиенты получали коды",
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What one snapshot shows. `erasures`: when each was asked for, and what hinders it."""

    erasures: list[tuple[datetime, str | None]]
    runs: list[Run]
    given_up: list[tuple[int, str, str]]
    promises: tuple[tuple[Promise, Judged], ...]
    team: list[Account]
    acts: list[BareAct]
    people: int


@get("/desk", opt=needs(Permission.OWN_ACCOUNT), sync_to_thread=True)
def show(request: Request[Any, Any, Any], parts: Parts, visitor: Who, window: ShopWindow) -> Page:
    """Today; the promises as they stand in the shop window."""
    shell, now = Shell(request, parts, visitor), parts.clock.now()
    promises = window.look(now=now).standings.promises
    seen = parts.db.read(lambda tx: _look(tx, promises))
    return shell.page(
        "desk_today.html",
        "today",
        due=_due(shell, seen, now),
        promises=[_promise(shell, promise, judged) for promise, judged in seen.promises],
        recent=[_act(shell, act, n) for act, n in folded(seen.acts)[:RECENT]],
        first_steps=_first_steps(shell, seen),
    )


def _look(tx: Tx, promises: tuple[tuple[Promise, Judged], ...]) -> Seen:
    return Seen(
        [(from_micros(row.asked_at), row.problem) for row in pending_erasures(tx)],
        recent_runs(tx),
        jobs.given_up(tx),
        promises,
        list_team(tx),
        newest_acts(tx, limit=LOOK_BACK),
        count_people(tx),
    )


def _due(shell: Shell, seen: Seen, now: datetime) -> list[dict[str, str]]:
    return [
        *_refusing(shell),
        *_changed(shell),
        *_broken(shell, seen),
        *_erasures(shell, seen, now),
        *_cut_off(shell, seen, now),
        *_given_up(shell, seen),
        *_reviews(shell, seen, now),
    ]


def _one(
    shell: Shell, title: str, text: str, *, href: str, state: str = "broken"
) -> dict[str, str]:
    return {
        "href": href,
        "title": title,
        "text": text,
        "state": state,
        "left_text": NOW.get(shell.lang),
    }


def _refusing(shell: Shell) -> list[dict[str, str]]:
    refusing = shell.parts.refusing()
    if refusing is None:
        return []
    why = refusing.ru if shell.lang == "ru" else refusing.en
    return [_one(shell, REFUSING.get(shell.lang), why, href="/desk/ledger")]


def _changed(shell: Shell) -> list[dict[str, str]]:
    """One line, however many files: a changed tile makes the 256 below it not fit."""
    paths = shell.parts.changed_files()
    if not paths:
        return []
    why = FILE_WHY.get(shell.lang).format(path=paths[0])
    return [_one(shell, FILE_CHANGED.get(shell.lang), why, href="/desk/ledger")]


def _broken(shell: Shell, seen: Seen) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    for promise, judged in seen.promises:
        if judged.state not in {State.BROKEN, State.AT_RISK, State.STALE}:
            continue
        words = shown(promise, judged, shell.lang)
        title = PROMISE.get(shell.lang).format(word=words.state_word)
        state = "broken" if judged.state is State.BROKEN else "at_risk"
        href = f"/desk/promises#{promise.key}"
        found.append(_one(shell, title, words.sentence, href=href, state=state))
    return found


def _erasures(shell: Shell, seen: Seen, now: datetime) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    for asked, problem in seen.erasures:
        if problem is None and now - asked < STUCK:
            continue
        why = ERASURE_WHY.get(shell.lang).format(
            ago=ago(asked, now).get(shell.lang), why=problem or UNKNOWN.get(shell.lang)
        )
        found.append(_one(shell, ERASURE.get(shell.lang), why, href="/desk/promises#erase.proof"))
    return found


def _cut_off(shell: Shell, seen: Seen, now: datetime) -> list[dict[str, str]]:
    if not shell.visitor.may(Permission.IMPORT_DATA):
        return []
    return [
        _one(
            shell,
            CUT_OFF.get(shell.lang).format(name=run.name),
            CUT_WHY.get(shell.lang).format(read=run.read),
            href="/desk/import",
            state="at_risk",
        )
        for run in seen.runs
        if is_cut_off(run, now)
    ]


def _given_up(shell: Shell, seen: Seen) -> list[dict[str, str]]:
    kinds = sorted({kind for _, kind, _ in seen.given_up})
    text = [JOB_WHY.get(shell.lang).format(kind=kind) for kind in kinds]
    return [_one(shell, JOB.get(shell.lang), one, href="/desk/check-up") for one in text]


def _reviews(shell: Shell, seen: Seen, now: datetime) -> list[dict[str, str]]:
    every = shell.parts.book.team.review_every
    late = [
        one.name
        for one in seen.team
        if one.state is AccountState.ACTIVE and now - one.reviewed_at > every
    ]
    if not late or not shell.visitor.may(Permission.SEE_TEAM):
        return []
    text = REVIEW_WHY.get(shell.lang).format(names=", ".join(late))
    return [_one(shell, REVIEW.get(shell.lang), text, href="/desk/team", state="at_risk")]


def _promise(shell: Shell, promise: Promise, judged: Judged) -> dict[str, str]:
    words = shown(promise, judged, shell.lang)
    short = ", ".join(part for part in (words.number.main, words.number.window) if part)
    return {
        "key": promise.key,
        "state": words.state,
        "sentence": words.sentence,
        "short": short,
    }


def _act(shell: Shell, act: BareAct, n: int) -> dict[str, object]:
    return {
        "id": act.act_id,
        "icon": icon(act.kind) if act.is_of_a_person else "ledger",
        "line": times(kind_words(act, shell.lang), n),
        "iso": when(act.at),
        "at_text": moment_text(act.at, shell.lang),
        "reason": "",
        "receipt": "",
        "sealed": act.index is not None,
    }


def _first_steps(shell: Shell, seen: Seen) -> list[dict[str, object]]:
    if not shell.visitor.may(Permission.MANAGE_TEAM):
        return []
    done = (seen.people > 0, len(seen.team) > 1, shell.parts.has_mail)
    if all(done):
        return []
    return [
        {"done": is_done, "label": label.get(shell.lang), "href": href}
        for is_done, (href, label) in zip(done, STEPS, strict=True)
    ]


ROUTES: list[ControllerRouterHandler] = [show]
