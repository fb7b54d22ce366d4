"""What does the page of copies show? Values for its template, made of what was measured alone."""

from datetime import datetime, timedelta

from kept.backup.acts.standing import PlaceStanding, Standing
from kept.backup.model.places import Holds, Plan
from kept.backup.model.report import FRESH_WITHIN, Line, State, state_of, tell
from kept.backup.model.report_reasons import failed_words
from kept.backup.model.retention import DEFAULT, Policy
from kept.backup.model.runs import RunState
from kept.base.errors import MalformedError
from kept.base.texts import moment_text, number_text, translations
from kept.db.seam import Tx
from kept.ledger.acts.bare import newest_acts
from kept.promises.model.words import span, when
from kept.staff.model.permissions import Permission
from kept.vault.model.rules import Lang, Text
from kept.web.copying import Far, Task, Work
from kept.web.routes.desk.backup_words import (
    STATES,
    WAYS,
    Way,
    age_text,
    clock_text,
    kept_text,
    size_text,
    way_of,
)
from kept.web.routes.desk.shell import Shell

DRILL_EVERY = timedelta(days=25)
SHOWN_FOR = timedelta(minutes=30)  # what came of some work, on the page
FEW_SECONDS = 3.0  # before this a guess of the time left is worth nothing
NAMES_FILES = frozenset({"damaged", "unread file"})  # lines with paths: for the owner alone
DATA, KEYS = Text("locked data", "закрытые данные"), Text("the keys", "ключи")
OFF, RUNNING = Text("resting", "отдыхает"), Text("at work", "идёт")
NO_COPY, COPIED = Text("no copy yet", "копии нет"), Text("copied", "скопировано")
OLD, FAILED = Text("too old", "устарела"), Text("failed", "не удалась")
PARTLY = Text("not whole", "не вся")
DOING: dict[Task, Text] = {
    Task.COPY: Text("Making a copy: {place}", "Делаем копию: {place}"),
    Task.DRILL: Text("Trying the copy: {place}", "Проверяем копию: {place}"),
    Task.RESTORE: Text("Bringing files back: {place}", "Возвращаем файлы: {place}"),
}
DONE: dict[Task, Text] = {
    Task.COPY: Text("The copy is made: {place}", "Копия сделана: {place}"),
    Task.DRILL: Text("The copy was tried: {place}", "Копия проверена: {place}"),
    Task.RESTORE: Text("The files are back", "Файлы вернулись"),
}
STOPPED = Text(
    "Stopped. What was stored stays and is used next time.",
    "Остановлено. Что сохранено, останется и пригодится в следующий раз.",
)
BROKEN = Text(
    "Something in the program is broken. Nothing you have is lost.",
    "В программе что-то сломалось. Ваши данные целы.",
)
LEFT = Text("{length} left", "осталось {length}")
FAR_TEXT = Text("{files} files, {size}", "файлов: {files}, {size}")
FAR_OF = Text("{files} of {all} files, {size}", "файлов: {files} из {all}, {size}")
SPEED = Text("{size} a second", "{size} в секунду")


def is_owner(shell: Shell) -> bool:
    """Whether they run the copies, and may read names of files."""
    return shell.visitor.may(Permission.MANAGE_SETTINGS)


def report_view(shell: Shell, tx: Tx, found: Standing) -> dict[str, object]:
    """How the copy stands, a sentence each, with what shows it. Reads only."""
    first, *rest = tell(found.report, shell.lang)
    state, word = STATES[state_of(found.report)]
    told = [line for line in rest if is_owner(shell) or line.about not in NAMES_FILES]
    return {
        "state": state,
        "word": word.get(shell.lang),
        "headline": first.text,
        "is_none": state_of(found.report) is State.NONE,
        "lines": [_line(tx, group) for group in _grouped(told)],
    }


def _grouped(told: list[Line]) -> list[list[Line]]:
    """Neighbours that one act is the evidence of, together."""
    groups: list[list[Line]] = []
    for line in told:
        if groups and line.act is not None and groups[-1][0].act == line.act:
            groups[-1].append(line)
        else:
            groups.append([line])
    return groups


def _line(tx: Tx, group: list[Line]) -> dict[str, object]:
    line = group[0]
    act = None if line.act is None else next(
        (one for one in newest_acts(tx, before=line.act + 1, limit=1) if one.act_id == line.act),
        None,
    )  # fmt: skip
    is_signed = act is not None and act.index is not None
    return {
        "text": " ".join(one.text for one in group),
        "is_bad": line.about in {"failed", "damaged", "unread"},
        "evidence": f"/ledger/opening/{act.index}" if act is not None and is_signed else "",
        "receipt": f"/desk/backup/receipts/{line.act}" if is_signed else "",
    }


def place_view(shell: Shell, one: PlaceStanding, now: datetime) -> dict[str, object]:
    """A place: what it is, how it stands, how old and how large."""
    lang, order = shell.lang, one.place.order
    way = way_of(order.address)
    state, word = _state(one, now)
    at = one.key_copy_at if order.holds is Holds.KEYS else one.copy and one.copy.ended_at
    why = one.last.why if one.last is not None and one.last.state is RunState.FAILED else None
    return {
        "name": order.name,
        "way": way.value,
        "way_text": WAYS[way].get(lang),
        "address": order.address if is_owner(shell) else "",
        "holds_keys": order.holds is Holds.KEYS,
        "holds_text": (KEYS if order.holds is Holds.KEYS else DATA).get(lang),
        "state": state,
        "word": word.get(lang),
        "age_text": "" if at is None else age_text(at, now, lang),
        "at_iso": "" if at is None else when(at),
        "at_text": "" if at is None else moment_text(at, lang),
        "size_text": "" if one.stored_bytes is None else size_text(one.stored_bytes, lang),
        "files_text": "" if one.copy is None else number_text(one.copy.files, lang),
        "why": "" if why is None else " ".join(failed_words(why, translations(lang))),
        "is_on": one.place.is_enabled,
        "has_copy": one.copy is not None,
        "folders": list(order.folders) if is_owner(shell) else [],
        "part_text": size_text(order.part_bytes, lang),
    }


