"""What can be done with a place? Its buttons, the questions before what cannot be undone, Stop."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.types import ControllerRouterHandler

from kept.backup.acts import places
from kept.backup.model.forgetting import Brake
from kept.backup.model.places import Holds, KnownPlace, PlaceChange
from kept.base.errors import ConflictError, NotFoundError, RefusedError
from kept.base.texts import moment_text, number_text
from kept.promises.model.words import when
from kept.vault.model.rules import Text
from kept.web import forms
from kept.web.copying import Ears, Going, Outcome, Rehearsed, Task
from kept.web.forms import Form
from kept.web.parts import Parts
from kept.web.routes.desk.backup import HOME, RUN, SAVED, home, works_of
from kept.web.routes.desk.backup_words import age_text, size_text
from kept.web.routes.desk.backup_work import is_asked
from kept.web.routes.desk.shell import Page, Shell
from kept.web.staff_session import Who
from kept.web.works import Do, Work

NO_STEP = "There is no such step."
CHANGED = "What would go has changed. Look again before you say yes."
REMOVED = Text(
    "The place is off the list. What lies there stays as it is.",
    "Место убрано из списка. Всё, что там лежит, осталось как было.",
)
BRAKES: dict[str, Text] = {
    Brake.MANY.value: Text(
        "More than half of the copies would go.", "Ушло бы больше половины копий."
    ),
    Brake.SHRUNK.value: Text(
        "The newest copy is much smaller than the ones before. Has something gone missing?",
        "Новая копия намного меньше прежних. Не пропало ли что-то?",
    ),
    Brake.UNSIZED.value: Text(
        "The newest copy does not say its size.", "Новая копия не говорит своего размера."
    ),
    Brake.UNDRILLED.value: Text(
        "No test of the copies passed for 35 days. Try one first.",
        "Уже 35 дней ни одна проверка копии не удалась. Сначала проверьте копию.",
    ),
}


@post("/desk/backup/stop", opt=RUN, status_code=200, sync_to_thread=True)
def stop(request: Request[Any, Any, Any], parts: Parts, visitor: Who) -> Page:
    """Let the work end soon, in good order."""
    works_of(request).stop()
    return home(Shell(request, parts, visitor))


@get("/desk/backup/places/{place:str}/{step:str}", opt=RUN, sync_to_thread=True)
def ask(
    request: Request[Any, Any, Any],
    parts: Parts,
    visitor: Who,
    *,
    place: FromPath[str],
    step: FromPath[str],
) -> Page:
    """The question before a step that cannot be undone: what would go, and shall it?

    Raises:
        NotFoundError: no such place, or no such question.
    """
    shell = Shell(request, parts, visitor)
    known = parts.db.read(lambda tx: places.place(tx, place))
    if step == "remove":
        return _remove_page(shell, known)
    if step == "room" and known.order.holds is Holds.DATA:
        return _room_page(shell, known)
    raise NotFoundError(NO_STEP)


@post("/desk/backup/places/{place:str}/{step:str}", opt=RUN, status_code=200, sync_to_thread=True)
def take_step(
    request: Request[Any, Any, Any],
    parts: Parts,
    visitor: Who,
    *,
    place: FromPath[str],
    step: FromPath[str],
    data: Form,
) -> Response[Any]:
    """Do it: at once, or as a piece of work that goes on.

    Raises:
        NotFoundError: no such place, or no such step.
    """
    shell = Shell(request, parts, visitor)
    known = parts.db.read(lambda tx: places.place(tx, place))
    try:
        match step:
            case "rest" | "wake":
                return _switch(shell, known, is_on=step == "wake")
            case "remove":
                is_said = forms.text(data, "destroyed", most=3) == "yes"
                return _remove(shell, known, is_destroyed=is_said)
            case "room":
                return _make_room(shell, known, forms.text(data, "seen", most=40))
            case _:
                task, do = _work(shell, known, step)
                works_of(request).begin(task, known.order.name, do)
    except ConflictError as error:
        return home(shell, problem=shell.words_of(error), status=409)
    return Redirect(HOME, status_code=303)


def _work(shell: Shell, known: KnownPlace, step: str) -> tuple[Task, Do]:
    """A piece of work without a question.

    Raises:
        NotFoundError: no such step, or not at a place of keys.
    """
    copying, name, actor = shell.parts.copying, known.order.name, shell.visitor.actor

    def copy(ears: Ears) -> Outcome | None:
        copying.copy(name, actor=actor, work=ears)

    def drill(ears: Ears) -> Outcome | None:
        copying.drill(name, actor=actor, stop=ears.stop)

    def check(ears: Ears) -> Outcome | None:
        return copying.check(name, actor=actor, work=ears)

    def rehearse(ears: Ears) -> Outcome | None:
        return copying.rehearse(name, work=ears)

    def unlock(ears: Ears) -> Outcome | None:
        return copying.unlock(name, work=ears)

    known_steps: dict[str, tuple[Task, Do]] = {
        "copy": (Task.COPY, copy),
        "drill": (Task.DRILL, drill),
        "check": (Task.CHECK, check),
        "rehearse": (Task.REHEARSE, rehearse),
        "unlock": (Task.UNLOCK, unlock),
    }
    if step not in known_steps or known.order.holds is not Holds.DATA:
        raise NotFoundError(NO_STEP)
    return known_steps[step]


def _switch(shell: Shell, known: KnownPlace, *, is_on: bool) -> Page:
    parts, now = shell.parts, shell.parts.clock.now()
    change = PlaceChange(is_enabled=is_on)
    parts.db.write(
        lambda tx: places.change_place(
            tx,
            parts.vault.origin,
            actor=shell.visitor.actor,
            name=known.order.name,
            change=change,
            now=now,
        )
    )
    return home(shell, saved=SAVED.get(shell.lang))


def _remove(shell: Shell, known: KnownPlace, *, is_destroyed: bool) -> Page:
    """Take a place off the list.

    Raises:
        ConflictError: something goes on there, or a copy of the keys lies there.
    """
    if works_of(shell.request).is_for(known.order.name):
        raise ConflictError("Something is being done with the copies already. Wait for it.")
    try:
        shell.parts.copying.remove(
            known.order.name, is_copy_destroyed=is_destroyed, actor=shell.visitor.actor
        )
    except RefusedError as error:
        raise ConflictError(error.reason) from None
    return home(shell, saved=REMOVED.get(shell.lang))


def _make_room(shell: Shell, known: KnownPlace, seen: str) -> Response[Any]:
    """Let go of what was shown, and of nothing else.

    Raises:
        ConflictError: something else was shown, or something goes on already.
    """
    works, name, actor = works_of(shell.request), known.order.name, shell.visitor.actor
    work = _rehearsed(works.now, name)
    if work is None or seen != when(work.began_at):
        raise ConflictError(CHANGED)
    found = work.outcome
    assert isinstance(found, Rehearsed)  # noqa: S101  # of `_rehearsed`
    going, copying = tuple(one.name for one in found.going), shell.parts.copying

    def make_room(ears: Ears) -> Outcome | None:
        return copying.make_room(name, going, actor=actor, work=ears)

    works.begin(Task.ROOM, name, make_room)
    return Redirect(HOME, status_code=303)


def _rehearsed(work: Work | None, name: str) -> Work | None:
    """The newest work, if it tells what would go from this place."""
    return work if work is not None and work.place == name and is_asked(work) else None


def _room_page(shell: Shell, known: KnownPlace) -> Page:
    lang, now, name = shell.lang, shell.parts.clock.now(), known.order.name
    work = _rehearsed(works_of(shell.request).now, name)
    found = None if work is None else work.outcome
    told = found if isinstance(found, Rehearsed) else None

    def going(one: Going) -> dict[str, str]:
        return {
            "iso": when(one.at),
            "at_text": moment_text(one.at, lang),
            "age_text": age_text(one.at, now, lang),
            "size_text": "" if one.size is None else size_text(one.size, lang),
        }

    return shell.page(
        "desk_backup_room.html",
        "backup",
        place=name,
        seen="" if work is None else when(work.began_at),
        going=[] if told is None else [going(one) for one in told.going],
        stays="" if told is None else number_text(told.stays, lang),
        freed="" if told is None else size_text(told.freed_bytes, lang),
        parts_text="" if told is None else number_text(told.parts, lang),
        brakes=[] if told is None else [BRAKES[one].get(lang) for one in told.brakes],
    )


def _remove_page(shell: Shell, known: KnownPlace) -> Page:
    others = [
        one
        for one in shell.parts.db.read(places.places)
        if one.order.holds is known.order.holds and one.n != known.n and one.is_enabled
    ]
    return shell.page(
        "desk_backup_remove.html",
        "backup",
        place=known.order.name,
        address=known.order.address,
        holds_keys=known.order.holds is Holds.KEYS,
        is_last=not others,
    )


ROUTES: list[ControllerRouterHandler] = [stop, ask, take_step]
