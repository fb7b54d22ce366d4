"""What does every page of the desk show around itself? Section, badges, who is signed in."""

from dataclasses import dataclass
from typing import Any

from litestar import Request, Response

from kept.base.errors import KeptError, MalformedError, RefusedError
from kept.base.texts import translations
from kept.vault.model.refusals import sentence
from kept.vault.model.rows import UnreadableTableError
from kept.vault.model.rules import Lang
from kept.web.parts import WebParts
from kept.web.render import language_of, page
from kept.web.routes.desk.just_found import JustFound
from kept.web.routes.desk.words import ROLES
from kept.web.staff_session import Visitor

AnyRequest = Request[Any, Any, Any]
Page = Response[str]


@dataclass(frozen=True, slots=True)
class Shell:
    """One request of somebody signed in, ready to be answered with a page."""

    request: AnyRequest
    parts: WebParts
    visitor: Visitor

    @property
    def just_found(self) -> JustFound:
        """What searches showed a moment ago."""
        return self.request.app.state["just_found"]

    @property
    def lang(self) -> Lang:
        """The language they read."""
        return language_of(self.request, self.parts)

    def page(
        self,
        template: str,
        nav: str,
        /,
        *,
        http_status: int = 200,
        **context: Any,  # noqa: ANN401  # template values
    ) -> Page:
        """A page of the desk in the section `nav`."""
        account = self.visitor.account
        role = ROLES[account.role].get(self.lang)
        return page(
            self.request,
            self.parts,
            template,
            http_status=http_status,
            user={"name": account.name, "role": role, "role_text": role},
            nav=nav,
            badges={},
            switch_path=page_path(self.request.method, self.request.url.path),
            **context,
        )

    def words_of(self, error: KeptError) -> str:
        """What a failure says, in the visitor's language."""
        return error_words(error, self.lang)


def page_path(method: str, path: str) -> str:
    """Where the page that answers a POST can be had again, for the switch of languages."""
    if method == "GET":
        return path
    parts = path.split("/")  # "", "desk", section, id, verb
    return "/".join(parts[: 4 if parts[2] in {"people", "import"} and len(parts) > 4 else 3])


def error_words(error: KeptError, lang: Lang) -> str:
    """What a failure says: rules speak through the catalogue, shapes name their place."""
    if isinstance(error, UnreadableTableError):
        return sentence(error.code, lang)
    if isinstance(error, RefusedError):
        said = error.reason
    elif isinstance(error, MalformedError):
        said = error.why
    else:
        said = str(error)
    return translations(lang).gettext(said)