def _state(one: PlaceStanding, now: datetime) -> tuple[str, Text]:
    """The worst that is true of a place."""
    holds_keys = one.place.order.holds is Holds.KEYS
    copied = one.key_copy_at if holds_keys else one.copy and one.copy.ended_at
    has_failed = one.last is not None and one.last.state is RunState.FAILED
    causes = (
        (one.is_running, "waiting", RUNNING),
        (not one.place.is_enabled, "paused", OFF),
        (has_failed, "broken", FAILED),
        (copied is None, "unmeasured", NO_COPY),
        (copied is not None and now - copied > FRESH_WITHIN, "broken", OLD),
        (one.copy is not None and one.copy.state is RunState.PARTIAL, "at_risk", PARTLY),
    )
    return next(((state, word) for is_so, state, word in causes if is_so), ("kept", COPIED))


def plan_view(plan: Plan | None, lang: Lang) -> dict[str, str] | None:
    """When copies run and what is kept, a line each; None before it was drawn."""
    if plan is None:
        return None
    policy = policy_of(plan)
    return {
        "time": clock_text(plan.minute),
        "quiet": plan.quiet,
        "bandwidth": plan.bandwidth,
        "keep": plan.keep or str(DEFAULT),
        "keep_text": kept_text(policy, lang),
    }


def policy_of(plan: Plan) -> Policy:
    """What is kept; the usual where the owner said nothing."""
    try:
        found = Policy.parse(plan.keep)
    except MalformedError:
        return DEFAULT
    return DEFAULT if found.is_empty else found


def missing(found: Standing, now: datetime) -> list[str]:
    """What this house has not got, the most important first: data, far, near, keys, drill."""
    on = [one.place.order for one in found.places if one.place.is_enabled]
    data = [order for order in on if order.holds is Holds.DATA]
    ways = {way_of(order.address) is Way.FOLDER for order in data}
    lacks = {
        "data": not data,
        "far": bool(data) and False not in ways,
        "near": bool(data) and True not in ways,
        "keys": not any(order.holds is Holds.KEYS for order in on),
        "drill": found.newest is not None
        and (found.drill is None or now - found.drill.at > DRILL_EVERY),
    }
    return [name for name, is_so in lacks.items() if is_so]


def work_view(
    work: Work | None, lang: Lang, *, words: str, now: datetime
) -> dict[str, object] | None:
    """What goes on, or went on last; `words` say why it ended, if it failed."""
    if work is None or (work.ended_at is not None and now - work.ended_at > SHOWN_FOR):
        return None
    far = work.far
    title = DOING[work.task] if work.is_running else DONE[work.task]
    return {
        "is_running": work.is_running,
        "is_stopping": work.is_stopping,
        "is_counted": bool(far.bytes_in_all or far.files_in_all),
        "done": far.bytes if far.bytes_in_all else far.files,
        "total": far.bytes_in_all or far.files_in_all or 0,
        "title": title.get(lang).format(place=work.place),
        "text": _far_text(far, lang),
        "left": _left(far, lang),
        "state": _outcome(work),
        "problem": words,
        "back": _back(work, lang),
        "lost": [] if work.returned is None else list(work.returned.lost[:20]),
    }


def _outcome(work: Work) -> str:
    if work.problem is not None or work.is_broken:
        return "broken"
    if work.is_stopping or work.task is Task.DRILL:
        return "info"  # what a drill found stands in the report
    return "at_risk" if work.returned is not None and work.returned.lost else "kept"


def _far_text(far: Far, lang: Lang) -> str:
    if not far.files and not far.bytes:
        return ""
    size = size_text(far.bytes, lang)
    said = FAR_TEXT if far.files_in_all is None else FAR_OF
    text = said.get(lang).format(
        files=number_text(far.files, lang), all=number_text(far.files_in_all or 0, lang), size=size
    )
    if far.seconds < 1:
        return text
    return f"{text}, {SPEED.get(lang).format(size=size_text(int(far.bytes / far.seconds), lang))}"


def _left(far: Far, lang: Lang) -> str:
    """How long it may still take; "" until that can be told."""
    if not far.bytes_in_all or far.seconds < FEW_SECONDS or not far.bytes:
        return ""
    seconds = max(0, far.bytes_in_all - far.bytes) * far.seconds / far.bytes
    return LEFT.get(lang).format(length=span(timedelta(seconds=seconds)).get(lang))


def _back(work: Work, lang: Lang) -> str:
    found = work.returned
    if found is None:
        return ""
    texts, n = translations(lang), len(found.lost)
    back = texts.ngettext(
        "%(num)s file, %(size)s, lies in %(target)s.",
        "%(num)s files, %(size)s, lie in %(target)s.",
        found.files,
    )
    lost = texts.ngettext("%(num)s did not come back.", "%(num)s did not come back.", n)
    text = back % {
        "num": number_text(found.files, lang),
        "size": size_text(found.bytes, lang),
        "target": found.target,
    }
    return f"{text} {lost % {'num': number_text(n, lang)}}" if n else text
