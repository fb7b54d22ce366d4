"""What does the page say of the work that goes on with the copies, or went on last?"""

from datetime import datetime, timedelta

from kept.backup.model.report_reasons import failed_words
from kept.backup.pipeline.findings import Problem, finding_words
from kept.base.texts import number_text, translations
from kept.promises.model.words import span
from kept.vault.model.rules import Lang, Text
from kept.web.copying import Checked, Far, Outcome, Rehearsed, Returned, Roomy, Task, Unlocked
from kept.web.routes.desk.backup_words import size_text
from kept.web.works import Trouble, Work

SHOWN_FOR = timedelta(minutes=30)  # what came of some work, on the page
FEW_SECONDS = 3.0  # before this a guess of the time left is worth nothing
HEX_CHARS, HEX = 64, frozenset("0123456789abcdef")
KINDS = frozenset({"data", "index", "keys", "locks", "snapshots"})
MOST_NAMED = 20  # paths or findings on the page
DOING: dict[Task, Text] = {
    Task.COPY: Text("Making a copy: {place}", "Делаем копию: {place}"),
    Task.DRILL: Text("Trying the copy: {place}", "Проверяем копию: {place}"),
    Task.RESTORE: Text("Bringing files back: {place}", "Возвращаем файлы: {place}"),
    Task.CHECK: Text("Looking through all of it: {place}", "Просматриваем всё: {place}"),
    Task.REHEARSE: Text("Looking what may go: {place}", "Смотрим, что можно убрать: {place}"),
    Task.ROOM: Text("Making room: {place}", "Освобождаем место: {place}"),
    Task.UNLOCK: Text("Looking for left-over locks: {place}", "Ищем забытые замки: {place}"),
}
DONE: dict[Task, Text] = {
    Task.COPY: Text("The copy is made: {place}", "Копия сделана: {place}"),
    Task.DRILL: Text("The copy was tried: {place}", "Копия проверена: {place}"),
    Task.RESTORE: Text("The files are back", "Файлы вернулись"),
    Task.CHECK: Text("Looked through: {place}", "Просмотрено: {place}"),
    Task.REHEARSE: Text("We know what may go: {place}", "Знаем, что можно убрать: {place}"),
    Task.ROOM: Text("There is more room: {place}", "Место освобождено: {place}"),
    Task.UNLOCK: Text("The locks were looked at: {place}", "Замки просмотрены: {place}"),
}
FAILED: dict[Task, Text] = {
    Task.COPY: Text("No copy was made: {place}", "Копия не сделана: {place}"),
    Task.DRILL: Text("The copy could not be tried: {place}", "Копию не удалось проверить: {place}"),
    Task.RESTORE: Text("The files did not come back", "Файлы не вернулись"),
    Task.CHECK: Text("Not looked through: {place}", "Не просмотрено: {place}"),
    Task.REHEARSE: Text(
        "We could not see what may go: {place}", "Не удалось узнать, что убрать: {place}"
    ),
    Task.ROOM: Text("Not all room was made: {place}", "Место освобождено не всё: {place}"),
    Task.UNLOCK: Text("The locks were not looked at: {place}", "Замки не просмотрены: {place}"),
}
ENDED = Text("Stopped: {place}", "Остановлено: {place}")
STOPPED = Text(
    "What was stored stays and is used next time.",
    "Что сохранено, останется и пригодится в следующий раз.",
)
STOPPED_RESTORE = Text(
    "What was back already lies in {target}.", "Что уже вернулось, лежит в {target}."
)
STOPPED_LOOK = Text("Nothing was changed.", "Ничего не изменилось.")
PARTLY_BACK = Text("Not all files came back", "Вернулись не все файлы")
FAULTY = Text("Something is wrong: {place}", "Что-то не так: {place}")
CUT_OFF = Text(
    "The program ended before this was done. Nothing you have is lost. Begin it again.",
    "Программа закрылась раньше, чем это было сделано. Ваши данные целы. Начните снова.",
)
BROKEN = Text(
    "Something in the program is broken. Nothing you have is lost.",
    "В программе что-то сломалось. Ваши данные целы.",
)
LEFT = Text("{length} left", "осталось {length}")
FAR_TEXT = Text("{files} files, {size}", "Файлов: {files}, {size}")
FAR_OF = Text("{files} of {all} files, {size}", "Файлов: {files} из {all}, {size}")
STEPS = Text("{files} looked at", "Просмотрено: {files}")
STEPS_OF = Text("{files} of {all} looked at", "Просмотрено: {files} из {all}")
SPEED = Text("{size} a second", "{size} в секунду")
CHECKED = Text(
    "Copies: {snapshots}. Parts: {parts}, of these read through: {read} ({size}).",
    "Копий: {snapshots}. Частей: {parts}, из них прочитано целиком: {read} ({size}).",
)
NO_FAULT = Text(
    "No fault was found. Parts that were not read may still be damaged.",
    "Ошибок не нашли. Части, которые не читали, всё же могут быть повреждены.",
)
FAULTS = Text("Things that are wrong: {n}.", "Что не так: {n}.")
ROOMY = Text(
    "Old copies let go: {snapshots}. They can be brought back for 14 days. Room made: {size}.",
    "Старых копий отпущено: {snapshots}. Их можно вернуть ещё 14 дней. Освобождено: {size}.",
)
ROOMY_BARE = Text("Room made: {size}.", "Освобождено: {size}.")
NOTHING_GOES = Text(
    "Nothing has to go: your rules keep every copy that is there.",
    "Убирать нечего: по вашим правилам остаётся каждая копия.",
)
UNLOCKED = Text(
    "Left-over locks removed: {removed}.",
    "Забытых замков убрано: {removed}.",
)
LOCKS_LEFT = Text(
    "Locks that stay: {left}. Somebody may be at work there. A lock lapses half an hour after its"
    " owner fell silent.",
    "Замков осталось: {left}. Возможно, там кто-то работает. Замок перестаёт действовать через"
    " полчаса тишины.",
)
_LOOKS = frozenset({Task.CHECK, Task.REHEARSE, Task.UNLOCK, Task.DRILL})


