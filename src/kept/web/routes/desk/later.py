"""What will stand in the sections that are not built yet? Said plainly, with nothing pretended."""

from dataclasses import dataclass
from typing import Any

from litestar import Request, get
from litestar.types import ControllerRouterHandler

from kept.staff.model.permissions import Permission
from kept.vault.model.rules import Text
from kept.web.parts import Parts
from kept.web.routes.desk.shell import Page, Shell
from kept.web.staff_session import Who, needs


@dataclass(frozen=True, slots=True)
class Section:
    """One section to come: what one will do there, and what to do meanwhile."""

    title: Text
    will: tuple[Text, ...]
    until_then: Text


SECTIONS: dict[str, Section] = {
    "inbox": Section(
        Text("Inbox", "Входящие"),
        (
            Text("All talks with customers in one place.", "Все разговоры с клиентами вместе."),
            Text("Each with a clock until it is answered.", "У каждого — часы до ответа."),
            Text("Warnings about fraud and bad links.", "Предупреждения об обмане и ссылках."),
        ),
        Text(
            "Answer from your mail program, and find the person here for the address.",
            "Отвечайте из своей почты, а адрес человека находите здесь.",
        ),
    ),
    "cases": Section(
        Text("Cases", "Дела"),
        (
            Text(
                "Requests, complaints and incidents with a clock.",
                "Запросы, жалобы и случаи со сроками.",
            ),
            Text("A number and a date for each one.", "У каждого номер и дата."),
        ),
        Text(
            "Copies and erasures already run by themselves; what is stuck shows under Today.",
            "Копии и удаления уже идут сами; что застряло, видно в разделе «Сегодня».",
        ),
    ),
    "partners": Section(
        Text("Partners", "Партнёры"),
        (
            Text(
                "Who gets data, for what, until when.",
                "Кто, зачем и до какого срока получает данные.",
            ),
            Text(
                "Marked addresses that tell who leaked.", "Помеченные адреса выдают, откуда утечка."
            ),
        ),
        Text(
            "Give programs a key of their own, under Team: each use leaves a line.",
            "Дайте программам свой ключ в разделе «Команда»: каждое обращение оставит запись.",
        ),
    ),
}


def _page(request: Request[Any, Any, Any], parts: Parts, visitor: Who, *, key: str) -> Page:
    shell, section = Shell(request, parts, visitor), SECTIONS[key]
    return shell.page(
        "later.html",
        key,
        title=section.title.get(shell.lang),
        will=[line.get(shell.lang) for line in section.will],
        until_then=section.until_then.get(shell.lang),
    )


@get("/desk/inbox", opt=needs(Permission.SEE_EVIDENCE), sync_to_thread=False)
def inbox(request: Request[Any, Any, Any], parts: Parts, visitor: Who) -> Page:
    """Talks."""
    return _page(request, parts, visitor, key="inbox")


@get("/desk/cases", opt=needs(Permission.SEE_EVIDENCE), sync_to_thread=False)
def cases(request: Request[Any, Any, Any], parts: Parts, visitor: Who) -> Page:
    """Matters with a clock."""
    return _page(request, parts, visitor, key="cases")


@get("/desk/partners", opt=needs(Permission.SEE_EVIDENCE), sync_to_thread=False)
def partners(request: Request[Any, Any, Any], parts: Parts, visitor: Who) -> Page:
    """Who gets data."""
    return _page(request, parts, visitor, key="partners")


ROUTES: list[ControllerRouterHandler] = [inbox, cases, partners]