def work_view(work: Work | None, lang: Lang, *, now: datetime) -> dict[str, object] | None:
    """What goes on, or went on last; None where that was long ago."""
    if work is None or (work.ended_at is not None and now - work.ended_at > SHOWN_FOR):
        return None
    far = work.far
    return {
        "is_running": work.is_running,
        "is_stopping": work.is_stopping,
        "is_counted": bool(far.bytes_in_all or far.files_in_all),
        "done": far.bytes if far.bytes_in_all else far.files,
        "total": far.bytes_in_all or far.files_in_all or 0,
        "title": _title(work).get(lang).format(place=work.place),
        "text": _far_text(work, lang),
        "left": "" if work.is_stopping else _left(far, lang),
        "state": _state(work),
        "problem": _problem(work, lang),
        "told": _told(work.outcome, lang),
        "lost": list(work.outcome.lost[:MOST_NAMED]) if isinstance(work.outcome, Returned) else [],
        "faults": _faults(work.outcome, lang),
        "can_fetch": has_files(work),
        "goes": is_asked(work),
        "place": work.place,
    }


def has_files(work: Work | None) -> bool:
    """Whether something came back that can be taken away by browser."""
    return work is not None and isinstance(work.outcome, Returned) and work.outcome.files > 0


def is_asked(work: Work | None) -> bool:
    """Whether we know what would go, and the owner has to say yes or no."""
    found = None if work is None else work.outcome
    return isinstance(found, Rehearsed) and bool(found.going or found.parts)


def _title(work: Work) -> Text:
    if work.is_running:
        return DOING[work.task]
    if work.was_stopped:
        return ENDED
    if work.trouble is not None or work.is_cut_off:
        return FAILED[work.task]
    match work.outcome:
        case Returned(lost_count=n) if n:
            return PARTLY_BACK
        case Checked(bad=n) if n:
            return FAULTY
        case _:
            return DONE[work.task]


def _state(work: Work) -> str:
    if work.trouble is not None or work.is_cut_off:
        return "broken"
    if work.was_stopped or work.task is Task.DRILL or isinstance(work.outcome, Rehearsed):
        return "info"  # what a drill found stands in the report
    match work.outcome:
        case Returned(lost_count=n) if n:
            return "at_risk"
        case Checked(bad=n) if n:
            return "broken"
        case Unlocked(left=n) if n:
            return "info"
        case _:
            return "kept"


def _problem(work: Work, lang: Lang) -> str:
    """Why it ended before its end; "" where it did not."""
    if work.is_running:
        return ""
    if work.is_cut_off:
        return CUT_OFF.get(lang)
    if work.trouble is not None:
        return _trouble(work.trouble, lang)
    if not work.was_stopped:
        return ""
    if work.task is Task.RESTORE:
        return STOPPED_RESTORE.get(lang).format(target=work.target)
    return (STOPPED_LOOK if work.task in _LOOKS else STOPPED).get(lang)


def _trouble(trouble: Trouble, lang: Lang) -> str:
    texts = translations(lang)
    if trouble.said:
        return texts.gettext(trouble.said)
    if trouble.why is None:
        return BROKEN.get(lang)
    cause, cure = failed_words(trouble.why, texts)
    return f"{cause[:1].upper()}{cause[1:]} {cure}"


def _far_text(work: Work, lang: Lang) -> str:
    far = work.far
    if not far.files and not far.bytes:
        return ""
    has_files = work.task in {Task.COPY, Task.RESTORE, Task.DRILL}
    forms = (FAR_TEXT, FAR_OF) if has_files else (STEPS, STEPS_OF)
    text = (
        forms[far.files_in_all is not None]
        .get(lang)
        .format(
            files=number_text(far.files, lang),
            all=number_text(far.files_in_all or 0, lang),
            size=size_text(far.bytes, lang),
        )
    )
    if far.seconds < 1 or not far.bytes:
        return text
    return f"{text}, {SPEED.get(lang).format(size=size_text(int(far.bytes / far.seconds), lang))}"


def _left(far: Far, lang: Lang) -> str:
    """How long it may still take; "" until that can be told."""
    if not far.bytes_in_all or far.seconds < FEW_SECONDS or not far.bytes:
        return ""
    seconds = max(0, far.bytes_in_all - far.bytes) * far.seconds / far.bytes
    return LEFT.get(lang).format(length=span(timedelta(seconds=seconds)).get(lang))


def _told(found: Outcome | None, lang: Lang) -> str:
    """What came of it, in words."""
    match found:
        case Returned():
            return _back(found, lang)
        case Checked():
            said = CHECKED.get(lang).format(
                snapshots=number_text(found.snapshots, lang),
                parts=number_text(found.parts, lang),
                read=number_text(found.read, lang),
                size=size_text(found.bytes_read, lang),
            )
            more = FAULTS.get(lang).format(n=found.bad) if found.bad else NO_FAULT.get(lang)
            return f"{said} {more}"
        case Roomy():
            form = ROOMY if found.snapshots else ROOMY_BARE
            return form.get(lang).format(
                snapshots=number_text(found.snapshots, lang),
                size=size_text(found.freed_bytes, lang),
            )
        case Unlocked():
            said = UNLOCKED.get(lang).format(removed=found.removed)
            return f"{said} {LOCKS_LEFT.get(lang).format(left=found.left)}" if found.left else said
        case Rehearsed(going=(), parts=0):
            return NOTHING_GOES.get(lang)
        case _:
            return ""


def _back(found: Returned, lang: Lang) -> str:
    texts, n = translations(lang), found.lost_count
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


def _faults(found: Outcome | None, lang: Lang) -> list[dict[str, str]]:
    """What a check found wrong: the cause, what is lost, what to do."""
    if not isinstance(found, Checked):
        return []
    harmful = [one for one in found.found if not one.is_harmless][:MOST_NAMED]
    told = [(_short(one.name), finding_words(Problem(one.problem), lang)) for one in harmful]
    return [{"name": name, "text": f"{w.cause} {w.lost} {w.todo}"} for name, w in told]


def _short(name: str) -> str:
    """The beginning of a part's name, which tells it apart; paths of files stay whole."""
    kind, _, rest = name.rpartition("/")
    is_hex = len(rest) == HEX_CHARS and set(rest) <= HEX
    return f"{kind}/{rest[:12]}…" if is_hex and kind in KINDS else name
